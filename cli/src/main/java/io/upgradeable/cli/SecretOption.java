package io.upgradeable.cli;

import io.upgradeable.sasl.Secret;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Where a secret comes from: an environment variable, a file, stdin, or a prompt without echo.
 * Never the command line itself, which every user of the machine can read. A subclass declares the
 * three options under its own name.
 */
abstract class SecretOption {

  /** How the names of the options end that read from stdin. */
  static final String STDIN = "-stdin";

  /** Longer than any password; a bound on what is read from a file or stdin. */
  private static final int MAX_BYTES = 4096;

  /**
   * What the user gave.
   *
   * @param variable the environment variable's name
   * @param file the file
   * @param stdin whether it comes from stdin
   */
  record Sources(Optional<String> variable, Optional<Path> file, boolean stdin) {}

  private interface Source {
    char[] read() throws IOException;
  }

  private final String what;
  private final String prefix;
  private @Nullable Secret kept;

  /**
   * Begins without a source.
   *
   * @param what what the secret is, for prompts and messages
   * @param prefix the options' common beginning, for instance {@code --key-password}
   */
  SecretOption(String what, String prefix) {
    this.what = what;
    this.prefix = prefix;
  }

  /** The three options' values. */
  protected abstract Sources sources();

  private char[] fromEnvironment(String variable) {
    String value = System.getenv(variable);
    if (value == null) {
      throw new UsageException(
          "expected %s in the environment variable %s, which is not set".formatted(what, variable));
    }
    return value.toCharArray();
  }

  /** It may be a pipe, which keeps one waiting as stdin does. */
  private char[] fromFile(Path file) throws IOException {
    return awaited(() -> firstLine(file), file.toString(), e -> FileProblem.why(file, e));
  }

  private char[] fromStdin() throws IOException {
    return awaited(() -> firstLine(System.in, "on stdin"), "stdin", FileProblem::why);
  }

  private char[] awaited(
      Interruption.Wait<char[]> line, String from, Function<IOException, String> why)
      throws IOException {
    try {
      return Interruption.deaf(line);
    } catch (InterruptedIOException e) {
      throw e;
    } catch (IOException e) {
      throw new UsageException("cannot read %s from %s: %s".formatted(what, from, why.apply(e)), e);
    }
  }

  private List<Source> given() {
    Sources from = sources();
    List<Source> given = new ArrayList<>();
    from.variable().ifPresent(variable -> given.add(() -> fromEnvironment(variable)));
    from.file().ifPresent(file -> given.add(() -> fromFile(file)));
    if (from.stdin()) {
      given.add(this::fromStdin);
    }
    return given;
  }

  final boolean isGiven() {
    return !given().isEmpty();
  }

  /**
   * Reads the secret, or asks for it, once for all who {@link #read} it from then on.
   *
   * @param purpose as there
   */
  final void keep(String purpose) throws IOException {
    kept = read(purpose);
  }

  /** Forgets the secret that was kept. */
  final void forget() {
    Secret known = kept;
    kept = null;
    if (known != null) {
      known.close();
    }
  }

  /**
   * Reads the secret, or asks for it on the terminal.
   *
   * @param purpose ends the prompt, for instance a file's name
   * @return the secret, to be closed
   * @throws UsageException if there is none, and nobody to ask
   */
  final Secret read(String purpose) throws IOException {
    Secret known = kept;
    if (known != null) {
      return new Secret(known.value().clone());
    }
    List<Source> sources = given();
    if (sources.size() > 1) {
      throw new UsageException(
          "expected one of %1$s-env, %1$s-file and %1$s-stdin, got %2$d"
              .formatted(prefix, sources.size()));
    }
    if (!sources.isEmpty()) {
      return new Secret(sources.get(0).read());
    }
    Optional<char[]> typed = Terminal.readPassword("%s for %s: ".formatted(what, purpose));
    return new Secret(
        typed.orElseThrow(
            () ->
                new UsageException(
                    "%s needs %s: give %3$s-env, %3$s-file or %3$s-stdin"
                        .formatted(purpose, what, prefix))));
  }

  private char[] firstLine(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return firstLine(in, "in " + file);
    }
  }

  private char[] firstLine(InputStream in, String where) throws IOException {
    byte[] bytes = new byte[MAX_BYTES];
    try {
      return decode(bytes, readLine(in, bytes, where), where);
    } finally {
      Arrays.fill(bytes, (byte) 0);
    }
  }

  /** Reads up to the end of the line; the line's length. */
  private int readLine(InputStream in, byte[] bytes, String where) throws IOException {
    int length = 0;
    int next = in.read();
    while (next >= 0 && next != '\n') {
      if (length == MAX_BYTES) {
        throw new UsageException(
            "expected %s of at most %d bytes %s".formatted(what, MAX_BYTES, where));
      }
      bytes[length++] = (byte) next;
      next = in.read();
    }
    return length > 0 && bytes[length - 1] == '\r' ? length - 1 : length;
  }

  private char[] decode(byte[] bytes, int length, String where) {
    try {
      CharBuffer decoded =
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, 0, length));
      char[] value = new char[decoded.remaining()];
      decoded.get(value);
      Arrays.fill(decoded.array(), '\0');
      return value;
    } catch (CharacterCodingException e) {
      throw new UsageException("expected %s in UTF-8 %s".formatted(what, where), e);
    }
  }

  @Override
  public String toString() {
    return "<redacted>";
  }
}
