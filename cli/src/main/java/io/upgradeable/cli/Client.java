package io.upgradeable.cli;

import io.upgradeable.Connection;
import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.UpgradeException.LayerTimedOut;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.session.Session;
import io.upgradeable.tls.ImplicitTls;
import io.upgradeable.tls.TlsPolicy;
import io.upgradeable.tls.TlsRequirement;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** What a protocol's command connects with: whom to talk to, how, and where to report it. */
final class Client implements AutoCloseable {

  /**
   * Whom to talk to.
   *
   * @param way how to reach it
   * @param address where it is, for whoever needs to name it
   * @param name the peer by the name that TLS checks
   * @param policy how to turn into TLS
   * @param implicitTls whether TLS begins with the first byte
   * @param startTls whether plaintext will do where it does not
   */
  record Peer(
      Way way,
      Endpoint address,
      Endpoint name,
      TlsPolicy policy,
      boolean implicitTls,
      TlsRequirement startTls) {}

  private static final Duration LEAST = Duration.ofMillis(1);

  private final Peer peer;
  private final TimeOptions times;
  private final Report report;
  private final DialogueRecorder recorder;
  private final NettyConnector connector;
  private final LayerStack base;
  private final LongSupplier nanoTime;
  private final AtomicReference<@Nullable Long> begun = new AtomicReference<>();

  /**
   * Begins.
   *
   * @param connector has the recorder for its observer, and is closed with this
   */
  Client(
      Peer peer,
      TimeOptions times,
      Report report,
      DialogueRecorder recorder,
      NettyConnector connector) {
    this(peer, times, report, recorder, connector, System::nanoTime);
  }

  Client(
      Peer peer,
      TimeOptions times,
      Report report,
      DialogueRecorder recorder,
      NettyConnector connector,
      LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.peer = peer;
    this.times = times;
    this.report = report;
    this.recorder = recorder;
    this.connector = connector;
    this.base = peer.way().stack(times);
  }

  Peer peer() {
    return peer;
  }

  Report report() {
    return report;
  }

  DialogueRecorder recorder() {
    return recorder;
  }

  TimeOptions times() {
    return times;
  }

  /** What is left of the time for the whole command; never nothing, so that it can be a limit. */
  Duration timeLeft() {
    Duration left = times.timeout().minusNanos(nanoTime.getAsLong() - begin());
    return left.compareTo(LEAST) < 0 ? LEAST : left;
  }

  /** What a command ends with that waited for something until no time was left. */
  CommandFailedException outOfTime(String awaited) {
    return outOfTime(awaited, "the time for the whole command");
  }

  CommandFailedException outOfTime(String awaited, String time) {
    return new CommandFailedException(
        Failure.of(
            ExitCode.TIMED_OUT,
            LayerTimedOut.class.getSimpleName(),
            "%s: %s: expected %s, got nothing in %s"
                .formatted(ExitCode.TIMED_OUT.meaning(), report.path().orElse(""), awaited, time)));
  }

  /** The time runs from the first connection on: a password is typed in its own time. */
  private long begin() {
    begun.compareAndSet(null, nanoTime.getAsLong());
    return Objects.requireNonNull(begun.get(), "begun");
  }

  /** What connects; to ask for it begins the time for the whole command. */
  NettyConnector connector() {
    begin();
    return connector;
  }

  /** The same layer with the times that the user allows; it is the key to its result. */
  <R> Layer<R> limited(Layer<R> layer) {
    return times.limit(layer);
  }

  /** Connects and says nothing, not even TLS. */
  Connection connect() throws IOException {
    return connect(base);
  }

  /**
   * Connects and brings the protocol up, over TLS from the first byte if that was asked for.
   *
   * @param protocol the protocol's layer
   * @return the connection
   */
  Connection connect(Layer<?> protocol) throws IOException {
    return connect(plan(protocol));
  }

  private Connection connect(LayerStack stack) throws IOException {
    return connect(stack, () -> connector.connect(stack));
  }

  private Connection connect(LayerStack stack, Connecting connecting) throws IOException {
    report.stack(stack);
    begin();
    try {
      Connection connection = connecting.connect();
      report.connected(connection);
      return connection;
    } finally {
      reportTls();
    }
  }

  /**
   * Connects to the target, with TLS from the first byte if that is asked for, and says no more.
   *
   * @return the connection
   */
  Connection reach() throws IOException {
    return connect(reachable());
  }

  /**
   * The same, with a session.
   *
   * @param session what happens on the connection then
   * @return the connection
   */
  Connection reach(Session session) throws IOException {
    LayerStack stack = reachable();
    return connect(stack, () -> connector.connect(stack, session));
  }

  private interface Connecting {
    Connection connect() throws IOException;
  }

  /** From TCP to the target, with TLS from the first byte if that is asked for. */
  LayerStack reachable() {
    return peer.implicitTls()
        ? base.then(limited(ImplicitTls.client(peer.name(), peer.policy())))
        : base;
  }

  /** From TCP to the protocol's layer, for who connects by the connector; it is reported. */
  LayerStack plan(Layer<?> protocol) {
    LayerStack stack = reachable().then(protocol);
    report.stack(stack);
    return stack;
  }

  /** Reports the proxies and the TLS that came up, whatever happened then. */
  void reportTls() {
    report.hops(recorder.hops());
    recorder.tls().ifPresent(report::tls);
  }

  @Override
  public void close() {
    connector.close();
  }
}
