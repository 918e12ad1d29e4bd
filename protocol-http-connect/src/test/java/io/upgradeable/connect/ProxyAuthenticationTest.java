package io.upgradeable.connect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.upgradeable.Connection;
import io.upgradeable.Endpoint;
import io.upgradeable.LayerStack;
import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.UpgradeObserver;
import io.upgradeable.negotiation.Message;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.testkit.Dialogue;
import io.upgradeable.testkit.Split;
import io.upgradeable.testkit.SplitPoints;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How a client answers challenges: what it says, on which connection, and what it keeps silent. */
@Timeout(60)
class ProxyAuthenticationTest {

  private static final Endpoint TARGET = Endpoint.parse("mail.example.net:587");
  private static final String OK = "HTTP/1.1 200 OK\r\n\r\n";

  private static String challenge(String rest, String... challenges) {
    StringBuilder head = new StringBuilder("HTTP/1.1 407 Who?\r\n");
    for (String challenge : challenges) {
      head.append("Proxy-Authenticate: ").append(challenge).append("\r\n");
    }
    return head.append(rest).toString();
  }

  private static final String STAYS = "Content-Length: 4\r\n\r\nwho?";
  private static final String CHUNKED = "Transfer-Encoding: chunked\r\n\r\n4\r\nwho?\r\n0\r\n\r\n";
  private static final String CLOSES = "Content-Length: 0\r\nConnection: close\r\n\r\n";

  /** A proxy that gives its answers in order, whatever it hears, and closes behind "close". */
  private static final class Proxy implements AutoCloseable {
    final ServerSocket listening;
    final List<String> heard = new CopyOnWriteArrayList<>();
    final List<Integer> connections = new CopyOnWriteArrayList<>();
    private final List<String> answers;

    Proxy(String... answers) throws IOException {
      this.answers = new ArrayList<>(List.of(answers));
      this.listening = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
      Thread thread = new Thread(this::run, "proxy");
      thread.setDaemon(true);
      thread.start();
    }

    Endpoint endpoint() {
      return Endpoint.of("127.0.0.1", listening.getLocalPort());
    }

    private void run() {
      int connection = 0;
      while (!answers.isEmpty()) {
        connection++;
        try (Socket socket = listening.accept()) {
          BufferedReader in =
              new BufferedReader(
                  new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
          boolean open = true;
          while (open && !answers.isEmpty()) {
            StringBuilder head = new StringBuilder();
            String line = in.readLine();
            while (line != null && !line.isEmpty()) {
              head.append(line).append('\n');
              line = in.readLine();
            }
            if (line == null) {
              break;
            }
            heard.add(head.toString());
            connections.add(connection);
            String answer = answers.remove(0);
            socket.getOutputStream().write(answer.getBytes(StandardCharsets.ISO_8859_1));
            open = !answer.contains("close") && answer.contains("\r\n\r\n");
          }
          if (answers.isEmpty()) {
            in.readLine(); // The client closes.
          }
        } catch (IOException gone) {
          return;
        }
      }
    }

    @Override
    public void close() throws IOException {
      listening.close();
    }
  }

  private static ProxyCredentials alice() {
    return ProxyCredentials.password("alice", Loopback.secret("pass word"));
  }

  private static LayerStack stack(Proxy proxy, ProxyCredentials credentials) {
    return ProxyHop.stack(
        List.of(ProxyHop.parse("http://" + proxy.endpoint()).withCredentials(credentials)), TARGET);
  }

  private static void connect(Proxy proxy, ProxyCredentials credentials) throws IOException {
    try (NettyConnector connector = NettyConnector.builder().build();
        Connection connection = connector.connect(stack(proxy, credentials))) {
      assertThat(connection.path()).endsWith("connect(mail.example.net:587)");
    }
  }

  private static PeerRefused refusal(Proxy proxy, ProxyCredentials credentials) {
    try (NettyConnector connector = NettyConnector.builder().build()) {
      return catchThrowableOfType(
          PeerRefused.class, () -> connector.connect(stack(proxy, credentials)));
    }
  }

  @Test
  void challenge_connectionStays_answeredOnIt() throws IOException {
    for (String rest : List.of(STAYS, CHUNKED)) {
      try (Proxy proxy = new Proxy(challenge(rest, "Basic realm=\"x\""), OK)) {
        connect(proxy, alice().evenInPlaintext());
        assertThat(proxy.connections).containsExactly(1, 1);
        assertThat(proxy.heard.get(0)).doesNotContain("Proxy-Authorization");
        assertThat(proxy.heard.get(1))
            .contains("Proxy-Authorization: Basic YWxpY2U6cGFzcyB3b3Jk\n");
      }
    }
  }

  @Test
  void challenge_connectionEnds_answeredOnANewOne() throws IOException {
    try (Proxy proxy = new Proxy(challenge(CLOSES, "Basic realm=\"x\""), OK)) {
      connect(proxy, alice().evenInPlaintext());
      assertThat(proxy.connections).containsExactly(1, 2);
      assertThat(proxy.heard.get(1)).contains("Proxy-Authorization: Basic ");
    }
  }

  @Test
  void challenge_withoutTheEndOfItsBody_answeredOnANewOne() throws IOException {
    try (Proxy proxy = new Proxy(challenge("X: close\r\n\r\nwho?", "Basic realm=x"), OK)) {
      connect(proxy, alice().evenInPlaintext());
      assertThat(proxy.connections).containsExactly(1, 2);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "HTTP/1.1 403 No, 403, No",
    "HTTP/1.1 407 Who, 407, Who (it does not say what credentials it wants)",
    "'HTTP/1.1 407 Who\r\nProxy-Authenticate: NTLM', 407, Who (these credentials cannot answer ntlm)"
  })
  void refusal_bodyNeverComes_toldAtOnce(String head, String code, String text) throws IOException {
    try (Proxy proxy = new Proxy(head + "\r\nContent-Length: 500\r\n\r\n")) {
      PeerRefused refused = refusal(proxy, alice().evenInPlaintext());
      assertThat(refused.code()).isEqualTo(code);
      assertThat(refused.text()).isEqualTo(text);
      assertThat(proxy.connections).containsExactly(1);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // It will not close before the client does.
        "S: Connection: close\nS: Content-Length: 500\nS:",
        "S: Transfer-Encoding: chunked\nS:\nS: 7ffffff",
        "S: Transfer-Encoding: chunked\nS:\nS: x",
        "S: Content-Length: 500\nS:\nS- wh\nS closes"
      })
  void challenge_connectionOfNoMoreUse_refusedHere(String rest) {
    String head =
        """
        dialogue client CRLF
        C: CONNECT mail.example.net:587 HTTP/1.1
        C: Host: mail.example.net:587
        C:
        S: HTTP/1.1 407 Who
        S: Proxy-Authenticate: Basic realm="x"
        """;
    Dialogue dialogue =
        Dialogue.parse("407", head + rest + "\n! Refused and the connection ends\n");
    for (Split split : SplitPoints.all(dialogue.peerBytes())) {
      dialogue.play(
          ConnectUpgrade.to(TARGET, ConnectOptions.NONE.withCredentials(alice().evenInPlaintext())),
          split);
    }
  }

  @Test
  void wrongPassword_refusedTwice_isTheEnd() throws IOException {
    String challenge = challenge(CLOSES, "Basic realm=\"x\"");
    try (Proxy proxy = new Proxy(challenge, challenge)) {
      PeerRefused refused = refusal(proxy, alice().evenInPlaintext());
      assertThat(refused.code()).isEqualTo("407");
      assertThat(refused.text()).contains("the credentials were not accepted");
      assertThat(proxy.connections).containsExactly(1, 2);
    }
    String stays = challenge(STAYS, "Basic realm=\"x\"");
    try (Proxy proxy = new Proxy(stays, stays)) {
      assertThat(refusal(proxy, alice().evenInPlaintext()).text())
          .contains("the credentials were not accepted");
      assertThat(proxy.connections).containsExactly(1, 1);
    }
  }

  @Test
  void severalChallenges_strongestIsAnswered() throws IOException {
    String digest = "Digest realm=r, nonce=n, qop=auth";
    try (Proxy proxy =
        new Proxy(
            challenge(
                STAYS, "Basic realm=x", digest + ", algorithm=MD5", digest + ", algorithm=SHA-256"),
            OK)) {
      connect(proxy, alice().evenInPlaintext());
      assertThat(proxy.heard.get(1))
          .contains("Proxy-Authorization: Digest ")
          .contains("algorithm=SHA-256,")
          .contains("uri=\"mail.example.net:587\"");
    }
  }

  @Test
  void digest_staleNonce_answeredOnceMore() throws IOException {
    String stale = "Digest realm=r, nonce=m, qop=auth, stale=true";
    try (Proxy proxy =
        new Proxy(
            challenge(STAYS, "Digest realm=r, nonce=n, qop=auth"), challenge(STAYS, stale), OK)) {
      connect(proxy, alice());
      assertThat(proxy.heard.get(2)).contains("nonce=\"m\"").contains("nc=00000001");
    }
    try (Proxy proxy =
        new Proxy(challenge(STAYS, stale), challenge(STAYS, stale), challenge(STAYS, stale), OK)) {
      assertThat(refusal(proxy, alice()).code()).isEqualTo("407");
      assertThat(proxy.heard).hasSize(3);
    }
  }

  @Test
  void digest_secondConnection_answersUnaskedAndCountsOn() throws IOException {
    try (Proxy proxy = new Proxy(challenge(CLOSES, "Digest realm=r, nonce=n, qop=auth"), OK, OK);
        NettyConnector connector = NettyConnector.builder().build()) {
      LayerStack stack = stack(proxy, alice());
      connector.connect(stack).close();
      assertThat(proxy.heard.get(1)).contains("nc=00000001");
    }
  }

  @Test
  void passwordAskedForInPlaintext_notAllowed_staysAtHome() throws IOException {
    try (Proxy proxy = new Proxy(challenge(STAYS, "Basic realm=x"))) {
      assertThat(refusal(proxy, alice()).text())
          .contains("Basic (it would show the password on the way)");
    }
    try (Proxy proxy = new Proxy(challenge(STAYS, "Bearer realm=x"))) {
      assertThat(refusal(proxy, ProxyCredentials.bearer(Loopback.secret("abc"))).text())
          .contains("Bearer (it would show the token on the way)");
    }
  }

  @Test
  void bearerAndNegotiate_answeredWithTheirTokens() throws IOException {
    try (Proxy proxy = new Proxy(challenge(STAYS, "Bearer realm=x"), OK)) {
      connect(proxy, ProxyCredentials.bearer(Loopback.secret("a.b-c==")).evenInPlaintext());
      assertThat(proxy.heard.get(1)).contains("Proxy-Authorization: Bearer a.b-c==\n");
    }
    try (Proxy proxy = new Proxy(challenge(CLOSES, "Negotiate"), OK)) {
      connect(proxy, ProxyCredentials.negotiate(NegotiateToken.of(new byte[] {1, 2, 3})));
      assertThat(proxy.heard.get(1)).contains("Proxy-Authorization: Negotiate AQID\n");
    }
  }

  @Test
  void challengesNobodyCanAnswer_refusalNamesThem() throws IOException {
    try (Proxy proxy =
        new Proxy(challenge(STAYS, "NTLM, Digest realm=r, nonce=n, qop=\"auth-int\""))) {
      assertThat(refusal(proxy, alice()).text())
          .isEqualTo("Who? (these credentials cannot answer ntlm or Digest with qop auth-int)");
    }
  }

  @Test
  void secrets_inTraceAndTexts_areNowhere() throws IOException {
    List<String> trace = new CopyOnWriteArrayList<>();
    UpgradeObserver observer =
        new UpgradeObserver() {
          @Override
          public void sent(String path, Message message) {
            trace.add(message.shown() + message);
          }
        };
    try (Proxy proxy = new Proxy(challenge(STAYS, "Basic realm=x"), OK);
        NettyConnector connector = NettyConnector.builder().observer(observer).build()) {
      ProxyCredentials credentials = alice().evenInPlaintext();
      connector.connect(stack(proxy, credentials)).close();
      assertThat(String.join("", trace))
          .contains("Proxy-Authorization: Basic <redacted>")
          .doesNotContain("YWxpY2U6cGFzcyB3b3Jk");
      assertThat(credentials.toString()).doesNotContain("pass word");
    }
  }

  @Test
  void credentials_ofOneHop_areNotSentToAnother() throws IOException {
    // The second hop asks; the first hop's credentials are not for it.
    String asks = challenge(STAYS, "Basic realm=x");
    try (Proxy proxy = new Proxy(OK, asks);
        NettyConnector connector = NettyConnector.builder().build()) {
      ProxyHop first =
          ProxyHop.parse("http://" + proxy.endpoint()).withCredentials(alice().evenInPlaintext());
      PeerRefused refused =
          catchThrowableOfType(
              PeerRefused.class,
              () ->
                  connector.connect(
                      ProxyHop.stack(List.of(first, ProxyHop.parse("http://inner:1")), TARGET)));
      assertThat(refused.text()).contains("no credentials were given");
      assertThat(String.join("", proxy.heard)).doesNotContain("Authorization");
    }
  }
}
