package io.upgradeable.netty;

import io.upgradeable.UpgradeException;
import io.upgradeable.UpgradeException.CertificateRejected;
import io.upgradeable.UpgradeException.PeerClosed;
import io.upgradeable.UpgradeException.PeerMisbehaved;
import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.UpgradeException.TlsFailed;
import io.upgradeable.UpgradeException.TlsNotOffered;
import io.upgradeable.UpgradeException.Where;
import io.upgradeable.negotiation.Reason;
import io.upgradeable.tls.CertificateProblem;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.channels.ClosedChannelException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Turns what machines, engines and sockets report into the failure kinds of the face. */
final class Failures {

  private static final int MAX_CAUSES = 16;

  /** "finishConnect(..) failed with error(-111): Connection refused" and its like. */
  private static final Pattern NATIVE =
      Pattern.compile("^\\w+\\(.*?\\) failed with error\\(-?\\d+\\): ");

  /** "error:1000042e:SSL routines:OPENSSL_internal:TLSV1_ALERT_PROTOCOL_VERSION" and its like. */
  private static final Pattern OPENSSL = Pattern.compile("error:[0-9a-f]+:[^:]*:[^:]*:(\\w+)");

  private Failures() {}

  static UpgradeException of(Reason reason, Where where) {
    if (reason instanceof Reason.Refused refused) {
      return new PeerRefused(where, refused.code(), refused.text(), refused.reconnect());
    } else if (reason instanceof Reason.NotOffered notOffered) {
      return new TlsNotOffered(where, notOffered.sought());
    } else if (reason instanceof Reason.Misbehaved misbehaved) {
      return new PeerMisbehaved(
          new Where(where.path(), where.peer(), misbehaved.expected()), misbehaved.got());
    } else {
      return closed(where, 0, null);
    }
  }

  static PeerClosed closed(Where where, int unread, @Nullable Throwable cause) {
    String got =
        unread == 0 ? "the end of the connection" : "the end of the connection inside a message";
    return new PeerClosed(where, got, cause);
  }

  static PeerClosed reset(Where where) {
    return new PeerClosed(where, "a connection that broke off", null);
  }

  static PeerClosed truncated(Where where) {
    return new PeerClosed(where, "the end of the connection without TLS close_notify", null);
  }

  /** For an error of the engine while it shook hands. */
  static UpgradeException ofHandshake(Throwable error, Where where) {
    CertificateProblem problem = find(CertificateProblem.class, error);
    if (problem != null) {
      Where certificate = new Where(where.path(), where.peer(), "an acceptable certificate");
      return new CertificateRejected(certificate, textOf(problem), problem.chain(), error);
    }
    return ofTransport(error, where);
  }

  /** For an error that came up the pipeline. */
  static UpgradeException ofTransport(Throwable error, Where where) {
    if (error instanceof UpgradeException known) {
      return known;
    }
    if (error instanceof TlsAbuse abuse) {
      return new PeerMisbehaved(
          new Where(where.path(), where.peer(), abuse.expected()), abuse.got());
    }
    SSLException tls = find(SSLException.class, error);
    if (tls != null && !isOfSocket(tls.getCause())) {
      return new TlsFailed(where, textOf(tls), error);
    }
    if (find(ClosedChannelException.class, error) != null) {
      return closed(where, 0, null);
    }
    Throwable cause = tls == null ? error : tls.getCause(); // the socket's own
    return new PeerClosed(where, textOf(cause == null ? error : cause), error);
  }

  /** Netty wraps a socket's error in an engine's if it strikes while the engine writes. */
  private static boolean isOfSocket(@Nullable Throwable cause) {
    return cause instanceof IOException && !(cause instanceof SSLException);
  }

  /** What the system or an engine said, without what only its programmers understand. */
  static String textOf(Throwable error) {
    Throwable told = error;
    // Netty repeats the address, which the failure tells by itself; the cause is without it.
    if (error instanceof ConnectException && error.getCause() instanceof IOException cause) {
      told = cause;
    }
    String message = told.getMessage();
    if (message == null || message.isEmpty()) {
      return told.getClass().getSimpleName();
    }
    if (told instanceof SSLException && message.startsWith("not an SSL/TLS record")) {
      return "bytes that are no TLS record"; // Netty appends all of them.
    }
    Matcher openSsl = OPENSSL.matcher(message);
    if (openSsl.find()) {
      return openSsl.group(1).toLowerCase(Locale.ROOT).replace('_', ' ');
    }
    return NATIVE.matcher(message).replaceFirst("");
  }

  private static <T extends Throwable> @Nullable T find(Class<T> kind, Throwable error) {
    Throwable at = error;
    for (int i = 0; at != null && i < MAX_CAUSES; i++) {
      if (kind.isInstance(at)) {
        return kind.cast(at);
      }
      at = at.getCause();
    }
    return null;
  }
}
