package io.upgradeable.netty;

/**
 * A peer that misuses TLS after its handshake; on its way up the pipeline to whoever stands there.
 */
final class TlsAbuse extends RuntimeException {

  private final String expected;
  private final String got;

  TlsAbuse(String expected, String got) {
    super("expected " + expected + ", got " + got, null, false, false);
    this.expected = expected;
    this.got = got;
  }

  String expected() {
    return expected;
  }

  String got() {
    return got;
  }
}
