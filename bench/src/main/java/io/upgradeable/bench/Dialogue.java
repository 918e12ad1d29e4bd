package io.upgradeable.bench;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * The dialogue that all contestants of {@link UpgradeWorkload} have: that of ping, and for those
 * that cannot take a ClientHello without a go-ahead, a reply to STARTTLS.
 */
final class Dialogue {

  static final String PING = "PING";
  static final String PONG = "PONG";
  static final String STARTTLS = "STARTTLS";
  static final String READY = "READY";
  static final String QUIT = "QUIT";

  /** The name in the certificate. */
  static final String NAME = "localhost";

  /** The fact that tells whether STARTTLS is answered. */
  static final String GO_AHEAD = "go-ahead";

  private static final int PORTS = 60_000;
  private static final AtomicInteger LAST_PORT = new AtomicInteger();

  private Dialogue() {}

  /**
   * A port to be told to the TLS engine instead of the real one. Engines resume sessions by host
   * and port; with another port each time every handshake is a full one.
   */
  static int anotherPort() {
    return Math.floorMod(LAST_PORT.incrementAndGet(), PORTS) + 1;
  }
}
