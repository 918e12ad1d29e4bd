package io.upgradeable.cli;

/**
 * One thing that happened on a connection.
 *
 * @param kind what
 * @param secured whether TLS was on
 * @param text the line, the address or the facts, printable
 */
record DialogueEvent(Kind kind, boolean secured, String text) {

  /** What happened. */
  enum Kind {
    CONNECTED("connected"),
    SENT("sent"),
    RECEIVED("received"),
    HANDSHAKE_STARTED("handshakeStarted"),
    HANDSHAKE_COMPLETED("handshakeCompleted"),
    HANDSHAKE_FAILED("handshakeFailed");

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
