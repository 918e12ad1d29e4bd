package io.upgradeable.bench;

import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.smtp.ContentTransfer;
import io.upgradeable.smtp.DeliveryReport;
import io.upgradeable.smtp.Envelope;
import io.upgradeable.smtp.MailContent;
import io.upgradeable.smtp.Smtp;
import io.upgradeable.smtp.SmtpResult;
import io.upgradeable.smtp.SmtpSession;
import io.upgradeable.smtp.SmtpSessionOptions;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** Our submission: sessions that stay open, each with some messages in flight. */
final class SmtpClient implements Load.Work {

  private final NettyConnector connector = NettyConnector.builder().threads(1).build();
  private final List<SmtpSession> sessions = new ArrayList<>();
  private final Envelope envelope = Envelope.of(BenchMessage.FROM, BenchMessage.TO);
  private final MailContent content;
  private final int inFlight;

  private SmtpClient(Load load) throws IOException {
    inFlight = load.number("--in-flight");
    content = BenchMessage.content(Long.parseLong(load.text("--size")));
    TlsPolicy policy = TlsPolicy.client().trustFile(load.authority()).engine(load.engine()).build();
    Layer<SmtpResult> layer = Smtp.client(Endpoint.of("localhost", load.peer().port()), policy);
    SmtpSessionOptions options =
        SmtpSessionOptions.DEFAULTS.withTransfer(ContentTransfer.valueOf(load.text("--transfer")));
    for (int i = 0; i < load.atOnce(); i++) {
      LayerStack stack = LayerStack.tcp(load.peer()).then(layer);
      sessions.add(SmtpSession.connect(connector, stack, layer, options));
    }
  }

  /**
   * Runs a load.
   *
   * @param args see {@link Load}, and {@code --size}, {@code --transfer}, {@code --in-flight}
   * @throws Exception if the server cannot be reached, or goes
   */
  public static void main(String[] args) throws Exception {
    Load.measure(SmtpClient::new, args);
  }

  /** Keeps so many messages in flight on each session until all are reported. */
  @Override
  public int run(int units) {
    List<Supplier<CompletableFuture<Boolean>>> lanes = new ArrayList<>();
    for (SmtpSession session : sessions) {
      for (int i = 0; i < inFlight; i++) {
        lanes.add(
            () -> session.sendAsync(envelope, content).thenApply(DeliveryReport::isAcceptedForAll));
      }
    }
    return Lanes.async(units, lanes);
  }

  @Override
  public Map<String, String> facts() {
    var tls = sessions.get(0).connection().tls().orElseThrow();
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("engine", tls.engine());
    facts.put("group", tls.group().orElse("?"));
    return facts;
  }

  @Override
  public void close() throws IOException {
    for (SmtpSession session : sessions) {
      session.quit();
    }
    connector.close();
  }
}
