package io.upgradeable.cli;

import io.upgradeable.Connection;
import io.upgradeable.UpgradeException;
import io.upgradeable.netty.NettyRelay;
import io.upgradeable.session.HeldSession;
import io.upgradeable.session.Session;
import io.upgradeable.session.SessionContext;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * One accepted connection: opens its own tunnel, and passes bytes then. Nothing is read before,
 * what the client sent ahead waits in its socket.
 */
final class ForwardSession implements Session {

  private final Forwarder forwarder;
  private @Nullable CompletableFuture<Connection> dialling;
  private boolean gone;
  private boolean ended;

  ForwardSession(Forwarder forwarder) {
    this.forwarder = forwarder;
  }

  @Override
  public void opened(SessionContext near) {
    HeldSession far = new HeldSession();
    CompletableFuture<Connection> connecting;
    try {
      connecting = forwarder.dial(far);
    } catch (RuntimeException e) { // A policy that has gone bad, or a connector that was closed.
      near.close();
      end(near, Failure.of(e).message(), false);
      return;
    }
    dialling = connecting;
    connecting.whenComplete(
        (connection, failure) -> {
          try {
            near.executeInOrder(() -> onDialled(near, far, connection, failure));
          } catch (RejectedExecutionException ended) {
            if (connection != null) {
              connection.close();
            }
            end(near, "the command was ended", false);
          }
        });
  }

  private void onDialled(
      SessionContext near,
      HeldSession far,
      @Nullable Connection connection,
      @Nullable Throwable failure) {
    if (gone) {
      if (connection != null) {
        connection.close();
      }
      left();
    } else if (connection == null) {
      Throwable cause =
          failure instanceof CompletionException && failure.getCause() != null
              ? failure.getCause()
              : failure;
      near.close();
      end(near, Failure.of(Objects.requireNonNull(cause)).message(), false);
    } else {
      forwarder.relay(
          near,
          far.context(),
          (report, mistake) -> {
            if (report == null) {
              end(near, String.valueOf(mistake), false);
            } else {
              end(near, words(report), report.ending() != NettyRelay.Ending.CUT);
            }
          });
    }
  }

  private static String words(NettyRelay.Report report) {
    String ending =
        switch (report.ending()) {
          case ENDED -> "ended";
          case CUT -> "cut";
          case IDLE -> "idle for too long";
          case CLOSED -> "closed";
        };
    String by = report.cause().map(cause -> " by " + cause.peer()).orElse("");
    return "%s%s: %s there, %s back, %d ms"
        .formatted(
            ending,
            by,
            TunnelTraffic.inWords(report.fromNear()),
            TunnelTraffic.inWords(report.fromFar()),
            report.duration().toMillis());
  }

  private synchronized void end(SessionContext near, String how, boolean well) {
    if (!ended) {
      ended = true;
      forwarder.ended(near.connection().peer(), how, well);
    }
  }

  @Override
  public void receive(ByteBuffer input) {
    throw new IllegalStateException("nobody asked for bytes");
  }

  @Override
  public void inputClosed(boolean truncated) {
    // A client that has said all may still wait for the answer: the relay passes its end on.
  }

  @Override
  public void closed(Optional<UpgradeException> cause) {
    gone = true;
    if (dialling != null && !dialling.isDone()) {
      dialling.cancel(false);
      left();
    }
  }

  private synchronized void left() {
    if (!ended) {
      ended = true;
      forwarder.left();
    }
  }
}
