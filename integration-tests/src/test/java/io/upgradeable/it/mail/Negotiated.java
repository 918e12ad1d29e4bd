package io.upgradeable.it.mail;

import io.upgradeable.Connection;
import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.Security;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.smtp.Smtp;
import io.upgradeable.smtp.SmtpDialect;
import io.upgradeable.smtp.SmtpOpportunisticResult;
import io.upgradeable.smtp.SmtpOptions;
import io.upgradeable.smtp.SmtpResult;
import io.upgradeable.tls.ImplicitTls;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.util.Optional;

/**
 * What a negotiation with a server came to. The connection is closed.
 *
 * @param result what the negotiation found
 * @param tls what is known of TLS, if there is any
 * @param security how far TLS protects
 */
record Negotiated<R>(R result, Optional<TlsFacts> tls, Security security) {

  static Negotiated<SmtpResult> smtp(Endpoint peer, TlsPolicy policy) throws IOException {
    return through(LayerStack.tcp(peer), Smtp.client(peer, policy));
  }

  static Negotiated<SmtpResult> lmtp(Endpoint peer, TlsPolicy policy) throws IOException {
    SmtpOptions options = SmtpOptions.DEFAULTS.withDialect(SmtpDialect.LMTP);
    return through(LayerStack.tcp(peer), Smtp.client(peer, policy, options));
  }

  static Negotiated<SmtpResult> smtpOverTls(Endpoint peer, TlsPolicy policy) throws IOException {
    return through(
        LayerStack.tcp(peer).then(ImplicitTls.client(peer, policy)),
        Smtp.clientOverTls(SmtpOptions.DEFAULTS));
  }

  static Negotiated<SmtpOpportunisticResult> opportunistic(Endpoint peer, TlsPolicy policy)
      throws IOException {
    return through(
        LayerStack.tcp(peer), Smtp.opportunisticClient(peer, policy, SmtpOptions.DEFAULTS));
  }

  private static <R> Negotiated<R> through(LayerStack below, Layer<R> layer) throws IOException {
    try (NettyConnector connector = NettyConnector.builder().threads(1).build();
        Connection connection = connector.connect(below.then(layer))) {
      return new Negotiated<>(connection.result(layer), connection.tls(), connection.security());
    }
  }
}
