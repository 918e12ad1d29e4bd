package io.upgradeable.cli;

/**
 * One thing that happened on a connection.
 *
 * @param kind what
 * @param secured whether there was TLS with whom is talked to: the proxy, or the target
 * @param hop whether a proxy is talked to, and not the target
 * @param text the line, the address or the facts, printable
 */
record DialogueEvent(Kind kind, boolean secured, boolean hop, String text) {

  /** What happened. */
  enum Kind {
    CONNECTED("connected"),
    SENT("sent"),
    RECEIVED("received"),
    HANDSHAKE_STARTED("handshakeStarted"),
    HANDSHAKE_COMPLETED("handshakeCompleted"),
    HANDSHAKE_FAILED("handshakeFailed"),
    TUNNEL_OPENED("tunnelOpened");

    private final String name;

    Kind(String name) {
      this.name = name;
    }

    /** The name in JSON. */
    String jsonName() {
      return name;
    }
  }
}
