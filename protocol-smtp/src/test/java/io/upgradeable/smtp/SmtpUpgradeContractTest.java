package io.upgradeable.smtp;

import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.testkit.Dialogue;
import io.upgradeable.testkit.NegotiationContractTest;

class SmtpUpgradeContractTest extends NegotiationContractTest<SmtpResult> {

  @Override
  protected Negotiation<SmtpResult> newNegotiation() {
    return SmtpUpgrade.startTls(TestOptions.CLIENT);
  }

  @Override
  protected Dialogue dialogue() {
    return Dialogue.resource(getClass(), "dialogues/client-good.dialogue");
  }

  @Override
  protected Dialogue plaintextVariant() {
    return Dialogue.parse(
        "other capabilities and another name before TLS",
        """
        dialogue client CRLF
        S: 220-liar.test
        S: 220
        C: EHLO client.example.org
        S: 250-liar.test
        S: 250-AUTH PLAIN LOGIN
        S: 250-SIZE 1
        S: 250-STARTTLS
        S: 250 PIPELINING
        C: STARTTLS
        S: 220 go
        =TLS=
        C: EHLO client.example.org
        S: 250-mail.example.net at your service
        S: 250-SIZE 10485760
        S: 250 AUTH PLAIN
        =DONE=
        """);
  }

  @Override
  protected int longestUnread() {
    return SmtpReplyReader.MAX_BYTES;
  }
}
