package io.upgradeable.sasl;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The server's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, 7677). Its signature goes
 * along with success where the protocol has a place for it. Else it is a challenge of its own,
 * which the client answers with nothing.
 */
final class ScramServerExchange extends SaslServerExchange {

  private static final String CLIENT_FIRST = "the first message of a SCRAM client";
  private static final String CLIENT_FINAL = "the last message of a SCRAM client";

  private final SaslServer server;
  private final boolean offersPlus;
  private final byte[] channelBinding;
  private final String nonce;
  private @Nullable Begun begun;
  private @Nullable SaslServerStep outcome;

  /** What the first two messages settled. */
  private record Begun(
      String gs2Header,
      String authorizationId,
      String user,
      SaslServer.Found found,
      String bothNonces,
      String firstMessages) {}

  ScramServerExchange(
      SaslServer server, SaslMechanism mechanism, Optional<byte[]> serverEndPoint, String nonce) {
    super(mechanism);
    this.server = server;
    this.nonce = nonce;
    offersPlus = serverEndPoint.isPresent();
    channelBinding = isPlus() ? serverEndPoint.orElseThrow() : SaslExchange.NOTHING;
  }

  private boolean isPlus() {
    return mechanism() == SaslMechanism.SCRAM_SHA_256_PLUS;
  }

  @Override
  SaslServerStep answer(byte[] response) throws SaslFailedException {
    SaslServerStep decided = outcome;
    if (decided != null) {
      SaslExchange.requireNothing(response, "an empty response to the server's signature");
      return decided;
    }
    Begun first = begun;
    return first == null ? onClientFirst(response) : onClientFinal(response, first);
  }

  private SaslServerStep onClientFirst(byte[] response) throws SaslFailedException {
    ScramReader reader = new ScramReader(response, CLIENT_FIRST);
    String flag = reader.takePart();
    requireFlag(flag);
    String identityPart = reader.takePart();
    boolean named = identityPart.startsWith("a=") && identityPart.length() > 2;
    if (!named && !identityPart.isEmpty()) {
      throw SaslFailedException.misbehaved("an identity to act as, or nothing", "another part");
    }
    String identity = named ? name(identityPart.substring(2)) : "";
    String bare = reader.rest();
    String user = name(reader.take("n"));
    String bothNonces = reader.takeNonce() + nonce;
    reader.skipExtensions();

    // A name that SASLprep prohibits is nobody's, like any that is unknown.
    String prepared = SaslServer.prepared(user.toCharArray()).map(String::new).orElse(user);
    SaslServer.Found found = server.find(prepared);
    String serverFirst =
        "r=%s,s=%s,i=%d"
            .formatted(
                bothNonces, ScramText.base64(found.stored().salt()), found.stored().iterations());
    begun =
        new Begun(
            flag + "," + identityPart + ",",
            identity,
            prepared,
            found,
            bothNonces,
            bare + "," + serverFirst);
    return new SaslServerStep.Challenge(serverFirst.getBytes(StandardCharsets.US_ASCII));
  }

  /** A client that could bind and saw no -PLUS among what this server offers was lied to. */
  private void requireFlag(String flag) throws SaslFailedException {
    String bound = "p=" + TlsServerEndPoint.NAME;
    boolean good =
        isPlus() ? flag.equals(bound) : flag.equals("n") || (flag.equals("y") && !offersPlus);
    if (!good) {
      throw SaslFailedException.misbehaved(
          isPlus() ? bound : offersPlus ? "no channel binding flag but n" : "the flag n or y",
          SaslFailedException.quoted(flag));
    }
  }

  private static String name(String escaped) throws SaslFailedException {
    return ScramText.unescaped(escaped)
        .orElseThrow(
            () ->
                SaslFailedException.misbehaved(
                    "a name with =2C and =3D", SaslFailedException.quoted(escaped)));
  }

  private SaslServerStep onClientFinal(byte[] response, Begun first) throws SaslFailedException {
    ScramReader reader = new ScramReader(response, CLIENT_FINAL);
    String binding = reader.take("c");
    String bothNonces = reader.takeNonce();
    while (!reader.startsWith("p")) {
      reader.skipExtension();
    }
    String withoutProof = reader.read();
    byte[] proof = reader.takeBase64("p");
    reader.requireEnd();
    if (proof.length != ScramKeys.KEY_BYTES) {
      throw SaslFailedException.misbehaved("a proof of 32 bytes", proof.length + " bytes");
    }
    boolean same =
        binding.equals(ScramExchange.channelBinding(first.gs2Header(), channelBinding))
            && bothNonces.equals(first.bothNonces());

    String authMessage = first.firstMessages() + "," + withoutProof;
    StoredSecret stored = first.found().stored();
    byte[] clientKey = ScramKeys.xor(proof, ScramKeys.signature(stored.storedKey(), authMessage));
    boolean proven = MessageDigest.isEqual(ScramKeys.storedKey(clientKey), stored.storedKey());
    byte[] signature = ScramKeys.signature(stored.serverKey(), authMessage);
    SaslServerStep decided =
        proven && same && first.found().known()
            ? server.grant(first.user(), first.authorizationId())
            : new SaslServerStep.Refused();
    byte[] lastWord = Utf8.encode("v=" + ScramText.base64(signature));
    if (!(decided instanceof SaslServerStep.Granted granted)) {
      return decided;
    } else if (server.sendsDataOnSuccess()) {
      return granted.withData(lastWord);
    }
    outcome = granted;
    return new SaslServerStep.Challenge(lastWord);
  }
}
