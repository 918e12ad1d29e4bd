package io.upgradeable.connect;

import static org.assertj.core.api.Assertions.assertThat;

import io.upgradeable.connect.HttpHeadReader.Broken;
import io.upgradeable.connect.HttpHeadReader.Found;
import io.upgradeable.connect.HttpHeadReader.Kind;
import io.upgradeable.connect.HttpHeadReader.Partial;
import io.upgradeable.connect.HttpHeadReader.Whole;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HttpHeadReaderTest {

  private static final String HEAD =
      "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\nX:\r\nY: \t b c \r\n\r\n";

  @Test
  void head_cutAtEveryPoint_sameHeadAndNothingConsumed() {
    byte[] bytes = bytes(HEAD + "early data");
    for (int cut = 0; cut <= bytes.length; cut++) {
      HttpHeadReader reader = new HttpHeadReader(Kind.REQUEST);
      Found found = reader.read(ByteBuffer.wrap(bytes, 0, cut).slice());
      if (found instanceof Partial) {
        found = reader.read(ByteBuffer.wrap(bytes));
      }
      assertThat(found).as("cut at %d", cut).isInstanceOf(Whole.class);
      Whole whole = (Whole) found;
      assertThat(whole.end()).isEqualTo(HEAD.length());
      assertThat(whole.head().startLine()).isEqualTo("CONNECT a.example:443 HTTP/1.1");
      assertThat(whole.head().fields())
          .containsExactly(
              new HttpField("Host", "a.example:443"),
              new HttpField("X", ""),
              new HttpField("Y", "b c"));
    }
  }

  @Test
  void head_byteByByte_sameHead() {
    byte[] bytes = bytes(HEAD);
    HttpHeadReader reader = new HttpHeadReader(Kind.REQUEST);
    for (int length = 0; length < bytes.length; length++) {
      assertThat(reader.read(ByteBuffer.wrap(bytes, 0, length).slice()))
          .isInstanceOf(Partial.class);
    }
    assertThat(reader.read(ByteBuffer.wrap(bytes))).isInstanceOf(Whole.class);
  }

  @Test
  void fields_asManyAsAllowedAndOneMore_wholeAndTooLarge() {
    String fields = "A: b\r\n".repeat(HttpHeadReader.MAX_FIELDS);
    assertThat(read("GET / HTTP/1.1\r\n" + fields + "\r\n")).isInstanceOf(Whole.class);
    assertThat(read("GET / HTTP/1.1\r\n" + fields + "C: d\r\n\r\n"))
        .isEqualTo(new Broken("more than 100 fields", true));
  }

  @Test
  void head_asLongAsAllowedAndOneByteMore_wholeAndTooLarge() {
    String start = "GET / HTTP/1.1\r\nA: ";
    int room = HttpHeadReader.MAX_BYTES - start.length() - 4;
    assertThat(read(start + "b".repeat(room) + "\r\n\r\n")).isInstanceOf(Whole.class);
    assertThat(read(start + "b".repeat(room + 1) + "\r\n\r\n"))
        .isEqualTo(new Broken("more than 16384 bytes", true));
  }

  @Test
  void headsBehindEachOther_limitIsForAllOfThem() {
    byte[] bytes = bytes("HTTP/1.1 100 Continue\r\nA: " + "b".repeat(8192) + "\r\n\r\n");
    byte[] twice = bytes(new String(bytes, StandardCharsets.US_ASCII).repeat(2));
    HttpHeadReader reader = new HttpHeadReader(Kind.ANSWER);
    assertThat(reader.read(ByteBuffer.wrap(twice))).isInstanceOf(Whole.class);
    reader.next();
    assertThat(reader.read(ByteBuffer.wrap(twice))).isInstanceOf(Broken.class);
  }

  @Test
  void anyByte_inAValue_onlyTextPasses() {
    for (int b = 0; b < 256; b++) {
      byte[] head = bytes("GET / HTTP/1.1\r\nA: x?y\r\n\r\n");
      head[20] = (byte) b;
      HttpHeadReader reader = new HttpHeadReader(Kind.REQUEST);
      boolean good = b == '\t' || (b >= ' ' && b != 0x7f);
      assertThat(reader.read(ByteBuffer.wrap(head)) instanceof Whole)
          .as("byte 0x%02x", b)
          .isEqualTo(good);
    }
  }

  @Test
  void randomHeads_cutsDoNotMatter_andNothingThrows() {
    long seed = Long.getLong("upgradeable.seed", System.nanoTime());
    List<String> pieces =
        List.of(
            "\r\n",
            "\r",
            "\n",
            "\r\n\r\n",
            ":",
            ": ",
            " ",
            "\t",
            "a",
            "Host",
            "HTTP/1.1 ",
            "200",
            "CONNECT ",
            "x:1 ",
            "\u0000",
            "\u00e9",
            "\u007f",
            "HTTP/1.1 200 OK\r\n",
            "A: b\r\n");
    for (int run = 0; run < 20_000; run++) {
      Random random = new Random(seed + run);
      StringBuilder text = new StringBuilder(random.nextBoolean() ? "HTTP/1.1 200 OK\r\n" : "");
      for (int i = random.nextInt(12); i >= 0; i--) {
        text.append(pieces.get(random.nextInt(pieces.size())));
      }
      byte[] bytes = bytes(text.toString());
      for (Kind kind : Kind.values()) {
        Found atOnce = new HttpHeadReader(kind).read(ByteBuffer.wrap(bytes));
        HttpHeadReader slow = new HttpHeadReader(kind);
        Found found = new Partial();
        for (int i = 0; i <= bytes.length && found instanceof Partial; i++) {
          found = slow.read(ByteBuffer.wrap(bytes, 0, i).slice());
        }
        assertThat(found).as("seed %d, run %d: %s", seed, run, text).isEqualTo(atOnce);
      }
    }
  }

  private static Found read(String text) {
    return new HttpHeadReader(Kind.REQUEST).read(ByteBuffer.wrap(bytes(text)));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }
}
