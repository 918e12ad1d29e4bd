package io.upgradeable.netty;

import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.OpenSslContextOption;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import io.netty.util.ReferenceCountUtil;
import io.upgradeable.negotiation.Role;
import io.upgradeable.tls.InvalidTlsConfigurationException;
import io.upgradeable.tls.TlsEngine;
import io.upgradeable.tls.TlsIdentity;
import io.upgradeable.tls.TlsPolicy;
import io.upgradeable.tls.TlsVersion;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * The engines' contexts, one per policy, built once and shared by all connections of a connector or
 * acceptor. Part of the hook: with {@link TlsUpgrade} the only user of Netty's TLS.
 *
 * <p>Thread-safe.
 */
final class TlsContexts {

  /**
   * How many policies one connector or acceptor keeps ready; beyond, the one unused for longest is
   * dropped.
   */
  private static final int MAX_CONTEXTS = 64;

  /** RFC 8446 sets no bound on a certificate message; nobody honest needs more. */
  private static final int MAX_CERTIFICATE_LIST_BYTES = 64 * 1024;

  /**
   * RFC 9325, 4.2: forward secrecy and authenticated encryption only. Engines would also negotiate
   * RSA key transport and CBC with TLS 1.2.
   */
  private static final List<String> CIPHER_SUITES =
      List.of(
          "TLS_AES_128_GCM_SHA256",
          "TLS_AES_256_GCM_SHA384",
          "TLS_CHACHA20_POLY1305_SHA256",
          "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
          "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
          "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
          "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
          "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
          "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");

  /** Engines keep 20480 sessions of 24 hours unless told; a peer decides how large each is. */
  private static final int MAX_SESSIONS = 64;

  private static final Duration SESSION_LIFETIME = Duration.ofHours(1);

  private final Map<TlsPolicy, SslContext> contexts = new LinkedHashMap<>(16, 0.75f, true);
  private boolean closed;

  /**
   * The context of a policy, retained for the caller, who releases it.
   *
   * @throws InvalidTlsConfigurationException if no engine can do what the policy asks
   */
  SslContext retained(TlsPolicy policy) {
    synchronized (contexts) { // No I/O in here: everything was read when the policy was built.
      if (closed) {
        throw new IllegalStateException("closed");
      }
      SslContext context = contexts.get(policy);
      if (context == null) {
        context = build(policy);
        contexts.put(policy, context);
        if (contexts.size() > MAX_CONTEXTS) {
          TlsPolicy oldest = contexts.keySet().iterator().next();
          ReferenceCountUtil.release(contexts.remove(oldest));
        }
      }
      ReferenceCountUtil.retain(context);
      return context;
    }
  }

  /** Releases the contexts; connections that use them keep them alive. */
  void close() {
    synchronized (contexts) {
      closed = true;
      contexts.values().forEach(ReferenceCountUtil::release);
      contexts.clear();
    }
  }

  private static SslContext build(TlsPolicy policy) {
    SslProvider provider = provider(policy);
    SslContextBuilder builder =
        policy.role() == Role.CLIENT
            ? SslContextBuilder.forClient()
            : serverBuilder(identity(policy));
    builder
        .sslProvider(provider)
        .trustManager(
            provider == SslProvider.JDK
                ? policy.trustManager()
                : new OpenSslAlerts(policy.trustManager()))
        .protocols(versions(policy))
        .ciphers(CIPHER_SUITES, SupportedCipherSuiteFilter.INSTANCE)
        .sessionCacheSize(MAX_SESSIONS)
        .sessionTimeout(SESSION_LIFETIME.toSeconds());
    if (policy.role() == Role.CLIENT) {
      policy.identity().ifPresent(id -> builder.keyManager(id.privateKey(), id.chain()));
      builder.endpointIdentificationAlgorithm(endpointIdentification(policy));
    } else {
      builder.clientAuth(
          switch (policy.clientAuthentication()) {
            case NONE -> ClientAuth.NONE;
            case OPTIONAL -> ClientAuth.OPTIONAL;
            case REQUIRED -> ClientAuth.REQUIRE;
          });
    }
    List<String> protocols = policy.applicationProtocols();
    if (!protocols.isEmpty()) {
      builder.applicationProtocolConfig(
          new ApplicationProtocolConfig(
              Protocol.ALPN,
              SelectorFailureBehavior.NO_ADVERTISE,
              SelectedListenerFailureBehavior.ACCEPT,
              protocols));
    }
    if (provider == SslProvider.OPENSSL_REFCNT) {
      builder.option(OpenSslContextOption.MAX_CERTIFICATE_LIST_BYTES, MAX_CERTIFICATE_LIST_BYTES);
      if (!policy.groups().isEmpty()) {
        builder.option(OpenSslContextOption.GROUPS, policy.groups().toArray(String[]::new));
      }
    }
    try {
      return builder.build();
    } catch (SSLException | IllegalArgumentException e) {
      throw new InvalidTlsConfigurationException(
          "expected a TLS policy that the "
              + (provider == SslProvider.JDK ? "JDK" : "OpenSSL")
              + " engine can carry out, got: "
              + e.getMessage(),
          e);
    }
  }

  /** The engine's own check of the name, besides ours. */
  static @Nullable String endpointIdentification(TlsPolicy policy) {
    return policy.checksName() ? "HTTPS" : null;
  }

  private static SslContextBuilder serverBuilder(TlsIdentity identity) {
    return SslContextBuilder.forServer(
        identity.privateKey(), identity.chain().toArray(X509Certificate[]::new));
  }

  private static TlsIdentity identity(TlsPolicy policy) {
    Optional<TlsIdentity> identity = policy.identity();
    return identity.orElseThrow(
        () -> new InvalidTlsConfigurationException("expected a certificate for the server role"));
  }

  private static List<String> versions(TlsPolicy policy) {
    return Arrays.stream(TlsVersion.values())
        .filter(v -> v.compareTo(policy.minimumVersion()) >= 0)
        .filter(v -> v.compareTo(policy.maximumVersion()) <= 0)
        .map(TlsVersion::jdkName)
        .toList();
  }

  private static SslProvider provider(TlsPolicy policy) {
    // Netty's OpenSSL engine takes the name in SNI from the peer's host and cannot leave it out.
    boolean withoutName = policy.role() == Role.CLIENT && !policy.sendsServerName();
    // Nor does its key manager know Ed25519 (RFC 8422): each handshake would fail.
    boolean edwards =
        policy.identity().filter(id -> id.privateKey().getAlgorithm().startsWith("Ed")).isPresent();
    boolean jdkOnly = withoutName || edwards;
    if (policy.engine() == TlsEngine.OPENSSL) {
      if (jdkOnly) {
        throw new InvalidTlsConfigurationException(
            "expected the JDK engine for TLS "
                + (withoutName ? "without SNI" : "with an Ed25519 or Ed448 key")
                + ", got OPENSSL");
      }
      if (!openSslIsAvailable()) {
        throw new InvalidTlsConfigurationException(
            "expected netty-tcnative on the path for the OPENSSL engine, got none that loads here");
      }
      return SslProvider.OPENSSL_REFCNT;
    }
    boolean jdk = policy.engine() == TlsEngine.JDK || jdkOnly || !openSslIsAvailable();
    return jdk ? SslProvider.JDK : SslProvider.OPENSSL_REFCNT;
  }

  private static boolean openSslIsAvailable() {
    return OpenSsl.isAvailable();
  }
}
