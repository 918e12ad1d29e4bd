package io.upgradeable.it.proxy;

import io.upgradeable.connect.ProxyCredentials;
import io.upgradeable.it.PeerContainer;
import io.upgradeable.it.PeerNetwork;
import io.upgradeable.sasl.Secret;
import io.upgradeable.testkit.Certificates;
import io.upgradeable.tls.TlsPolicy;
import java.nio.file.Path;
import java.util.List;
import org.testcontainers.containers.wait.strategy.Wait;

/**
 * Squid, HAProxy, tinyproxy, Apache and Dante, all in one container, each with its ports. They are
 * set up in the image's folder; where they ask for a password they know one user.
 */
public final class Proxies {

  /** What they are called in their network, where one can be reached through another. */
  static final String NAME = "proxy.example.test";

  /** The authority of the proxies' certificates, which no target has its certificate from. */
  static final Certificates CERTIFICATES = Certificates.create();

  /** Open, but not for {@code denied.example.test}. */
  public static final int SQUID = 3128;

  /** The same under TLS. */
  public static final int SQUID_TLS = 3129;

  static final int SQUID_BASIC = 3130;

  /** Takes a nonce for three requests. */
  static final int SQUID_DIGEST = 3131;

  /** Offers Basic first, and then Digest. */
  static final int SQUID_BASIC_AND_DIGEST = 3132;

  /** TLS in front of Squid. */
  static final int HAPROXY = 8443;

  /** The same for those who have a certificate. */
  static final int HAPROXY_FOR_CERTIFICATES = 8444;

  /** Open, for the ports 25 and 443. */
  static final int APACHE = 8080;

  static final int APACHE_DIGEST = 8081;

  /** Asks for Basic and closes; for the ports 25 and 443. */
  static final int TINYPROXY = 8888;

  /** SOCKS 4 and 5, the latter also with a password; not for port 444. */
  static final int DANTE = 1080;

  static final String USER = "alice";
  static final String PASSWORD = "correct-horse";

  private Proxies() {}

  public static PeerContainer in(PeerNetwork network) {
    return new PeerContainer(
            "proxies",
            Proxies::writeCertificates,
            Wait.forLogMessage("all proxies listen\\n", 1),
            List.of(
                SQUID,
                SQUID_TLS,
                SQUID_BASIC,
                SQUID_DIGEST,
                SQUID_BASIC_AND_DIGEST,
                HAPROXY,
                HAPROXY_FOR_CERTIFICATES,
                APACHE,
                APACHE_DIGEST,
                TINYPROXY,
                DANTE))
        .in(network.place(NAME));
  }

  private static void writeCertificates(Path directory) {
    CERTIFICATES.writePem(directory);
    CERTIFICATES.server("localhost", NAME).writePem(directory, "proxy");
  }

  /** A client's policy that trusts the proxies' authority. */
  public static TlsPolicy.Builder clientPolicy() {
    return TlsPolicy.client().trust(CERTIFICATES.authorities());
  }

  static ProxyCredentials credentials() {
    return credentials(PASSWORD);
  }

  static ProxyCredentials credentials(String password) {
    return ProxyCredentials.password(USER, new Secret(password.toCharArray()));
  }
}
