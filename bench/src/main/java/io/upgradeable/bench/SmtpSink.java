package io.upgradeable.bench;

import io.upgradeable.Endpoint;
import io.upgradeable.smtp.SmtpServer;
import io.upgradeable.smtp.SmtpServerHandler;
import io.upgradeable.smtp.SmtpServerLimits;
import io.upgradeable.tls.TlsIdentity;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

/** A server that answers at once and keeps nothing. */
final class SmtpSink {

  private SmtpSink() {}

  private static final Duration LONG = Duration.ofHours(1);

  /**
   * Serves until stdin ends.
   *
   * @param args the files of the certificate and of its key
   * @throws IOException if the address cannot be bound
   */
  public static void main(String[] args) throws IOException {
    TlsIdentity identity = TlsIdentity.pem(Path.of(args[0]), Path.of(args[1]));
    try (SmtpServer server =
        SmtpServer.builder()
            .listen(Endpoint.of("127.0.0.1", 0))
            .tls(TlsPolicy.server().identity(identity).build())
            .limits(
                SmtpServerLimits.DEFAULTS
                    .withMessageBytes(Long.MAX_VALUE)
                    .withTimeouts(LONG, LONG, LONG)) // A client idles while others have turns.
            .handler(SmtpServerHandler.discarding())
            .threads(1)
            .start()) {
      System.out.println(server.endpoint());
      while (System.in.read() >= 0) {
        // Nothing is said here; only the end counts.
      }
    }
  }
}
