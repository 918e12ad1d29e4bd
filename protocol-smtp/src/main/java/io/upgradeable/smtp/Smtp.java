package io.upgradeable.smtp;

import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.tls.TlsPolicy;
import io.upgradeable.tls.TlsRequirement;
import java.util.function.Supplier;

/** SMTP as layers, ready to be put on a stack or given to a server. */
public final class Smtp {

  /** Relay of mail between servers (RFC 5321). */
  public static final int RELAY_PORT = 25;

  /** Submission by users, upgraded by STARTTLS (RFC 6409). */
  public static final int SUBMISSION_PORT = 587;

  /** Submission by users over implicit TLS (RFC 8314). */
  public static final int SUBMISSIONS_PORT = 465;

  /** Delivery by LMTP, where it has a port at all (RFC 2033). */
  public static final int LMTP_PORT = 24;

  private Smtp() {}

  /**
   * A client that begins in plaintext and upgrades, or fails.
   *
   * @param peer the server, by the name that its certificate must carry
   * @param policy how TLS is to be
   * @return the layer
   */
  public static Layer<SmtpResult> client(Endpoint peer, TlsPolicy policy) {
    return client(peer, policy, SmtpOptions.DEFAULTS);
  }

  /**
   * A client that begins in plaintext and upgrades, or fails.
   *
   * @param peer the server, by the name that its certificate must carry
   * @param policy how TLS is to be
   * @param options what the client may choose
   * @return the layer
   */
  public static Layer<SmtpResult> client(Endpoint peer, TlsPolicy policy, SmtpOptions options) {
    return Layer.of(options.dialect().layerName(), () -> SmtpUpgrade.startTls(options))
        .target(peer)
        .tls(policy)
        .build();
  }

  /**
   * A client that begins in plaintext and stays there if the server does not offer STARTTLS or
   * refuses it. This protects against nobody who can change bytes on the way; the result says how
   * it went. Once TLS has begun there is no way back: a certificate that is not accepted fails the
   * connection.
   *
   * @param peer the server, by the name that its certificate must carry
   * @param policy how TLS is to be
   * @param options what the client may choose
   * @return the layer
   */
  public static Layer<SmtpOpportunisticResult> opportunisticClient(
      Endpoint peer, TlsPolicy policy, SmtpOptions options) {
    return Layer.of(options.dialect().layerName(), () -> SmtpUpgrade.opportunistic(options))
        .target(peer)
        .tls(policy)
        .tlsRequirement(TlsRequirement.OPPORTUNISTIC)
        .build();
  }

  /**
   * A client for a stack that is under TLS already: put it on {@link
   * io.upgradeable.tls.ImplicitTls#client}.
   *
   * @param options what the client may choose
   * @return the layer
   */
  public static Layer<SmtpResult> clientOverTls(SmtpOptions options) {
    return Layer.of(options.dialect().layerName(), () -> SmtpUpgrade.overTls(options)).build();
  }

  /**
   * A server that begins in plaintext and upgrades.
   *
   * @param policy gives the policy in force; asked once per connection
   * @param options what the server may choose
   * @return the layer
   */
  public static Layer<SmtpServerResult> server(
      Supplier<TlsPolicy> policy, SmtpServerOptions options) {
    return Layer.of(options.dialect().layerName(), () -> SmtpServerUpgrade.startTls(options))
        .tls(policy)
        .build();
  }

  /**
   * A server for connections that are under TLS already: put it on {@link
   * io.upgradeable.tls.ImplicitTls#server(Supplier)}.
   *
   * @param options what the server may choose
   * @return the layer
   */
  public static Layer<SmtpServerResult> serverOverTls(SmtpServerOptions options) {
    return Layer.of(options.dialect().layerName(), () -> SmtpServerUpgrade.overTls(options))
        .build();
  }
}
