package io.upgradeable.ldap;

import io.upgradeable.Connection;
import io.upgradeable.LayerStack;
import io.upgradeable.Security;
import io.upgradeable.UpgradeException;
import io.upgradeable.internal.Blocking;
import io.upgradeable.internal.Opening;
import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.negotiation.TlsFacts.Verification;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.sasl.SaslChannel;
import io.upgradeable.sasl.SaslCredentials;
import io.upgradeable.sasl.SaslMechanism;
import io.upgradeable.sasl.SaslPreference;
import io.upgradeable.sasl.Secret;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * A client's connection after the upgrade: bind, "Who am I?", the root DSE, unbind. It is no
 * directory client; for searches and changes give an existing one the sockets of {@link
 * Ldap#socketFactory}.
 *
 * <p>Thread-safe. Each operation has a blocking form and an {@code Async} form; any number may be
 * under way. They are sent in the order of the calls, several at a time, but a bind waits for those
 * before it and those behind it wait for the bind (RFC 4511, 4.2.1). Blocking forms hold no monitor
 * and suit virtual threads; called on an event loop they throw {@link IllegalStateException}.
 * Dependents of the futures run on the event loop and must not block.
 *
 * <p>A server that says no fails the operation with {@link UpgradeException.PeerRefused}, whose
 * {@code code()} is the result code's name in RFC 4511 ({@link LdapResultCode#of}) and whose text
 * shows referrals, which nobody follows; the session goes on. Any other {@link UpgradeException}
 * ends the session, and later operations fail the same way; so does a Notice of Disconnection, and
 * an operation that is given up after it was sent closes the connection: cancelled, interrupted, or
 * its future completed by somebody else, {@code orTimeout} for instance. On a session that this
 * side has closed operations fail with {@link java.nio.channels.ClosedChannelException}.
 */
public final class LdapSession implements AutoCloseable {

  /** Longer than any name; some servers refuse much shorter ones. */
  private static final int MAX_NAME = 8192;

  private static final int MAX_PASSWORD = 1024;

  private final LdapDialogue dialogue;

  private LdapSession(LdapDialogue dialogue) {
    this.dialogue = dialogue;
  }

  /**
   * Connects, brings the layers up, and waits for it.
   *
   * @param connector opens the connection
   * @param stack where to connect and what to negotiate
   * @return the session, to be closed
   * @throws UpgradeException if the peer or the way to it failed
   * @throws IOException if the thread was interrupted
   */
  public static LdapSession connect(NettyConnector connector, LayerStack stack) throws IOException {
    return connect(connector, stack, LdapSessionOptions.DEFAULTS);
  }

  /**
   * Connects, brings the layers up, and waits for it.
   *
   * @param connector opens the connection
   * @param stack where to connect and what to negotiate
   * @param options what the session may choose
   * @return the session, to be closed
   * @throws UpgradeException if the peer or the way to it failed
   * @throws IOException if the thread was interrupted
   */
  public static LdapSession connect(
      NettyConnector connector, LayerStack stack, LdapSessionOptions options) throws IOException {
    return await(() -> connectAsync(connector, stack, options));
  }

  /**
   * Connects and brings the layers up.
   *
   * @param connector opens the connection
   * @param stack where to connect and what to negotiate
   * @param options what the session may choose
   * @return completes with the session, to be closed
   */
  public static CompletableFuture<LdapSession> connectAsync(
      NettyConnector connector, LayerStack stack, LdapSessionOptions options) {
    LdapDialogue dialogue = new LdapDialogue(options);
    return Opening.of(connector.connectAsync(stack, dialogue), () -> new LdapSession(dialogue));
  }

  /**
   * Binds by name and password (RFC 4513, 5.1.3) and waits for the outcome.
   *
   * @param dn the name, not empty
   * @param password the password, not empty; open until this returns. It is sent in UTF-8 as it is
   * @return the server's result, which is success; it may have something to say
   * @throws UpgradeException.PeerRefused if the server says no; the session goes on
   * @throws UpgradeException if the session is over, or ends over it
   * @throws IllegalStateException if the connection is not under TLS with a verified server, unless
   *     the options allow that by name
   * @throws IllegalArgumentException if name or password are empty, too long, or contain CR, LF or
   *     NUL. A name without a password would be no authentication, whatever the server answers (RFC
   *     4513, 5.1.2)
   * @throws IOException if this side had closed the session, or the thread was interrupted
   */
  public LdapResult bind(String dn, Secret password) throws IOException {
    return await(() -> bindAsync(dn, password));
  }

  /**
   * Binds by name and password.
   *
   * @param dn the name, not empty
   * @param password the password, not empty; it may be closed when this has returned
   * @return completes with the server's result, or fails as {@link #bind} does
   */
  public CompletableFuture<LdapResult> bindAsync(String dn, Secret password) {
    if (dn.isEmpty()) {
      throw new IllegalArgumentException("expected a name, got an empty one: bindAnonymously()");
    }
    requireName(dn);
    requireDiscretion("a simple bind");
    return dialogue.call(new SimpleBind(BindRequest.simple(dn, encoded(password))));
  }

  private static void requireName(String dn) {
    Message.requireOneLine(dn);
    if (dn.length() > MAX_NAME) {
      throw new IllegalArgumentException("expected a name of at most " + MAX_NAME + " characters");
    }
  }

  /** The password in UTF-8; no exception quotes it. */
  private static byte[] encoded(Secret password) {
    char[] characters = password.value();
    if (characters.length == 0 || characters.length > MAX_PASSWORD) {
      throw new IllegalArgumentException(
          "expected a password of 1 to " + MAX_PASSWORD + " characters");
    }
    for (char c : characters) {
      if (c == '\r' || c == '\n' || c == 0) {
        throw new IllegalArgumentException("expected a password without CR, LF and NUL");
      }
    }
    CharsetEncoder encoder = StandardCharsets.UTF_8.newEncoder();
    ByteBuffer bytes = ByteBuffer.allocate((int) (encoder.maxBytesPerChar() * characters.length));
    CoderResult result = encoder.encode(CharBuffer.wrap(characters), bytes, true);
    byte[] encoded = Arrays.copyOf(bytes.array(), bytes.position());
    Arrays.fill(bytes.array(), (byte) 0);
    if (result.isError()) {
      Arrays.fill(encoded, (byte) 0);
      throw new IllegalArgumentException("expected a password of whole characters");
    }
    return encoded;
  }

  /**
   * Binds anonymously (RFC 4513, 5.1.1): gives back whatever an earlier bind has got.
   *
   * @return the server's result, which is success
   * @throws UpgradeException as {@link #bind}
   * @throws IOException as {@link #bind}
   */
  public LdapResult bindAnonymously() throws IOException {
    return await(() -> bindAnonymouslyAsync());
  }

  /**
   * Binds anonymously.
   *
   * @return completes with the server's result, or fails as {@link #bind} does
   */
  public CompletableFuture<LdapResult> bindAnonymouslyAsync() {
    return dialogue.call(new SimpleBind(BindRequest.simple("", new byte[0])));
  }

  /**
   * Binds by SASL (RFC 4513, 5.2), by the strongest mechanism that the server offers and that fits,
   * and waits for the outcome. What it offers is read from the root DSE, on this connection. If it
   * tells nothing there before a bind, the one mechanism that may be used is tried, or
   * SCRAM-SHA-256 if it is among several.
   *
   * <p>For EXTERNAL, by the certificate that this side showed, give {@link
   * SaslCredentials#external()}; nothing is read then.
   *
   * @param credentials who, by what; open until this returns
   * @return the mechanism
   * @throws UpgradeException.PeerRefused if the server says no, or offers nothing that fits; the
   *     session goes on
   * @throws UpgradeException if the session is over, or ends over it: a server that says yes before
   *     it proved what the mechanism demands is not the one it should be
   * @throws IllegalArgumentException if SASLprep prohibits a character of user or password
   * @throws IOException if this side had closed the session, or the thread was interrupted
   */
  public SaslMechanism authenticate(SaslCredentials credentials) throws IOException {
    return authenticate(credentials, SaslPreference.strongest());
  }

  /**
   * Binds by SASL, by a mechanism of the caller's preference, and waits for the outcome.
   *
   * @param credentials who, by what; open until this returns
   * @param preference which mechanisms may be used
   * @return the mechanism
   * @throws UpgradeException as {@link #authenticate(SaslCredentials)}
   * @throws IOException as {@link #authenticate(SaslCredentials)}
   */
  public SaslMechanism authenticate(SaslCredentials credentials, SaslPreference preference)
      throws IOException {
    return await(() -> authenticateAsync(credentials, preference));
  }

  /**
   * Binds by SASL, by a mechanism of the caller's preference.
   *
   * @param credentials who, by what; open until the future completes
   * @param preference which mechanisms may be used
   * @return completes with the mechanism, or fails as {@link #authenticate(SaslCredentials)} does
   */
  public CompletableFuture<SaslMechanism> authenticateAsync(
      SaslCredentials credentials, SaslPreference preference) {
    if (!(credentials instanceof SaslCredentials.External)) {
      requireDiscretion("a SASL bind");
    }
    boolean exposing = dialogue.options().exposesSecretsWithoutVerifiedTls();
    SaslBind bind =
        new SaslBind(
            credentials,
            exposing ? preference.exposingSecretsWithoutVerifiedTls() : preference,
            channel());
    bind.prepare();
    return dialogue.call(bind);
  }

  private void requireDiscretion(String what) {
    SaslChannel channel = channel();
    if (!channel.isVerified() && !dialogue.options().exposesSecretsWithoutVerifiedTls()) {
      throw new IllegalStateException(
          "expected a verified server under TLS for " + what + ", got " + channel);
    }
  }

  /** What mechanisms may know of the connection. Behind a proxy, its TLS is nobody's secret. */
  private SaslChannel channel() {
    Connection connection = connection();
    Optional<TlsFacts> tls = connection.tls();
    if (tls.isEmpty() || connection.security() != Security.ORIGIN) {
      return SaslChannel.plaintext();
    }
    List<X509Certificate> chain = tls.get().peerChain();
    SaslChannel channel = chain.isEmpty() ? SaslChannel.tls() : SaslChannel.tls(chain.get(0));
    return tls.get().verification() == Verification.CHAIN_AND_NAME
        ? channel
        : channel.notVerified();
  }

  /**
   * Asks the server whom it takes this side for (RFC 4532), and waits for the answer.
   *
   * @return an authorization identity (RFC 4513, 5.2.1.8), for instance {@code
   *     dn:uid=anna,dc=example,dc=net}; empty for an anonymous one
   * @throws UpgradeException.PeerRefused if the server says no; the session goes on
   * @throws UpgradeException if the session is over, or ends over it
   * @throws IOException if this side had closed the session, or the thread was interrupted
   */
  public String whoAmI() throws IOException {
    return await(() -> whoAmIAsync());
  }

  /**
   * Asks the server whom it takes this side for.
   *
   * @return completes with an authorization identity, or fails as {@link #whoAmI} does
   */
  public CompletableFuture<String> whoAmIAsync() {
    return dialogue.call(new WhoAmI());
  }

  /**
   * Reads what the server tells of itself, and waits for it. Some servers tell it only after a
   * bind.
   *
   * @return the root DSE, without an attribute if the server shows none
   * @throws UpgradeException.PeerRefused if the server says no; the session goes on
   * @throws UpgradeException if the session is over, or ends over it
   * @throws IOException if this side had closed the session, or the thread was interrupted
   */
  public RootDse rootDse() throws IOException {
    return await(() -> rootDseAsync());
  }

  /**
   * Reads what the server tells of itself.
   *
   * @return completes with the root DSE, or fails as {@link #rootDse} does
   */
  public CompletableFuture<RootDse> rootDseAsync() {
    return dialogue.call(new RootDseRead());
  }

  /**
   * Says goodbye behind all operations, and closes. Waits until the connection is gone.
   *
   * @throws IOException if the thread was interrupted
   */
  public void unbind() throws IOException {
    await(() -> unbindAsync());
  }

  /**
   * Says goodbye behind all operations, and closes.
   *
   * @return completes when the connection is gone, never with a failure
   */
  public CompletableFuture<Void> unbindAsync() {
    return dialogue.unbind();
  }

  /**
   * The connection.
   *
   * @return the connection with its layers
   */
  public Connection connection() {
    return dialogue.connection();
  }

  /**
   * Whether operations are taken. That it is true promises nothing: the server may go at any
   * moment.
   *
   * @return false once the session is over, or about to say goodbye
   */
  public boolean isOpen() {
    return dialogue.isOpen();
  }

  /**
   * Why the session is over.
   *
   * @return what ended it; empty if it is open or was closed by this side
   */
  public Optional<UpgradeException> failure() {
    return dialogue.failure();
  }

  /** Closes at once and returns at once; operations that are under way break off. */
  @Override
  public void close() {
    dialogue.close();
  }

  /**
   * Closes at once; operations that are under way break off.
   *
   * @return completes when the connection is gone
   */
  public CompletableFuture<Void> closeAsync() {
    return dialogue.close();
  }

  private static <T> T await(Supplier<CompletableFuture<T>> operation) throws IOException {
    return Blocking.await(NettyConnector.isEventLoop(), operation);
  }

  @Override
  public String toString() {
    return connection().toString();
  }
}
