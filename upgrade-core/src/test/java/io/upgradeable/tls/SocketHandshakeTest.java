package io.upgradeable.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.netty.pkitesting.X509Bundle;
import io.upgradeable.tls.CertificateProblem.Kind;
import io.upgradeable.tls.Pki.Issued;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The trust manager in the JDK's blocking sockets, for users who have one of those. */
@Timeout(value = 30, unit = TimeUnit.SECONDS)
class SocketHandshakeTest {

  private static X509Bundle authority;
  private static Issued good;

  @BeforeAll
  static void issue() throws Exception {
    authority = Pki.authority("Test CA");
    good = Pki.issued(authority, Pki.server("mail.example.test"));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void nameOfTheCertificate_handshake_succeeds(boolean jdkNameCheck) throws Exception {
    assertThat(protocolWith("mail.example.test", trusting().build(), jdkNameCheck))
        .isEqualTo("TLSv1.3");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void otherName_handshake_isWrongName(boolean jdkNameCheck) {
    assertWrongName("other.example.test", trusting().build(), jdkNameCheck);
  }

  @ParameterizedTest
  @ValueSource(strings = "other.example.test")
  void endpointIdentificationOfTheSocket_stillRefusesWhatWeDoNotCheck(String host) {
    assertWrongName(host, trusting().insecureSkipNameCheck().build(), true);
  }

  private static void assertWrongName(String host, TlsPolicy policy, boolean jdkNameCheck) {
    assertThatExceptionOfType(SSLException.class)
        .isThrownBy(() -> protocolWith(host, policy, jdkNameCheck))
        .havingCause()
        .isInstanceOfSatisfying(
            CertificateProblem.class, it -> assertThat(it.kind()).isEqualTo(Kind.WRONG_NAME));
  }

  private static TlsPolicy.Builder trusting() {
    return TlsPolicy.client().trust(List.of(authority.getCertificate()));
  }

  private static String protocolWith(String host, TlsPolicy policy, boolean jdkNameCheck)
      throws Exception {
    TlsPolicy serving = TlsPolicy.server().identity(good.identity()).build();
    try (SSLServerSocket server =
        (SSLServerSocket)
            Handshake.context(serving)
                .getServerSocketFactory()
                .createServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread thread = new Thread(() -> accept(server));
      thread.start();
      try (Socket tcp = new Socket(InetAddress.getLoopbackAddress(), server.getLocalPort());
          SSLSocket tls =
              (SSLSocket)
                  Handshake.context(policy)
                      .getSocketFactory()
                      .createSocket(tcp, host, server.getLocalPort(), true)) {
        if (jdkNameCheck) {
          SSLParameters parameters = tls.getSSLParameters();
          parameters.setEndpointIdentificationAlgorithm("HTTPS");
          tls.setSSLParameters(parameters);
        }
        tls.startHandshake();
        return tls.getSession().getProtocol();
      } finally {
        thread.join();
      }
    }
  }

  private static void accept(SSLServerSocket server) {
    try (SSLSocket socket = (SSLSocket) server.accept()) {
      socket.startHandshake();
    } catch (IOException e) {
      // The client's verdict is what counts.
    }
  }
}
