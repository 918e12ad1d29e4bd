package io.upgradeable.ping;

import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.UnreadPolicy;
import io.upgradeable.testkit.Dialogue;
import io.upgradeable.testkit.NegotiationContractTest;

class PingServerUpgradeContractTest extends NegotiationContractTest<PingServerResult> {

  @Override
  protected Negotiation<PingServerResult> newNegotiation() {
    return PingServerUpgrade.startTls();
  }

  @Override
  protected Dialogue dialogue() {
    return Dialogue.resource(getClass(), "dialogues/server-good.dialogue");
  }

  @Override
  protected Dialogue plaintextVariant() {
    return Dialogue.parse(
        "more PINGs before TLS",
        """
        dialogue server LF
        C: PING
        S: PONG
        C: PING
        S: PONG
        C: STARTTLS
        =TLS=
        C: PING
        S: PONG
        C: QUIT
        =DONE=
        """);
  }

  @Override
  protected UnreadPolicy unreadPolicy() {
    return UnreadPolicy.TLS_RECORD;
  }

  @Override
  protected int longestUnread() {
    return PingLine.MAX_BYTES;
  }
}
