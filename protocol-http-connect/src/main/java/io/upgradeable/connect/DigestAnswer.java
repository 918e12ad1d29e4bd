package io.upgradeable.connect;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The answer to a challenge of the scheme Digest (RFC 7616), for quality of protection {@code
 * auth}. {@code auth-int} protects a body, which CONNECT does not have.
 */
final class DigestAnswer {

  /** Strongest first. */
  private static final List<String> ALGORITHMS =
      List.of("SHA-512-256", "SHA-256", "MD5"); // each also with -sess

  private static final SecureRandom RANDOM = new SecureRandom();
  private static final HexFormat HEX = HexFormat.of();

  private final Challenge challenge;
  private final String algorithm;
  private final boolean session;

  private DigestAnswer(Challenge challenge, String algorithm, boolean session) {
    this.challenge = challenge;
    this.algorithm = algorithm;
    this.session = session;
  }

  /** Empty if this challenge cannot be answered; {@link #problem} says why. */
  static Optional<DigestAnswer> to(Challenge challenge) {
    String named = challenge.parameter("algorithm").orElse("MD5").toUpperCase(Locale.ROOT);
    boolean session = named.endsWith("-SESS");
    String base = session ? named.substring(0, named.length() - "-SESS".length()) : named;
    boolean complete =
        challenge.parameter("realm").isPresent()
            && challenge.parameter("nonce").isPresent()
            && offersAuth(challenge);
    return complete && ALGORITHMS.contains(base)
        ? Optional.of(new DigestAnswer(challenge, base, session))
        : Optional.empty();
  }

  /** Why a challenge cannot be answered, for an error text. */
  static String problem(Challenge challenge) {
    if (!offersAuth(challenge)) {
      return "Digest with qop " + challenge.parameter("qop").orElse("missing");
    }
    return "Digest with algorithm " + challenge.parameter("algorithm").orElse("missing");
  }

  private static boolean offersAuth(Challenge challenge) {
    return challenge.parameter("qop").stream()
        .flatMap(qop -> Arrays.stream(qop.split(",", -1)))
        .anyMatch(option -> option.strip().equalsIgnoreCase("auth"));
  }

  /** Smaller is stronger. */
  int rank() {
    return ALGORITHMS.indexOf(algorithm);
  }

  static String newClientNonce() {
    byte[] bytes = new byte[16];
    RANDOM.nextBytes(bytes);
    return HEX.formatHex(bytes);
  }

  /**
   * The value of the field, without the scheme.
   *
   * @param method the method of the request
   * @param uri its target as it stands in the request
   * @param count how often this nonce was used, this time included
   */
  String answer(
      String method, String uri, String user, char[] password, String clientNonce, int count) {
    String realm = parameter("realm");
    String nonce = parameter("nonce");
    String nc = "%08x".formatted(count);
    String secret = a1(user, realm, password);
    if (session) {
      secret = hash(secret + ":" + nonce + ":" + clientNonce);
    }
    String response =
        hash(
            secret
                + ":"
                + nonce
                + ":"
                + nc
                + ":"
                + clientNonce
                + ":auth:"
                + hash(method + ":" + uri));
    StringBuilder value = new StringBuilder();
    value.append(username(user, realm));
    value.append(", realm=").append(quoted(realm));
    value.append(", uri=").append(quoted(uri));
    value.append(", algorithm=").append(algorithm).append(session ? "-sess" : "");
    value.append(", nonce=").append(quoted(nonce));
    value.append(", nc=").append(nc);
    value.append(", cnonce=").append(quoted(clientNonce));
    value.append(", qop=auth, response=").append(quoted(response));
    challenge
        .parameter("opaque")
        .ifPresent(opaque -> value.append(", opaque=").append(quoted(opaque)));
    if (hashesUser()) {
      value.append(", userhash=true");
    }
    return value.toString();
  }

  private boolean hashesUser() {
    return challenge.parameter("userhash").filter("true"::equalsIgnoreCase).isPresent();
  }

  /** RFC 7616, 3.4: a name beyond ASCII has a form of its own. */
  private String username(String user, String realm) {
    if (hashesUser()) {
      return "username=" + quoted(HEX.formatHex(userAndRealm(user, realm).digest()));
    }
    if (user.chars().allMatch(c -> c >= ' ' && c <= '~')) {
      return "username=" + quoted(user);
    }
    StringBuilder encoded = new StringBuilder("username*=UTF-8''");
    for (byte b : user.getBytes(StandardCharsets.UTF_8)) {
      boolean plain = (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9');
      encoded.append(plain ? String.valueOf((char) b) : "%%%02X".formatted(b & 0xff));
    }
    return encoded.toString();
  }

  private String a1(String user, String realm, char[] password) {
    MessageDigest digest = userAndRealm(user, realm);
    digest.update((byte) ':');
    byte[] encoded = Utf8.encode(password);
    digest.update(encoded);
    Arrays.fill(encoded, (byte) 0);
    return HEX.formatHex(digest.digest());
  }

  /** Names are UTF-8; a realm came as bytes, and goes into the hash as it came. */
  private MessageDigest userAndRealm(String user, String realm) {
    MessageDigest digest = digest();
    digest.update((user + ":").getBytes(StandardCharsets.UTF_8));
    digest.update(realm.getBytes(StandardCharsets.ISO_8859_1));
    return digest;
  }

  private String hash(String text) {
    return HEX.formatHex(digest().digest(text.getBytes(StandardCharsets.ISO_8859_1)));
  }

  private MessageDigest digest() {
    try {
      return MessageDigest.getInstance(algorithm.equals("SHA-512-256") ? "SHA-512/256" : algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // Every JDK has them.
    }
  }

  private String parameter(String name) {
    return challenge.parameter(name).orElseThrow();
  }

  private static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }
}
