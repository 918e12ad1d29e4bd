package io.upgradeable.bench;

import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.smtp.Smtp;
import io.upgradeable.smtp.SmtpResult;
import io.upgradeable.smtp.SmtpSession;
import io.upgradeable.smtp.SmtpSessionOptions;
import io.upgradeable.tls.TlsPolicy;
import java.util.Collections;
import java.util.concurrent.CompletableFuture;

/**
 * Many STARTTLS probes in one process: greeting, EHLO, STARTTLS, the certificate checked, EHLO,
 * QUIT; one event loop, one TLS context.
 */
final class ManyProbes implements Load.Work {

  private final NettyConnector connector = NettyConnector.builder().threads(1).build();
  private final Load load;
  private final TlsPolicy policy;

  private ManyProbes(Load load) {
    this.load = load;
    policy = TlsPolicy.client().trustFile(load.authority()).build();
  }

  /**
   * Runs a load.
   *
   * @param args see {@link Load}
   * @throws Exception if the work cannot be done
   */
  public static void main(String[] args) throws Exception {
    Load.measure(ManyProbes::new, args);
  }

  @Override
  public int run(int units) {
    return Lanes.async(units, Collections.nCopies(load.atOnce(), this::probe));
  }

  private CompletableFuture<Boolean> probe() {
    Layer<SmtpResult> layer = Smtp.client(Endpoint.of("localhost", load.peer().port()), policy);
    return SmtpSession.connectAsync(
            connector, LayerStack.tcp(load.peer()).then(layer), layer, SmtpSessionOptions.DEFAULTS)
        .thenCompose(
            session ->
                session.quitAsync().thenApply(gone -> session.connection().tls().isPresent()))
        .exceptionally(error -> false);
  }

  @Override
  public void close() {
    connector.close();
  }
}
