package io.upgradeable.cli;

import io.upgradeable.Endpoint;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/** Targets in a file, one a line. No more than a line of it is ever in memory. */
final class TargetFile implements AutoCloseable {

  /** The name that stands for stdin. */
  static final String STDIN = "-";

  /** Longer than any name with a port, also one in another script. */
  private static final int MAX_LINE_BYTES = 1024;

  /** What editors on Windows begin a file with. */
  private static final String BYTE_ORDER_MARK = "\ufeff";

  private final String name;
  private final InputStream in;
  private final int defaultPort;
  private final byte[] line = new byte[MAX_LINE_BYTES];
  private long number;
  private boolean ended;

  private TargetFile(String name, InputStream in, int defaultPort) {
    this.name = name;
    this.in = in;
    this.defaultPort = defaultPort;
  }

  /**
   * Opens a file.
   *
   * @param name its name, or {@link #STDIN}
   * @param defaultPort the port of a target that names none; negative if it must name one
   * @throws UsageException if it cannot be opened
   */
  static TargetFile open(String name, int defaultPort) {
    if (name.equals(STDIN)) {
      // Not closed: stdin is not ours to close.
      return new TargetFile(name, System.in, defaultPort);
    }
    try {
      Path file = Path.of(name);
      if (Files.isDirectory(file)) {
        throw new UsageException("cannot read --targets %s: it is a directory".formatted(name));
      }
      return new TargetFile(name, new BufferedInputStream(Files.newInputStream(file)), defaultPort);
    } catch (IOException e) {
      throw unreadable(name, e);
    } catch (InvalidPathException e) {
      throw new UsageException("--targets: " + e.getMessage(), e);
    }
  }

  private static UsageException unreadable(String name, IOException e) {
    return new UsageException(
        "cannot read --targets %s: %s".formatted(name, FileProblem.why(e)), e);
  }

  /**
   * The next target. It may be long in coming, from a terminal or another program, and nothing
   * interrupts that.
   *
   * @return empty behind the last one
   * @throws UsageException if a line is no target, or the file cannot be read
   */
  Optional<Endpoint> next() {
    while (!ended) {
      String text = readLine().strip();
      if (!text.isEmpty() && !text.startsWith("#")) {
        return Optional.of(target(text));
      }
    }
    return Optional.empty();
  }

  private Endpoint target(String text) {
    try {
      return TargetOptions.endpoint(text, defaultPort);
    } catch (UsageException e) {
      throw bad(String.valueOf(e.getMessage()));
    }
  }

  private UsageException bad(String why) {
    return new UsageException("--targets %s, line %d: %s".formatted(name, number, why));
  }

  private String readLine() {
    number++;
    int length = 0;
    try {
      int next = in.read();
      while (next >= 0 && next != '\n') {
        if (length == MAX_LINE_BYTES) {
          throw bad("expected at most %d bytes".formatted(MAX_LINE_BYTES));
        }
        line[length++] = (byte) next;
        next = in.read();
      }
      ended = next < 0;
      String text =
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(line, 0, length)).toString();
      return number == 1 && text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      throw bad("expected UTF-8");
    } catch (IOException e) {
      throw unreadable(name, e);
    }
  }

  @Override
  public void close() throws IOException {
    if (!name.equals(STDIN)) {
      in.close();
    }
  }
}
