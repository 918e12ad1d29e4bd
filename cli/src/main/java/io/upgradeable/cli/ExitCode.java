package io.upgradeable.cli;

import io.upgradeable.UpgradeException;
import io.upgradeable.UpgradeException.CertificateRejected;
import io.upgradeable.UpgradeException.ConnectFailed;
import io.upgradeable.UpgradeException.LayerTimedOut;
import io.upgradeable.UpgradeException.PeerClosed;
import io.upgradeable.UpgradeException.PeerMisbehaved;
import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.UpgradeException.PlaintextInjected;
import io.upgradeable.UpgradeException.TlsFailed;
import io.upgradeable.UpgradeException.TlsNotOffered;
import java.util.Map;

/** What the program returns to the shell. The same number means the same in every command. */
public enum ExitCode {
  /** Done, and secured as asked. */
  OK(0, "done, and secured as asked"),
  /** Failed in a way that has no number of its own. */
  OTHER(1, "failed in another way"),
  /** The command line, or a file that it names, cannot be used. */
  USAGE(2, "wrong usage: an option, or a file that it names, cannot be used"),
  /** No connection: DNS, refused, unreachable. */
  CONNECT_FAILED(3, "could not connect"),
  /** A time limit passed. */
  TIMED_OUT(4, "timed out"),
  /** The peer does not offer the upgrade. */
  NOT_OFFERED(5, "the peer does not offer the upgrade"),
  /** The peer said no. */
  REFUSED(6, "the peer refused"),
  /** The TLS handshake failed. */
  TLS_FAILED(7, "TLS failed"),
  /** The peer's certificate is not accepted. */
  CERTIFICATE_REJECTED(8, "certificate not accepted"),
  /** The peer broke the protocol or a limit. */
  MISBEHAVED(9, "the peer broke the protocol or a limit"),
  /** Plaintext arrived where only TLS may follow. */
  INJECTED(10, "plaintext was injected at the upgrade"),
  /** The peer closed early. */
  CLOSED(11, "the peer closed early"),
  /** The user ended the program; the shell's own number for that. */
  INTERRUPTED(130, "interrupted");

  private static final Map<Class<? extends UpgradeException>, ExitCode> OF_FAILURE =
      Map.of(
          ConnectFailed.class, CONNECT_FAILED,
          LayerTimedOut.class, TIMED_OUT,
          TlsNotOffered.class, NOT_OFFERED,
          PeerRefused.class, REFUSED,
          TlsFailed.class, TLS_FAILED,
          CertificateRejected.class, CERTIFICATE_REJECTED,
          PeerMisbehaved.class, MISBEHAVED,
          PlaintextInjected.class, INJECTED,
          PeerClosed.class, CLOSED);

  private final int code;
  private final String meaning;

  ExitCode(int code, String meaning) {
    this.code = code;
    this.meaning = meaning;
  }

  /**
   * The number for the shell.
   *
   * @return 0 to 130
   */
  public int code() {
    return code;
  }

  /**
   * What it means, in a phrase.
   *
   * @return for instance {@code timed out}
   */
  public String meaning() {
    return meaning;
  }

  /**
   * The number of a kind of failure.
   *
   * @param failure what the core reported
   * @return never {@link #OK}
   */
  public static ExitCode of(UpgradeException failure) {
    return OF_FAILURE.getOrDefault(failure.getClass(), OTHER);
  }
}
