package io.upgradeable.cli;

import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;

/**
 * Reads the plain forms of a command line, {@code --name value}, {@code --name=value}, flags and
 * the target, because picocli takes longer to start than a handshake. What it does not know for
 * sure it leaves to picocli, before anything was done: all errors are picocli's.
 *
 * <p>It knows the options from lines that the build wrote from picocli's own model: name, type,
 * {@link #LIST} or nothing, separator or nothing, and the way to the field, with tabs between.
 */
final class PlainReader {

  static final String FLAG = "flag";
  static final String TEXT = "text";
  static final String FILE = "file";
  static final String INTEGER = "integer";
  static final String LONG = "long";

  static final String LIST = "list";

  /** In the way to a field: it is one of the superclass, and so on. */
  static final char UP = '^';

  /** The name of the target, which has none. */
  static final String TARGET = "";

  private static final int MOST_DIGITS = 9;

  /**
   * A command that is ready.
   *
   * @param command with all its options set
   * @param secretsOnStdin the options that were given and take a secret from stdin
   */
  record Reading(BaseCommand command, List<String> secretsOnStdin) {}

  /** It is not for this reader. */
  private static final class NotPlainException extends Exception {
    NotPlainException() {
      super("", null, false, false);
    }
  }

  private record Row(String type, boolean isList, String separator, String field) {}

  private final String table;
  private final Map<String, Object> values = new LinkedHashMap<>();
  private final List<String> secretsOnStdin = new ArrayList<>();
  private final Set<String> given = new HashSet<>();

  private PlainReader(String table) {
    this.table = table;
  }

  /**
   * Reads a command line.
   *
   * @return the command, or nothing if picocli has to look at the command line
   */
  static Optional<Reading> read(String... args) {
    String name = Commands.nameIn(args);
    Optional<BaseCommand> command = Commands.create(name);
    Optional<String> table =
        command.isPresent()
            ? PrebuiltText.find(name, PrebuiltText.OPTIONS)
            : Optional.<String>empty();
    if (command.isEmpty() || table.isEmpty()) {
      return Optional.empty();
    }
    try {
      PlainReader reader = new PlainReader(table.get());
      reader.readAll(args, name.indexOf(' ') < 0 ? 1 : 2);
      for (Map.Entry<String, Object> value : reader.values.entrySet()) {
        set(command.get(), value.getKey(), value.getValue());
      }
      return Optional.of(new Reading(command.get(), reader.secretsOnStdin));
    } catch (NotPlainException | ReflectiveOperationException forPicocli) {
      return Optional.empty();
    }
  }

  private void readAll(String[] args, int from) throws NotPlainException {
    int i = from;
    while (i < args.length) {
      String arg = args[i++];
      int equals = arg.indexOf('=');
      if (!arg.startsWith("-")) {
        take(row(TARGET), value(arg));
      } else if (arg.startsWith("--") && equals > 0) {
        Row row = row(arg.substring(0, equals));
        require(!row.type().equals(FLAG));
        take(row, value(arg.substring(equals + 1)));
      } else {
        Row row = row(arg);
        if (row.type().equals(FLAG)) {
          require(given.add(row.field()));
          values.put(row.field(), true);
        } else {
          require(i < args.length);
          take(row, value(args[i++]));
        }
        if (arg.endsWith(SecretOption.STDIN)) {
          secretsOnStdin.add(arg);
        }
      }
    }
  }

  private static void require(boolean plain) throws NotPlainException {
    if (!plain) {
      throw new NotPlainException();
    }
  }

  /** What may be an option, a file of arguments or a quotation is not for us to say. */
  private static String value(String text) throws NotPlainException {
    require(!text.isEmpty() && "-@\"'".indexOf(text.charAt(0)) < 0);
    return text;
  }

  private Row row(String name) throws NotPlainException {
    int at = table.indexOf('\n' + name + '\t');
    require(at >= 0 && name.indexOf('\n') < 0 && name.indexOf('\t') < 0);
    int begin = at + name.length() + 2;
    String[] cells = table.substring(begin, table.indexOf('\n', begin)).split("\t", -1);
    return new Row(cells[0], cells[1].equals(LIST), cells[2], cells[3]);
  }

  private void take(Row row, String text) throws NotPlainException {
    boolean first = given.add(row.field());
    if (!row.isList()) {
      require(first);
      values.put(row.field(), convert(row.type(), text));
      return;
    }
    @SuppressWarnings("unchecked")
    List<Object> list =
        (List<Object>) values.computeIfAbsent(row.field(), field -> new ArrayList<>());
    if (row.separator().isEmpty()) {
      list.add(convert(row.type(), text));
      return;
    }
    require(text.indexOf('"') < 0 && text.indexOf('\\') < 0);
    for (String part : text.split(row.separator(), -1)) {
      list.add(convert(row.type(), value(part)));
    }
  }

  private static Object convert(String type, String text) throws NotPlainException {
    return switch (type) {
      case TEXT -> text;
      case FILE -> path(text);
      case INTEGER -> Integer.valueOf(digits(text));
      case LONG -> Long.valueOf(digits(text));
      default -> convertWith(type, text);
    };
  }

  private static Path path(String text) throws NotPlainException {
    try {
      return Path.of(text);
    } catch (InvalidPathException refused) { // such as a letter that the locale has not
      throw new NotPlainException();
    }
  }

  private static String digits(String text) throws NotPlainException {
    require(text.length() <= MOST_DIGITS && (text.charAt(0) != '0' || text.length() == 1));
    for (int i = 0; i < text.length(); i++) {
      require(text.charAt(i) >= '0' && text.charAt(i) <= '9');
    }
    return text;
  }

  private static Object convertWith(String converter, String text) throws NotPlainException {
    try {
      Constructor<?> constructor = Class.forName(converter).getDeclaredConstructor();
      constructor.setAccessible(true);
      return ((ITypeConverter<?>) constructor.newInstance()).convert(text);
    } catch (Exception refused) { // picocli says what it is that it does not take
      throw new NotPlainException();
    }
  }

  private static void set(Object command, String way, Object value)
      throws ReflectiveOperationException {
    Object holder = command;
    String[] steps = way.split("\\.", -1);
    for (int i = 0; i < steps.length - 1; i++) {
      holder = field(holder, steps[i]).get(holder);
    }
    field(holder, steps[steps.length - 1]).set(holder, value);
  }

  private static Field field(@Nullable Object holder, String step)
      throws ReflectiveOperationException {
    if (holder == null) {
      throw new NoSuchFieldException(step);
    }
    Class<?> type = holder.getClass();
    int name = 0;
    while (step.charAt(name) == UP) {
      type = type.getSuperclass();
      name++;
    }
    Field field = type.getDeclaredField(step.substring(name));
    field.setAccessible(true);
    return field;
  }
}
