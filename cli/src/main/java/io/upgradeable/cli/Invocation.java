package io.upgradeable.cli;

import java.io.PrintWriter;
import java.util.List;

/**
 * How a command was called, whoever read its arguments.
 *
 * @param name the command as the user typed it, for instance {@code upgrade-cli serve ping}
 * @param secretsOnStdin the options that were given and take a secret from stdin
 * @param out for results
 * @param err for diagnostics
 */
record Invocation(String name, List<String> secretsOnStdin, PrintWriter out, PrintWriter err) {

  /** The program as it is called in all that it prints. */
  static final String PROGRAM = "upgrade-cli";

  /** The command's own name, for instance {@code ping}. */
  String command() {
    return name.substring(name.lastIndexOf(' ') + 1);
  }
}
