package io.upgradeable.smtp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Mailboxes by RFC 5321, 4.1.2, and RFC 6531, 3.3. */
class MailboxTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a@example.org",
        "a.b+c@example.org",
        "o'brien!#$%&*/=?^_`{|}~-@example.org",
        "\"a@b\"@example.org",
        "\"a\\\"b\\\\\"@example.org",
        "\"\"@example.org",
        "a@localhost",
        "a@host_1.example.org",
        "a@[127.0.0.1]",
        "a@[IPv6:2001:db8::1]",
        "a@[x-tag:content]",
        "j\u00fcrgen@example.org",
        "a@b\u00fccher.example",
        "\u7528\u6237@\u4f8b\u5b50.\u5e7f\u544a",
        "\"\u00fc\"@example.org"
      })
  void parse_mailbox_asGiven(String text) {
    assertThat(Mailbox.parse(text)).hasToString(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a",
        "@example.org",
        "a@",
        ".a@example.org",
        "a.@example.org",
        "a..b@example.org",
        "a b@example.org",
        "\"a b\"@example.org",
        "\"a@example.org",
        "a\"@example.org",
        "\"\\\"@example.org",
        "\"a\"b\"@example.org",
        "\"@example.org",
        "<a@example.org>",
        "a@example.org>",
        "a@example.org> SIZE=1",
        "a@example.org\r\nRCPT TO:<x@y>",
        "a\r\n@example.org",
        "\"a\r\n\"@example.org",
        "\"a\0\"@example.org",
        "a\n@example.org",
        "a\t@example.org",
        "a\u0085@example.org",
        "a\u2028@example.org",
        "a\u00a0@example.org",
        "a\ud800@example.org",
        "a@example..org",
        "a@-example.org",
        "a@example.org.",
        "a@exam ple.org",
        "a@b\u00fc\r\n.example",
        "a@b\u00fc cher.example",
        "a@[127.0.0.256]",
        "a@[1.2.3]",
        "a@[IPv6:1.2.3.4]",
        "a@[IPv6:fe80::1%eth0]",
        "a@[]",
        "a@[x-tag:a]b]",
        "a@[x-tag:a b]",
        "a@[x-tag:a\r\n]"
      })
  void parse_other_refusedWithoutQuotingIt(String text) {
    assertThatThrownBy(() -> Mailbox.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void parse_longest_andOneByteMore() {
    String local = "x".repeat(64);
    String label = "y".repeat(63);
    String domain = label + "." + label + "." + "z".repeat(254 - 65 - 128);

    assertThat(Mailbox.parse(local + "@" + domain).toString()).hasSize(254);
    assertThatThrownBy(() -> Mailbox.parse(local + "@" + domain + "z"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Mailbox.parse(local + "x@example.org"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Mailbox.parse("\u00fc".repeat(33) + "@example.org"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Mailbox.parse("a@" + "y".repeat(64) + ".org"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void onWire_domainBeyondAscii_inAsciiUnlessTheLocalPartIsBeyondIt() {
    assertThat(Mailbox.parse("a@b\u00fccher.example").onWire())
        .isEqualTo("a@xn--bcher-kva.example");
    assertThat(Mailbox.parse("a@b\u00fccher.example").needsSmtpUtf8()).isFalse();
    assertThat(Mailbox.parse("\u00fc@b\u00fccher.example").onWire())
        .isEqualTo("\u00fc@b\u00fccher.example");
    assertThat(Mailbox.parse("\u00fc@b\u00fccher.example").needsSmtpUtf8()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "stra\u00dfe.de",
        "STRA\u1e9eE.de",
        "\u03b2\u03cc\u03bb\u03bf\u03c2.com",
        "\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.com",
        "\u0dc1\u0dca\u200d\u0dbb\u0dd3.com"
      })
  void parse_domainThatVersionsOfIdnaDisagreeAbout_onlyAsItsALabel(String domain) {
    assertThatThrownBy(() -> Mailbox.parse("a@" + domain))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("A-label");
    assertThat(Mailbox.parse("\u00fc@" + domain).onWire()).isEqualTo("\u00fc@" + domain);
    assertThat(Mailbox.parse("a@xn--strae-oqa.de").onWire()).isEqualTo("a@xn--strae-oqa.de");
  }

  @Test
  void xtext_anyText_printableAsciiOfOneWord() {
    assertThat(Xtext.encode("a+b=c d\r\n")).isEqualTo("a+2Bb+3Dc+20d+0D+0A");
    assertThat(Xtext.encodeUtf8("\u00fc+\\@x")).isEqualTo("\\x{FC}\\x{2B}\\x{5C}@x");
  }

  @Test
  void envelope_whatCannotBe_refused() {
    assertThatThrownBy(() -> Envelope.builder().build())
        .isInstanceOf(IllegalArgumentException.class);
    for (String id : new String[] {"", "a\r\nb", "\u00fc", "x".repeat(101), "+".repeat(34)}) {
      assertThatThrownBy(() -> Envelope.builder().to(Mailbox.parse("a@b")).envelopeId(id).build())
          .isInstanceOf(IllegalArgumentException.class);
    }
    Recipient recipient = Recipient.of(Mailbox.parse("a@b"));
    assertThatThrownBy(() -> recipient.withNotify(Recipient.Notify.NEVER, Recipient.Notify.DELAY))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
