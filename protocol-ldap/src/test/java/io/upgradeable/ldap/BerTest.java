package io.upgradeable.ldap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class BerTest {

  private static BerReader reader(String hex) {
    return BerReader.of(ByteBuffer.wrap(bytes(hex)));
  }

  private static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex.replace(" ", ""));
  }

  private static String written(BerWriter writer) {
    return HexFormat.of().formatHex(writer.toByteArray());
  }

  private interface Read {
    Object from(BerReader reader) throws BerException;
  }

  private static void assertBroken(String hex, Read read, String problem) {
    assertThatThrownBy(() -> read.from(reader(hex)))
        .as(hex)
        .isInstanceOfSatisfying(
            BerException.class, broken -> assertThat(broken.problem()).isEqualTo(problem));
  }

  @Test
  void integer_everyLength_readAndWritten() throws BerException {
    for (int value :
        new int[] {
          0,
          1,
          127,
          128,
          255,
          256,
          32_767,
          32_768,
          8_388_607,
          8_388_608,
          Integer.MAX_VALUE,
          -1,
          -128,
          -129,
          -32_768,
          -32_769,
          Integer.MIN_VALUE
        }) {
      byte[] written = new BerWriter().integer(Ber.INTEGER, value).toByteArray();

      assertThat(BerReader.of(ByteBuffer.wrap(written)).integer(Ber.INTEGER)).isEqualTo(value);
    }
    assertThat(written(new BerWriter().integer(Ber.INTEGER, 127))).isEqualTo("02017f");
    assertThat(written(new BerWriter().integer(Ber.INTEGER, 128))).isEqualTo("02020080");
    assertThat(written(new BerWriter().integer(Ber.INTEGER, -1))).isEqualTo("0201ff");
    assertThat(written(new BerWriter().integer(Ber.ENUMERATED, Integer.MAX_VALUE)))
        .isEqualTo("0a047fffffff");
  }

  @Test
  void integer_otherLengthsOrNegative_broken() throws BerException {
    assertBroken("0200", reader -> reader.integer(Ber.INTEGER), "an integer of 0 bytes");
    assertBroken("02050000000001", r -> r.integer(Ber.INTEGER), "an integer of 5 bytes");
    assertBroken("0201ff", r -> r.naturalNumber(Ber.INTEGER), "the negative number -1");
    assertThat(reader("020400000001").naturalNumber(Ber.INTEGER)).isEqualTo(1);
  }

  @Test
  void bool_trueAndFalseOfRfc4511_nothingElse() throws BerException {
    assertThat(reader("0101ff").bool(Ber.BOOLEAN)).isTrue();
    assertThat(reader("010100").bool(Ber.BOOLEAN)).isFalse();
    assertThat(written(new BerWriter().bool(Ber.BOOLEAN, true).bool(Ber.BOOLEAN, false)))
        .isEqualTo("0101ff010100");
    assertBroken("010101", r -> r.bool(Ber.BOOLEAN), "a boolean of 0x01");
    assertBroken("0100", r -> r.bool(Ber.BOOLEAN), "a boolean of 0 bytes");
    assertBroken("0102ffff", r -> r.bool(Ber.BOOLEAN), "a boolean of 2 bytes");
  }

  @Test
  void text_utf8OrReplaced() throws BerException {
    assertThat(reader("0404 c3bc 7800").text(Ber.OCTET_STRING)).isEqualTo("\u00fcx\0");
    assertThat(reader("0402 fc78").text(Ber.OCTET_STRING)).isEqualTo("\ufffdx");
  }

  @Test
  void length_everyForm_readAndWrittenShortest() throws BerException {
    for (String header : List.of("0403", "048103", "04820003", "0483000003", "048400000003")) {
      assertThat(reader(header + "616263").text(Ber.OCTET_STRING)).as(header).isEqualTo("abc");
    }
    for (int length : new int[] {0, 127, 128, 255, 256, 65_535, 65_536, 100_000}) {
      byte[] content = new byte[length];
      byte[] written = new BerWriter().octets(Ber.OCTET_STRING, content).toByteArray();

      assertThat(written.length - length)
          .isEqualTo(length < 128 ? 2 : length < 256 ? 3 : length < 65_536 ? 4 : 5);
      assertThat(BerReader.of(ByteBuffer.wrap(written)).octets(Ber.OCTET_STRING))
          .isEqualTo(content);
      byte[] nested =
          new BerWriter()
              .nested(Ber.SEQUENCE, inner -> inner.octets(Ber.OCTET_STRING, content))
              .toByteArray();
      assertThat(BerReader.of(ByteBuffer.wrap(nested)).nested(Ber.SEQUENCE).octets(4))
          .isEqualTo(content);
    }
  }

  @Test
  void length_indefiniteNegativeOrTooLong_broken() {
    Read read = reader -> reader.octets(Ber.OCTET_STRING);
    assertBroken("0480616200 00", read, "an indefinite length");
    assertBroken("0485 0000000001 61", read, "a length of 5 bytes");
    assertBroken("04ff", read, "a length of 127 bytes");
    assertBroken("0484 ffffffff", read, "an element that is longer than what contains it");
    assertBroken("0484 80000000", read, "an element that is longer than what contains it");
    assertBroken("0402 61", read, "an element that is longer than what contains it");
    assertBroken("0482 00", read, "the end inside a length");
    assertBroken("04", read, "the end inside an element");
    assertBroken("", read, "the end");
  }

  @Test
  void tag_anyOther_broken() {
    Read read = reader -> reader.octets(Ber.OCTET_STRING);
    assertBroken("2400", read, "tag 0x24");
    assertBroken("0500", read, "tag 0x05");
    assertBroken("1f8100", reader -> reader.octets(0x1f), "tag 0x1f");
    assertBroken(
        "bf8100",
        reader -> {
          reader.skipRest();
          return "";
        },
        "tag 0xbf");
  }

  @Test
  void nested_sixteenLevels_noMore() throws BerException {
    byte[] deep = {};
    for (int level = 0; level < Ber.MAX_DEPTH - 1; level++) {
      byte[] inner = deep;
      deep = new BerWriter().octets(Ber.SEQUENCE, inner).toByteArray();
    }
    BerReader.of(ByteBuffer.wrap(deep)).skipRest();
    byte[] deeper = new BerWriter().octets(Ber.SEQUENCE, deep).toByteArray();

    assertThatThrownBy(() -> BerReader.of(ByteBuffer.wrap(deeper)).skipRest())
        .isInstanceOf(BerException.class)
        .hasMessage("more than 16 levels of nesting");
  }

  @Test
  void nested_shorterThanItsContent_theRestIsNotReached() throws BerException {
    BerReader reader = reader("3003 020101 020102");
    BerReader inner = reader.nested(Ber.SEQUENCE);

    assertThat(inner.integer(Ber.INTEGER)).isEqualTo(1);
    assertThat(inner.hasMore()).isFalse();
    assertThat(reader.integer(Ber.INTEGER)).isEqualTo(2);
  }

  @Test
  void oid_formsOfRfc4512() {
    for (String good : List.of("1.3.6.1.4.1.1466.20037", "0.0", "2.16.840", "1.0.8571.2.1")) {
      assertThat(Oid.isOne(good)).as(good).isTrue();
    }
    for (String bad :
        List.of("", "1", "1.", ".1", "1..2", "1.02", "01.2", "StartTLS", "1.a", "1.2 ", "1.-2")) {
      assertThat(Oid.isOne(bad)).as(bad).isFalse();
    }
    assertThat(Oid.isOne("1." + "1".repeat(254))).isTrue();
    assertThat(Oid.isOne("1." + "1".repeat(255))).isFalse();
  }

  @Test
  void writer_wiped_holdsNothing() {
    BerWriter writer = new BerWriter().text(Ber.OCTET_STRING, "secret".repeat(100));
    ByteBuffer view = writer.view();
    writer.wipe();

    while (view.hasRemaining()) {
      assertThat(view.get()).isZero();
    }
    assertThat(writer.toByteArray()).isEmpty();
  }

  @Test
  void bindRequest_malformedBehindTheCredentials_broken() throws BerException {
    String simple = "020103 0400 800178";
    String sasl = "0405504c41494e 040178";
    assertThat(BindRequest.read(reader(simple + "0401 00")).credentials()).isPresent();
    assertThat(BindRequest.read(reader("020103 0400 a30d" + sasl + "0401 00")).mechanism())
        .contains("PLAIN");
    assertBroken(
        simple + "0402 00", BindRequest::read, "an element that is longer than what contains it");
    assertBroken(
        "020103 0400 a30d" + sasl + "0402 00",
        BindRequest::read,
        "an element that is longer than what contains it");
    assertBroken(
        "020103 0400 a30a" + sasl + "0402 00",
        BindRequest::read,
        "an element that is longer than what contains it");
  }
}
