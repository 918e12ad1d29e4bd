package io.upgradeable.it.ldap;

import io.upgradeable.it.PeerContainer;
import io.upgradeable.it.PeerNetwork;
import io.upgradeable.sasl.Secret;
import io.upgradeable.testkit.Certificates;
import io.upgradeable.tls.TlsPolicy;
import java.nio.file.Path;
import java.util.List;
import org.testcontainers.containers.wait.strategy.Wait;

/**
 * OpenLDAP's slapd. One container has all its variants, each a process with a port of its own,
 * which {@code serve} in the image's folder starts. They share one small directory.
 */
final class Slapd {

  /** What it is called in a network; in its certificate it is {@code localhost} as well. */
  static final String NAME = "ldap.example.test";

  /** The authority of all servers' and clients' certificates. */
  static final Certificates CERTIFICATES = Certificates.create();

  /** StartTLS, and a client's certificate is looked at if there is one. */
  static final int LDAP = 389;

  /** The same over implicit TLS. */
  static final int LDAPS = 636;

  /** Has a certificate whose time is over. */
  static final int EXPIRED = 1389;

  /** Has a certificate for another name. */
  static final int STRANGER = 1390;

  /** Demands a client's certificate. */
  static final int DEMANDING = 1391;

  /** Does nothing but StartTLS before there is protection of 128 bits. */
  static final int STRICT = 1392;

  /** Tells those who are not bound nothing. */
  static final int RETICENT = 1393;

  /** Has no TLS at all. */
  static final int WITHOUT_TLS = 1394;

  static final String ANNA = "uid=anna,dc=example,dc=test";

  /** Whom berta's certificate is mapped to. */
  static final String BERTA = "uid=berta,dc=example,dc=test";

  private Slapd() {}

  static PeerContainer in(PeerNetwork network) {
    return new PeerContainer(
            "slapd",
            Slapd::writeCertificates,
            Wait.forLogMessage("all variants listen\\n", 1),
            List.of(LDAP, LDAPS, EXPIRED, STRANGER, DEMANDING, STRICT, RETICENT, WITHOUT_TLS))
        .in(network.place(NAME));
  }

  private static void writeCertificates(Path directory) {
    CERTIFICATES.writePem(directory);
    CERTIFICATES.server("localhost", NAME).writePem(directory, "good");
    CERTIFICATES.expired("localhost").writePem(directory, "expired");
    CERTIFICATES.server("stranger.test").writePem(directory, "stranger");
  }

  /** A client's policy that trusts the servers' authority. */
  static TlsPolicy.Builder clientPolicy() {
    return TlsPolicy.client().trust(CERTIFICATES.authorities());
  }

  /** The same, with berta's certificate. */
  static TlsPolicy.Builder bertasPolicy() {
    return clientPolicy().identity(CERTIFICATES.client("berta").identity());
  }

  static Secret annasPassword() {
    return new Secret("anna's".toCharArray());
  }
}
