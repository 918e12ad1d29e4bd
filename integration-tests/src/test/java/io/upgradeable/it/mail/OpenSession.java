package io.upgradeable.it.mail;

import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.smtp.Smtp;
import io.upgradeable.smtp.SmtpDialect;
import io.upgradeable.smtp.SmtpObserver;
import io.upgradeable.smtp.SmtpOpportunisticResult;
import io.upgradeable.smtp.SmtpOptions;
import io.upgradeable.smtp.SmtpResult;
import io.upgradeable.smtp.SmtpSession;
import io.upgradeable.smtp.SmtpSessionOptions;
import io.upgradeable.tls.ImplicitTls;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A session with a server, and what it runs on.
 *
 * @param session the session
 * @param commands what it has said so far, without secrets and content
 * @param connector closed with this
 */
record OpenSession(SmtpSession session, List<String> commands, NettyConnector connector)
    implements AutoCloseable {

  private interface Opening {
    SmtpSession with(NettyConnector connector, SmtpSessionOptions options) throws IOException;
  }

  static OpenSession smtp(Endpoint peer, TlsPolicy policy) throws IOException {
    return smtp(peer, policy, SmtpSessionOptions.DEFAULTS);
  }

  static OpenSession smtp(Endpoint peer, TlsPolicy policy, SmtpSessionOptions options)
      throws IOException {
    Layer<SmtpResult> smtp = Smtp.client(peer, policy);
    LayerStack stack = LayerStack.tcp(peer).then(smtp);
    return open((connector, all) -> SmtpSession.connect(connector, stack, smtp, all), options);
  }

  static OpenSession lmtp(Endpoint peer, TlsPolicy policy, SmtpSessionOptions options)
      throws IOException {
    Layer<SmtpResult> lmtp =
        Smtp.client(peer, policy, SmtpOptions.DEFAULTS.withDialect(SmtpDialect.LMTP));
    LayerStack stack = LayerStack.tcp(peer).then(lmtp);
    return open((connector, all) -> SmtpSession.connect(connector, stack, lmtp, all), options);
  }

  static OpenSession smtpOverTls(Endpoint peer, TlsPolicy policy) throws IOException {
    Layer<SmtpResult> smtp = Smtp.clientOverTls(SmtpOptions.DEFAULTS);
    LayerStack stack = LayerStack.tcp(peer).then(ImplicitTls.client(peer, policy)).then(smtp);
    return open(
        (connector, all) -> SmtpSession.connect(connector, stack, smtp, all),
        SmtpSessionOptions.DEFAULTS);
  }

  static OpenSession opportunistic(Endpoint peer, TlsPolicy policy) throws IOException {
    Layer<SmtpOpportunisticResult> smtp =
        Smtp.opportunisticClient(peer, policy, SmtpOptions.DEFAULTS);
    LayerStack stack = LayerStack.tcp(peer).then(smtp);
    return open(
        (connector, all) -> SmtpSession.connectOpportunistic(connector, stack, smtp, all),
        SmtpSessionOptions.DEFAULTS);
  }

  private static OpenSession open(Opening opening, SmtpSessionOptions options) throws IOException {
    List<String> commands = new CopyOnWriteArrayList<>();
    SmtpObserver noting =
        new SmtpObserver() {
          @Override
          public void command(String line) {
            commands.add(line);
          }
        };
    NettyConnector connector = NettyConnector.builder().threads(1).build();
    try {
      SmtpSession session = opening.with(connector, options.withObserver(noting));
      return new OpenSession(session, commands, connector);
    } catch (IOException | RuntimeException e) {
      connector.close();
      throw e;
    }
  }

  @Override
  public void close() {
    session.close();
    connector.close();
  }
}
