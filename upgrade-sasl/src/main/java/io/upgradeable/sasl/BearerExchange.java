package io.upgradeable.sasl;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * OAUTHBEARER (RFC 7628) and its elder, XOAUTH2: one message with a token. A server that refuses it
 * explains itself in JSON, as a challenge that wants a dummy response before the protocol's no.
 */
final class BearerExchange extends SaslExchange {

  /** Between the key/value pairs (RFC 7628, 3.1). */
  private static final char SEPARATOR = '\001';

  /**
   * The one member of the explanation that is worth a line; it is shown and nothing hangs on it, so
   * this is no parser of JSON. Only a short word is taken.
   */
  private static final Pattern STATUS =
      Pattern.compile(
          "\"status\"\\s{0,8}:\\s{0,8}"
              + "(?:\"(?<word>[A-Za-z0-9_.-]{1,64})\"|(?<number>[0-9]{1,9})[\\s,}])");

  private final SaslCredentials.Token credentials;
  private @Nullable String status;

  /** By one of the two mechanisms. */
  BearerExchange(SaslMechanism mechanism, SaslCredentials.Token credentials) {
    super(mechanism);
    this.credentials = credentials;
  }

  @Override
  Optional<byte[]> first() {
    byte[] head = Utf8.encode(head() + SEPARATOR + "auth=Bearer ");
    byte[] token = Utf8.encode(credentials.secret().value());
    byte[] message = Arrays.copyOf(head, head.length + token.length + 2);
    System.arraycopy(token, 0, message, head.length, token.length);
    Arrays.fill(token, (byte) 0);
    Arrays.fill(message, message.length - 2, message.length, (byte) SEPARATOR);
    return Optional.of(message);
  }

  /** XOAUTH2 names the user as a pair, OAUTHBEARER in a GS2 header without channel binding. */
  private String head() {
    if (mechanism() == SaslMechanism.XOAUTH2) {
      return "user=" + credentials.user();
    }
    String identity = credentials.authorizationId();
    return "n,a=" + ScramText.escaped(identity.isEmpty() ? credentials.user() : identity) + ",";
  }

  @Override
  byte[] answer(byte[] challenge) throws SaslFailedException {
    if (status != null) {
      throw tooMany();
    }
    Matcher found = STATUS.matcher(new String(challenge, StandardCharsets.UTF_8));
    status = found.find() ? wordOrNumber(found) : "no status";
    // RFC 7628, 3.2.3: a lone separator; XOAUTH2 wants an empty response.
    return mechanism() == SaslMechanism.XOAUTH2 ? NOTHING : new byte[] {(byte) SEPARATOR};
  }

  private static String wordOrNumber(Matcher found) {
    String word = found.group("word");
    return word == null ? found.group("number") : word;
  }

  @Override
  public Optional<String> refusal() {
    return Optional.ofNullable(status);
  }

  @Override
  void checkSuccess(byte[] additionalData) throws SaslFailedException {
    if (status != null) {
      throw SaslFailedException.misbehaved(
          "a refusal after the error " + SaslFailedException.quoted(status), "success");
    }
    requireNothing(additionalData, "success of " + mechanism().saslName());
  }
}
