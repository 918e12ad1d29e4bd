package io.upgradeable.it.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.upgradeable.Connection;
import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.Security;
import io.upgradeable.UpgradeException;
import io.upgradeable.UpgradeException.CertificateRejected;
import io.upgradeable.UpgradeException.PeerClosed;
import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.UpgradeException.TlsFailed;
import io.upgradeable.UpgradeObserver;
import io.upgradeable.UpgradeableStream;
import io.upgradeable.UpgradeableStreams;
import io.upgradeable.connect.ProxyCredentials;
import io.upgradeable.connect.ProxyHop;
import io.upgradeable.it.ContainerTest;
import io.upgradeable.it.EachEngine;
import io.upgradeable.it.PeerContainer;
import io.upgradeable.it.PeerNetwork;
import io.upgradeable.it.mail.MailServer;
import io.upgradeable.it.mail.Postfix;
import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.smtp.DeliveryReport;
import io.upgradeable.smtp.Envelope;
import io.upgradeable.smtp.MailContent;
import io.upgradeable.smtp.Smtp;
import io.upgradeable.smtp.SmtpResult;
import io.upgradeable.smtp.SmtpSession;
import io.upgradeable.smtp.SmtpSessionOptions;
import io.upgradeable.tls.ImplicitTls;
import io.upgradeable.tls.TlsEngine;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Our client and proxies that others wrote. The targets publish no port and have names that only
 * the proxies' network knows, and they tell that it was a proxy who came.
 */
@ContainerTest
@Timeout(60)
final class ProxiesIT {

  @Order(1)
  @RegisterExtension
  private static final PeerNetwork NETWORK = new PeerNetwork();

  @Order(2)
  @RegisterExtension
  private static final PeerContainer PROXIES = Proxies.in(NETWORK);

  @Order(3)
  @RegisterExtension
  private static final MailServer POSTFIX = Postfix.hidden(NETWORK);

  @Order(4)
  @RegisterExtension
  private static final PeerContainer WEB = Web.hidden(NETWORK);

  private static final Endpoint MAIL = Endpoint.of(MailServer.NAME, Postfix.RELAY);

  private static final Envelope ENVELOPE = Envelope.of("ann@client.test", "alice@example.test");

  private static final Pattern AUTHORIZATION =
      Pattern.compile("Proxy-Authorization: (\\S+) <redacted>\r\n");

  private static ProxyHop plain(int port) {
    return plain(PROXIES.endpoint(port));
  }

  private static ProxyHop plain(Endpoint proxy) {
    return ProxyHop.parse("http://" + proxy);
  }

  private static ProxyHop overTls(int port) {
    return overTls(PROXIES.endpoint(port));
  }

  private static ProxyHop overTls(Endpoint proxy) {
    return ProxyHop.parse("https://" + proxy).withTls(Proxies.clientPolicy().build());
  }

  /** A proxy as another proxy reaches it. */
  private static Endpoint inner(int port) {
    return Endpoint.of(Proxies.NAME, port);
  }

  private static ProxyHop socks(String scheme) {
    return ProxyHop.parse(scheme + "://" + PROXIES.endpoint(Proxies.DANTE));
  }

  private static String place(int port) {
    return PROXIES.endpoint(port).toString();
  }

  /** Sends a message to Postfix, under TLS with it, and reads it in the mailbox. */
  private static void assertDelivered(List<ProxyHop> via, String path) throws Exception {
    assertDelivered(via, MAIL, MailServer.clientPolicy().build(), path);
  }

  private static void assertDelivered(
      List<ProxyHop> via, Endpoint target, TlsPolicy policy, String path) throws Exception {
    Layer<SmtpResult> smtp = Smtp.client(target, policy);
    LayerStack stack = ProxyHop.stack(via, target).then(smtp);
    try (NettyConnector connector = NettyConnector.builder().threads(1).build();
        SmtpSession session =
            SmtpSession.connect(connector, stack, smtp, SmtpSessionOptions.DEFAULTS)) {
      assertThat(session.connection().path()).isEqualTo(path);
      assertThat(session.connection().security()).isEqualTo(Security.ORIGIN);
      DeliveryReport report = session.send(ENVELOPE, MailContent.of("Subject: hello\n\nthere\n"));
      assertThat(report.isAcceptedForAll()).isTrue();
      session.quit();
    }
    assertThat(new String(POSTFIX.take("alice"), US_ASCII))
        .contains("Subject: hello\n\nthere\n")
        .contains("[" + PROXIES.address() + "]")
        .contains(" with ESMTPS ");
  }

  @Test
  void startTls_throughSquid_delivered() throws Exception {
    assertDelivered(
        List.of(plain(Proxies.SQUID)),
        "tcp(%s) > connect(mail.example.test:25) > smtp+tls(mail.example.test)"
            .formatted(place(Proxies.SQUID)));
  }

  @Test
  void startTls_throughSquidUnderTls_delivered() throws Exception {
    assertDelivered(
        List.of(overTls(Proxies.SQUID_TLS)),
        "tcp(%s) > tls(localhost) > connect(mail.example.test:25) > smtp+tls(mail.example.test)"
            .formatted(place(Proxies.SQUID_TLS)));
  }

  @Test
  void startTls_throughSquidBehindHaProxy_delivered() throws Exception {
    assertDelivered(
        List.of(overTls(Proxies.HAPROXY)),
        "tcp(%s) > tls(localhost) > connect(mail.example.test:25) > smtp+tls(mail.example.test)"
            .formatted(place(Proxies.HAPROXY)));
  }

  @Test
  void startTls_throughTwoProxies_delivered() throws Exception {
    assertDelivered(
        List.of(plain(Proxies.SQUID), plain(inner(Proxies.APACHE))),
        "tcp(%s) > connect(proxy.example.test:8080) > connect(mail.example.test:25)"
                .formatted(place(Proxies.SQUID))
            + " > smtp+tls(mail.example.test)");
  }

  /** TLS in TLS in TLS. */
  @Test
  void startTls_throughTwoProxiesUnderTls_delivered() throws Exception {
    assertDelivered(
        List.of(overTls(Proxies.HAPROXY), overTls(inner(Proxies.SQUID_TLS))),
        "tcp(%s) > tls(localhost) > connect(proxy.example.test:3129) > tls(proxy.example.test)"
                .formatted(place(Proxies.HAPROXY))
            + " > connect(mail.example.test:25) > smtp+tls(mail.example.test)");
  }

  @ParameterizedTest
  @ValueSource(ints = {Proxies.APACHE, Proxies.APACHE_DIGEST, Proxies.SQUID_DIGEST})
  void startTls_throughOtherProxies_delivered(int port) throws Exception {
    assertDelivered(
        List.of(plain(port).withCredentials(Proxies.credentials())),
        "tcp(%s) > connect(mail.example.test:25) > smtp+tls(mail.example.test)"
            .formatted(place(port)));
  }

  @Test
  void startTls_throughTinyproxyWhichClosesAfterItsQuestion_delivered() throws Exception {
    assertDelivered(
        List.of(plain(Proxies.TINYPROXY).withCredentials(shown())),
        "tcp(%s) > connect(mail.example.test:25) > smtp+tls(mail.example.test)"
            .formatted(place(Proxies.TINYPROXY)));
  }

  @Test
  void startTls_throughDante_delivered() throws Exception {
    assertDelivered(
        List.of(socks("socks5").withCredentials(shown())),
        "tcp(%s) > socks5(mail.example.test:25) > smtp+tls(mail.example.test)"
            .formatted(place(Proxies.DANTE)));
  }

  /** Dante knows SOCKS 4 without names. */
  @Test
  void startTls_throughDanteToAnAddress_delivered() throws Exception {
    Endpoint address = Endpoint.of(POSTFIX.address(), Postfix.RELAY);
    assertDelivered(
        List.of(socks("socks4a")),
        address,
        MailServer.clientPolicy().verifyName(MailServer.NAME).build(),
        "tcp(%s) > socks4a(%s) > smtp+tls(%s)"
            .formatted(place(Proxies.DANTE), address, address.host()));
  }

  private static ProxyCredentials shown() {
    return Proxies.credentials().evenInPlaintext();
  }

  /** TLS with nginx inside of TLS with a proxy, and inside of none. */
  @EachEngine
  void tls_throughProxies_isTheOrigins(TlsEngine engine) throws Exception {
    List<List<ProxyHop>> ways =
        List.of(
            List.of(plain(Proxies.SQUID)),
            List.of(plain(Proxies.APACHE)),
            List.of(plain(Proxies.TINYPROXY).withCredentials(shown())),
            List.of(socks("socks5")),
            List.of(
                overTls(Proxies.HAPROXY).withTls(Proxies.clientPolicy().engine(engine).build())));
    TlsPolicy policy = MailServer.clientPolicy().engine(engine).build();
    for (List<ProxyHop> via : ways) {
      LayerStack stack =
          ProxyHop.stack(via, Web.ENDPOINT).then(ImplicitTls.client(Web.ENDPOINT, policy));
      try (UpgradeableStreams streams = UpgradeableStreams.builder().threads(1).build();
          UpgradeableStream stream = streams.openAsync(stack, Web.ENDPOINT).join()) {
        Connection connection = stream.connection();
        assertThat(connection.path()).endsWith("(web.example.test:443) > tls(web.example.test)");
        assertThat(connection.security()).isEqualTo(Security.ORIGIN);
        assertThat(connection.tls().flatMap(TlsFacts::serverName)).contains(Web.NAME);
        stream.write("GET / HTTP/1.0\r\n\r\n");
        String line = "";
        for (var next = stream.readLine(); next.isPresent(); next = stream.readLine()) {
          line = next.get();
        }
        assertThat(line).isEqualTo(Web.answer(Web.NAME, PROXIES.address()));
      }
    }
  }

  /** Notes what it sends, and each connection. */
  private static NettyConnector newConnector(List<String> sent) {
    UpgradeObserver observer =
        new UpgradeObserver() {
          @Override
          public void connectCompleted(String path, SocketAddress remote) {
            sent.add("connected");
          }

          @Override
          public void sent(String path, Message message) {
            sent.add(message.toString());
          }
        };
    return NettyConnector.builder().threads(1).observer(observer).build();
  }

  /** The scheme by which a request answers, or the line itself if it is none. */
  private static String summary(String sent) {
    Matcher answer = AUTHORIZATION.matcher(sent);
    if (answer.find()) {
      return answer.group(1);
    }
    return sent.startsWith("CONNECT ") ? "unasked" : sent;
  }

  private static void connect(NettyConnector connector, LayerStack stack) throws IOException {
    connector.connect(stack).close();
  }

  private static <T extends UpgradeException> T failure(
      Class<T> kind, ProxyHop proxy, Endpoint target) {
    try (NettyConnector connector = NettyConnector.builder().threads(1).build()) {
      LayerStack stack = ProxyHop.stack(List.of(proxy), target);
      return catchThrowableOfType(kind, () -> connect(connector, stack));
    }
  }

  @Test
  void tunnelUnderTlsWithTheProxy_securesTheHopOnly() throws IOException {
    LayerStack stack = ProxyHop.stack(List.of(overTls(Proxies.SQUID_TLS)), Web.ENDPOINT);
    try (NettyConnector connector = NettyConnector.builder().threads(1).build();
        Connection connection = connector.connect(stack)) {
      assertThat(connection.security()).isEqualTo(Security.HOP_ONLY);
    }
  }

  /** What is trusted for the target is not trusted for the proxy. */
  @ParameterizedTest
  @CsvSource({
    Proxies.SQUID_TLS + ",JDK",
    Proxies.SQUID_TLS + ",OPENSSL",
    Proxies.HAPROXY + ",JDK",
    Proxies.HAPROXY + ",OPENSSL"
  })
  void proxyOfAnUnknownAuthority_certificateRejected_andTheProxyNamed(int port, TlsEngine engine) {
    ProxyHop proxy = overTls(port).withTls(MailServer.clientPolicy().engine(engine).build());
    CertificateRejected rejected = failure(CertificateRejected.class, proxy, Web.ENDPOINT);
    assertThat(rejected.path()).isEqualTo("tcp(%s) > tls(localhost)".formatted(place(port)));
    assertThat(rejected.peer()).contains(place(port));
  }

  @Test
  void proxyWithAnotherName_certificateRejected() {
    ProxyHop proxy =
        overTls(Proxies.SQUID_TLS)
            .withTls(Proxies.clientPolicy().verifyName("other.example.test").build());
    assertThat(failure(CertificateRejected.class, proxy, Web.ENDPOINT))
        .hasMessageContaining("other.example.test")
        .hasMessageContaining(Proxies.NAME);
  }

  /** Its alert comes when CONNECT is under way already, and the reset behind it may overtake it. */
  @EachEngine
  void proxyThatWantsACertificate_none_fails(TlsEngine engine) {
    ProxyHop proxy =
        overTls(Proxies.HAPROXY_FOR_CERTIFICATES)
            .withTls(Proxies.clientPolicy().engine(engine).build());
    UpgradeException failure = failure(UpgradeException.class, proxy, Web.ENDPOINT);
    assertThat(failure).isInstanceOfAny(TlsFailed.class, PeerClosed.class);
    assertThat(failure.path())
        .startsWith("tcp(%s) > tls(localhost)".formatted(place(Proxies.HAPROXY_FOR_CERTIFICATES)));
  }

  @EachEngine
  void proxyThatWantsACertificate_ours_tunnel(TlsEngine engine) throws IOException {
    TlsPolicy policy =
        Proxies.clientPolicy()
            .engine(engine)
            .identity(Proxies.CERTIFICATES.client("alice").identity())
            .build();
    ProxyHop proxy = overTls(Proxies.HAPROXY_FOR_CERTIFICATES).withTls(policy);
    try (NettyConnector connector = NettyConnector.builder().threads(1).build()) {
      connect(connector, ProxyHop.stack(List.of(proxy), Web.ENDPOINT));
    }
  }

  @Test
  void basic_inPlaintextUnasked_refusedAndNothingShown() {
    ProxyHop proxy = plain(Proxies.SQUID_BASIC).withCredentials(Proxies.credentials());
    PeerRefused refused = failure(PeerRefused.class, proxy, Web.ENDPOINT);
    assertThat(refused.code()).isEqualTo("407");
    assertThat(refused.text())
        .isEqualTo(
            "Proxy Authentication Required (these credentials cannot answer Basic"
                + " (it would show the password on the way))");
  }

  @Test
  void basic_goodPassword_askedOnce() throws IOException {
    List<String> sent = new CopyOnWriteArrayList<>();
    ProxyHop proxy = plain(Proxies.SQUID_BASIC).withCredentials(shown());
    LayerStack stack = ProxyHop.stack(List.of(proxy), Web.ENDPOINT);
    try (NettyConnector connector = newConnector(sent)) {
      connect(connector, stack);
      connect(connector, stack);
    }
    assertThat(sent)
        .map(ProxiesIT::summary)
        .containsExactly("connected", "unasked", "Basic", "connected", "Basic");
  }

  @Test
  void digest_goodPassword_askedAgainWhenTheNonceIsOld() throws IOException {
    List<String> sent = new CopyOnWriteArrayList<>();
    ProxyHop proxy = plain(Proxies.SQUID_DIGEST).withCredentials(Proxies.credentials());
    LayerStack stack = ProxyHop.stack(List.of(proxy), Web.ENDPOINT);
    try (NettyConnector connector = newConnector(sent)) {
      for (int i = 0; i < 4; i++) {
        connect(connector, stack);
      }
    }
    assertThat(sent)
        .map(ProxiesIT::summary)
        .containsExactly(
            "connected",
            "unasked",
            "Digest", // a nonce
            "connected",
            "Digest", // the same
            "connected",
            "Digest",
            "connected",
            "Digest",
            "Digest"); // a new one
  }

  @Test
  void basic_proxyThatClosesAfterItsQuestion_answeredOnANewConnection() throws IOException {
    List<String> sent = new CopyOnWriteArrayList<>();
    ProxyHop proxy = plain(Proxies.TINYPROXY).withCredentials(shown());
    try (NettyConnector connector = newConnector(sent)) {
      connect(connector, ProxyHop.stack(List.of(proxy), Web.ENDPOINT));
    }
    assertThat(sent)
        .map(ProxiesIT::summary)
        .containsExactly("connected", "unasked", "connected", "Basic");
  }

  @Test
  void basicAndDigest_digestIsAnswered() throws IOException {
    List<String> sent = new CopyOnWriteArrayList<>();
    ProxyHop proxy = plain(Proxies.SQUID_BASIC_AND_DIGEST).withCredentials(shown());
    try (NettyConnector connector = newConnector(sent)) {
      connect(connector, ProxyHop.stack(List.of(proxy), Web.ENDPOINT));
    }
    assertThat(sent).map(ProxiesIT::summary).containsExactly("connected", "unasked", "Digest");
  }

  @ParameterizedTest
  @ValueSource(ints = {Proxies.SQUID_BASIC, Proxies.SQUID_DIGEST, Proxies.APACHE_DIGEST})
  void wrongPassword_refused(int port) {
    ProxyHop proxy =
        plain(port).withCredentials(Proxies.credentials("wrong-horse").evenInPlaintext());
    PeerRefused refused = failure(PeerRefused.class, proxy, Web.ENDPOINT);
    assertThat(refused.code()).isEqualTo("407");
    assertThat(refused.text())
        .startsWith("Proxy Authentication Required")
        .contains("the credentials were not accepted");
    assertThat(refused.path())
        .isEqualTo("tcp(%s) > connect(web.example.test:443)".formatted(place(port)));
  }

  /** It asks with 407, and says 401 to a wrong answer. */
  @Test
  void tinyproxy_wrongPassword_refused() {
    ProxyHop proxy =
        plain(Proxies.TINYPROXY)
            .withCredentials(Proxies.credentials("wrong-horse").evenInPlaintext());
    PeerRefused refused = failure(PeerRefused.class, proxy, Web.ENDPOINT);
    assertThat(refused.code()).isEqualTo("401");
    assertThat(refused.text()).isEqualTo("Unauthorized");
  }

  @Test
  void dante_wrongPassword_refused() {
    ProxyHop proxy =
        socks("socks5").withCredentials(Proxies.credentials("wrong-horse").evenInPlaintext());
    assertThat(failure(PeerRefused.class, proxy, Web.ENDPOINT).text())
        .isEqualTo("the password was not accepted");
  }

  @Test
  void squid_deniedTarget_refused() {
    PeerRefused refused =
        failure(PeerRefused.class, plain(Proxies.SQUID), Endpoint.parse("denied.example.test:443"));
    assertThat(refused.code()).isEqualTo("403");
    assertThat(refused.text()).isEqualTo("Forbidden");
    assertThat(refused.path())
        .isEqualTo("tcp(%s) > connect(denied.example.test:443)".formatted(place(Proxies.SQUID)));
  }

  @ParameterizedTest
  @CsvSource({Proxies.APACHE + ",Proxy Error", Proxies.TINYPROXY + ",Access violation"})
  void otherProxies_deniedPort_refused(int port, String reason) {
    ProxyHop proxy = plain(port).withCredentials(shown());
    PeerRefused refused = failure(PeerRefused.class, proxy, Endpoint.of(Web.NAME, 444));
    assertThat(refused.code()).isEqualTo("403");
    assertThat(refused.text()).isEqualTo(reason);
  }

  @ParameterizedTest
  @ValueSource(strings = {"socks5", "socks4a"})
  void dante_deniedPort_refused(String scheme) {
    PeerRefused refused =
        failure(PeerRefused.class, socks(scheme), Endpoint.of(WEB.address(), 444));
    assertThat(refused.code()).isEqualTo(scheme.equals("socks5") ? "2" : "91");
  }

  @ParameterizedTest
  @CsvSource({
    Proxies.SQUID + ",503,Service Unavailable",
    Proxies.APACHE + ",503,Service Unavailable",
    Proxies.TINYPROXY + ",500,Unable to connect"
  })
  void targetThatDoesNotListen_refused(int port, String code, String reason) {
    ProxyHop proxy = plain(port).withCredentials(shown());
    PeerRefused refused = failure(PeerRefused.class, proxy, Endpoint.of(Web.NAME, 25));
    assertThat(refused.code()).isEqualTo(code);
    assertThat(refused.text()).isEqualTo(reason);
  }
}
