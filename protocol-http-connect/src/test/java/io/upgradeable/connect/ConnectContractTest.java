package io.upgradeable.connect;

import io.upgradeable.Endpoint;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.sasl.Secret;
import io.upgradeable.testkit.Dialogue;
import io.upgradeable.testkit.NegotiationContractTest;
import org.junit.jupiter.api.Nested;

/**
 * What every machine owes its driver. SOCKS is not here: its messages have lengths, and so none
 * without an end, which the contract would send.
 */
class ConnectContractTest {

  private static final Endpoint TARGET = Endpoint.parse("mail.example.net:587");

  @Nested
  class Client extends NegotiationContractTest<ConnectResult> {
    @Override
    protected Negotiation<ConnectResult> newNegotiation() {
      return ConnectUpgrade.to(TARGET, ConnectOptions.NONE);
    }

    @Override
    protected Dialogue dialogue() {
      return Dialogue.resource(getClass(), "dialogues/client-good.dialogue");
    }

    @Override
    protected int longestUnread() {
      return HttpHeadReader.MAX_BYTES;
    }
  }

  @Nested
  class ClientThatIsAsked extends NegotiationContractTest<ConnectResult> {
    @Override
    protected Negotiation<ConnectResult> newNegotiation() {
      return ConnectUpgrade.to(
          TARGET,
          ConnectOptions.NONE.withCredentials(
              ProxyCredentials.password("Aladdin", new Secret("open sesame".toCharArray()))
                  .evenInPlaintext()));
    }

    @Override
    protected Dialogue dialogue() {
      return Dialogue.parse(
          "407 and 200",
          """
          dialogue client CRLF
          C: CONNECT mail.example.net:587 HTTP/1.1
          C: Host: mail.example.net:587
          C:
          S: HTTP/1.1 407 Who are you?
          S: Proxy-Authenticate: Basic realm="x"
          S: Content-Length: 0
          S:
          C: CONNECT mail.example.net:587 HTTP/1.1
          C: Host: mail.example.net:587
          C: Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==
          C:
          S: HTTP/1.1 200 OK
          S:
          =DONE=
          """);
    }

    @Override
    protected int longestUnread() {
      return HttpHeadReader.MAX_BYTES;
    }
  }

  @Nested
  class Server extends NegotiationContractTest<ConnectRequest> {
    @Override
    protected Negotiation<ConnectRequest> newNegotiation() {
      return new ConnectServerUpgrade();
    }

    @Override
    protected Dialogue dialogue() {
      return Dialogue.resource(getClass(), "dialogues/server-good.dialogue");
    }

    @Override
    protected int longestUnread() {
      return HttpHeadReader.MAX_BYTES;
    }
  }
}
