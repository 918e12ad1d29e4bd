package io.upgradeable.netty;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import io.upgradeable.Endpoint;
import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.Role;
import io.upgradeable.negotiation.Step;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.negotiation.TlsFacts.Verification;
import io.upgradeable.negotiation.UnreadPolicy;
import io.upgradeable.tls.ClientAuthentication;
import io.upgradeable.tls.InvalidTlsConfigurationException;
import io.upgradeable.tls.TlsPolicy;
import java.lang.reflect.InvocationTargetException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * THE hook: the only place where plaintext turns into TLS, for every protocol, both roles, early
 * and late, over plain TCP and inside other TLS.
 *
 * <p>It owns the invariant of the product: no plaintext byte crosses the upgrade. In one tick of
 * the event loop it looks at the unread bytes, sends the last plaintext of this side, and puts the
 * engine directly below the driver:
 *
 * <pre>
 *   before   head - ... - driver
 *   after    head - ... - guard - engine - driver
 * </pre>
 *
 * <p>The guard of the handshake leaves when it ends; a JDK engine gets another one then, for what
 * it would allow later ({@link OverheadGuard}).
 *
 * <p>Unread bytes either fail the connection or are the beginning of the peer's handshake and go
 * into the engine. They are never kept, never dropped silently, never parsed as plaintext.
 *
 * <p>The engine is prepared before the negotiation may send its request, so that a bad
 * configuration fails without touching the peer. It is inserted without Netty's {@code startTls}
 * mode, which lets the first flush after the handshake leave in plaintext.
 */
final class TlsUpgrade {

  /** What became of the upgrade. Exactly one method is called, on the event loop. */
  interface Outcome {
    /** The handshake is finished and the peer verified. */
    void secured(TlsFacts facts);

    /** Plaintext was found where only TLS may follow. */
    void plaintextInjected(int byteCount);

    /** The peer speaks no TLS here, on a connection that never carried plaintext. */
    void notTls();

    /** The peer sent more bytes than a handshake may have. */
    void handshakeTooLong(int limit);

    /** The handshake failed. */
    void handshakeFailed(Throwable cause);
  }

  /** How long close_notify may take to leave when the peer no longer reads. */
  private static final Duration CLOSE_NOTIFY_TIMEOUT = Duration.ofSeconds(2);

  private final SslHandler engine;
  private final TlsPolicy policy;
  private final Optional<String> serverName;
  private boolean started;

  private TlsUpgrade(SslHandler engine, TlsPolicy policy, Optional<String> serverName) {
    this.engine = engine;
    this.policy = policy;
    this.serverName = serverName;
  }

  /**
   * Builds the engine for one connection: identity, trust, SNI and the name to verify.
   *
   * @param peer the endpoint whose name TLS uses; empty for a server
   * @throws InvalidTlsConfigurationException if no engine can do what the policy asks
   */
  static TlsUpgrade prepare(
      TlsContexts contexts,
      TlsPolicy policy,
      Role role,
      Optional<Endpoint> peer,
      ChannelHandlerContext ctx) {
    if (policy.role() != role) {
      throw new IllegalArgumentException(
          "expected a TLS policy for the role " + role + ", got one for " + policy.role());
    }
    SslContext context = contexts.retained(policy);
    try {
      return policy.role() == Role.SERVER
          ? ofServer(context.newHandler(ctx.alloc()), policy)
          : ofClient(context, policy, peer.orElseThrow(), ctx);
    } finally {
      ReferenceCountUtil.release(context); // The engine keeps what it needs of it.
    }
  }

  private static TlsUpgrade ofServer(SslHandler handler, TlsPolicy policy) {
    return configured(handler, policy, Optional.empty(), Optional.empty());
  }

  private static TlsUpgrade ofClient(
      SslContext context, TlsPolicy policy, Endpoint peer, ChannelHandlerContext ctx) {
    String host = withoutFinalDot(peer.host());
    String verified = policy.verifyName().or(policy::serverName).orElse(host);
    // An address has no place in SNI; a name to verify is then the best that is known.
    Optional<String> own = Optional.of(peer.isAddress() ? verified : host);
    Optional<String> sent =
        policy.sendsServerName()
            ? policy.serverName().or(() -> own).filter(TlsUpgrade::isServerName)
            : Optional.empty();
    SslHandler handler = context.newHandler(ctx.alloc(), verified, peer.port());
    return configured(handler, policy, Optional.of(verified), sent);
  }

  /** RFC 6066, 3: a DNS name; no address, and nothing that the JDK would not send. */
  private static boolean isServerName(String name) {
    try {
      return !new Endpoint(name, 0).isAddress() && !new SNIHostName(name).getAsciiName().isEmpty();
    } catch (IllegalArgumentException noDnsName) {
      return false;
    }
  }

  private static String withoutFinalDot(String host) {
    return host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
  }

  private static TlsUpgrade configured(
      SslHandler handler, TlsPolicy policy, Optional<String> verified, Optional<String> sent) {
    handler.setHandshakeTimeoutMillis(0); // The driver's deadlines include the handshake.
    handler.setCloseNotifyFlushTimeoutMillis(CLOSE_NOTIFY_TIMEOUT.toMillis());
    SSLEngine engine = handler.engine();
    try {
      // Left alone, engines send the name to verify, and only if it has a dot.
      boolean byItself = sent.equals(verified) && sent.filter(n -> n.indexOf('.') > 0).isPresent();
      boolean setNames = verified.isPresent() && !byItself && (isJdk(engine) || sent.isPresent());
      boolean setGroups = isJdk(engine) && !policy.groups().isEmpty();
      if (setNames || setGroups) {
        SSLParameters parameters = parameters(engine, policy);
        if (setNames) {
          parameters.setServerNames(
              sent.<List<SNIServerName>>map(n -> List.of(new SNIHostName(n))).orElse(List.of()));
        }
        if (setGroups) {
          setNamedGroups(parameters, policy.groups());
        }
        engine.setSSLParameters(parameters);
      }
      return new TlsUpgrade(handler, policy, sent);
    } catch (RuntimeException e) {
      ReferenceCountUtil.release(engine);
      throw e;
    }
  }

  /**
   * The engine's parameters, to be changed. OpenSSL's go without its cipher suites and versions,
   * which stay as they are then: to read and to set them again takes longer than all the rest.
   */
  private static SSLParameters parameters(SSLEngine engine, TlsPolicy policy) {
    if (isJdk(engine)) {
      return engine.getSSLParameters();
    }
    SSLParameters parameters = new SSLParameters();
    parameters.setEndpointIdentificationAlgorithm(TlsContexts.endpointIdentification(policy));
    return parameters;
  }

  /** {@code SSLParameters.setNamedGroups} exists since JDK 20. */
  private static void setNamedGroups(SSLParameters parameters, List<String> groups) {
    try {
      SSLParameters.class
          .getMethod("setNamedGroups", String[].class)
          .invoke(parameters, (Object) groups.toArray(String[]::new));
    } catch (NoSuchMethodException | IllegalAccessException e) {
      throw new InvalidTlsConfigurationException(
          "expected the OpenSSL engine or JDK 20 or newer for a choice of groups, got the engine of"
              + " JDK "
              + Runtime.version().feature(),
          e);
    } catch (InvocationTargetException e) {
      throw new InvalidTlsConfigurationException(
          "expected groups that the JDK engine knows, got " + groups, e);
    }
  }

  /**
   * The switch. Called on the event loop by the driver, in the tick in which its negotiation
   * decided.
   *
   * @param driver the driver's own context; the engine goes directly below it
   * @param step the last plaintext of this side, and the policy for unread bytes
   * @param unread the peer's bytes that the negotiation left; empty afterwards
   * @param afterPlaintext whether the peer has sent plaintext on this level before
   * @param handshakeBytes how many bytes the peer may send until the handshake is finished
   */
  void start(
      ChannelHandlerContext driver,
      Step.StartTls<?> step,
      UnreadBytes unread,
      boolean afterPlaintext,
      int handshakeBytes,
      Outcome outcome) {
    int count = unread.length();
    if (count > 0 && step.unread() == UnreadPolicy.REJECT) {
      unread.clear();
      outcome.plaintextInjected(count);
      return;
    }
    // Below TLS, and in a segment of its own: peers exist that lose a handshake which shares it.
    send(driver, step.finalPlaintext());

    HandshakeGuard guard =
        new HandshakeGuard(policy.role(), handshakeBytes, new AlarmOf(outcome, afterPlaintext));
    ChannelPipeline pipeline = driver.pipeline();
    started = true;
    pipeline.addBefore(driver.name(), null, guard);
    ChannelHandlerContext guardContext = pipeline.context(guard);
    pipeline.addBefore(driver.name(), null, engine);
    engine
        .handshakeFuture()
        .addListener(
            future -> {
              if (!guardContext.isRemoved()) {
                pipeline.remove(guard);
              }
              if (!future.isSuccess()) {
                outcome.handshakeFailed(future.cause());
                return;
              }
              TlsFacts negotiated;
              try {
                watch(pipeline, driver, handshakeBytes);
                negotiated = facts(guard.group());
              } catch (RuntimeException | Error e) {
                outcome.handshakeFailed(e); // Netty would log it, and the driver wait on.
                return;
              }
              outcome.secured(negotiated);
            });
    if (count > 0) {
      // Through the guard, which lets nothing pass that is no TLS record.
      guard.channelRead(guardContext, Unpooled.wrappedBuffer(unread.takeAll()));
      guardContext.fireChannelReadComplete();
    }
  }

  /** What the JDK's engine would let a peer do after the handshake. */
  private void watch(ChannelPipeline pipeline, ChannelHandlerContext driver, int limit) {
    if (isJdk(engine.engine()) && !driver.isRemoved()) {
      OverheadGuard guard = new OverheadGuard(engine.engine(), limit);
      pipeline.addBefore(pipeline.context(engine).name(), null, guard);
      pipeline.addBefore(driver.name(), null, guard.above());
    }
  }

  private static void send(ChannelHandlerContext driver, Message message) {
    if (message.length() > 0) {
      driver.writeAndFlush(Unpooled.wrappedBuffer(message.bytes()));
    }
  }

  private record AlarmOf(Outcome outcome, boolean afterPlaintext) implements HandshakeGuard.Alarm {
    @Override
    public void notTls(int byteCount) {
      if (afterPlaintext) {
        outcome.plaintextInjected(byteCount);
      } else {
        outcome.notTls();
      }
    }

    @Override
    public void tooManyBytes(int limit) {
      outcome.handshakeTooLong(limit);
    }
  }

  /** Releases an engine that was prepared and never used. */
  void discard() {
    if (!started) {
      started = true;
      ReferenceCountUtil.release(engine.engine());
    }
  }

  /** Whether a user event is the peer's close_notify of this very engine, not of one beneath. */
  boolean isPeersCloseNotify(Object event) {
    return event instanceof SslCloseCompletionEvent && peerClosedCleanly();
  }

  /** Whether the peer ended its side with close_notify. */
  boolean peerClosedCleanly() {
    return engine.sslCloseFuture().isSuccess();
  }

  /** Sends close_notify and nothing after it; reading goes on. */
  ChannelFuture closeOutbound() {
    return engine.closeOutbound();
  }

  private TlsFacts facts(Optional<String> group) {
    SSLEngine ssl = engine.engine();
    SSLSession session = ssl.getSession();
    // An engine that has none throws, which costs more than all the rest of this.
    List<X509Certificate> chain = asksForCertificate() ? peerChain(session) : List.of();
    return new TlsFacts(
        session.getProtocol(),
        session.getCipherSuite(),
        group,
        Optional.ofNullable(emptyToNull(engine.applicationProtocol())),
        chain,
        certificates(session.getLocalCertificates()),
        verification(chain),
        policy.role() == Role.CLIENT ? serverName : requestedServerName(session),
        isJdk(ssl) ? "JDK" : "OpenSSL");
  }

  private boolean asksForCertificate() {
    return policy.role() == Role.CLIENT
        || policy.clientAuthentication() != ClientAuthentication.NONE;
  }

  private Verification verification(List<X509Certificate> chain) {
    if (chain.isEmpty()) {
      return Verification.NO_CERTIFICATE;
    }
    if (!policy.verifiesPeer()) {
      return Verification.NOT_VERIFIED;
    }
    return policy.checksName() ? Verification.CHAIN_AND_NAME : Verification.CHAIN;
  }

  private static List<X509Certificate> peerChain(SSLSession session) {
    try {
      return certificates(session.getPeerCertificates());
    } catch (SSLPeerUnverifiedException noCertificate) {
      return List.of();
    }
  }

  private static List<X509Certificate> certificates(Certificate @Nullable [] chain) {
    List<X509Certificate> certificates = new ArrayList<>();
    if (chain != null) {
      for (Certificate certificate : chain) {
        if (certificate instanceof X509Certificate x509) {
          certificates.add(x509);
        }
      }
    }
    return certificates;
  }

  private static Optional<String> requestedServerName(SSLSession session) {
    if (session instanceof ExtendedSSLSession extended) {
      try {
        for (SNIServerName name : extended.getRequestedServerNames()) {
          if (name instanceof SNIHostName host) {
            return Optional.of(host.getAsciiName());
          }
        }
      } catch (UnsupportedOperationException notKept) {
        return Optional.empty();
      } catch (IllegalArgumentException noName) {
        return Optional.empty(); // OpenSSL's engine does not look at names before it is asked.
      }
    }
    return Optional.empty();
  }

  private static boolean isJdk(SSLEngine engine) {
    return !engine.getClass().getName().contains("OpenSsl");
  }

  private static @Nullable String emptyToNull(@Nullable String text) {
    return text == null || text.isEmpty() ? null : text;
  }
}
