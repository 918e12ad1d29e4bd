package io.upgradeable.connect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.upgradeable.Connection;
import io.upgradeable.Endpoint;
import io.upgradeable.LayerStack;
import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.session.SessionContext;
import io.upgradeable.testkit.RefusingPort;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The proxy, as a client with a plain socket sees it. */
@Timeout(60)
class ConnectProxyTest {

  private final List<AutoCloseable> open = new ArrayList<>();
  private final LinkedBlockingQueue<TunnelRecord> log = new LinkedBlockingQueue<>();
  private final ServerSocket target =
      closing(new ServerSocket(0, 10, InetAddress.getLoopbackAddress()));

  ConnectProxyTest() throws IOException {}

  private <T extends AutoCloseable> T closing(T resource) {
    open.add(resource);
    return resource;
  }

  @AfterEach
  void closeAll() throws Exception {
    for (int i = open.size() - 1; i >= 0; i--) {
      open.get(i).close();
    }
  }

  private ConnectProxy start(ConnectProxy.Builder builder) throws IOException {
    return closing(builder.accessLog(log::add).start());
  }

  private Socket dial(ConnectProxy proxy) throws IOException {
    Socket socket = closing(new Socket(InetAddress.getLoopbackAddress(), proxy.endpoint().port()));
    socket.setSoTimeout(30_000);
    return socket;
  }

  private static void say(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String hear(Socket socket, int length) throws IOException {
    return new String(socket.getInputStream().readNBytes(length), StandardCharsets.UTF_8);
  }

  private static String hearAll(Socket socket) throws IOException {
    return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  private static final String ESTABLISHED = "HTTP/1.1 200 Connection established\r\n\r\n";

  private String request() {
    return request("127.0.0.1:" + target.getLocalPort());
  }

  private static String request(String to, String... fields) {
    return "CONNECT " + to + " HTTP/1.1\r\nHost: " + to + "\r\n" + String.join("", fields) + "\r\n";
  }

  private TunnelRecord logged() throws InterruptedException {
    TunnelRecord entry = log.poll(30, TimeUnit.SECONDS);
    assertThat(entry).isNotNull();
    return entry;
  }

  private String answer(ConnectProxy proxy, String request) throws IOException {
    try (Socket client = dial(proxy)) {
      say(client, request);
      return hearAll(client); // To the end: every refusal closes.
    }
  }

  @Test
  void accessLog_throws_clientIsAnsweredAndThePlaceIsFree() throws Exception {
    ConnectProxy proxy =
        closing(
            Loopback.proxy()
                .accessLog(
                    entry -> {
                      throw new AssertionError("a log's own trouble");
                    })
                .start());
    assertThat(answer(proxy, request("10.0.0.1:443"))).startsWith("HTTP/1.1 403 ");
    Socket client = dial(proxy);
    say(client, request());
    Socket far = closing(target.accept());
    assertThat(hear(client, ESTABLISHED.length())).isEqualTo(ESTABLISHED);
    far.close();
    assertThat(hearAll(client)).isEmpty();
  }

  @Test
  void tunnel_bytesBehindTheHead_reachTheTargetOnceAndUnchanged() throws Exception {
    ConnectProxy proxy = start(Loopback.proxy());
    Socket client = dial(proxy);
    say(client, request() + "GET / HTTP/1.1\r\n\r\n");
    Socket far = closing(target.accept());
    assertThat(hear(far, 18)).isEqualTo("GET / HTTP/1.1\r\n\r\n");
    say(far, "answer");
    assertThat(hear(client, ESTABLISHED.length() + 6)).isEqualTo(ESTABLISHED + "answer");
    say(client, "more");
    client.shutdownOutput();
    assertThat(hearAll(far)).isEqualTo("more");
    far.close();
    assertThat(hearAll(client)).isEmpty();

    TunnelRecord entry = logged();
    assertThat(entry.status()).isEqualTo(200);
    assertThat(entry.fromClient()).isEqualTo(22);
    assertThat(entry.fromTarget()).isEqualTo(6);
    assertThat(entry.reason()).isEqualTo("ended");
    assertThat(entry.target().orElseThrow().port()).isEqualTo(target.getLocalPort());
    assertThat(entry.toString()).contains(" CONNECT 127.0.0.1:").contains(" 200 22 6 ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "127.0.0.1:22",
        "localhost:22",
        "10.0.0.1:443",
        "169.254.169.254:443",
        "[::1]:443",
        "[::ffff:127.0.0.1]:443",
        "[64:ff9b::7f00:1]:443",
        "0.0.0.0:443",
        "1.1.1.1:25"
      })
  void allowPublic_targetThatIsNone_forbidden(String to) throws Exception {
    ConnectProxy proxy = start(ConnectProxy.builder().listen(Loopback.ANY_PORT).allowPublic());
    assertThat(answer(proxy, request(to))).startsWith("HTTP/1.1 403 Forbidden\r\n");
    assertThat(logged().status()).isEqualTo(403);
  }

  @Test
  void nothingAllowed_anything_forbidden() throws Exception {
    ConnectProxy proxy = start(ConnectProxy.builder().listen(Loopback.ANY_PORT));
    assertThat(answer(proxy, request())).startsWith("HTTP/1.1 403 Forbidden\r\n");
  }

  @Test
  void nameThatLeadsHome_allowedByName_forbiddenAllTheSame() throws Exception {
    // What DNS rebinding does: the name is allowed, and its address is this machine's.
    ConnectProxy proxy =
        start(ConnectProxy.builder().listen(Loopback.ANY_PORT).allow("localhost:*"));
    String answer = answer(proxy, request("localhost:" + target.getLocalPort()));
    assertThat(answer)
        .startsWith("HTTP/1.1 403 Forbidden\r\n")
        .contains("an address of this target");
  }

  @Test
  void targetRefuses_badGateway() throws Exception {
    ConnectProxy proxy = start(Loopback.proxy());
    RefusingPort nobody = closing(RefusingPort.open());
    assertThat(answer(proxy, request("127.0.0.1:" + nobody.endpoint().port())))
        .startsWith("HTTP/1.1 502 Bad Gateway\r\n");
    assertThat(logged().status()).isEqualTo(502);
    assertThat(proxy.tunnelCount()).isZero();
  }

  @Test
  void refusedRequest_anotherBehindIt_isNotRead() throws Exception {
    ConnectProxy proxy = start(Loopback.proxy());
    String answer = answer(proxy, "GET / HTTP/1.1\r\nHost: a\r\n\r\n" + request());
    assertThat(answer).startsWith("HTTP/1.1 405 Method Not Allowed\r\n").doesNotContain("200");
    assertThat(logged().status()).isEqualTo(405);
    assertThat(log).as("of the request behind it").isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "'GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n', 405, only CONNECT is served here",
    "'CONNECT a:1 HTTP/1.1\\r\\n\\r\\n', 400, there is not one Host",
    "'CONNECT a:1 HTTP/1.1\\nHost: a:1\\n\\n', 400, a LF without CR",
    "'CONNECT a:1 HTTP/3.0\\r\\n\\r\\n', 505, the version is not HTTP/1.1"
  })
  void headThatIsRefused_inAnyWay_isInTheAccessLog(String head, int status, String reason)
      throws Exception {
    ConnectProxy proxy = start(Loopback.proxy());
    assertThat(answer(proxy, head.translateEscapes())).startsWith("HTTP/1.1 " + status + " ");

    TunnelRecord entry = logged();
    assertThat(entry.status()).isEqualTo(status);
    assertThat(entry.reason()).contains(reason);
    assertThat(entry.target()).isEmpty();
    assertThat(entry.toString())
        .contains(" 127.0.0.1:")
        .contains(" - CONNECT - " + status + " 0 0 ");
  }

  @Test
  void connectionWithoutAByte_closed_isNotInTheAccessLog() throws Exception {
    ConnectProxy proxy = start(Loopback.proxy().threads(1));
    try (Socket silent = dial(proxy)) {
      silent.shutdownOutput();
      assertThat(hearAll(silent)).isEmpty();
    }
    try (Socket cut = dial(proxy)) {
      say(cut, "CONN");
      cut.shutdownOutput();
      assertThat(hearAll(cut)).isEmpty();
    }
    assertThat(logged().reason()).contains("inside a message");
  }

  @Test
  void headThatDoesNotEnd_timeOut_isInTheAccessLog() throws Exception {
    ConnectProxy proxy = start(Loopback.proxy().headTimeout(Duration.ofSeconds(2)));
    assertThat(answer(proxy, "CONNECT a:1")).isEmpty();
    assertThat(logged().status()).isZero();
  }

  @Test
  void headWithoutEnd_tooLarge() throws Exception {
    ConnectProxy proxy = start(Loopback.proxy());
    String endless = "CONNECT a:1 HTTP/1.1\r\nA: " + "b".repeat(HttpHeadReader.MAX_BYTES);
    assertThat(answer(proxy, endless)).startsWith("HTTP/1.1 431 ");
    assertThat(logged().status()).isEqualTo(431);
  }

  @Test
  void headThatNeverComes_closedInTime() throws Exception {
    ConnectProxy proxy = start(Loopback.proxy().headTimeout(Duration.ofSeconds(2)));
    assertThat(answer(proxy, "CONNECT a")).isEmpty();
  }

  @Test
  void idleTunnel_isEnded() throws Exception {
    ConnectProxy proxy = start(Loopback.proxy().idleTimeout(Duration.ofMillis(200)));
    try (Socket client = dial(proxy)) {
      say(client, request());
      assertThat(hearAll(client)).isEqualTo(ESTABLISHED);
    }
    target.accept().close();
    assertThat(logged().reason()).isEqualTo("idle");
  }

  @Test
  void tunnels_oneTooMany_serviceUnavailable() throws Exception {
    ConnectProxy proxy = start(Loopback.proxy().maxTunnels(1));
    Socket first = dial(proxy);
    say(first, request());
    assertThat(hear(first, ESTABLISHED.length())).isEqualTo(ESTABLISHED);
    assertThat(answer(proxy, request())).startsWith("HTTP/1.1 503 Service Unavailable\r\n");
    assertThat(proxy.tunnelCount()).isEqualTo(1);
  }

  @Test
  void connectionsOfOneClient_oneTooMany_refused() throws Exception {
    ConnectProxy proxy = start(Loopback.proxy().maxConnectionsPerClient(1));
    Socket first = dial(proxy);
    say(first, request());
    assertThat(hear(first, ESTABLISHED.length())).isEqualTo(ESTABLISHED);
    try (Socket second = dial(proxy)) {
      assertThat(hearAll(second)).startsWith("HTTP/1.1 503 Service Unavailable\r\n");
    }
  }

  @Test
  void users_noneOrWrongOrRight_askedRefusedServed() throws Exception {
    ConnectProxy proxy = start(Loopback.proxy().users(Loopback.USERS));
    String to = "127.0.0.1:" + target.getLocalPort();
    assertThat(answer(proxy, request(to)))
        .startsWith("HTTP/1.1 407 Proxy Authentication Required\r\n")
        .contains("Proxy-Authenticate: Basic realm=\"proxy\", charset=\"UTF-8\"\r\n");
    assertThat(logged().user()).isEmpty();
    for (String wrong : List.of("Basic YWxpY2U6eA==", "Basic Ym9iOng=", "Basic ?", "Bearer x")) {
      assertThat(answer(proxy, request(to, "Proxy-Authorization: " + wrong + "\r\n")))
          .startsWith("HTTP/1.1 407 ");
      assertThat(logged().status()).isEqualTo(407);
    }
    try (NettyConnector connector = NettyConnector.builder().build()) {
      ProxyHop hop =
          ProxyHop.parse("http://" + proxy.endpoint())
              .withCredentials(
                  ProxyCredentials.password("alice", Loopback.secret("s\u00e9same: open"))
                      .evenInPlaintext());
      LayerStack stack = ProxyHop.stack(List.of(hop), Endpoint.parse(to));
      for (int i = 0; i < 2; i++) { // The second time by what was remembered.
        Socket far;
        try (Connection connection = connector.connect(stack)) {
          far = closing(target.accept());
          assertThat(connection.path()).endsWith("connect(" + to + ")");
        }
        far.close();
      }
    }
    assertThat(logged().status()).isEqualTo(407); // The question, on a connection of its own.
    assertThat(logged().user()).contains("alice");
    assertThat(logged().user()).contains("alice");
  }

  @Test
  void users_wrongPasswordOfOurClient_refusedAfterTwoTries() throws Exception {
    ConnectProxy proxy = start(Loopback.proxy().users(Loopback.USERS));
    try (NettyConnector connector = NettyConnector.builder().build()) {
      ProxyHop hop =
          ProxyHop.parse("http://" + proxy.endpoint())
              .withCredentials(
                  ProxyCredentials.password("alice", Loopback.secret("wrong")).evenInPlaintext());
      PeerRefused refused =
          catchThrowableOfType(
              PeerRefused.class,
              () -> connector.connect(ProxyHop.stack(List.of(hop), Endpoint.parse("127.0.0.1:1"))));
      assertThat(refused.code()).isEqualTo("407");
    }
    assertThat(log).hasSize(2);
  }

  @Test
  void clientThatLeavesWhileWeDial_isLogged_andTheDialEnds() throws Exception {
    // An address that swallows: a listener whose queue is full answers no more.
    ServerSocket full = closing(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
    for (int i = 0; i < 2; i++) {
      closing(new Socket(full.getInetAddress(), full.getLocalPort()));
    }
    ConnectProxy proxy = start(Loopback.proxy().connectTimeout(Duration.ofMillis(400)));
    String answer = answer(proxy, request("127.0.0.1:" + full.getLocalPort()));
    assertThat(answer).startsWith("HTTP/1.1 504 Gateway Timeout\r\n");
    assertThat(logged().status()).isEqualTo(504);
    Socket client = dial(proxy);
    say(client, request("127.0.0.1:" + full.getLocalPort()));
    client.setSoLinger(true, 0);
    client.close();
    assertThat(logged().status()).isIn(0, 504);
  }

  @Test
  void shutdown_openTunnels_areClosedAfterTheGrace() throws Exception {
    ConnectProxy proxy = start(Loopback.proxy());
    Socket client = dial(proxy);
    say(client, request());
    assertThat(hear(client, ESTABLISHED.length())).isEqualTo(ESTABLISHED);
    Socket far = closing(target.accept());
    proxy.close();
    assertThat(far.getInputStream().read()).isEqualTo(-1);
  }

  @Test
  void shutdown_openTunnel_itsFarSideIsClosedAndItIsLoggedBefore() throws Exception {
    ConnectProxy proxy = start(Loopback.proxy());
    Socket client = dial(proxy);
    say(client, request());
    assertThat(hear(client, ESTABLISHED.length())).isEqualTo(ESTABLISHED);
    Socket far = closing(target.accept());
    far.setSoTimeout(30_000);
    CompletableFuture<String> whenItEnded =
        proxy
            .shutdownAsync(Duration.ofDays(1))
            .thenApply(ended -> proxy.tunnelCount() + " open, " + log.size() + " logged");
    proxy.shutdownAsync(Duration.ZERO);
    assertThat(hearAll(far)).isEmpty();
    far.close();
    assertThat(whenItEnded.get(30, TimeUnit.SECONDS)).isEqualTo("0 open, 1 logged");
    assertThat(logged().reason()).isEqualTo("closed");
  }

  @Test
  void request_mistakeBeforeItsDial_isLoggedWhenTheClientIsGone() throws Exception {
    ConnectProxy proxy = Loopback.proxy().accessLog(log::add).start();
    proxy.connector().close(); // It throws from now on.
    TunnelSession session =
        new TunnelSession(
            proxy, new ConnectRequest(Endpoint.of("127.0.0.1", 1), Optional.empty()), "client");
    assertThatThrownBy(() -> session.opened(UNUSED)).isInstanceOf(IllegalStateException.class);
    assertThat(log).isEmpty();
    session.closed(Optional.empty());
    assertThat(log).extracting(TunnelRecord::reason).containsExactly("failed");
    assertThat(proxy.tunnelCount()).isZero();
    proxy.shutdownAsync(Duration.ZERO).get(30, TimeUnit.SECONDS);
  }

  private static final SessionContext UNUSED =
      (SessionContext)
          Proxy.newProxyInstance(
              SessionContext.class.getClassLoader(),
              new Class<?>[] {SessionContext.class},
              (proxy, method, arguments) -> {
                throw new UnsupportedOperationException(method.getName());
              });

  @Test
  void listensForOthers_withoutUsers_refusedUnlessSaidSo() throws Exception {
    ConnectProxy.Builder builder =
        ConnectProxy.builder().listen(Endpoint.parse("0.0.0.0:0")).allowPublic();
    assertThatThrownBy(builder::start)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("users");
    start(builder.servesAnybodyWhoCanConnect());
    start(
        ConnectProxy.builder()
            .listen(Endpoint.parse("0.0.0.0:0"))
            .users(Loopback.USERS)
            .allowPublic());
  }
}
