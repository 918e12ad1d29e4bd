package io.upgradeable.smtp;

import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.testkit.Dialogue;
import io.upgradeable.testkit.NegotiationContractTest;
import org.junit.jupiter.api.Nested;

/** The machines over implicit TLS, opportunistic, and for LMTP. */
class SmtpVariantsContractTest {

  @Nested
  class ClientOverTls extends NegotiationContractTest<SmtpResult> {

    @Override
    protected Negotiation<SmtpResult> newNegotiation() {
      return SmtpUpgrade.overTls(TestOptions.CLIENT);
    }

    @Override
    protected Dialogue dialogue() {
      return Dialogue.resource(getClass(), "dialogues/client-over-tls.dialogue");
    }

    @Override
    protected int longestUnread() {
      return SmtpReplyReader.MAX_BYTES;
    }
  }

  @Nested
  class ServerOverTls extends NegotiationContractTest<SmtpServerResult> {

    @Override
    protected Negotiation<SmtpServerResult> newNegotiation() {
      return SmtpServerUpgrade.overTls(TestOptions.SERVER);
    }

    @Override
    protected Dialogue dialogue() {
      return Dialogue.resource(getClass(), "dialogues/server-over-tls.dialogue");
    }

    @Override
    protected int longestUnread() {
      return SmtpCommandLine.MAX_BYTES;
    }
  }

  @Nested
  class OpportunisticSecured extends NegotiationContractTest<SmtpOpportunisticResult> {

    @Override
    protected Negotiation<SmtpOpportunisticResult> newNegotiation() {
      return SmtpUpgrade.opportunistic(TestOptions.CLIENT);
    }

    @Override
    protected Dialogue dialogue() {
      return Dialogue.resource(getClass(), "dialogues/client-opportunistic-secured.dialogue");
    }

    @Override
    protected Dialogue plaintextVariant() {
      return Dialogue.parse(
          "another server before TLS",
          """
          dialogue client CRLF
          S: 220 liar.test
          C: EHLO client.example.org
          S: 250-liar.test
          S: 250 STARTTLS
          C: STARTTLS
          S: 220 go ahead
          =TLS=
          C: EHLO client.example.org
          S: 250-mail.example.net
          S: 250 SIZE
          =DONE=
          """);
    }

    @Override
    protected int longestUnread() {
      return SmtpReplyReader.MAX_BYTES;
    }
  }

  @Nested
  class OpportunisticInPlaintext extends NegotiationContractTest<SmtpOpportunisticResult> {

    @Override
    protected Negotiation<SmtpOpportunisticResult> newNegotiation() {
      return SmtpUpgrade.opportunistic(TestOptions.CLIENT);
    }

    @Override
    protected Dialogue dialogue() {
      return Dialogue.resource(getClass(), "dialogues/client-opportunistic-not-offered.dialogue");
    }

    @Override
    protected int longestUnread() {
      return SmtpReplyReader.MAX_BYTES;
    }
  }

  @Nested
  class LmtpClient extends NegotiationContractTest<SmtpResult> {

    @Override
    protected Negotiation<SmtpResult> newNegotiation() {
      return SmtpUpgrade.startTls(TestOptions.LMTP_CLIENT);
    }

    @Override
    protected Dialogue dialogue() {
      return Dialogue.resource(getClass(), "dialogues/client-lmtp.dialogue");
    }

    @Override
    protected Dialogue plaintextVariant() {
      return Dialogue.parse(
          "another server before TLS",
          """
          dialogue client CRLF
          S: 220 liar.test
          C: LHLO client.example.org
          S: 250-liar.test
          S: 250 STARTTLS
          C: STARTTLS
          S: 220 go ahead
          =TLS=
          C: LHLO client.example.org
          S: 250-mail.example.net
          S: 250 PIPELINING
          =DONE=
          """);
    }

    @Override
    protected int longestUnread() {
      return SmtpReplyReader.MAX_BYTES;
    }
  }

  @Nested
  class LmtpServer extends NegotiationContractTest<SmtpServerResult> {

    @Override
    protected Negotiation<SmtpServerResult> newNegotiation() {
      return SmtpServerUpgrade.startTls(TestOptions.LMTP_SERVER);
    }

    @Override
    protected Dialogue dialogue() {
      return Dialogue.resource(getClass(), "dialogues/server-lmtp.dialogue");
    }

    @Override
    protected Dialogue plaintextVariant() {
      return Dialogue.parse(
          "another name before TLS",
          """
          dialogue server CRLF
          S: 220 mail.example.net LMTP
          C: LHLO liar.test
          S: 250-mail.example.net
          S: 250-ENHANCEDSTATUSCODES
          S: 250 STARTTLS
          C: STARTTLS
          S: 220 2.0.0 Go ahead
          =TLS=
          C: LHLO client.example.org
          S: 250-mail.example.net
          S: 250-ENHANCEDSTATUSCODES
          S: 250-SIZE 10485760
          S: 250 AUTH PLAIN
          =DONE=
          """);
    }

    @Override
    protected int longestUnread() {
      return SmtpCommandLine.MAX_BYTES;
    }
  }
}
