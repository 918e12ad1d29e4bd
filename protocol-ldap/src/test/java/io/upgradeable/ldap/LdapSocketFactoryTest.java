package io.upgradeable.ldap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.unboundid.ldap.listener.InMemoryDirectoryServer;
import com.unboundid.ldap.listener.InMemoryDirectoryServerConfig;
import com.unboundid.ldap.listener.InMemoryListenerConfig;
import com.unboundid.ldap.sdk.LDAPConnection;
import com.unboundid.ldap.sdk.LDAPConnectionOptions;
import com.unboundid.ldap.sdk.LDAPException;
import com.unboundid.ldap.sdk.SearchResult;
import com.unboundid.ldap.sdk.SearchScope;
import io.upgradeable.Endpoint;
import io.upgradeable.LayerStack;
import io.upgradeable.UpgradeException.CertificateRejected;
import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.UpgradeObserver;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.sasl.SaslCredentials;
import io.upgradeable.sasl.Secret;
import io.upgradeable.testkit.Certificates;
import io.upgradeable.tls.TlsPolicy;
import java.net.InetAddress;
import java.net.Socket;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.Hashtable;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.naming.Context;
import javax.naming.directory.InitialDirContext;
import javax.net.SocketFactory;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Existing LDAP clients over this module's sockets, against another server: UnboundID's, which
 * speaks StartTLS by itself and demands it for binds.
 */
@Timeout(60)
class LdapSocketFactoryTest {

  private static final String ANNA = "uid=anna,dc=example,dc=net";
  private static final Certificates CERTIFICATES = Certificates.create();
  private static final TlsPolicy CLIENT =
      TlsPolicy.client().trust(CERTIFICATES.authorities()).build();
  private static final NettyConnector CONNECTOR = NettyConnector.builder().threads(1).build();
  private static final InMemoryDirectoryServer DIRECTORY = directory();

  private static InMemoryDirectoryServer directory() {
    try {
      InMemoryDirectoryServerConfig config = new InMemoryDirectoryServerConfig("dc=example,dc=net");
      config.setListenerConfigs(
          InMemoryListenerConfig.createLDAPConfig(
              "ldap", InetAddress.getLoopbackAddress(), 0, serverTls()));
      config.setSchema(null);
      InMemoryDirectoryServer directory = new InMemoryDirectoryServer(config);
      directory.add("dn: dc=example,dc=net", "objectClass: domain", "dc: example");
      directory.add("dn: " + ANNA, "objectClass: account", "uid: anna", "userPassword: anna's");
      for (int i = 0; i < 500; i++) {
        directory.add(
            "dn: uid=user" + i + ",dc=example,dc=net",
            "objectClass: account",
            "description: " + "x".repeat(2000),
            "uid: user" + i);
      }
      directory.startListening();
      return directory;
    } catch (Exception e) {
      throw new IllegalStateException("no directory", e);
    }
  }

  private static SSLSocketFactory serverTls() throws Exception {
    Certificates.Issued identity = CERTIFICATES.server("localhost");
    KeyStore keys = KeyStore.getInstance("PKCS12");
    keys.load(null, null);
    keys.setKeyEntry(
        "server", identity.key(), new char[0], identity.chain().toArray(Certificate[]::new));
    KeyManagerFactory showing = KeyManagerFactory.getInstance("PKIX");
    showing.init(keys, new char[0]);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(showing.getKeyManagers(), null, null);
    return context.getSocketFactory();
  }

  @BeforeAll
  static void lookUp() {
    assertThat(DIRECTORY.getListenPort()).isPositive();
  }

  @AfterAll
  static void stop() {
    DIRECTORY.shutDown(true);
    CONNECTOR.close();
  }

  private static SocketFactory sockets() {
    return Ldap.socketFactory(CONNECTOR, CLIENT);
  }

  private static LDAPConnection unboundId(SocketFactory sockets) throws LDAPException {
    return new LDAPConnection(sockets, "localhost", DIRECTORY.getListenPort());
  }

  @Test
  void unboundId_bindAndSearch_underTlsWithoutKnowing() throws Exception {
    try (LDAPConnection client = unboundId(sockets())) {
      client.bind(ANNA, "anna's");

      // More than a megabyte comes back.
      SearchResult found = client.search("dc=example,dc=net", SearchScope.SUB, "(uid=*)");
      assertThat(found.getEntryCount()).isEqualTo(501);
      client.modify(
          "dn: " + ANNA, "changetype: modify", "replace: description", "description: changed");
      assertThat(client.getEntry(ANNA).getAttributeValue("description")).isEqualTo("changed");
    }
  }

  @Test
  void unboundId_connected_overTheLayerThatStartedTls() throws Exception {
    List<String> layers = new CopyOnWriteArrayList<>();
    UpgradeObserver observer =
        new UpgradeObserver() {
          @Override
          public void handshakeCompleted(String path, TlsFacts facts) {
            layers.add(path + " " + facts.verification());
          }
        };
    try (NettyConnector watched = NettyConnector.builder().threads(1).observer(observer).build();
        LDAPConnection client = unboundId(Ldap.socketFactory(watched, CLIENT))) {
      client.bind(ANNA, "anna's");

      int port = DIRECTORY.getListenPort();
      assertThat(layers)
          .containsExactly("tcp(localhost:" + port + ") > ldap+tls(localhost) CHAIN_AND_NAME");
    }
  }

  @Test
  void unboundId_responseTimeout_connectionGoesOn() throws Exception {
    LDAPConnectionOptions options = new LDAPConnectionOptions();
    options.setResponseTimeoutMillis(30_000);
    options.setUseSynchronousMode(true); // The client's thread reads, with SO_TIMEOUT.
    try (LDAPConnection client =
        new LDAPConnection(sockets(), options, "localhost", DIRECTORY.getListenPort())) {
      client.bind(ANNA, "anna's");
      assertThat(client.getEntry(ANNA)).isNotNull();
    }
  }

  @Test
  void unboundId_certificateOfAStranger_notConnected() {
    TlsPolicy strangers = TlsPolicy.client().trust(Certificates.create().authorities()).build();

    assertThatThrownBy(() -> unboundId(Ldap.socketFactory(CONNECTOR, strangers)))
        .isInstanceOf(LDAPException.class)
        .hasRootCauseInstanceOf(Exception.class)
        .hasStackTraceContaining(CertificateRejected.class.getName());
  }

  /** As JNDI wants it: a class with a static method. */
  public static final class JndiSockets {
    private JndiSockets() {}

    public static SocketFactory getDefault() {
      return sockets();
    }
  }

  @Test
  @SuppressWarnings({"BanJNDI", "JdkObsolete"}) // JNDI's own: the directory is this test's.
  void jndi_bindAndSearch_underTlsWithoutKnowing() throws Exception {
    for (boolean withConnectTimeout : new boolean[] {false, true}) {
      Hashtable<String, Object> environment = new Hashtable<>();
      environment.put(Context.INITIAL_CONTEXT_FACTORY, "com.sun.jndi.ldap.LdapCtxFactory");
      environment.put(Context.PROVIDER_URL, "ldap://localhost:" + DIRECTORY.getListenPort());
      environment.put("java.naming.ldap.factory.socket", JndiSockets.class.getName());
      environment.put(Context.SECURITY_PRINCIPAL, ANNA);
      environment.put(Context.SECURITY_CREDENTIALS, "anna's");
      if (withConnectTimeout) {
        environment.put("com.sun.jndi.ldap.connect.timeout", "20000");
        environment.put("com.sun.jndi.ldap.read.timeout", "20000");
      }
      InitialDirContext context = new InitialDirContext(environment);

      assertThat(context.getAttributes(ANNA).get("uid").get()).isEqualTo("anna");
      context.close();
    }
  }

  @Test
  void ourSession_anotherServer_bindWhoAmIAndRootDse() throws Exception {
    Endpoint peer = Endpoint.of("localhost", DIRECTORY.getListenPort());
    LayerStack stack = LayerStack.tcp(peer).then(Ldap.client(peer, CLIENT));
    try (LdapSession session = LdapSession.connect(CONNECTOR, stack);
        Secret right = new Secret("anna's".toCharArray());
        Secret wrong = new Secret("wrong".toCharArray())) {
      RootDse rootDse = session.rootDse();
      assertThat(rootDse.namingContexts()).containsExactly("dc=example,dc=net");
      assertThat(rootDse.supportedExtensions()).contains(Oid.WHO_AM_I);
      assertThat(rootDse.vendorName()).isPresent();

      session.bind(ANNA, right);
      assertThat(session.whoAmI()).isEqualTo("dn:" + ANNA);
      assertThatThrownBy(() -> session.bind(ANNA, wrong)).isInstanceOf(PeerRefused.class);
      assertThat(rootDse.supportedSaslMechanisms()).isEqualTo(List.of("PLAIN"));
      session.authenticate(SaslCredentials.password("dn:" + ANNA, right));
      assertThat(session.whoAmI()).isEqualTo("dn:" + ANNA);
      session.unbind();
    }
  }

  @Test
  void socket_closedByItsOwner_sessionEnds() throws Exception {
    try (Socket socket = sockets().createSocket("localhost", DIRECTORY.getListenPort())) {
      socket.getOutputStream().write(ExtendedRequest.write(1, Oid.WHO_AM_I).toByteArray());
      assertThat(socket.getInputStream().read()).isEqualTo(Ber.SEQUENCE);
    }
  }
}
