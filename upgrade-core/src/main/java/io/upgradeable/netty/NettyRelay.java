package io.upgradeable.netty;

import io.upgradeable.UpgradeException;
import io.upgradeable.internal.Blocking;
import io.upgradeable.session.SessionContext;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Passes bytes between two connections, both ways, until both have ended: what a tunnel is made of.
 * Bytes go from socket to socket without being copied by this library, and a connection that takes
 * no more makes the other one wait, so that a relay holds some hundred kilobytes at most in each
 * direction, and nothing while it is idle.
 *
 * <p>How one side's end reaches the other:
 *
 * <table>
 *   <caption>What becomes of an end</caption>
 *   <tr><td>a FIN, or close_notify under TLS</td><td>goes on as a FIN to a plain connection; the
 *       other direction stays open until it ends as well</td></tr>
 *   <tr><td>the same, towards a connection under TLS</td><td>goes on as close_notify. What TLS makes
 *       of the other direction is TLS's: since 1.3 it may stay open (RFC 8446, 6.1), before it the
 *       peer closes at once and drops what it had to say (RFC 5246, 7.2.1)</td></tr>
 *   <tr><td>a reset, or a FIN under TLS without close_notify</td><td>a reset of the other: what was cut
 *       must not look complete</td></tr>
 *   <tr><td>no byte in either direction for the idle time</td><td>an orderly end of both</td></tr>
 * </table>
 */
public final class NettyRelay {

  /** How a relay came to its end. */
  public enum Ending {
    /** Both sides said that they are done. */
    ENDED,
    /** One side broke off. */
    CUT,
    /** No byte went either way for the idle time. */
    IDLE,
    /** This program closed one of the connections. */
    CLOSED
  }

  /**
   * What a relay did.
   *
   * @param fromNear bytes that came from the near side
   * @param fromFar bytes that came from the far side
   * @param duration from the hand-over to the end
   * @param ending how it ended
   * @param cause who broke off and how, if one did
   */
  public record Report(
      long fromNear,
      long fromFar,
      Duration duration,
      Ending ending,
      Optional<UpgradeException> cause) {}

  /**
   * Counts what goes through while it does. Called on event loops, must not block. What it throws
   * is logged by the logger {@code io.upgradeable}, and cuts the relay as {@link Ending#CLOSED}.
   */
  public interface Meter {

    /** Counts nothing. */
    Meter NONE = (fromNear, bytes) -> {};

    /**
     * Bytes go from one side to the other.
     *
     * @param fromNear whether they came from the near side
     * @param bytes how many
     */
    void passed(boolean fromNear, int bytes);
  }

  private final RelaySide near;
  private final RelaySide far;
  private final Meter meter;
  private final long idleNanos;
  private final long startedAt = System.nanoTime();
  private final AtomicInteger open = new AtomicInteger(2);
  private final CompletableFuture<Report> report = new CompletableFuture<>();

  /** Written by both loops; whoever is late by a moment changes nothing. */
  private volatile long lastByteAt = startedAt;

  private long backlog;
  private @Nullable Ending ending;
  private Duration duration = Duration.ZERO;
  private Optional<UpgradeException> cause = Optional.empty();

  private NettyRelay(SessionDriver near, SessionDriver far, Duration idleTimeout, Meter meter) {
    this.meter = meter;
    this.idleNanos = idleTimeout.toNanos();
    this.near = new RelaySide(this, near, false);
    this.far = new RelaySide(this, far, true);
    this.near.other(this.far);
    this.far.other(this.near);
  }

  /**
   * Takes two connections over from their sessions. Bytes that are unread go on first, once and as
   * they are. The sessions hear nothing more but {@link io.upgradeable.session.Session#closed};
   * their contexts can only close. Works for any two connections; costs least if both are on the
   * same event loop ({@link NettyAcceptor.Builder#eventLoopsOf}).
   *
   * @param near the context of one connection's session
   * @param far the context of another connection's session
   * @param idleTimeout how long no byte may go either way
   * @return completes when both connections are gone; fails with {@link IllegalStateException} if a
   *     negotiation is under way on one of them or it is relayed already, and closes both then
   * @throws IllegalArgumentException if the two are the same, or not of this library
   */
  public static CompletableFuture<Report> between(
      SessionContext near, SessionContext far, Duration idleTimeout) {
    return between(near, far, idleTimeout, Meter.NONE);
  }

  /**
   * The same, with a meter.
   *
   * @param near the context of one connection's session
   * @param far the context of another connection's session
   * @param idleTimeout how long no byte may go either way
   * @param meter counts the bytes while they go
   * @return as above
   * @throws IllegalArgumentException as above
   */
  public static CompletableFuture<Report> between(
      SessionContext near, SessionContext far, Duration idleTimeout, Meter meter) {
    if (near == far
        || !(near instanceof SessionDriver nearDriver)
        || !(far instanceof SessionDriver farDriver)) {
      throw new IllegalArgumentException("expected the contexts of two sessions on connections");
    }
    NettyRelay relay =
        new NettyRelay(nearDriver, farDriver, Blocking.requirePositive(idleTimeout), meter);
    relay.takeOver();
    return relay.report;
  }

  /** First both stop delivering to their sessions, then both begin. */
  private void takeOver() {
    near.attach(() -> far.attach(this::begin, this::fail), this::fail);
  }

  private void begin() {
    near.schedule(idleNanos, this::onIdleTimer); // The only timer, once in each idle time.
    far.begin();
    near.begin();
  }

  private void fail(RuntimeException mistake) {
    report.completeExceptionally(mistake);
    near.close();
    far.close();
  }

  /** Bytes of one side go to the other. */
  void onBytes(RelaySide from, int count) {
    meter.passed(from == near, count);
    onMovement();
  }

  /** Bytes went one way or the other. */
  void onMovement() {
    lastByteAt = System.nanoTime();
  }

  private void onIdleTimer() {
    if (!isOpen()) {
      return;
    }
    long left = idleNanos - (System.nanoTime() - lastByteAt);
    long waiting = near.backlog() + far.backlog();
    boolean moving = waiting != backlog; // A slow reader is no idle one.
    backlog = waiting;
    if (left > 0 || moving) {
      near.schedule(left > 0 ? left : idleNanos, this::onIdleTimer);
    } else {
      end(Ending.IDLE, Optional.empty());
      near.close();
      far.close();
    }
  }

  /** The first end counts. */
  synchronized void end(Ending how, Optional<UpgradeException> why) {
    if (ending == null) {
      ending = how;
      cause = why;
      duration = Duration.ofNanos(System.nanoTime() - startedAt);
    }
  }

  /** One direction is over, and the other side has been told. */
  void onDirectionEnded() {
    if (near.isOver() && far.isOver()) {
      end(Ending.ENDED, Optional.empty());
      near.close();
      far.close();
    }
  }

  /** Whether one of the connections is still there. */
  boolean isOpen() {
    return open.get() > 0;
  }

  /** A side's connection is gone. */
  void onGone() {
    if (open.decrementAndGet() == 0) {
      end(Ending.CLOSED, Optional.empty());
      near.cancelTimer();
      report.complete(atTheEnd()); // Not under the lock: dependents are the caller's code.
    }
  }

  private synchronized Report atTheEnd() {
    return new Report(
        near.bytes(), far.bytes(), duration, ending == null ? Ending.CLOSED : ending, cause);
  }
}
