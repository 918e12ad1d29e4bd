package io.upgradeable.netty;

import io.netty.handler.ssl.OpenSslCertificateException;
import io.upgradeable.tls.CertificateProblem;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Tells OpenSSL why a certificate is refused, so that the peer gets the alert that fits (RFC 8446,
 * 6.2) and not internal_error. Part of the hook; it decides nothing.
 */
final class OpenSslAlerts extends X509ExtendedTrustManager {

  // X509_V_ERR_* of OpenSSL's x509_vfy.h.
  private static final int NOT_YET_VALID = 9;
  private static final int HAS_EXPIRED = 10;
  private static final int UNABLE_TO_GET_ISSUER_CERT_LOCALLY = 20;
  private static final int REVOKED = 23;
  private static final int REJECTED = 28;

  private final X509ExtendedTrustManager judge;

  OpenSslAlerts(X509ExtendedTrustManager judge) {
    this.judge = judge;
  }

  private interface Check {
    void run() throws CertificateException;
  }

  private static void tellingWhy(Check check) throws CertificateException {
    try {
      check.run();
    } catch (CertificateProblem problem) {
      throw new OpenSslCertificateException(problem.getMessage(), problem, code(problem.kind()));
    }
  }

  private static int code(CertificateProblem.Kind kind) {
    return switch (kind) {
      case EXPIRED -> HAS_EXPIRED;
      case NOT_YET_VALID -> NOT_YET_VALID;
      case UNTRUSTED -> UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
      case REVOKED -> REVOKED;
      default -> REJECTED;
    };
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    tellingWhy(() -> judge.checkServerTrusted(chain, authType, engine));
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    tellingWhy(() -> judge.checkClientTrusted(chain, authType, engine));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    tellingWhy(() -> judge.checkServerTrusted(chain, authType, socket));
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    tellingWhy(() -> judge.checkClientTrusted(chain, authType, socket));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    tellingWhy(() -> judge.checkServerTrusted(chain, authType));
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    tellingWhy(() -> judge.checkClientTrusted(chain, authType));
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return judge.getAcceptedIssuers();
  }
}
