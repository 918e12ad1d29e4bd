package io.upgradeable.smtp;

import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.testkit.Dialogue;
import io.upgradeable.testkit.NegotiationContractTest;

class SmtpServerUpgradeContractTest extends NegotiationContractTest<SmtpServerResult> {

  @Override
  protected Negotiation<SmtpServerResult> newNegotiation() {
    return SmtpServerUpgrade.startTls(TestOptions.SERVER);
  }

  @Override
  protected Dialogue dialogue() {
    return Dialogue.resource(getClass(), "dialogues/server-good.dialogue");
  }

  @Override
  protected Dialogue plaintextVariant() {
    return Dialogue.parse(
        "another name, and commands in vain, before TLS",
        """
        dialogue server CRLF
        S: 220 mail.example.net ESMTP
        C: EHLO liar.test
        S: 250-mail.example.net
        S: 250-ENHANCEDSTATUSCODES
        S: 250 STARTTLS
        C: MAIL FROM:<liar@liar.test>
        S: 530 5.7.0 Expected STARTTLS first
        C: STARTTLS
        S: 220 2.0.0 Go ahead
        =TLS=
        C: EHLO client.example.org
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
