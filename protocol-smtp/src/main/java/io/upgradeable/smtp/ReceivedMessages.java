package io.upgradeable.smtp;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Keeps messages in memory, for tests. Safe for use by several threads.
 *
 * <p>What is kept is bounded: a message for which there is no room is refused for now (452).
 */
public final class ReceivedMessages implements SmtpServerHandler {

  private static final long DEFAULT_MAX_BYTES = 64 * 1024 * 1024;

  private static final List<SmtpReply> FULL =
      List.of(SmtpReply.of(452, "4.3.1 No room for more messages"));

  private final long maxBytes;
  private final AtomicLong bytes = new AtomicLong();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition arrived = lock.newCondition();
  private final List<ReceivedMessage> messages = new ArrayList<>();

  /** A mailbox of 64 MiB. */
  public ReceivedMessages() {
    this(DEFAULT_MAX_BYTES);
  }

  /**
   * A mailbox.
   *
   * @param maxBytes how much content it keeps, unfinished messages included
   * @throws IllegalArgumentException if it is not positive
   */
  public ReceivedMessages(long maxBytes) {
    if (maxBytes < 1) {
      throw new IllegalArgumentException("expected room for a byte or more, got " + maxBytes);
    }
    this.maxBytes = maxBytes;
  }

  @Override
  public SmtpServerSink onMessage(ReceivedEnvelope envelope) {
    return new Sink(envelope);
  }

  private final class Sink implements SmtpServerSink {

    private final ReceivedEnvelope envelope;
    private final List<ByteBuffer> chunks = new ArrayList<>(1);
    private int size;
    private boolean full;

    Sink(ReceivedEnvelope envelope) {
      this.envelope = envelope;
    }

    @Override
    public CompletionStage<Void> write(ByteBuffer chunk) {
      int length = chunk.remaining();
      boolean room = !full && size <= Integer.MAX_VALUE - length;
      if (room && bytes.addAndGet(length) > maxBytes) {
        bytes.addAndGet(-length);
        room = false;
      }
      if (room) {
        size += length;
        chunks.add(chunk);
      } else {
        abort();
        full = true;
      }
      return DONE;
    }

    @Override
    public CompletionStage<List<SmtpReply>> commit() {
      if (full) {
        return CompletableFuture.completedFuture(FULL);
      }
      byte[] content = new byte[size];
      int at = 0;
      for (ByteBuffer chunk : chunks) {
        int length = chunk.remaining();
        chunk.get(content, at, length);
        at += length;
      }
      chunks.clear();
      lock.lock();
      try {
        messages.add(new ReceivedMessage(envelope, content));
        arrived.signalAll();
      } finally {
        lock.unlock();
      }
      return CompletableFuture.completedFuture(ACCEPTED);
    }

    @Override
    public void abort() {
      bytes.addAndGet(-size);
      size = 0;
      chunks.clear();
    }
  }

  /**
   * What has arrived.
   *
   * @return a snapshot, in the order of arrival
   */
  public List<ReceivedMessage> list() {
    lock.lock();
    try {
      return List.copyOf(messages);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits for messages.
   *
   * @param count how many must have arrived, those that arrived before this call included
   * @param limit how long to wait
   * @return what has arrived then, in the order of arrival
   * @throws TimeoutException if fewer arrived in time
   * @throws InterruptedException if the thread was interrupted
   */
  public List<ReceivedMessage> await(int count, Duration limit)
      throws TimeoutException, InterruptedException {
    long left = limit.toNanos();
    lock.lockInterruptibly();
    try {
      while (messages.size() < count) {
        if (left <= 0) {
          throw new TimeoutException(
              "expected %d messages within %d ms, got %d"
                  .formatted(
                      count, TimeUnit.NANOSECONDS.toMillis(limit.toNanos()), messages.size()));
        }
        left = arrived.awaitNanos(left);
      }
      return List.copyOf(messages);
    } finally {
      lock.unlock();
    }
  }

  /** Forgets what has arrived, and has room again. */
  public void clear() {
    lock.lock();
    try {
      messages.forEach(message -> bytes.addAndGet(-message.content().remaining()));
      messages.clear();
    } finally {
      lock.unlock();
    }
  }
}
