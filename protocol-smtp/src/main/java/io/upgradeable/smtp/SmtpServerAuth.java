package io.upgradeable.smtp;

import io.upgradeable.sasl.SaslChannel;
import io.upgradeable.sasl.SaslMechanism;
import io.upgradeable.sasl.SaslServer;
import io.upgradeable.sasl.SaslServerExchange;
import io.upgradeable.sasl.SaslServerStep;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.Collectors;

/**
 * AUTH on one connection (RFC 4954): the coat of base64 around an exchange, and how often a client
 * may try.
 *
 * <p>Not thread-safe; used on the connection's event loop.
 */
final class SmtpServerAuth {

  /** RFC 4954, 4: 12288 characters of base64, here with all that may stand around them. */
  static final int MAX_LINE_BYTES = 12 * 1024 + 64;

  /** Precedent: Postfix and Dovecot let a client try about three times. */
  private static final int MAX_ATTEMPTS = 3;

  private static final SmtpReply REFUSED =
      SmtpReply.of(535, "5.7.8 User unknown, or password wrong");
  private static final SmtpReply TOO_MANY_ATTEMPTS =
      SmtpReply.of(421, "4.7.0 Too many attempts, goodbye");

  private final SaslServer server;
  private final SaslChannel channel;
  private final Executor threads;
  private Optional<SaslServerExchange> exchange = Optional.empty();
  private int attempts;

  /**
   * AUTH over a connection.
   *
   * @param channel the connection, with the server's own certificate
   * @param threads check passwords, off the event loop; they may reject
   */
  SmtpServerAuth(SaslServer server, SaslChannel channel, Executor threads) {
    this.server = server;
    this.channel = channel;
    this.threads = threads;
  }

  /** The capability, for instance {@code AUTH SCRAM-SHA-256 PLAIN}. */
  static String capability(SaslServer server, SaslChannel channel) {
    return server.offers(channel).stream()
        .map(SaslMechanism::saslName)
        .collect(Collectors.joining(" ", "AUTH ", ""));
  }

  /**
   * Begins.
   *
   * @param argument what stands behind AUTH
   * @return what follows
   * @throws SmtpServerRefusal if it cannot begin, or nobody has the time; AUTH is over then
   */
  CompletionStage<SaslServerStep> begin(String argument) throws SmtpServerRefusal {
    String[] words = argument.split(" ", -1);
    Optional<SaslMechanism> mechanism =
        SaslMechanism.named(words[0].toUpperCase(Locale.ROOT))
            .filter(server.offers(channel)::contains);
    if (words.length > 2) {
      throw new SmtpServerRefusal(501, "5.5.4 Expected AUTH, a mechanism and a response");
    } else if (mechanism.isEmpty()) {
      throw new SmtpServerRefusal(504, "5.5.4 Unknown mechanism");
    }
    byte[] response = words.length < 2 || words[1].equals("=") ? new byte[0] : decoded(words[1]);
    SaslServerExchange begun = server.start(mechanism.get(), channel);
    CompletionStage<SaslServerStep> next =
        words.length < 2
            ? CompletableFuture.completedFuture(begun.begin())
            : receive(begun, response);
    exchange = Optional.of(begun);
    return next;
  }

  /**
   * Takes the line behind a challenge.
   *
   * @param line the client's line
   * @return what follows
   * @throws SmtpServerRefusal if the client gave up, the line is no base64, or nobody has the time;
   *     AUTH is over then
   */
  CompletionStage<SaslServerStep> respond(String line) throws SmtpServerRefusal {
    SaslServerExchange present = exchange.orElseThrow();
    if (line.equals("*")) {
      exchange = Optional.empty();
      throw new SmtpServerRefusal(501, "5.0.0 Given up");
    }
    try {
      return receive(present, decoded(line));
    } catch (SmtpServerRefusal e) {
      exchange = Optional.empty();
      throw e;
    }
  }

  /** Off the event loop: a password is checked by some thousand digests. */
  private CompletionStage<SaslServerStep> receive(SaslServerExchange present, byte[] response)
      throws SmtpServerRefusal {
    try {
      return CompletableFuture.supplyAsync(() -> present.receive(response), threads);
    } catch (RejectedExecutionException tooMany) {
      throw new SmtpServerRefusal(454, "4.7.0 Too many passwords to check, try again later");
    }
  }

  private static byte[] decoded(String text) throws SmtpServerRefusal {
    try {
      return Base64.getDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      throw new SmtpServerRefusal(501, "5.5.2 Expected base64");
    }
  }

  /** What a challenge looks like. */
  static SmtpReply challenge(SaslServerStep.Challenge challenge) {
    return SmtpReply.of(334, Base64.getEncoder().encodeToString(challenge.bytes()));
  }

  /** AUTH is over, and nobody was let in. */
  SmtpReply refuse() {
    exchange = Optional.empty();
    attempts++;
    return attempts == MAX_ATTEMPTS ? TOO_MANY_ATTEMPTS : REFUSED;
  }
}
