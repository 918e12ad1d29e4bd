package io.upgradeable.it.mail;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Messages over which senders and servers have stumbled, as an application may hand them over, and
 * what must be found in the mailbox. Text stands here for bytes, a character for each (ISO 8859-1).
 */
enum TestMessage {
  PLAIN("Hello,\r\n\r\nworld.\r\n"),

  /** Lines that end the data, unless dots are stuffed (RFC 5321, 4.5.2). */
  LEADING_DOTS(".\r\n..\r\n.dot\r\n...\r\n.\r\n\r\n.\r\n"),

  /** As most programs write text; a dot on such a line is what smuggling is made of. */
  BARE_LF("one\n.\ntwo\n\n.three\n\n.\r\n.\nfour\r\n"),

  BARE_CR("one\r.\rtwo\r\r.three\r\r\n.\rfour\r\n"),

  UTF_8_TEXT(utf8("Grüße, 世界 \uD83D\uDCE8\r\n.é\r\n")),

  /** Bytes that are no UTF-8; all of the upper half. */
  LATIN_1_TEXT("Gr\u00fc\u00dfe\r\n" + upperHalf() + "\r\n"),

  NO_FINAL_NEWLINE("one\r\n.two"),

  /** The last line ends in the first half of its end. */
  FINAL_CR("one\r\n.\r"),

  EMPTY_BODY(""),

  /** A body of blank lines, which nobody may trim. */
  BLANK_LINES("\r\n\r\n \r\n\t\r\n\r\n"),

  /** The longest line that RFC 5322, 2.1.1, allows, behind a dot. */
  LINE_OF_998("." + "x".repeat(997) + "\r\n"),

  /** Longer than that, and than what Postfix keeps as one record. */
  LONG_LINE("." + "0123456789".repeat(500) + "\r\nend\r\n"),

  /** 25 MB of lines of all lengths, some of which begin with dots. */
  LARGE("") {
    @Override
    String body() {
      Random random = new Random(LARGE_SEED);
      StringBuilder text = new StringBuilder(LARGE_BYTES + 200);
      while (text.length() < LARGE_BYTES) {
        int length = random.nextInt(100);
        for (int i = 0; i < length; i++) {
          int kind = random.nextInt(i == 0 ? 4 : 40);
          text.append(kind == 0 ? '.' : (char) (' ' + random.nextInt('~' - ' ')));
        }
        text.append("\r\n");
      }
      return text.toString();
    }
  };

  private static final long LARGE_SEED = 42;
  private static final int LARGE_BYTES = 25_000_000;

  private static final Pattern LINE_END = Pattern.compile("\r\n|\r|\n");

  /** What servers put before a message (RFC 5321, 4.4) and, of old, beside it. */
  private static final Set<String> TRACE = trace();

  private static final Pattern FIELD = Pattern.compile("([!-9;-~]+):[^\n]*\n(?:[ \t][^\n]*\n)*");

  private final String body;

  TestMessage(String body) {
    this.body = body;
  }

  String body() {
    return body;
  }

  /** The message as an application hands it over. */
  byte[] bytes() {
    return text().getBytes(ISO_8859_1);
  }

  /** The message as it must go over the wire, before dots are stuffed: lines end in CRLF, all. */
  byte[] canonical() {
    return lines("\r\n").getBytes(ISO_8859_1);
  }

  /** The message as it must be found in a Maildir: lines end in LF, all. */
  byte[] stored() {
    return lines("\n").getBytes(ISO_8859_1);
  }

  /** Whether the sender has to say {@code BODY=8BITMIME}. */
  boolean isEightBit() {
    return body.chars().anyMatch(c -> c > 0x7f);
  }

  private String lines(String end) {
    String text = LINE_END.matcher(text()).replaceAll(end);
    return text.endsWith(end) ? text : text + end;
  }

  private String text() {
    return """
    From: Ann <ann@client.test>
    To: Alice <alice@example.test>
    Subject: %s
    Date: Thu, 1 Jan 2026 12:00:00 +0000
    Message-ID: <%s@client.test>
    MIME-Version: 1.0
    Content-Type: text/plain; charset=%s
    Content-Transfer-Encoding: 8bit

    """
            .formatted(name(), name(), this == LATIN_1_TEXT ? "iso-8859-1" : "utf-8")
            .replace("\n", "\r\n")
        + body();
  }

  /**
   * A message without what servers have put before it.
   *
   * @param file a file of a Maildir
   * @return the file from the first field on that is no trace
   */
  static byte[] withoutTrace(byte[] file) {
    String text = new String(file, ISO_8859_1);
    Matcher field = FIELD.matcher(text);
    int start = 0;
    while (field.region(start, text.length()).lookingAt() && TRACE.contains(field.group(1))) {
      start = field.end();
    }
    return text.substring(start).getBytes(ISO_8859_1);
  }

  private static Set<String> trace() {
    Set<String> names = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    names.addAll(
        Set.of(
            "Return-Path",
            "Received",
            "Delivered-To",
            "X-Original-To",
            "Envelope-To",
            "Delivery-Date"));
    return names;
  }

  private static String utf8(String text) {
    return new String(text.getBytes(UTF_8), ISO_8859_1);
  }

  private static String upperHalf() {
    StringBuilder all = new StringBuilder();
    for (char c = 0x80; c <= 0xff; c++) {
      all.append(c);
    }
    return all.toString();
  }
}
