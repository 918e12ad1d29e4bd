package io.upgradeable.sasl;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, 7677): the client proves that it knows the
 * password, then the server does.
 *
 * <pre>{@code
 * C: n,,n=user,r=NONCE
 * S: r=NONCE+more,s=SALT,i=4096
 * C: c=biws,r=NONCE+more,p=PROOF
 * S: v=SIGNATURE          as a challenge (SMTP), or together with success (LDAP)
 * }</pre>
 */
final class ScramExchange extends SaslExchange {

  static final int MAX_SALT_BYTES = 1024;

  private enum Awaited {
    SERVER_FIRST,
    SERVER_FINAL,
    OUTCOME
  }

  private final String gs2Header;
  private final byte[] channelBinding;
  private final String clientFirstBare;
  private final String nonce;
  private final char[] password;
  private Awaited awaited = Awaited.SERVER_FIRST;
  private byte @Nullable [] serverSignature;

  /**
   * Prepares the names and the password.
   *
   * @param offersPlus whether the server offers channel binding; then whoever does not use it says
   *     that it cannot, and else a client that could says so
   * @throws IllegalArgumentException if SASLprep prohibits one of them; the password is not quoted
   */
  ScramExchange(
      SaslMechanism mechanism,
      SaslCredentials.Password credentials,
      SaslChannel channel,
      boolean offersPlus,
      String nonce) {
    super(mechanism);
    boolean plus = mechanism == SaslMechanism.SCRAM_SHA_256_PLUS;
    Optional<byte[]> binding = channel.serverEndPoint();
    channelBinding = plus ? binding.orElseThrow() : NOTHING;
    String flag =
        plus ? "p=" + TlsServerEndPoint.NAME : binding.isPresent() && !offersPlus ? "y" : "n";
    String identity = credentials.authorizationId();
    gs2Header = flag + "," + (identity.isEmpty() ? "" : "a=" + escaped(identity)) + ",";
    clientFirstBare = "n=" + escaped(credentials.user()) + ",r=" + nonce;
    this.nonce = nonce;
    password = SaslPrep.stored(credentials.secret().value());
  }

  private static String escaped(String name) {
    return ScramText.escaped(SaslPrep.query(name));
  }

  @Override
  Optional<byte[]> first() {
    return Optional.of(Utf8.encode(gs2Header + clientFirstBare));
  }

  @Override
  byte[] answer(byte[] challenge) throws SaslFailedException {
    switch (awaited) {
      case SERVER_FIRST -> {
        awaited = Awaited.SERVER_FINAL;
        return clientFinal(challenge);
      }
      case SERVER_FINAL -> {
        verify(challenge);
        return NOTHING;
      }
      default -> throw tooMany();
    }
  }

  private byte[] clientFinal(byte[] challenge) throws SaslFailedException {
    ScramReader reader = new ScramReader(challenge, "the first message of a SCRAM server");
    String bothNonces = reader.takeNonce();
    if (!bothNonces.startsWith(nonce) || bothNonces.length() == nonce.length()) {
      throw SaslFailedException.misbehaved("a nonce that extends the client's", "another one");
    }
    byte[] salt = reader.takeBase64("s");
    if (salt.length > MAX_SALT_BYTES) {
      throw SaslFailedException.misbehaved(
          "a salt of at most " + MAX_SALT_BYTES + " bytes", salt.length + " bytes");
    }
    int iterations = reader.takeIterations();
    reader.skipExtensions();
    // Before they are computed: the server chooses how long this side works.
    if (iterations < ScramKeys.MIN_ITERATIONS || iterations > ScramKeys.MAX_ITERATIONS) {
      throw SaslFailedException.misbehaved(
          "%d to %d iterations".formatted(ScramKeys.MIN_ITERATIONS, ScramKeys.MAX_ITERATIONS),
          iterations + " iterations");
    }
    return clientFinal(new String(challenge, StandardCharsets.UTF_8), bothNonces, salt, iterations);
  }

  private byte[] clientFinal(String serverFirst, String bothNonces, byte[] salt, int iterations) {
    String withoutProof = "c=" + channelBinding(gs2Header, channelBinding) + ",r=" + bothNonces;
    String authMessage = clientFirstBare + "," + serverFirst + "," + withoutProof;
    byte[] salted = ScramKeys.saltedPassword(password, salt, iterations);
    byte[] clientKey = ScramKeys.clientKey(salted);
    byte[] clientSignature = ScramKeys.signature(ScramKeys.storedKey(clientKey), authMessage);
    byte[] proof = ScramKeys.xor(clientKey, clientSignature);
    serverSignature = ScramKeys.signature(ScramKeys.serverKey(salted), authMessage);
    Arrays.fill(salted, (byte) 0);
    Arrays.fill(clientKey, (byte) 0);
    return Utf8.encode(withoutProof + ",p=" + ScramText.base64(proof));
  }

  /** The attribute {@code c}: both sides saw this header, and this channel. */
  static String channelBinding(String gs2Header, byte[] binding) {
    byte[] header = Utf8.encode(gs2Header);
    byte[] input = Arrays.copyOf(header, header.length + binding.length);
    System.arraycopy(binding, 0, input, header.length, binding.length);
    return ScramText.base64(input);
  }

  private void verify(byte[] message) throws SaslFailedException {
    ScramReader reader = new ScramReader(message, "the last message of a SCRAM server");
    if (reader.startsWith("e")) {
      throw SaslFailedException.refused(
          "the server's signature", "the refusal " + SaslFailedException.quoted(reader.take("e")));
    }
    byte[] signature = reader.takeBase64("v");
    reader.skipExtensions();
    if (!MessageDigest.isEqual(signature, serverSignature)) {
      throw SaslFailedException.misbehaved(
          "the signature of a server that knows the password", "another one");
    }
    awaited = Awaited.OUTCOME;
  }

  @Override
  void checkSuccess(byte[] additionalData) throws SaslFailedException {
    switch (awaited) {
      case SERVER_FIRST -> throw tooEarly("before the server's first message");
      case SERVER_FINAL -> {
        if (additionalData.length == 0) {
          throw tooEarly("without the server's signature");
        }
        verify(additionalData);
      }
      default -> requireNothing(additionalData, "success of " + mechanism().saslName());
    }
  }

  @Override
  void clear() {
    Arrays.fill(password, '\0');
    byte[] signature = serverSignature;
    if (signature != null) {
      Arrays.fill(signature, (byte) 0);
    }
  }
}
