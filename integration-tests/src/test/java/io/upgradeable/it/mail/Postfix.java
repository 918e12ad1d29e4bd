package io.upgradeable.it.mail;

import io.upgradeable.it.PeerNetwork;
import java.io.IOException;
import org.testcontainers.containers.wait.strategy.Wait;

/**
 * Postfix. One container has all its variants, each on a port of its own, which {@code master.cf}
 * in the image's folder sets up. Besides the common mailboxes it has {@code jörg@example.test} and
 * {@code jörg@bücher.test}.
 */
public final class Postfix {

  /** STARTTLS and every extension that a sender may use. */
  public static final int RELAY = 25;

  /** Submission: nothing goes without TLS, and no mail without AUTH. */
  static final int SUBMISSION = 587;

  /** Submission over implicit TLS. */
  static final int SUBMISSIONS = 465;

  /** Behind postscreen, which lets a client wait in the middle of a greeting of two lines. */
  static final int POSTSCREEN = 2525;

  /** Does not offer STARTTLS. */
  static final int WITHOUT_STARTTLS = 2526;

  /** Insists on TLS. */
  static final int ENCRYPT = 2527;

  /** Speaks TLS 1.2 only. */
  static final int TLS_1_2 = 2528;

  /** Has a certificate whose time is over. */
  static final int EXPIRED = 2529;

  /** Has a certificate for another name. */
  static final int STRANGER = 2530;

  /** Says go ahead, and then has no key for a handshake. */
  static final int KEYLESS = 2531;

  /** Offers STARTTLS, and then refuses it with 454. */
  static final int REFUSING = 2532;

  /** Takes messages of up to {@link #SMALL_SIZE} bytes only. */
  static final int SMALL = 2533;

  static final int SMALL_SIZE = 20_000;

  /** Loses its patience with a client that says nothing for five seconds. */
  static final int IMPATIENT = 2534;

  /** The largest message that the other ports take. */
  static final int SIZE = 50 * 1024 * 1024;

  /** Who may log in at the ports of submission. */
  static final String USER = "alice";

  static final String PASSWORD = "correct horse";

  /** Waits until Postfix has nothing left to deliver, and prints what is left all the same. */
  static final String AWAIT_EMPTY_QUEUE =
      """
      end=$(($(date +%s) + 30))
      # Twice: a message that moves on while the queues are read one by one may be seen in none.
      while [ -n "$(postqueue -j; sleep 0.05; postqueue -j)" ] && [ "$(date +%s)" -lt $end ]; do
        sleep 0.05
      done
      postqueue -j
      """;

  private Postfix() {}

  public static MailServer server() {
    return MailServer.of(
        "postfix",
        RELAY,
        SUBMISSION,
        SUBMISSIONS,
        POSTSCREEN,
        WITHOUT_STARTTLS,
        ENCRYPT,
        TLS_1_2,
        EXPIRED,
        STRANGER,
        KEYLESS,
        REFUSING,
        SMALL,
        IMPATIENT);
  }

  /**
   * A server that only those reach who share a network with it.
   *
   * @param network where it is {@link MailServer#NAME}
   */
  public static MailServer hidden(PeerNetwork network) {
    // It binds its ports before it says so.
    return MailServer.hidden("postfix", Wait.forLogMessage(".* daemon started .*\\n", 1), network);
  }

  /** Waits until all that was accepted is delivered. */
  static void awaitDelivery(MailServer postfix) throws IOException, InterruptedException {
    String left = postfix.run(AWAIT_EMPTY_QUEUE);
    if (!left.isEmpty()) {
      throw new AssertionError("expected an empty queue, got\n" + left);
    }
  }
}
