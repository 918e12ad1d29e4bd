package io.upgradeable.tls;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the blocks of a PEM file (RFC 7468). Text before and between blocks is allowed, as {@code
 * openssl x509 -text} writes it; text behind the last one is not: the file was cut or is something
 * else. No message ever quotes the file.
 */
final class PemFile {

  /** A bundle of all public authorities has some 250 KiB. */
  static final int MAX_BYTES = 1024 * 1024;

  private static final Pattern BEGIN = Pattern.compile("-----BEGIN ([A-Z0-9 ]{1,40})-----");

  private final String where;
  private final String[] lines;
  private int next;

  private PemFile(String where, String text) {
    this.where = where;
    this.lines = text.split("\r\n|\n|\r", -1);
  }

  /**
   * One block.
   *
   * @param label what stands behind BEGIN
   * @param line where it begins, from 1
   * @param encrypted whether it has the headers of OpenSSL's traditional encryption
   * @param der what was encoded
   */
  // A block is a local value that is never compared.
  @SuppressWarnings("ArrayRecordComponent")
  record Block(String label, int line, boolean encrypted, byte[] der) {}

  /** All blocks, perhaps none. The text names the kind of file in errors. */
  static List<Block> read(Path file, String what) {
    String where = "the " + what + " " + file;
    return new PemFile(where, text(readBytes(file, what))).blocks();
  }

  /** The whole file, if it is not too big. */
  static byte[] readBytes(Path file, String what) {
    if (Files.isDirectory(file)) {
      throw new InvalidTlsConfigurationException(
          "cannot read the %s %s: it is a directory".formatted(what, file));
    }
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      // One more than allowed tells too much from just enough, also where the size lies.
      bytes = in.readNBytes(MAX_BYTES + 1);
    } catch (IOException e) {
      throw new InvalidTlsConfigurationException(
          "cannot read the %s %s: %s".formatted(what, file, why(e)), e);
    }
    if (bytes.length > MAX_BYTES) {
      throw new InvalidTlsConfigurationException(
          "the %s %s is too big, expected at most %d bytes".formatted(what, file, MAX_BYTES));
    }
    if (bytes.length == 0) {
      throw new InvalidTlsConfigurationException("the %s %s is empty".formatted(what, file));
    }
    return bytes;
  }

  /** The reason in words; the JDK's own message is often the path alone. */
  static String why(Exception e) {
    if (e instanceof NoSuchFileException) {
      return "no such file";
    }
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    String message = e.getMessage();
    return Printable.of(message == null ? e.getClass().getSimpleName() : message);
  }

  /** What a file without a usable block looks like, for the end of an error's line. */
  static String looksLike(Path file, String what) {
    byte[] bytes = readBytes(file, what);
    String start = text(bytes).stripLeading();
    if (bytes[0] == 0x30) {
      return "; it looks like DER, which openssl can convert to PEM";
    }
    return start.startsWith("<") ? "; it looks like HTML" : "";
  }

  private static String text(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    // A byte order mark, as editors on Windows put it.
    return text.startsWith("\u00ef\u00bb\u00bf") ? text.substring(3) : text;
  }

  private List<Block> blocks() {
    List<Block> blocks = new ArrayList<>();
    int strayLine = 0;
    while (next < lines.length) {
      String line = lines[next++].stripTrailing();
      if (line.contains("-----BEGIN") || line.contains("-----END")) {
        Matcher begin = BEGIN.matcher(line);
        if (!begin.matches()) {
          throw bad("line %d is no proper BEGIN line".formatted(next));
        }
        blocks.add(block(begin.group(1)));
        strayLine = 0;
      } else if (strayLine == 0 && !line.isBlank() && !line.startsWith("#")) {
        strayLine = next;
      }
    }
    if (!blocks.isEmpty() && strayLine != 0) {
      throw bad("line %d has text behind the last PEM block".formatted(strayLine));
    }
    return blocks;
  }

  private Block block(String label) {
    int begin = next;
    boolean encrypted = false;
    StringBuilder base64 = new StringBuilder();
    while (next < lines.length) {
      String line = lines[next++].strip();
      if (line.equals("-----END " + label + "-----")) {
        return new Block(label, begin, encrypted, decode(label, begin, base64.toString()));
      }
      if (line.startsWith("-----")) {
        break;
      }
      if (line.indexOf(':') >= 0) {
        encrypted |= line.startsWith("Proc-Type:") && line.endsWith("ENCRYPTED");
      } else {
        base64.append(line);
      }
    }
    throw bad("the %s block at line %d has no proper END line".formatted(label, begin));
  }

  private byte[] decode(String label, int line, String base64) {
    try {
      byte[] der = Base64.getDecoder().decode(base64);
      if (der.length > 0) {
        return der;
      }
    } catch (IllegalArgumentException e) {
      // Its text quotes the offending character: not for a file with a key.
    }
    throw bad("the %s block at line %d is not proper Base64".formatted(label, line));
  }

  private InvalidTlsConfigurationException bad(String problem) {
    return new InvalidTlsConfigurationException(
        "%s is not proper PEM: %s".formatted(where, problem));
  }
}
