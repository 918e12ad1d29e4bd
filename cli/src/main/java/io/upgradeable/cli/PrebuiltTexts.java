package io.upgradeable.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Asks picocli for what a start needs of it most often, each command's help and the table of its
 * options, and writes it into files for {@link PrebuiltText}. The build runs it.
 */
final class PrebuiltTexts {

  private final CommandSpec spec;
  private final StringBuilder table = new StringBuilder("\n");

  private PrebuiltTexts(CommandSpec spec) {
    this.spec = spec;
  }

  /**
   * Writes the files.
   *
   * @param args the folder
   */
  public static void main(String[] args) throws IOException {
    Path folder = Files.createDirectories(Path.of(args[0]));
    CommandLine program = UpgradeCli.commandLine();
    writeHelp(folder, Invocation.PROGRAM, program);
    writeHelps(folder, "", program);
    for (String name : Commands.NAMES) {
      Files.writeString(
          folder.resolve(PrebuiltText.fileName(name, PrebuiltText.OPTIONS)), tableOf(name));
    }
  }

  private static void writeHelps(Path folder, String above, CommandLine command)
      throws IOException {
    for (Map.Entry<String, CommandLine> each : command.getSubcommands().entrySet()) {
      String name = above + each.getKey();
      writeHelp(folder, name, each.getValue());
      writeHelps(folder, name + ' ', each.getValue());
    }
  }

  private static void writeHelp(Path folder, String name, CommandLine command) throws IOException {
    Files.writeString(
        folder.resolve(PrebuiltText.fileName(name, PrebuiltText.HELP)), help(command, Ansi.ON));
  }

  /** The help as picocli prints it. */
  static String help(CommandLine command, Ansi ansi) {
    StringWriter help = new StringWriter();
    command.usage(new PrintWriter(help, true), ansi);
    return help.toString();
  }

  /** What {@link PlainReader} has to know of a command. */
  static String tableOf(String name) {
    BaseCommand command = Commands.create(name).orElseThrow();
    PrebuiltTexts texts = new PrebuiltTexts(CommandSpec.forAnnotatedObject(command));
    texts.addFieldsOf(command, "");
    return texts.table.toString();
  }

  private void addFieldsOf(Object holder, String way) {
    String up = "";
    for (Class<?> type = holder.getClass(); type != Object.class; type = type.getSuperclass()) {
      for (Field field : type.getDeclaredFields()) {
        addField(holder, field, way + up + field.getName());
      }
      up += PlainReader.UP;
    }
  }

  private void addField(Object holder, Field field, String way) {
    Option option = field.getAnnotation(Option.class);
    if (field.isAnnotationPresent(Mixin.class)) {
      addFieldsOf(valueOf(field, holder), way + '.');
    } else if (option != null) {
      for (String name : option.names()) {
        OptionSpec known = spec.findOption(name);
        addRow(name, known, isFlag(known) ? PlainReader.FLAG : type(known), way);
      }
    } else if (field.isAnnotationPresent(Parameters.class)) {
      ArgSpec known = spec.positionalParameters().get(0);
      addRow(PlainReader.TARGET, known, type(known), way);
    }
  }

  private void addRow(String name, ArgSpec known, String type, String way) {
    boolean list = known.isMultiValue();
    String separator = list ? known.splitRegex() : "";
    if (known.required() || known.defaultValue() != null || separator.length() > 1) {
      throw new IllegalStateException(name + " has what the reader of plain forms does not know");
    }
    String form = list ? PlainReader.LIST : "";
    table.append(String.join("\t", name, type, form, separator, way)).append('\n');
  }

  private static boolean isFlag(OptionSpec option) {
    return option.arity().max() == 0 && option.type() == boolean.class;
  }

  private static String type(ArgSpec known) {
    if (known.arity().max() != 1) {
      throw new IllegalStateException(known + " takes more than one value");
    }
    if (known.converters().length > 0) {
      return known.converters()[0].getClass().getName();
    }
    Class<?> type = known.auxiliaryTypes()[0];
    if (type == String.class) {
      return PlainReader.TEXT;
    } else if (type == Path.class) {
      return PlainReader.FILE;
    } else if (type == Integer.class || type == int.class) {
      return PlainReader.INTEGER;
    } else if (type == long.class) {
      return PlainReader.LONG;
    }
    throw new IllegalStateException("the reader of plain forms does not know " + type);
  }

  private static Object valueOf(Field field, Object holder) {
    try {
      field.setAccessible(true);
      return field.get(holder);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(e);
    }
  }
}
