package io.upgradeable.ping;

import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.testkit.Dialogue;
import io.upgradeable.testkit.NegotiationContractTest;

class PingUpgradeContractTest extends NegotiationContractTest<PingResult> {

  @Override
  protected Negotiation<PingResult> newNegotiation() {
    return PingUpgrade.startTls();
  }

  @Override
  protected Dialogue dialogue() {
    return Dialogue.resource(getClass(), "dialogues/client-good.dialogue");
  }

  @Override
  protected Dialogue plaintextVariant() {
    return Dialogue.parse(
        "CRLF before TLS",
        """
        dialogue client LF
        C: PING
        S: PONG\\r
        C: STARTTLS
        =TLS=
        C: PING
        S: PONG
        C: QUIT
        S closes
        =DONE=
        """);
  }

  @Override
  protected int longestUnread() {
    return PingLine.MAX_BYTES;
  }
}
