package io.upgradeable.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * A program that takes part.
 *
 * @param name as in the table
 * @param missing what it needs and this machine has not, empty where it can run
 * @param command the whole command line for the options of a {@link Load}
 * @param share how much it does of what the others do, for one that takes long
 * @param cooperative whether it warms up and measures itself, as {@link Load} says; a program that
 *     does not is measured from its start to its end
 */
record Contestant(
    String name,
    Optional<String> missing,
    Function<List<String>, List<String>> command,
    double share,
    boolean cooperative) {

  /** The same, which does less than the others, for it takes long. */
  Contestant withShare(double part) {
    return new Contestant(name, missing, command, part, cooperative);
  }

  /** The same, which cannot take part for want of this. */
  Contestant without(String what) {
    return new Contestant(name, Optional.of(what), command, share, cooperative);
  }

  /** How much it does where the others do so many units. */
  int shareOf(int units) {
    return Math.max(1, (int) (units * share));
  }

  /** One of ours, or one that is written in Java for this. */
  static Contestant java(String name, Class<?> main, String... more) {
    return new Contestant(
        name,
        Optional.empty(),
        options -> {
          List<String> command = Programs.java(main, options);
          command.addAll(List.of(more));
          return command;
        },
        1,
        true);
  }

  /** A script of this module's resources. */
  static Contestant python(String name, String script, String... more) {
    Optional<String> python = Programs.find("python3");
    return new Contestant(
        name,
        python.isPresent() ? Optional.empty() : Optional.of("python3"),
        options -> {
          List<String> command = new ArrayList<>();
          command.add(python.orElseThrow());
          command.add(Programs.resource(script).toString());
          command.addAll(options);
          command.addAll(List.of(more));
          return command;
        },
        1,
        true);
  }

  /** A program that knows nothing of benchmarks. */
  static Contestant program(
      String name, String program, Function<List<String>, List<String>> arguments) {
    Optional<String> found = Programs.find(program);
    return new Contestant(
        name,
        found.isPresent() ? Optional.empty() : Optional.of(program),
        options -> {
          List<String> command = new ArrayList<>();
          command.add(found.orElseThrow());
          command.addAll(arguments.apply(options));
          return command;
        },
        1,
        false);
  }
}
