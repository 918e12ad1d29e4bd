package io.upgradeable.it.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.upgradeable.Endpoint;
import io.upgradeable.connect.ConnectProxy;
import io.upgradeable.connect.TunnelRecord;
import io.upgradeable.it.ContainerTest;
import io.upgradeable.it.EachEngine;
import io.upgradeable.it.HostClients;
import io.upgradeable.it.PeerContainer;
import io.upgradeable.it.mail.MailServer;
import io.upgradeable.it.mail.Postfix;
import io.upgradeable.sasl.SaslUsers;
import io.upgradeable.sasl.Secret;
import io.upgradeable.sasl.StoredSecret;
import io.upgradeable.tls.TlsEngine;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.net.Authenticator;
import java.net.InetSocketAddress;
import java.net.PasswordAuthentication;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.testcontainers.containers.Container.ExecResult;
import org.testcontainers.images.builder.Transferable;

/** Our proxy, and clients and targets that others wrote. */
@ContainerTest
@Timeout(60)
final class ProxyClientsIT {

  @RegisterExtension
  private static final HostClients CLIENTS =
      new HostClients(
          "proxy-clients",
          MailServer.CERTIFICATES,
          clients ->
              clients.withCopyToContainer(
                  Transferable.of("Subject: by curl\r\n\r\nhello\r\n"), "/message"));

  @RegisterExtension private static final MailServer POSTFIX = Postfix.server();

  @RegisterExtension private static final PeerContainer WEB = Web.published();

  /** What a program that pipes its standard input through a tunnel makes of a mail server. */
  private static final String DIALOGUE =
      """
      coproc TUNNEL { "$@"; }
      exec 3<&"${TUNNEL[0]}" 4>&"${TUNNEL[1]}"
      read -r -u 3 line
      echo "$line"
      printf 'QUIT\\r\\n' >&4
      read -r -u 3 line
      echo "$line"
      """;

  private static final int CURL_TUNNEL_FAILED = 56;
  private static final int CURL_BAD_CERTIFICATE = 60;

  static {
    // Read once, when the JDK's client is first used: Basic is what it does not send to a proxy
    // for a tunnel otherwise.
    System.setProperty("jdk.http.auth.tunneling.disabledSchemes", "");
  }

  private final List<ConnectProxy> open = new ArrayList<>();
  private final LinkedBlockingQueue<TunnelRecord> log = new LinkedBlockingQueue<>();

  @AfterEach
  void close() {
    open.forEach(ConnectProxy::close);
  }

  /** Allows both targets; this machine reaches them at its loopback address. */
  private ConnectProxy.Builder builder() {
    return ConnectProxy.builder()
        .listen(Endpoint.of("127.0.0.1", 0))
        .threads(1)
        .allow("127.0.0.1:" + mail().port())
        .allow("127.0.0.1:" + web().port())
        .accessLog(log::add);
  }

  private ConnectProxy start(ConnectProxy.Builder builder) throws IOException {
    ConnectProxy proxy = builder.start();
    open.add(proxy);
    return proxy;
  }

  private static SaslUsers users() {
    return SaslUsers.of(
        Map.of(Proxies.USER, StoredSecret.of(new Secret(Proxies.PASSWORD.toCharArray()))));
  }

  private static TlsPolicy policy(TlsEngine engine) {
    return TlsPolicy.server()
        .engine(engine)
        .identity(MailServer.CERTIFICATES.server("localhost").identity())
        .build();
  }

  private static Endpoint mail() {
    return POSTFIX.endpoint(Postfix.RELAY);
  }

  private static Endpoint web() {
    return WEB.endpoint(Web.PORT);
  }

  private static String url(String scheme, ConnectProxy proxy) {
    return scheme + "://localhost:" + proxy.endpoint().port();
  }

  private TunnelRecord logged() throws InterruptedException {
    TunnelRecord entry = log.poll(30, TimeUnit.SECONDS);
    assertThat(entry).isNotNull();
    return entry;
  }

  private void assertTunnelEnded(Endpoint target) throws InterruptedException {
    TunnelRecord entry = logged();
    assertThat(entry.status()).isEqualTo(200);
    assertThat(entry.target()).contains(target);
    assertThat(entry.fromClient()).isPositive();
    assertThat(entry.fromTarget()).isPositive();
  }

  private static ExecResult curl(String proxy, String... more)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "curl",
                "--silent",
                "--show-error",
                "--max-time",
                "30",
                "--proxytunnel",
                "--proxy",
                proxy,
                "--proxy-cacert",
                "/certificates/ca.crt",
                "--cacert",
                "/certificates/ca.crt"));
    command.addAll(List.of(more));
    return CLIENTS.tryToRun(command.toArray(String[]::new));
  }

  @Test
  void curl_tlsThroughTheTunnel_answered() throws Exception {
    ConnectProxy proxy = start(builder());
    ExecResult ran = curl(url("http", proxy), "https://" + web());
    assertThat(ran.getStdout()).as(ran.getStderr()).startsWith("this is localhost, ");
    assertTunnelEnded(web());
  }

  @EachEngine
  void curl_tlsWithTheProxyAndPassword_answered(TlsEngine engine) throws Exception {
    TlsPolicy policy = policy(engine);
    ConnectProxy proxy = start(builder().users(users()).tls(() -> policy));
    ExecResult ran =
        curl(
            url("https", proxy),
            "--proxy-user",
            Proxies.USER + ":" + Proxies.PASSWORD,
            "https://" + web());
    assertThat(ran.getStdout()).as(ran.getStderr()).startsWith("this is localhost, ");
    TunnelRecord entry = logged();
    assertThat(entry.status()).isEqualTo(200);
    assertThat(entry.user()).contains(Proxies.USER);
  }

  @Test
  void curl_proxyWithTheCertificateOfAnother_goesNoFurther() throws Exception {
    TlsPolicy policy =
        TlsPolicy.server()
            .identity(MailServer.CERTIFICATES.server("stranger.test").identity())
            .build();
    ConnectProxy proxy = start(builder().tls(() -> policy));
    ExecResult ran = curl(url("https", proxy), "https://" + web());
    assertThat(ran.getExitCode()).as(ran.getStderr()).isEqualTo(CURL_BAD_CERTIFICATE);
    assertThat(log).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void curl_mailWithStartTls_delivered(boolean tls) throws Exception {
    TlsPolicy policy = policy(TlsEngine.AUTO);
    ConnectProxy proxy = start(tls ? builder().tls(() -> policy) : builder());
    ExecResult ran =
        curl(
            url(tls ? "https" : "http", proxy),
            "--ssl-reqd",
            "--mail-from",
            "ann@client.test",
            "--mail-rcpt",
            "alice@example.test",
            "--upload-file",
            "/message",
            "smtp://" + mail() + "/client.test");
    assertThat(ran.getExitCode()).as(ran.getStderr()).isZero();
    assertThat(new String(POSTFIX.take("alice"), US_ASCII))
        .contains(" with ESMTPS ")
        .endsWith("Subject: by curl\n\nhello\n");
    assertTunnelEnded(mail());
  }

  @Test
  void curl_wrongPassword_refused() throws Exception {
    ConnectProxy proxy = start(builder().users(users()));
    ExecResult ran =
        curl(url("http", proxy), "--proxy-user", "alice:wrong-horse", "https://" + web());
    assertThat(ran.getExitCode()).isEqualTo(CURL_TUNNEL_FAILED);
    assertThat(ran.getStderr()).contains("response 407");
    assertThat(logged().status()).isEqualTo(407);
  }

  @Test
  void curl_targetThatNoRuleAllows_refused() throws Exception {
    ConnectProxy proxy = start(builder());
    ExecResult ran = curl(url("http", proxy), "https://localhost:1");
    assertThat(ran.getExitCode()).isEqualTo(CURL_TUNNEL_FAILED);
    assertThat(ran.getStderr()).contains("response 403");
    assertThat(logged().status()).isEqualTo(403);
  }

  private static String converse(String... program) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("bash", "-c", DIALOGUE, "dialogue"));
    command.addAll(List.of(program));
    return CLIENTS.run(command.toArray(String[]::new));
  }

  private static void assertGreetingAndFarewell(String heard) {
    assertThat(heard.lines().map(String::strip))
        .containsExactly("220 mail.example.test ESMTP Postfix", "221 2.0.0 Bye");
  }

  @Test
  void ncat_password_standardInputThroughTheTunnel() throws Exception {
    ConnectProxy proxy = start(builder().users(users()));
    assertGreetingAndFarewell(
        converse(
            "ncat",
            "--proxy-type",
            "http",
            "--proxy",
            proxy.endpoint().toString(),
            "--proxy-auth",
            Proxies.USER + ":" + Proxies.PASSWORD,
            mail().host(),
            Integer.toString(mail().port())));
  }

  @Test
  void proxytunnel_password_standardInputThroughTheTunnel() throws Exception {
    ConnectProxy proxy = start(builder().users(users()));
    assertGreetingAndFarewell(
        converse(
            "proxytunnel",
            "--quiet",
            "--proxy",
            proxy.endpoint().toString(),
            "--proxyauth",
            Proxies.USER + ":" + Proxies.PASSWORD,
            "--dest",
            mail().toString()));
    assertTunnelEnded(mail());
  }

  private static HttpClient.Builder jdkClient(ConnectProxy proxy) throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {MailServer.clientPolicy().build().trustManager()}, null);
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .sslContext(context)
        .proxy(
            ProxySelector.of(
                new InetSocketAddress(proxy.endpoint().host(), proxy.endpoint().port())));
  }

  private static String get(HttpClient client) throws IOException, InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(URI.create("https://" + web())).build();
    return client.send(request, HttpResponse.BodyHandlers.ofString()).body();
  }

  private static Authenticator answering(String password) {
    return new Authenticator() {
      @Override
      protected PasswordAuthentication getPasswordAuthentication() {
        return new PasswordAuthentication(Proxies.USER, password.toCharArray());
      }
    };
  }

  @Test
  void jdkClient_answered() throws Exception {
    ConnectProxy proxy = start(builder());
    assertThat(get(jdkClient(proxy).build())).startsWith("this is localhost, ");
  }

  @Test
  void jdkClient_password_answered() throws Exception {
    ConnectProxy proxy = start(builder().users(users()));
    HttpClient client = jdkClient(proxy).authenticator(answering(Proxies.PASSWORD)).build();
    assertThat(get(client)).startsWith("this is localhost, ");
    assertThat(logged().status()).isEqualTo(407);
  }

  @Test
  void jdkClient_wrongPassword_refused() throws Exception {
    ConnectProxy proxy = start(builder().users(users()));
    HttpClient client = jdkClient(proxy).authenticator(answering("wrong-horse")).build();
    assertThatThrownBy(() -> get(client)).isInstanceOf(IOException.class);
    assertThat(logged().status()).isEqualTo(407);
  }
}
