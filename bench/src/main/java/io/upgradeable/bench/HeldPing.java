package io.upgradeable.bench;

import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.UpgradeException;
import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.Step;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.ping.PingResult;
import io.upgradeable.ping.PingServerResult;
import io.upgradeable.ping.PingServerUpgrade;
import io.upgradeable.ping.PingUpgrade;
import io.upgradeable.session.Session;
import io.upgradeable.session.SessionContext;
import io.upgradeable.tls.TlsPolicy;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Ping up to the first PONG under TLS, and then a session: the connection stays open as a
 * protocol's does that lives longer than ping's.
 *
 * @param <R> ping's result
 */
final class HeldPing<R> implements Negotiation<R> {

  private final Negotiation<R> machine;
  private final R result;
  private boolean secured;

  private HeldPing(Negotiation<R> machine, R result) {
    this.machine = machine;
    this.result = result;
  }

  static Layer<PingResult> client(Endpoint peer, TlsPolicy policy) {
    return Layer.of("ping", () -> new HeldPing<>(PingUpgrade.startTls(), new PingResult(1)))
        .target(peer)
        .tls(policy)
        .build();
  }

  static Layer<PingServerResult> server(TlsPolicy policy) {
    return Layer.of(
            "ping", () -> new HeldPing<>(PingServerUpgrade.startTls(), new PingServerResult(1)))
        .tls(policy)
        .build();
  }

  @Override
  public Step<R> begin() {
    return machine.begin();
  }

  @Override
  public Step<R> receive(ByteBuffer input) {
    Step<R> step = machine.receive(input);
    if (secured && step instanceof Step.Send<R> send) {
      // The server's PONG leaves; the client's QUIT, which answers it, does not.
      boolean pong = result instanceof PingServerResult;
      return Step.done(result, pong ? send.message() : Message.empty());
    }
    return step;
  }

  @Override
  public Step<R> secured(TlsFacts facts) {
    secured = true;
    return machine.secured(facts);
  }

  @Override
  public Step<R> inputClosed() {
    return machine.inputClosed();
  }

  /** A session that waits for its peer. */
  static final class Idle implements Session {

    private Optional<SessionContext> connection = Optional.empty();

    @Override
    public void opened(SessionContext context) {
      connection = Optional.of(context);
      context.requestInput();
    }

    @Override
    public void receive(ByteBuffer input) {
      input.position(input.limit());
      connection.ifPresent(SessionContext::requestInput);
    }

    @Override
    public void inputClosed(boolean truncated) {
      connection.ifPresent(SessionContext::close);
    }

    @Override
    public void closed(Optional<UpgradeException> cause) {
      // Nothing is kept.
    }
  }
}
