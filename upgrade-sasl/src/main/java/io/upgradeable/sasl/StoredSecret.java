package io.upgradeable.sasl;

import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a server stores instead of a password: SCRAM's verifier (RFC 5802, 3). It serves PLAIN and
 * LOGIN as well, and is no password, but whoever has it can try passwords, and can play the server.
 * Immutable.
 */
public final class StoredSecret {

  /** RFC 7677, 4, asks for at least as many. */
  public static final int DEFAULT_ITERATIONS = ScramKeys.MIN_ITERATIONS;

  /** How long a new salt is. */
  static final int SALT_BYTES = 16;

  private static final Pattern TEXT =
      Pattern.compile(
          "SCRAM-SHA-256\\$([0-9]{1,7}):([A-Za-z0-9+/=]+)\\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)");

  private final byte[] salt;
  private final int iterations;
  private final byte[] storedKey;
  private final byte[] serverKey;

  private StoredSecret(byte[] salt, int iterations, byte[] storedKey, byte[] serverKey) {
    this.salt = salt;
    this.iterations = iterations;
    this.storedKey = storedKey;
    this.serverKey = serverKey;
  }

  /**
   * Derives what is stored, with a new salt.
   *
   * @param password the password; it may be closed afterwards
   * @return the verifier
   * @throws IllegalArgumentException if SASLprep (RFC 4013) prohibits the password, or it is empty
   */
  public static StoredSecret of(Secret password) {
    return of(password, ScramText.randomBytes(SALT_BYTES), DEFAULT_ITERATIONS);
  }

  /**
   * Derives what is stored.
   *
   * @param password the password; it may be closed afterwards
   * @param salt the salt, 1 to 1024 bytes
   * @param iterations how often the digest is repeated, from 4096 to a million
   * @return the verifier
   * @throws IllegalArgumentException if SASLprep (RFC 4013) prohibits the password, it is empty, or
   *     the salt's length or the count is wrong
   */
  public static StoredSecret of(Secret password, byte[] salt, int iterations) {
    ScramParameters.require(iterations, salt.length);
    char[] prepared = SaslPrep.stored(password.value());
    if (prepared.length == 0) {
      throw new IllegalArgumentException("expected a password, got an empty one");
    }
    byte[] salted = ScramKeys.saltedPassword(prepared, salt, iterations);
    Arrays.fill(prepared, '\0');
    StoredSecret stored =
        new StoredSecret(
            salt.clone(),
            iterations,
            ScramKeys.storedKey(ScramKeys.clientKey(salted)),
            ScramKeys.serverKey(salted));
    Arrays.fill(salted, (byte) 0);
    return stored;
  }

  /**
   * Takes up what was stored elsewhere.
   *
   * @param salt the salt, 1 to 1024 bytes
   * @param iterations how often the digest is repeated, from 4096 to a million
   * @param storedKey SCRAM's StoredKey, 32 bytes
   * @param serverKey SCRAM's ServerKey, 32 bytes
   * @return the verifier
   * @throws IllegalArgumentException if a length or the count is wrong
   */
  public static StoredSecret fromKeys(
      byte[] salt, int iterations, byte[] storedKey, byte[] serverKey) {
    ScramParameters.require(iterations, salt.length);
    if (storedKey.length != ScramKeys.KEY_BYTES || serverKey.length != ScramKeys.KEY_BYTES) {
      throw new IllegalArgumentException("expected two keys of 32 bytes");
    }
    return new StoredSecret(salt.clone(), iterations, storedKey.clone(), serverKey.clone());
  }

  /**
   * Reads what {@link #toText()} wrote, which is also how PostgreSQL keeps passwords.
   *
   * @param text {@code SCRAM-SHA-256$ITERATIONS:SALT$STOREDKEY:SERVERKEY}, the last three in base64
   * @return the verifier
   * @throws IllegalArgumentException if the text has another form; it is not quoted
   */
  public static StoredSecret parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "expected SCRAM-SHA-256$ITERATIONS:SALT$STOREDKEY:SERVERKEY");
    }
    Base64.Decoder base64 = Base64.getDecoder();
    return fromKeys(
        base64.decode(matcher.group(2)),
        Integer.parseInt(matcher.group(1)),
        base64.decode(matcher.group(3)),
        base64.decode(matcher.group(4)));
  }

  /**
   * The verifier as text, to be kept where nobody reads it who need not.
   *
   * @return the form of {@link #parse}
   */
  public String toText() {
    Base64.Encoder base64 = Base64.getEncoder();
    return "SCRAM-SHA-256$%d:%s$%s:%s"
        .formatted(
            iterations,
            base64.encodeToString(salt),
            base64.encodeToString(storedKey),
            base64.encodeToString(serverKey));
  }

  /** What an unknown user seems to have: the same each time, and no password's. */
  static StoredSecret decoy(byte[] key, String user, ScramParameters parameters) {
    return new StoredSecret(
        salt(key, user, parameters.saltBytes()),
        parameters.iterations(),
        derived(key, "stored", user),
        derived(key, "server", user));
  }

  private static byte[] salt(byte[] key, String user, int length) {
    byte[] salt = new byte[length];
    for (int at = 0; at < length; at += ScramKeys.KEY_BYTES) {
      byte[] block = derived(key, "salt " + at, user);
      System.arraycopy(block, 0, salt, at, Math.min(block.length, length - at));
    }
    return salt;
  }

  private static byte[] derived(byte[] key, String label, String user) {
    return Hmac.sha256(key, Utf8.encode(label + '\0' + user));
  }

  /** Whether this was made of that password; takes as long either way. */
  boolean matches(char[] prepared) {
    byte[] salted = ScramKeys.saltedPassword(prepared, salt, iterations);
    byte[] candidate = ScramKeys.storedKey(ScramKeys.clientKey(salted));
    Arrays.fill(salted, (byte) 0);
    return MessageDigest.isEqual(candidate, storedKey);
  }

  ScramParameters parameters() {
    return new ScramParameters(iterations, salt.length);
  }

  byte[] salt() {
    return salt;
  }

  int iterations() {
    return iterations;
  }

  byte[] storedKey() {
    return storedKey;
  }

  byte[] serverKey() {
    return serverKey;
  }

  /** Tells nothing. */
  @Override
  public String toString() {
    return "<redacted>";
  }
}
