package io.upgradeable.ldap;

import static org.assertj.core.api.Assertions.assertThat;

import io.upgradeable.ldap.LdapMessageReader.Broken;
import io.upgradeable.ldap.LdapMessageReader.Found;
import io.upgradeable.ldap.LdapMessageReader.Partial;
import io.upgradeable.ldap.LdapMessageReader.Whole;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class LdapMessageReaderTest {

  private static final int MAX = 1000;
  private static final LdapMessageReader READER = new LdapMessageReader(MAX);

  private static Found read(byte[] bytes) {
    return READER.read(ByteBuffer.wrap(bytes).asReadOnlyBuffer());
  }

  private static byte[] ofLength(int length) {
    byte[] shorter = Answers.whoAmI(1, "x".repeat(length - 30));
    byte[] bytes = Answers.whoAmI(1, "x".repeat(length - 30 + length - shorter.length));
    assertThat(bytes).hasSize(length);
    return bytes;
  }

  @Test
  void message_moreBehindIt_consumedAlone() {
    byte[] first = Answers.whoAmI(1, "u:a");
    byte[] second = Answers.whoAmI(2, "u:b");
    ByteBuffer input =
        ByteBuffer.allocate(first.length + second.length + 1)
            .put(first)
            .put(second)
            .put((byte) 0x30)
            .flip();

    assertThat(((Whole) READER.read(input)).message()).hasToString("ExtendedResponse #1");
    assertThat(input.position()).isEqualTo(first.length);
    assertThat(((Whole) READER.read(input)).message()).hasToString("ExtendedResponse #2");
    assertThat(READER.read(input)).isEqualTo(new Partial());
    assertThat(input.remaining()).isEqualTo(1);
  }

  @Test
  void message_cutAnywhere_partialAndNothingConsumed() {
    byte[] whole = Answers.whoAmI(300, "u:anna");
    for (int length = 0; length < whole.length; length++) {
      ByteBuffer input = ByteBuffer.wrap(Arrays.copyOf(whole, length));

      assertThat(READER.read(input)).as("%d", length).isEqualTo(new Partial());
      assertThat(input.position()).as("%d", length).isZero();
    }
  }

  @Test
  void message_asLongAsAllowed_whole() {
    assertThat(read(ofLength(MAX))).isInstanceOf(Whole.class);
    assertThat(read(ofLength(MAX + 1))).isInstanceOf(Broken.class);
    // Refused by its length, before a byte of its content is there.
    assertThat(read(Arrays.copyOf(ofLength(MAX + 1), 4))).isInstanceOf(Broken.class);
    assertThat(read(Arrays.copyOf(ofLength(MAX), 4))).isEqualTo(new Partial());
  }

  @Test
  void firstByte_anyOther_brokenAndNoLdap() {
    for (int first = 0; first < 256; first++) {
      Found found = read(new byte[] {(byte) first});

      if (first == Ber.SEQUENCE) {
        assertThat(found).isEqualTo(new Partial());
      } else {
        assertThat(found)
            .isInstanceOfSatisfying(Broken.class, broken -> assertThat(broken.isLdap()).isFalse());
      }
    }
  }

  @Test
  void operation_anyTag_onlyThoseOfRfc4511() {
    int known = 0;
    for (int tag = 0; tag < 256; tag++) {
      byte[] message = {0x30, 5, 2, 1, 1, (byte) tag, 0};
      boolean allowed = LdapOperation.tagged(tag).isPresent();

      assertThat(read(message) instanceof Whole).as("0x%02x", tag).isEqualTo(allowed);
      known += allowed ? 1 : 0;
    }
    assertThat(known).isEqualTo(21);
  }

  @Test
  void controls_criticalOrNot_read() {
    byte[] withControls =
        new BerWriter()
            .nested(
                Ber.SEQUENCE,
                message ->
                    message
                        .integer(Ber.INTEGER, 7)
                        .nothing(LdapOperation.UNBIND_REQUEST.tag())
                        .nested(
                            Ber.constructed(0),
                            controls ->
                                controls
                                    .nested(
                                        Ber.SEQUENCE,
                                        control -> control.text(Ber.OCTET_STRING, "1.2.3"))
                                    .nested(
                                        Ber.SEQUENCE,
                                        control ->
                                            control
                                                .text(Ber.OCTET_STRING, "1.2.4")
                                                .bool(Ber.BOOLEAN, true)
                                                .text(Ber.OCTET_STRING, "value"))))
            .toByteArray();

    LdapMessage message = ((Whole) read(withControls)).message();
    assertThat(message.controls())
        .containsExactly(new LdapControl("1.2.3", false), new LdapControl("1.2.4", true));
    assertThat(message.hasCriticalControl()).isTrue();
    assertThat(message).hasToString("UnbindRequest #7");
  }

  @Test
  void resultCodes_namesOfRfc4511() {
    assertThat(new LdapResultCode(53)).hasToString("unwillingToPerform (53)");
    assertThat(new LdapResultCode(49).name()).isEqualTo("invalidCredentials");
    assertThat(new LdapResultCode(71).name()).isEqualTo("affectsMultipleDSAs");
    assertThat(new LdapResultCode(4096)).hasToString("resultCode-4096 (4096)");
    assertThat(new LdapResultCode(9).name()).isEqualTo("resultCode-9");
    assertThat(LdapResultCode.SUCCESS.isSuccess()).isTrue();
    assertThat(LdapResultCode.REFERRAL.isSuccess()).isFalse();
  }
}
