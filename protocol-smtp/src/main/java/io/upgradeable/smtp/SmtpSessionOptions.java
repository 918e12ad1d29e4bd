package io.upgradeable.smtp;

import io.upgradeable.internal.Blocking;
import java.time.Duration;
import java.util.Objects;

/**
 * What a client's session may choose. Immutable. Time limits are absolute from the moment they
 * start; bytes that arrive do not extend them.
 *
 * @param replyTimeout how long a reply may take, from when it is the next one
 * @param finalReplyTimeout how long the reply to a content's end may take
 * @param writeTimeout how long a piece of what is written (at most {@code chunkSize}) may take
 * @param goodbyeTimeout how long the reply to QUIT may take
 * @param transfer by which command content goes
 * @param chunkSize how large a BDAT chunk is, 1 KiB to 1 MiB; a session keeps three of them
 * @param sends8BitAnyway whether 8-bit content goes to servers that do not offer 8BITMIME
 * @param insecureAuthInPlaintext whether a password may go over a connection without TLS, where
 *     anybody on the way can read it
 * @param observer hears the dialogue
 */
public record SmtpSessionOptions(
    Duration replyTimeout,
    Duration finalReplyTimeout,
    Duration writeTimeout,
    Duration goodbyeTimeout,
    ContentTransfer transfer,
    int chunkSize,
    boolean sends8BitAnyway,
    boolean insecureAuthInPlaintext,
    SmtpObserver observer) {

  private static final int MIN_CHUNK = 1024;
  private static final int MAX_CHUNK = 1024 * 1024;

  /** 30 s for a reply, 120 s at a content's end, 60 s for a write, 2 s for the goodbye. */
  public static final SmtpSessionOptions DEFAULTS =
      new SmtpSessionOptions(
          Duration.ofSeconds(30),
          Duration.ofSeconds(120),
          Duration.ofSeconds(60),
          Duration.ofSeconds(2),
          ContentTransfer.AUTO,
          256 * 1024,
          false,
          false,
          SmtpObserver.NONE);

  /**
   * Checks the components.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public SmtpSessionOptions {
    Blocking.requirePositive(replyTimeout);
    Blocking.requirePositive(finalReplyTimeout);
    Blocking.requirePositive(writeTimeout);
    Blocking.requirePositive(goodbyeTimeout);
    Objects.requireNonNull(transfer, "transfer");
    Objects.requireNonNull(observer, "observer");
    if (chunkSize < MIN_CHUNK || chunkSize > MAX_CHUNK) {
      throw new IllegalArgumentException(
          "expected a chunk of 1024 to 1048576 bytes, got " + chunkSize);
    }
  }

  /**
   * The same options with another time for a reply.
   *
   * @param limit a positive duration
   * @return the changed copy
   */
  public SmtpSessionOptions withReplyTimeout(Duration limit) {
    return new SmtpSessionOptions(
        limit,
        finalReplyTimeout,
        writeTimeout,
        goodbyeTimeout,
        transfer,
        chunkSize,
        sends8BitAnyway,
        insecureAuthInPlaintext,
        observer);
  }

  /**
   * The same options with another time for the reply to a content's end.
   *
   * @param limit a positive duration
   * @return the changed copy
   */
  public SmtpSessionOptions withFinalReplyTimeout(Duration limit) {
    return new SmtpSessionOptions(
        replyTimeout,
        limit,
        writeTimeout,
        goodbyeTimeout,
        transfer,
        chunkSize,
        sends8BitAnyway,
        insecureAuthInPlaintext,
        observer);
  }

  /**
   * The same options with another time for a write.
   *
   * @param limit a positive duration
   * @return the changed copy
   */
  public SmtpSessionOptions withWriteTimeout(Duration limit) {
    return new SmtpSessionOptions(
        replyTimeout,
        finalReplyTimeout,
        limit,
        goodbyeTimeout,
        transfer,
        chunkSize,
        sends8BitAnyway,
        insecureAuthInPlaintext,
        observer);
  }

  /**
   * The same options with another time for the goodbye.
   *
   * @param limit a positive duration
   * @return the changed copy
   */
  public SmtpSessionOptions withGoodbyeTimeout(Duration limit) {
    return new SmtpSessionOptions(
        replyTimeout,
        finalReplyTimeout,
        writeTimeout,
        limit,
        transfer,
        chunkSize,
        sends8BitAnyway,
        insecureAuthInPlaintext,
        observer);
  }

  /**
   * The same options with another way for content.
   *
   * @param value by which command content goes
   * @return the changed copy
   */
  public SmtpSessionOptions withTransfer(ContentTransfer value) {
    return new SmtpSessionOptions(
        replyTimeout,
        finalReplyTimeout,
        writeTimeout,
        goodbyeTimeout,
        value,
        chunkSize,
        sends8BitAnyway,
        insecureAuthInPlaintext,
        observer);
  }

  /**
   * The same options with another size of BDAT chunks.
   *
   * @param bytes 1 KiB to 1 MiB
   * @return the changed copy
   * @throws IllegalArgumentException if it is out of range
   */
  public SmtpSessionOptions withChunkSize(int bytes) {
    return new SmtpSessionOptions(
        replyTimeout,
        finalReplyTimeout,
        writeTimeout,
        goodbyeTimeout,
        transfer,
        bytes,
        sends8BitAnyway,
        insecureAuthInPlaintext,
        observer);
  }

  /**
   * The same options, with 8-bit content sent to servers that do not offer 8BITMIME. Many take it;
   * others clear the eighth bit.
   *
   * @return the changed copy
   */
  public SmtpSessionOptions with8BitAnyway() {
    return new SmtpSessionOptions(
        replyTimeout,
        finalReplyTimeout,
        writeTimeout,
        goodbyeTimeout,
        transfer,
        chunkSize,
        true,
        insecureAuthInPlaintext,
        observer);
  }

  /**
   * The same options, with passwords sent over connections without TLS.
   *
   * @return the changed copy
   */
  public SmtpSessionOptions withInsecureAuthInPlaintext() {
    return new SmtpSessionOptions(
        replyTimeout,
        finalReplyTimeout,
        writeTimeout,
        goodbyeTimeout,
        transfer,
        chunkSize,
        sends8BitAnyway,
        true,
        observer);
  }

  /**
   * The same options with another observer.
   *
   * @param value hears the dialogue
   * @return the changed copy
   */
  public SmtpSessionOptions withObserver(SmtpObserver value) {
    return new SmtpSessionOptions(
        replyTimeout,
        finalReplyTimeout,
        writeTimeout,
        goodbyeTimeout,
        transfer,
        chunkSize,
        sends8BitAnyway,
        insecureAuthInPlaintext,
        value);
  }
}
