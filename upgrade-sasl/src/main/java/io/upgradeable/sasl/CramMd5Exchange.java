package io.upgradeable.sasl;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;

/** CRAM-MD5 (RFC 2195): the user's name, and a digest of the challenge keyed with the password. */
final class CramMd5Exchange extends SaslExchange {

  /** A message identifier and more (RFC 5322, 2.1.1: a line has at most 998 characters). */
  private static final int MAX_CHALLENGE = 998;

  private final SaslCredentials.Password credentials;
  private boolean answered;

  CramMd5Exchange(SaslCredentials.Password credentials) {
    super(SaslMechanism.CRAM_MD5);
    this.credentials = credentials;
  }

  @Override
  Optional<byte[]> first() {
    return Optional.empty();
  }

  @Override
  byte[] answer(byte[] challenge) throws SaslFailedException {
    if (answered) {
      throw tooMany();
    }
    answered = true;
    requireTimestamp(challenge);
    byte[] key = Utf8.encode(credentials.secret().value());
    byte[] digest = Hmac.md5(key, challenge);
    Arrays.fill(key, (byte) 0);
    return Utf8.encode(credentials.user() + " " + HexFormat.of().formatHex(digest));
  }

  /** Digests nothing but what looks like a timestamp or a name: no text that means something. */
  private static void requireTimestamp(byte[] challenge) throws SaslFailedException {
    boolean printable = challenge.length > 0 && challenge.length <= MAX_CHALLENGE;
    for (int i = 0; printable && i < challenge.length; i++) {
      printable = challenge[i] >= ' ' && challenge[i] <= '~';
    }
    if (!printable) {
      throw SaslFailedException.misbehaved(
          "a challenge of 1 to " + MAX_CHALLENGE + " printable characters",
          challenge.length > MAX_CHALLENGE || challenge.length == 0
              ? challenge.length + " bytes"
              : "others: " + SaslFailedException.quoted(latin1(challenge)));
    }
  }

  private static String latin1(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  @Override
  void checkSuccess(byte[] additionalData) throws SaslFailedException {
    if (!answered) {
      throw tooEarly("before the digest");
    }
    requireNothing(additionalData, "success of CRAM-MD5");
  }
}
