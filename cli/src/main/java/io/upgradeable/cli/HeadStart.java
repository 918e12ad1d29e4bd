package io.upgradeable.cli;

import java.security.GeneralSecurityException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

/**
 * Starts the JDK's TLS on another processor while a command reads its options and certificates.
 * Netty asks it which versions it knows, whichever engine is used then, and it takes a tenth of all
 * that a probe takes to list its ciphers.
 */
final class HeadStart {

  private HeadStart() {}

  /** Begins, where there is another processor. */
  static void begin() {
    if (Runtime.getRuntime().availableProcessors() > 1) {
      Thread thread = new Thread(HeadStart::startTls, "upgrade-cli-head-start");
      thread.setDaemon(true);
      thread.start();
    }
  }

  /** What Netty does. */
  private static void startTls() {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[0], null);
      context.getSupportedSSLParameters();
    } catch (GeneralSecurityException | RuntimeException | LinkageError missing) {
      // Whoever needs it says so.
    }
  }
}
