package io.upgradeable.smtp;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * From whom and to whom a message goes, and how it is to be treated. It is independent of what the
 * message's header says. Immutable.
 *
 * @param sender the reverse-path; empty for the null reverse-path {@code <>} (RFC 5321, 4.5.5)
 * @param recipients to whom, one or more
 * @param body what the content's bytes are
 * @param smtpUtf8 whether the content's header is in UTF-8 (RFC 6532), so that only a server that
 *     offers SMTPUTF8 can take it; mailboxes that need SMTPUTF8 need no mention here
 * @param requireTls whether each hop must be under verified TLS, or bounce the message (RFC 8689)
 * @param returned how much of the message a notification of failure returns, if that is asked (RET,
 *     RFC 3461, 4.3)
 * @param envelopeId what notifications are to call this envelope, if anything (ENVID, RFC 3461,
 *     4.4): printable ASCII, at most 100 characters as encoded
 */
public record Envelope(
    Optional<Mailbox> sender,
    List<Recipient> recipients,
    Body body,
    boolean smtpUtf8,
    boolean requireTls,
    Optional<Returned> returned,
    Optional<String> envelopeId) {

  /** RFC 3461, 4.4. */
  private static final int MAX_ENVELOPE_ID = 100;

  /** What the bytes of a content are (RFC 6152). */
  public enum Body {
    /**
     * Whatever is found: a content whose bytes are at hand is looked at; another one is taken for
     * 8-bit where the server offers 8BITMIME, and watched for bytes beyond ASCII where it does not.
     */
    AUTO,
    /** ASCII only. Content with another byte is not sent to its end. */
    SEVEN_BIT,
    /** Bytes beyond ASCII: the server must offer 8BITMIME. */
    EIGHT_BIT
  }

  /** How much of a message comes back in a notification of failure. */
  public enum Returned {
    /** All of it. */
    FULL,
    /** Its header only. */
    HDRS
  }

  /**
   * Checks the components and copies the list.
   *
   * @throws IllegalArgumentException if there is no recipient, or the id is not printable ASCII or
   *     too long
   */
  public Envelope {
    Objects.requireNonNull(sender, "sender");
    Objects.requireNonNull(body, "body");
    Objects.requireNonNull(returned, "returned");
    recipients = List.copyOf(recipients);
    if (recipients.isEmpty()) {
      throw new IllegalArgumentException("expected a recipient or more, got none");
    }
    envelopeId.ifPresent(Envelope::requireEnvelopeId);
  }

  private static void requireEnvelopeId(String id) {
    boolean printable = !id.isEmpty() && id.chars().allMatch(c -> c >= ' ' && c <= '~');
    if (!printable || Xtext.encode(id).length() > MAX_ENVELOPE_ID) {
      throw new IllegalArgumentException(
          "expected an envelope id of printable ASCII, at most 100 characters, got another");
    }
  }

  /**
   * An envelope with nothing but mailboxes.
   *
   * @param sender from whom, as {@code local-part@domain}
   * @param recipient to whom
   * @param more to whom else
   * @return the envelope
   * @throws IllegalArgumentException if one is no mailbox
   */
  public static Envelope of(String sender, String recipient, String... more) {
    Builder builder = builder().from(Mailbox.parse(sender)).to(Mailbox.parse(recipient));
    for (String mailbox : more) {
      builder.to(Mailbox.parse(mailbox));
    }
    return builder.build();
  }

  /**
   * Starts an envelope.
   *
   * @return a builder with the null reverse-path and no recipient
   */
  public static Builder builder() {
    return new Builder();
  }

  /** Builds an {@link Envelope}. */
  public static final class Builder {

    private Optional<Mailbox> sender = Optional.empty();
    private final List<Recipient> recipients = new ArrayList<>();
    private Body body = Body.AUTO;
    private boolean smtpUtf8;
    private boolean requireTls;
    private Optional<Returned> returned = Optional.empty();
    private Optional<String> envelopeId = Optional.empty();

    private Builder() {}

    /**
     * Sets the reverse-path; the null reverse-path {@code <>} unless called.
     *
     * @param mailbox from whom
     * @return this
     */
    public Builder from(Mailbox mailbox) {
      sender = Optional.of(mailbox);
      return this;
    }

    /**
     * Adds a recipient about whom nothing is asked.
     *
     * @param mailbox to whom
     * @return this
     */
    public Builder to(Mailbox mailbox) {
      return to(Recipient.of(mailbox));
    }

    /**
     * Adds a recipient.
     *
     * @param recipient to whom
     * @return this
     */
    public Builder to(Recipient recipient) {
      recipients.add(Objects.requireNonNull(recipient, "recipient"));
      return this;
    }

    /**
     * Says what the content's bytes are; {@link Body#AUTO} unless called.
     *
     * @param value what they are
     * @return this
     */
    public Builder body(Body value) {
      body = Objects.requireNonNull(value, "body");
      return this;
    }

    /**
     * Says that the content's header is in UTF-8.
     *
     * @return this
     */
    public Builder smtpUtf8() {
      smtpUtf8 = true;
      return this;
    }

    /**
     * Demands verified TLS at each hop.
     *
     * @return this
     */
    public Builder requireTls() {
      requireTls = true;
      return this;
    }

    /**
     * Says how much of the message a notification of failure returns. It is asked for only where
     * the server offers DSN.
     *
     * @param value how much
     * @return this
     */
    public Builder returned(Returned value) {
      returned = Optional.of(value);
      return this;
    }

    /**
     * Says what notifications are to call this envelope. It is told only where the server offers
     * DSN.
     *
     * @param id printable ASCII, at most 100 characters as encoded
     * @return this
     */
    public Builder envelopeId(String id) {
      envelopeId = Optional.of(id);
      return this;
    }

    /**
     * Makes the envelope.
     *
     * @return the envelope
     * @throws IllegalArgumentException if there is no recipient or the id is none
     */
    public Envelope build() {
      return new Envelope(sender, recipients, body, smtpUtf8, requireTls, returned, envelopeId);
    }
  }
}
