package io.upgradeable.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.pkitesting.X509Bundle;
import io.netty.util.ReferenceCountUtil;
import io.upgradeable.tls.CertificateProblem.Kind;
import io.upgradeable.tls.Pki.Issued;
import java.util.List;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The trust manager stands on its own feet: under OpenSSL, whose engine calls it too. */
class OpenSslEngineTest {

  private static X509Bundle authority;

  @BeforeAll
  static void issue() throws Exception {
    assumeTrue(OpenSsl.isAvailable(), "no netty-tcnative for this machine");
    authority = Pki.authority("Test CA");
  }

  @ParameterizedTest
  @CsvSource({
    "mail.example.test, mail.example.test, ",
    "*.example.test, mail.example.test, ",
    "mail.example.test, mail.example.test., ",
    "other.example.test, mail.example.test, WRONG_NAME",
    "127.0.0.1, 127.0.0.1, ",
    "127.0.0.2, 127.0.0.1, WRONG_NAME",
  })
  void handshake_withAndWithoutOpenSslsOwnNameCheck_endsAlike(
      String certificateName, String host, @Nullable Kind problem) throws Exception {
    boolean address = certificateName.startsWith("127");
    Issued leaf = wildcardOr(certificateName, address);
    TlsPolicy policy = TlsPolicy.client().trust(List.of(authority.getCertificate())).build();
    for (String algorithm : new String[] {"HTTPS", ""}) {
      SslContext context =
          SslContextBuilder.forClient()
              .sslProvider(SslProvider.OPENSSL_REFCNT)
              .trustManager(policy.trustManager())
              .endpointIdentificationAlgorithm(algorithm.isEmpty() ? null : algorithm)
              .build();
      SSLEngine engine = context.newEngine(UnpooledByteBufAllocator.DEFAULT, host, 465);
      try {
        Handshake.Result result = Handshake.run(engine, Handshake.server(leaf));
        if (problem == null) {
          assertThat(result.failure()).isEmpty();
        } else {
          assertThat(result.problem(true).kind()).isEqualTo(problem);
        }
      } finally {
        ReferenceCountUtil.release(engine);
        ReferenceCountUtil.release(context);
      }
    }
  }

  private static Issued wildcardOr(String name, boolean address) throws Exception {
    if (address) {
      return Pki.issued(authority, Pki.server().addSanIpAddress(name));
    }
    var keys = Pki.keys("EC", 256);
    return new Issued(
        keys,
        List.of(
            Pki.sign(
                keys.getPublic(),
                "server",
                "Test CA",
                authority.getKeyPair().getPrivate(),
                "SHA256withECDSA",
                false,
                Pki.dns(name))));
  }
}
