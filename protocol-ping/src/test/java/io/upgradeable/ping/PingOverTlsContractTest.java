package io.upgradeable.ping;

import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.testkit.Dialogue;
import io.upgradeable.testkit.NegotiationContractTest;
import org.junit.jupiter.api.Nested;

/** The machines for a connection that is under TLS already: to them it is just a connection. */
class PingOverTlsContractTest {

  @Nested
  class Client extends NegotiationContractTest<PingResult> {

    @Override
    protected Negotiation<PingResult> newNegotiation() {
      return PingUpgrade.overTls();
    }

    @Override
    protected Dialogue dialogue() {
      return Dialogue.resource(getClass(), "dialogues/client-over-tls.dialogue");
    }

    @Override
    protected int longestUnread() {
      return PingLine.MAX_BYTES;
    }
  }

  @Nested
  class Server extends NegotiationContractTest<PingServerResult> {

    @Override
    protected Negotiation<PingServerResult> newNegotiation() {
      return PingServerUpgrade.overTls();
    }

    @Override
    protected Dialogue dialogue() {
      return Dialogue.resource(getClass(), "dialogues/server-over-tls.dialogue");
    }

    @Override
    protected int longestUnread() {
      return PingLine.MAX_BYTES;
    }
  }
}
