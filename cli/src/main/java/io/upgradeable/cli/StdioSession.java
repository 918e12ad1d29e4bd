package io.upgradeable.cli;

import io.upgradeable.UpgradeException;
import io.upgradeable.negotiation.Reason;
import io.upgradeable.session.Session;
import io.upgradeable.session.SessionContext;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Passes stdin to a connection and the connection to stdout, byte by byte as they are. Both streams
 * block, so each has a thread of its own, and some buffers are all that is ever held.
 *
 * <p>The end of stdin goes on as a FIN, and the peer's end closes stdout; each direction lives
 * until its own end. Under TLS, that of a proxy included, one end is mostly taken for both, and
 * what the peer had yet to say would be lost: so the end of stdin is not told there, and the peer
 * has some time without a byte to end by itself; and its end is the end of both.
 */
final class StdioSession implements Session {

  private static final int READ_BYTES = 64 * 1024;

  /** Buffers on their way to the peer. */
  private static final int IN_FLIGHT = 4;

  /** Buffers on their way to stdout. */
  private static final int WAITING = 4;

  private static final byte[] END = {};

  private final InputStream in;
  private final OutputStream out;
  private final Duration patience;
  private final CompletableFuture<Void> over = new CompletableFuture<>();
  private final BlockingQueue<byte[]> toStdout = new ArrayBlockingQueue<>(WAITING + 2);

  /** Done when all writes before it are. */
  private volatile CompletableFuture<Void> lastWrite = CompletableFuture.completedFuture(null);

  // On the event loop only.
  private @Nullable SessionContext context;
  private boolean underTls;
  private boolean paused;
  private boolean stdinEnded;

  /** The operating system has all of stdin, and its end where that is told. */
  private boolean stdinSent;

  private boolean stdoutEnded;
  private boolean ended;
  private boolean gone;
  private Optional<IOException> failure = Optional.empty();
  private @Nullable Future<?> timer;
  private long lastByteAt;

  /**
   * For one connection.
   *
   * @param in read on a thread of its own until its end
   * @param out written to on another
   * @param patience how long the peer may be silent under TLS after the end of stdin
   */
  StdioSession(InputStream in, OutputStream out, Duration patience) {
    this.in = in;
    this.out = out;
    this.patience = patience;
  }

  /** Completes when both directions are over, and fails with why they did not come to their end. */
  CompletableFuture<Void> over() {
    return over;
  }

  @Override
  public void opened(SessionContext opened) {
    context = opened;
    underTls = opened.connection().tls().isPresent();
    start("upgrade-cli-stdin", this::pumpStdin);
    start("upgrade-cli-stdout", this::pumpStdout);
    opened.requestInput();
  }

  private static void start(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true); // A read from a terminal ends by itself never.
    thread.start();
  }

  private void pumpStdin() {
    SessionContext to = present();
    byte[][] buffers = new byte[IN_FLIGHT][READ_BYTES];
    Future<?>[] sent = new Future<?>[IN_FLIGHT];
    try {
      for (int i = 0; ; i = (i + 1) % IN_FLIGHT) {
        if (sent[i] != null) {
          sent[i].get();
        }
        int length = in.read(buffers[i]);
        if (length < 0) {
          break;
        }
        lastWrite = to.write(ByteBuffer.wrap(buffers[i], 0, length));
        sent[i] = lastWrite;
      }
      onLoop(this::onStdinEnded);
    } catch (IOException e) {
      String why = "cannot read stdin: " + FileProblem.why(e);
      onLoop(() -> abort(new IOException(why, e)));
    } catch (ExecutionException gone) {
      // closed() tells why.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void pumpStdout() {
    try {
      byte[] bytes = toStdout.take();
      while (bytes != END) {
        out.write(bytes);
        if (toStdout.isEmpty()) {
          out.flush();
        }
        onLoop(this::resume);
        bytes = toStdout.take();
      }
      out.flush();
      out.close();
      onLoop(this::onStdoutEnded);
    } catch (IOException e) {
      onLoop(() -> abort(new IOException(BaseCommand.OUTPUT_LOST, e)));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void onLoop(Runnable task) {
    try {
      present().executor().execute(task);
    } catch (RejectedExecutionException ended) {
      // And with the loop the command.
    }
  }

  @Override
  public void receive(ByteBuffer input) {
    lastByteAt = System.nanoTime();
    byte[] bytes = new byte[input.remaining()];
    input.get(bytes);
    toStdout.add(bytes); // There is room: nothing was asked for before.
    paused = true;
    resume();
  }

  private void resume() {
    if (paused && toStdout.size() < WAITING && !ended) {
      paused = false;
      present().requestInput();
    }
  }

  private void onStdinEnded() {
    stdinEnded = true;
    if (underTls) {
      lastByteAt = System.nanoTime();
      waitForThePeer(patience);
      finishBehind(lastWrite);
    } else {
      finishBehind(present().shutdownOutput());
    }
  }

  private void finishBehind(CompletableFuture<Void> writes) {
    writes.whenComplete((sent, lost) -> onLoop(() -> onStdinSent(lost)));
  }

  private void onStdinSent(@Nullable Throwable lost) {
    if (lost == null || (underTls && !stdinEnded)) {
      stdinSent = true; // Or the peer's end, which is the end of both, came before it.
      finish();
    } else if (!gone) { // Else closed() has told why.
      abort(
          lost instanceof UpgradeException known
              ? known
              : present().failure(Reason.closed(), "a peer that takes all of stdin"));
    }
  }

  private void waitForThePeer(Duration time) {
    timer = present().schedule(time, this::onPatienceTimer);
  }

  private void onPatienceTimer() {
    Duration left = patience.minusNanos(System.nanoTime() - lastByteAt);
    if (ended || stdoutEnded) {
      return;
    } else if (paused || left.compareTo(Duration.ZERO) > 0) {
      waitForThePeer(paused ? patience : left);
    } else {
      abort(
          present().timeout("the end of what the target says, for stdin is at its end", patience));
    }
  }

  @Override
  public void inputClosed(boolean truncated) {
    if (truncated) {
      abort(present().truncated("more bytes, or the end of TLS"));
    } else {
      endStdout();
    }
  }

  private void endStdout() {
    if (!ended) {
      ended = true;
      present().redeliver(); // What nobody had asked for yet comes before the end.
      toStdout.add(END);
    }
  }

  private void onStdoutEnded() {
    stdoutEnded = true;
    if (failure.isPresent()) {
      over.completeExceptionally(failure.get());
    } else if (gone) {
      over.complete(null);
    } else if (underTls && !stdinEnded) {
      finishBehind(lastWrite);
    } else {
      finish();
    }
  }

  /** Closing drops what waits to be sent, so nothing may. */
  private void finish() {
    if (stdoutEnded && stdinSent) {
      present().close();
      over.complete(null);
    }
  }

  /** What came before goes to stdout all the same. */
  private void abort(IOException cause) {
    if (failure.isEmpty()) {
      failure = Optional.of(cause);
    }
    present().close();
    boolean stdoutLost = !(cause instanceof UpgradeException);
    if (stdoutLost || stdoutEnded) {
      over.completeExceptionally(failure.get());
    }
    endStdout();
  }

  @Override
  public void closed(Optional<UpgradeException> cause) {
    gone = true;
    if (timer != null) {
      timer.cancel(false);
    }
    if (over.isDone()) {
      return;
    }
    if (failure.isEmpty()) {
      failure = cause.map(IOException.class::cast);
    }
    endStdout();
    if (stdoutEnded) {
      failure.ifPresentOrElse(over::completeExceptionally, () -> over.complete(null));
    }
  }

  private SessionContext present() {
    if (context == null) {
      throw new IllegalStateException("not opened");
    }
    return context;
  }
}
