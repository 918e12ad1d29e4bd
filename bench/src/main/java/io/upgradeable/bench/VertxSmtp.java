package io.upgradeable.bench;

import io.vertx.core.Vertx;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.ext.mail.MailClient;
import io.vertx.ext.mail.MailConfig;
import io.vertx.ext.mail.MailMessage;
import io.vertx.ext.mail.StartTLSOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** The Vert.x mail client, with its pool of connections. */
final class VertxSmtp implements Load.Work {

  private final Vertx vertx = Vertx.vertx();
  private final MailClient client;
  private final MailMessage message;
  private final int connections;

  private VertxSmtp(Load load) {
    connections = load.atOnce();
    client =
        MailClient.create(
            vertx,
            new MailConfig()
                .setHostname("localhost")
                .setPort(load.peer().port())
                .setStarttls(StartTLSOptions.REQUIRED)
                .setTrustOptions(new PemTrustOptions().addCertPath(load.authority().toString()))
                .setKeepAlive(true)
                .setMaxPoolSize(connections));
    String text = BenchMessage.text(Long.parseLong(load.text("--size")));
    message =
        new MailMessage()
            .setFrom(BenchMessage.FROM)
            .setTo(BenchMessage.TO)
            .setSubject("benchmark")
            .setText(text);
  }

  /**
   * Runs a load.
   *
   * @param args see {@link Load}, and {@code --size}
   * @throws Exception if the server cannot be reached
   */
  public static void main(String[] args) throws Exception {
    Load.measure(VertxSmtp::new, args);
  }

  @Override
  public int run(int units) {
    List<Supplier<CompletableFuture<Boolean>>> lanes = new ArrayList<>();
    for (int i = 0; i < connections; i++) {
      lanes.add(
          () ->
              client
                  .sendMail(message)
                  .map(result -> true)
                  .toCompletionStage()
                  .toCompletableFuture());
    }
    return Lanes.async(units, lanes);
  }

  @Override
  public void close() {
    client.close().toCompletionStage().toCompletableFuture().join();
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }
}
