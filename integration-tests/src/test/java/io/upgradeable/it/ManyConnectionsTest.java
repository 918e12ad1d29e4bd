package io.upgradeable.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.upgradeable.Connection;
import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.Limits;
import io.upgradeable.Security;
import io.upgradeable.UpgradeException;
import io.upgradeable.UpgradeObserver;
import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.Step;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.negotiation.UnreadPolicy;
import io.upgradeable.netty.NettyAcceptor;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.session.Session;
import io.upgradeable.session.SessionContext;
import io.upgradeable.testkit.Certificates;
import io.upgradeable.tls.TlsEngine;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Two thousand connections at once against one server: all upgrade, none leaks, none fails. */
@Timeout(240)
final class ManyConnectionsTest {

  private static final int CONNECTIONS = 2000;
  private static final int IN_SET_UP = 100;

  /** So many handshakes at once take their time on a small machine. */
  private static final Duration HANDSHAKE = Duration.ofMinutes(1);

  private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();

  /** PING-less upgrade: the client says so at once and both are done when TLS is up. */
  private record AtOnce(Message request, UnreadPolicy unread) implements Negotiation<TlsFacts> {
    @Override
    public Step<TlsFacts> begin() {
      return request.length() > 0 ? Step.startTls(request, unread) : Step.await("STARTTLS");
    }

    @Override
    public Step<TlsFacts> receive(ByteBuffer input) {
      if (input.remaining() < "STARTTLS\n".length()) {
        return Step.await("STARTTLS");
      }
      input.position(input.position() + "STARTTLS\n".length());
      return Step.startTls(Message.empty(), unread);
    }

    @Override
    public Step<TlsFacts> secured(TlsFacts facts) {
      return Step.done(facts);
    }
  }

  /** Answers every byte with the same byte. */
  private static final class Echo implements Session {
    private Optional<SessionContext> context = Optional.empty();

    @Override
    public void opened(SessionContext opened) {
      context = Optional.of(opened);
      opened.requestInput();
    }

    @Override
    public void receive(ByteBuffer input) {
      SessionContext to = context.orElseThrow();
      byte[] copy = new byte[input.remaining()];
      input.get(copy);
      to.write(ByteBuffer.wrap(copy)).thenRun(to::requestInput);
    }

    @Override
    public void inputClosed(boolean truncated) {
      context.orElseThrow().close();
    }

    @Override
    public void closed(Optional<UpgradeException> cause) {}
  }

  /** Sends one byte and completes when it comes back. */
  private static final class Caller implements Session {
    private final CompletableFuture<Byte> answer = new CompletableFuture<>();

    @Override
    public void opened(SessionContext context) {
      context.write(ByteBuffer.wrap(new byte[] {42}));
      context.requestInput();
    }

    @Override
    public void receive(ByteBuffer input) {
      answer.complete(input.get());
    }

    @Override
    public void inputClosed(boolean truncated) {
      answer.completeExceptionally(new IllegalStateException("closed"));
    }

    @Override
    public void closed(Optional<UpgradeException> cause) {
      answer.completeExceptionally(new IllegalStateException("closed " + cause));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = TlsEngine.class,
      names = {"JDK", "OPENSSL"})
  void twoThousandAtOnce_allUpgradeAndAnswer(TlsEngine engine) throws Exception {
    Certificates certificates = Certificates.create();
    TlsPolicy serverPolicy =
        TlsPolicy.server()
            .identity(certificates.server("localhost", "127.0.0.1").identity())
            .engine(engine)
            .build();
    TlsPolicy clientPolicy =
        TlsPolicy.client().trust(certificates.authorities()).engine(engine).build();
    UpgradeObserver observer =
        new UpgradeObserver() {
          @Override
          public void layerFailed(String path, Throwable cause) {
            failures.add(cause);
          }
        };
    Layer<TlsFacts> serving =
        Layer.of("once", () -> new AtOnce(Message.empty(), UnreadPolicy.TLS_RECORD))
            .tls(serverPolicy)
            .limits(patient(Limits.SERVER))
            .build();
    long before = usedHeap();
    try (NettyAcceptor server =
            NettyAcceptor.builder()
                .listen(Endpoint.parse("127.0.0.1:0"))
                .layer(serving)
                .session(connection -> new Echo())
                .observer(observer)
                .start();
        NettyConnector connector =
            NettyConnector.builder().timeout(Duration.ofMinutes(2)).observer(observer).build()) {
      List<CompletableFuture<Connection>> all = new ArrayList<>();
      List<Caller> callers = new ArrayList<>();
      for (int i = 0; i < CONNECTIONS; i++) {
        if (i >= IN_SET_UP) {
          all.get(i - IN_SET_UP).get(60, TimeUnit.SECONDS);
        }
        Layer<TlsFacts> calling =
            Layer.of("once", () -> new AtOnce(Message.line("STARTTLS", "\n"), UnreadPolicy.REJECT))
                .target(server.endpoint())
                .tls(clientPolicy)
                .limits(patient(Limits.CLIENT))
                .build();
        Caller caller = new Caller();
        callers.add(caller);
        all.add(connector.connectAsync(LayerStack.tcp(server.endpoint()).then(calling), caller));
      }
      for (int i = 0; i < CONNECTIONS; i++) {
        assertThat(all.get(i).get(60, TimeUnit.SECONDS).security()).isEqualTo(Security.ORIGIN);
        assertThat(callers.get(i).answer.get(60, TimeUnit.SECONDS)).isEqualTo((byte) 42);
      }
      assertThat(server.connectionCount()).isEqualTo(CONNECTIONS);
      long perConnection = (usedHeap() - before) / CONNECTIONS;
      System.out.println(
          CONNECTIONS
              + " upgraded connections, both ends in this JVM, "
              + engine
              + " engine: heap "
              + perConnection
              + " bytes for each pair, resident "
              + residentKib() / 1024
              + " MiB in all");
      for (CompletableFuture<Connection> connection : all) {
        connection.get().close();
      }
    }
    assertThat(failures).isEmpty();
  }

  private static Limits patient(Limits limits) {
    return limits.withHandshakeTimeout(HANDSHAKE);
  }

  private static long usedHeap() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }

  private static long residentKib() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .map(line -> line.replaceAll("[^0-9]", ""))
        .mapToLong(Long::parseLong)
        .findFirst()
        .orElse(0);
  }
}
