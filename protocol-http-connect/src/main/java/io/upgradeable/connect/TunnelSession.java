package io.upgradeable.connect;

import io.upgradeable.Connection;
import io.upgradeable.LayerStack;
import io.upgradeable.UpgradeException;
import io.upgradeable.UpgradeException.LayerTimedOut;
import io.upgradeable.netty.NettyRelay;
import io.upgradeable.session.HeldSession;
import io.upgradeable.session.Session;
import io.upgradeable.session.SessionContext;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * One request of a client: who is it, may it go there, dial, answer, and let the relay do the rest.
 * Nothing is read from the client before; what it sent ahead waits in its socket or with the
 * connection, and goes to the target first.
 */
final class TunnelSession implements Session {

  private final ConnectProxy proxy;
  private final ConnectRequest request;
  private final String client;
  private final Instant start = Instant.now();
  private final long startNanos = System.nanoTime();
  private @Nullable SessionContext context;
  private @Nullable CompletableFuture<Connection> dialling;
  private Optional<String> user = Optional.empty();
  private boolean counted;

  /** Somebody else takes time, and the request goes on or is over then, even if the client left. */
  private boolean waiting;

  private boolean gone;
  private boolean logged;

  TunnelSession(ConnectProxy proxy, ConnectRequest request, String client) {
    this.proxy = proxy;
    this.request = request;
    this.client = client;
  }

  @Override
  public void opened(SessionContext opened) {
    context = opened;
    proxy.requestBegan();
    Optional<BasicUsers> users = proxy.users();
    if (users.isEmpty()) {
      onUser();
    } else if (request.credentials().isEmpty()) {
      refuse(407, "credentials are missing");
    } else {
      authenticate(users.get(), request.credentials().get());
    }
  }

  private void authenticate(BasicUsers users, ConnectRequest.Presented presented) {
    CompletableFuture<Optional<String>> checked;
    try {
      checked = users.check(presented);
    } catch (RejectedExecutionException busy) {
      refuse(503, "too many passwords are being checked");
      return;
    }
    whenDone(
        checked,
        (found, failure) -> {
          if (failure == null && found != null && found.isPresent()) {
            user = found;
            onUser();
          } else {
            refuse(407, "the credentials are not accepted");
          }
        });
  }

  private void onUser() {
    if (gone) {
      left();
      return;
    }
    if (!proxy.rules().mayAllow(request.target())) {
      refuse(403, "no rule allows this target");
    } else if (!proxy.enter()) {
      refuse(503, "there are too many tunnels");
    } else {
      counted = true;
      dial();
    }
  }

  private void dial() {
    DialledAddresses addresses = new DialledAddresses();
    HeldSession far = new HeldSession();
    LayerStack stack = LayerStack.tcp(request.target()).onlyTo(addresses::allow);
    CompletableFuture<Connection> connecting = proxy.connector().connectAsync(stack, far);
    dialling = connecting;
    whenDone(
        connecting,
        (connection, failure) -> {
          if (connection != null) {
            onConnected(connection, far);
          } else {
            onDialFailed(addresses, failure);
          }
        });
  }

  /** Which of the target's addresses may be dialled; remembers whether there was one at all. */
  private final class DialledAddresses {
    private volatile boolean any;
    private volatile boolean refused;

    boolean allow(InetAddress address) {
      boolean allowed = proxy.rules().allows(request.target(), address);
      any |= allowed;
      refused |= !allowed;
      return allowed;
    }

    boolean onlyRefused() {
      return refused && !any;
    }
  }

  private void onDialFailed(DialledAddresses addresses, @Nullable Throwable failure) {
    if (addresses.onlyRefused()) {
      refuse(403, "no rule allows an address of this target");
    } else if (failure instanceof LayerTimedOut) {
      refuse(504, "the target does not answer");
    } else {
      refuse(502, "the target cannot be reached");
    }
  }

  private void onConnected(Connection connection, HeldSession far) {
    if (gone) {
      connection.close();
      left();
      return;
    }
    SessionContext near = present();
    near.write(ProxyAnswer.established().bytes());
    CompletableFuture<NettyRelay.Report> relay =
        NettyRelay.between(near, far.context(), proxy.idleTimeout());
    waiting = true;
    relay.whenComplete(
        (report, mistake) -> {
          if (report != null) {
            log(200, words(report), report.fromNear(), report.fromFar());
          } else {
            log(200, "failed", 0, 0);
          }
        });
  }

  private static String words(NettyRelay.Report report) {
    String ending = report.ending().name().toLowerCase(Locale.ROOT);
    return report.cause().map(cause -> ending + " by " + cause.peer()).orElse(ending);
  }

  private void refuse(int status, String why) {
    if (gone) {
      left();
      return;
    }
    log(status, why, 0, 0); // First, so that whoever has the answer finds it in the log.
    SessionContext near = present();
    near.write(ProxyAnswer.refusal(status, "Refused: " + why + ".").bytes());
    near.close();
  }

  /** Between two steps, so that nobody else tells of it, or gives the tunnel's place back. */
  private void left() {
    log(0, "the client left", 0, 0);
  }

  /** Once for each request. */
  private void log(int status, String reason, long fromClient, long fromTarget) {
    if (!claimLog()) {
      return;
    }
    if (counted) {
      proxy.leave();
    }
    try {
      proxy.log(
          new TunnelRecord(
              start,
              client,
              user,
              Optional.of(request.target()),
              status,
              reason,
              fromClient,
              fromTarget,
              Duration.ofNanos(System.nanoTime() - startNanos)));
    } finally {
      proxy.requestLogged(); // Outside any lock: whoever waits for a shutdown goes on here.
    }
  }

  private synchronized boolean claimLog() {
    boolean first = !logged;
    logged = true;
    return first;
  }

  private interface Outcome<T> {
    void done(@Nullable T value, @Nullable Throwable failure);
  }

  /** Goes on on the connection's event loop, which may have ended meanwhile. */
  private <T> void whenDone(CompletableFuture<T> future, Outcome<T> then) {
    SessionContext near = present();
    waiting = true;
    future.whenComplete(
        (value, failure) -> {
          Throwable cause =
              failure instanceof CompletionException && failure.getCause() != null
                  ? failure.getCause()
                  : failure;
          try {
            near.executeInOrder(
                () -> {
                  waiting = false;
                  then.done(value, cause);
                });
          } catch (RejectedExecutionException ended) {
            if (value instanceof Connection connection) {
              connection.close();
            }
            log(0, "the proxy was closed", 0, 0);
          }
        });
  }

  private SessionContext present() {
    if (context == null) {
      throw new IllegalStateException("not opened");
    }
    return context;
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
    } else if (!waiting) {
      log(0, "failed", 0, 0); // By a mistake, or it is in the log already.
    }
  }
}
