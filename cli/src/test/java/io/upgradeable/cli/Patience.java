package io.upgradeable.cli;

import io.upgradeable.testkit.Fault;
import java.util.List;

/** How long tests let a peer be silent that is silent on purpose. */
final class Patience {

  /**
   * For a limit that also bounds steps which are to succeed: a loaded machine needs time for them.
   */
  static final String LONG = "5s";

  /** As that, where a whole handshake is among the steps that are to succeed. */
  static final String BEHIND_A_HANDSHAKE = "10s";

  /** To find that a name does not exist: a resolver that reaches nobody may ask again for long. */
  static final List<String> LOOK_UP = List.of("--connect-timeout", "1m", "--timeout", "2m");

  /** For a limit that bounds nothing but the silence. */
  private static final String SHORT = "500ms";

  private Patience() {}

  /** The options with which a client waits for a peer with this fault. */
  static List<String> options(Fault fault) {
    return switch (fault) {
      case HANG_AFTER_ACCEPT -> List.of("--step-timeout", SHORT);
      case HANG_IN_HANDSHAKE -> List.of("--step-timeout", LONG);
      case HANG_UNDER_TLS -> List.of("--step-timeout", BEHIND_A_HANDSHAKE);
      default -> List.of(); // Nothing of it is to time out.
    };
  }
}
