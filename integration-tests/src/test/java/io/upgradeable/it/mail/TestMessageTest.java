package io.upgradeable.it.mail;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The messages are what the tests that send them believe. */
final class TestMessageTest {

  @Test
  void bareLineEnds_stored_areLineEnds() {
    assertThat(storedBody(TestMessage.BARE_LF)).isEqualTo("one\n.\ntwo\n\n.three\n\n.\n.\nfour\n");
    assertThat(storedBody(TestMessage.BARE_CR)).isEqualTo("one\n.\ntwo\n\n.three\n\n.\nfour\n");
  }

  @Test
  void noFinalLineEnd_stored_hasOne() {
    assertThat(storedBody(TestMessage.NO_FINAL_NEWLINE)).isEqualTo("one\n.two\n");
    assertThat(storedBody(TestMessage.FINAL_CR)).isEqualTo("one\n.\n");
    assertThat(storedBody(TestMessage.EMPTY_BODY)).isEmpty();
  }

  @Test
  void eightBit_stored_sameBytes() {
    assertThat(new String(TestMessage.UTF_8_TEXT.stored(), UTF_8))
        .endsWith("\nGrüße, 世界 \uD83D\uDCE8\n.é\n");
    assertThat(TestMessage.UTF_8_TEXT.isEightBit()).isTrue();
    assertThat(TestMessage.LATIN_1_TEXT.isEightBit()).isTrue();
    assertThat(TestMessage.PLAIN.isEightBit()).isFalse();
  }

  @Test
  void large_twice_same25Megabytes() {
    assertThat(TestMessage.LARGE.bytes()).hasSizeGreaterThanOrEqualTo(25_000_000);
    assertThat(TestMessage.LARGE.bytes()).isEqualTo(TestMessage.LARGE.canonical());
    assertThat(TestMessage.LARGE.body()).contains("\r\n.");
  }

  @ParameterizedTest
  @EnumSource
  void serverPutTraceBefore_withoutTrace_isTheMessage(TestMessage message) {
    String stored = new String(message.stored(), ISO_8859_1);
    String file =
        "Return-path: <ann@client.test>\nDelivered-To: alice@example.test\n"
            + "Received: from a\n\tby b; Thu, 1 Jan 2026 12:00:00 +0000\n"
            + stored;

    assertThat(TestMessage.withoutTrace(file.getBytes(ISO_8859_1))).isEqualTo(message.stored());
  }

  @Test
  void headerOfItsOwnBeforeTheMessage_withoutTrace_isSeen() {
    byte[] file = "X-Spam: yes\nReceived: from a\n\nbody\n".getBytes(ISO_8859_1);

    assertThat(TestMessage.withoutTrace(file)).isEqualTo(file);
  }

  private static String storedBody(TestMessage message) {
    String stored = new String(message.stored(), ISO_8859_1);
    return stored.substring(stored.indexOf("\n\n") + 2);
  }
}
