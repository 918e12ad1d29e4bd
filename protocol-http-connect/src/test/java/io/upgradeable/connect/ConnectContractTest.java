package io.upgradeable.connect;

import io.upgradeable.Endpoint;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.sasl.Secret;
import io.upgradeable.testkit.Dialogue;
import io.upgradeable.testkit.NegotiationContractTest;
import java.util.Optional;
import org.junit.jupiter.api.Nested;

/** What every machine owes its driver, for each of this package's. */
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

  @Nested
  class Socks5 extends NegotiationContractTest<SocksResult> {
    @Override
    protected Negotiation<SocksResult> newNegotiation() {
      return new Socks5Upgrade(
          TARGET,
          Optional.of(
              ProxyCredentials.password("bob", new Secret("pw".toCharArray())).evenInPlaintext()));
    }

    @Override
    protected Dialogue dialogue() {
      return Dialogue.parse(
          "with a password",
          """
          dialogue client NONE
          C- \\x05\\x02\\x00\\x02
          S- \\x05\\x02
          C- \\x01\\x03bob\\x02pw
          S- \\x01\\x00
          C- \\x05\\x01\\x00\\x03\\x10mail.example.net\\x02\\x4b
          S- \\x05\\x00\\x00\\x01\\xc0\\x00\\x02\\x07\\x10\\x92
          =DONE= SocksResult[boundHost=192.0.2.7, boundPort=4242]
          """);
    }

    @Override
    protected int longestUnread() {
      return 4 + 1 + 255 + 2;
    }
  }

  @Nested
  class Socks4a extends NegotiationContractTest<SocksResult> {
    @Override
    protected Negotiation<SocksResult> newNegotiation() {
      return new Socks4aUpgrade(TARGET, "bob");
    }

    @Override
    protected Dialogue dialogue() {
      return Dialogue.parse(
          "a name",
          """
          dialogue client NONE
          C- \\x04\\x01\\x02\\x4b\\x00\\x00\\x00\\x01bob\\x00mail.example.net\\x00
          S- \\x00\\x5a\\x10\\x92\\xc0\\x00\\x02\\x07
          =DONE= SocksResult[boundHost=192.0.2.7, boundPort=4242]
          """);
    }

    @Override
    protected int longestUnread() {
      return 8;
    }
  }
}
