package io.upgradeable.smtp;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Delivers into a Maildir: each message is written to a file in {@code tmp}, forced to the disk,
 * and moved to {@code new}, so that no reader ever sees half of it. The client hears that it was
 * accepted after that. Safe for use by several threads, and by several processes at once.
 *
 * <p>Lines end in LF there, as the mail programs of Unix expect. Nothing is lost by that: no CR or
 * LF comes in alone, so that CRLF can be had back. In front of the message stand {@code
 * Return-Path}, a {@code Delivered-To} for each recipient, and {@code Received} (RFC 5321, 4.4).
 */
public final class ReceivedMaildir implements SmtpServerHandler, AutoCloseable {

  /** How many files are written at the same time. */
  private static final int THREADS = 4;

  /** How much of a message waits in memory to be written at once. */
  private static final int MAX_WAITING_BYTES = 64 * 1024;

  private static final AtomicLong COUNT = new AtomicLong();

  private final Path temporary;
  private final Path delivered;
  private final Forcing forcing;
  private final String host;
  private final Clock clock = Clock.systemUTC();
  private final SecureRandom random = new SecureRandom();
  private final ExecutorService threads =
      Executors.newFixedThreadPool(
          THREADS,
          task -> {
            Thread thread = new Thread(task, "upgradeable-maildir");
            thread.setDaemon(true);
            return thread;
          });

  private ReceivedMaildir(Path directory, String host, Forcing forcing) {
    this.temporary = directory.resolve("tmp");
    this.delivered = directory.resolve("new");
    this.host = host;
    this.forcing = forcing;
  }

  /**
   * Opens a Maildir, and makes it if it is not there.
   *
   * @param directory holds {@code tmp}, {@code new} and {@code cur}
   * @param host the server's name, as it is to stand in {@code Received} and in file names: a
   *     domain, or an address in brackets
   * @return the Maildir, to be closed
   * @throws IOException if the directories cannot be made
   * @throws IllegalArgumentException if the host is no name
   */
  public static ReceivedMaildir open(Path directory, String host) throws IOException {
    return open(directory, host, ReceivedMaildir::forceDirectory);
  }

  /** With another way to force a directory to the disk. */
  static ReceivedMaildir open(Path directory, String host, Forcing forcing) throws IOException {
    String name = SmtpName.require(host);
    for (String part : List.of("tmp", "new", "cur")) {
      Files.createDirectories(directory.resolve(part));
    }
    try {
      forcing.force(directory.resolve("new"));
    } catch (IOException notHere) {
      return new ReceivedMaildir(directory, name, delivered -> {});
    }
    return new ReceivedMaildir(directory, name, forcing);
  }

  @Override
  public SmtpServerSink onMessage(ReceivedEnvelope envelope) {
    return new Sink(head(envelope));
  }

  /**
   * Unique: time, process, count, and chance for the case that two machines share the directory.
   */
  private String newName() {
    long now = clock.millis();
    return "%d.M%dP%dQ%dR%016x.%s"
        .formatted(
            now / 1000,
            now % 1000 * 1000,
            ProcessHandle.current().pid(),
            COUNT.incrementAndGet(),
            random.nextLong(),
            host.replace(":", "\\072"));
  }

  private byte[] head(ReceivedEnvelope envelope) {
    StringBuilder head = new StringBuilder();
    head.append("Return-Path: ").append(envelope.sender()).append('\n');
    for (ReceivedRecipient recipient : envelope.recipients()) {
      head.append("Delivered-To: ").append(recipient.address()).append('\n');
    }
    head.append("Received: from ").append(envelope.peer().name());
    head.append(" (").append(envelope.peer().addressLiteral()).append(")\n\tby ");
    head.append(host).append("; ");
    head.append(DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(clock))).append('\n');
    return head.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** Waits for files that are being written, and ends the threads. Close the server first. */
  @Override
  public void close() {
    threads.shutdown();
    try {
      if (!threads.awaitTermination(1, TimeUnit.MINUTES)) {
        threads.shutdownNow();
      }
    } catch (InterruptedException e) {
      threads.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }

  /** One file. Its tasks come one after the other: whoever calls waits for each. */
  private final class Sink implements SmtpServerSink {

    private final String name = newName();
    private final List<ByteBuffer> waiting = new ArrayList<>();
    private int waitingBytes;
    private @Nullable FileChannel file;

    Sink(byte[] head) {
      keep(ByteBuffer.wrap(head));
    }

    @Override
    public CompletionStage<Void> write(ByteBuffer bytes) {
      keep(withoutCr(bytes));
      return waitingBytes < MAX_WAITING_BYTES
          ? DONE
          : CompletableFuture.runAsync(() -> run(this::writeWaiting), threads);
    }

    private void keep(ByteBuffer bytes) {
      waiting.add(bytes);
      waitingBytes += bytes.remaining();
    }

    @Override
    public CompletionStage<List<SmtpReply>> commit() {
      return CompletableFuture.supplyAsync(
          () -> {
            run(this::deliver);
            return ACCEPTED;
          },
          threads);
    }

    @Override
    public void abort() {
      try {
        threads.execute(() -> run(this::remove));
      } catch (RejectedExecutionException closed) {
        run(this::remove); // Nobody else does it any more: the last write ended behind the close.
      }
    }

    private void writeWaiting() throws IOException {
      FileChannel open = file;
      if (open == null) {
        open =
            FileChannel.open(
                temporary.resolve(name), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        file = open;
      }
      ByteBuffer[] all = waiting.toArray(new ByteBuffer[0]);
      while (waitingBytes > 0) {
        waitingBytes -= (int) open.write(all);
      }
      waiting.clear();
    }

    private void deliver() throws IOException {
      try {
        writeWaiting();
        try (FileChannel open = file) {
          if (open != null) {
            open.force(true);
          }
        }
        Files.move(
            temporary.resolve(name), delivered.resolve(name), StandardCopyOption.ATOMIC_MOVE);
        makeLast();
      } catch (IOException e) {
        remove();
        throw e;
      }
    }

    /** The client hears of a failure and sends again: what was moved must not stay. */
    private void makeLast() throws IOException {
      try {
        forcing.force(delivered);
      } catch (IOException e) {
        Files.deleteIfExists(delivered.resolve(name));
        throw e;
      }
    }

    private void remove() throws IOException {
      try (FileChannel open = file) {
        if (open != null) {
          Files.deleteIfExists(temporary.resolve(name));
        }
      }
    }
  }

  /** Makes new names in a directory last. */
  interface Forcing {
    void force(Path directory) throws IOException;
  }

  /**
   * Systems on which a directory cannot be opened make its names last by themselves, and so do file
   * systems on which it cannot be forced; whether it can is tried when the Maildir is opened.
   */
  private static void forceDirectory(Path path) throws IOException {
    FileChannel directory;
    try {
      directory = FileChannel.open(path, StandardOpenOption.READ);
    } catch (IOException notHere) {
      return;
    }
    try (directory) {
      directory.force(true);
    }
  }

  private interface Task {
    void run() throws IOException;
  }

  private static void run(Task task) {
    try {
      task.run();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** In place: each CR is one of a CRLF. */
  private static ByteBuffer withoutCr(ByteBuffer bytes) {
    int to = bytes.position();
    for (int from = bytes.position(); from < bytes.limit(); from++) {
      byte b = bytes.get(from);
      if (b != '\r') {
        bytes.put(to++, b);
      }
    }
    return bytes.limit(to);
  }
}
