package io.upgradeable.smtp;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Tells each message as lines of text, for people to read. What the client wrote is shown with
 * control and invisible characters escaped ({@code \u001b}), so that it can neither hide nor fake a
 * line of a terminal. Safe for use by several threads: the lines of a message stay together.
 */
public final class ReceivedPrinter implements SmtpServerHandler, AutoCloseable {

  /** How much of a message is kept to be shown. */
  private static final int MAX_SHOWN_BYTES = 64 * 1024;

  private final Consumer<String> lines;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread printing = new Thread(task, "upgradeable-printer");
            printing.setDaemon(true);
            return printing;
          });

  /**
   * A printer.
   *
   * @param lines is told each line, without its end, on a thread that may block; a client hears
   *     that its message was accepted after that
   */
  public ReceivedPrinter(Consumer<String> lines) {
    this.lines = lines;
  }

  @Override
  public SmtpServerSink onMessage(ReceivedEnvelope envelope) {
    return new Sink(envelope);
  }

  /** Prints what has been received, and ends the thread. Close the server first. */
  @Override
  public void close() {
    thread.shutdown();
    try {
      if (!thread.awaitTermination(1, TimeUnit.MINUTES)) {
        thread.shutdownNow();
      }
    } catch (InterruptedException e) {
      thread.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }

  private final class Sink implements SmtpServerSink {

    private final ReceivedEnvelope envelope;
    private final List<ByteBuffer> shown = new ArrayList<>();
    private int shownBytes;
    private long size;

    Sink(ReceivedEnvelope envelope) {
      this.envelope = envelope;
    }

    @Override
    public CompletionStage<Void> write(ByteBuffer bytes) {
      size += bytes.remaining();
      int kept = Math.min(bytes.remaining(), MAX_SHOWN_BYTES - shownBytes);
      if (kept > 0) {
        shown.add(bytes.limit(bytes.position() + kept));
        shownBytes += kept;
      }
      return DONE;
    }

    @Override
    public CompletionStage<List<SmtpReply>> commit() {
      return CompletableFuture.supplyAsync(
          () -> {
            print();
            return ACCEPTED;
          },
          thread);
    }

    @Override
    public void abort() {}

    private void print() {
      SmtpServerPeer peer = envelope.peer();
      String address = peer.addressLiteral();
      lines.accept(
          escaped(
              "message of %d bytes from %s%s%s"
                  .formatted(
                      size,
                      peer.name(),
                      peer.name().equals(address) ? "" : " " + address,
                      peer.user().map(user -> " as " + user).orElse(""))));
      lines.accept(escaped("  from " + envelope.sender()));
      envelope.recipients().forEach(recipient -> lines.accept(escaped("  to   " + recipient)));
      byte[] text = new byte[shownBytes];
      int at = 0;
      for (ByteBuffer bytes : shown) {
        int length = bytes.remaining();
        bytes.get(text, at, length);
        at += length;
      }
      new String(text, StandardCharsets.UTF_8)
          .lines()
          .forEach(line -> lines.accept("  | " + escaped(line)));
      if (size > shownBytes) {
        lines.accept("  and %d bytes more".formatted(size - shownBytes));
      }
    }
  }

  static String escaped(String text) {
    StringBuilder shown = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c -> {
              if (isVisible(c)) {
                shown.appendCodePoint(c);
              } else {
                shown.append("\\u%04x".formatted(c));
              }
            });
    return shown.toString();
  }

  private static boolean isVisible(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.PRIVATE_USE,
          Character.SURROGATE,
          Character.UNASSIGNED ->
          c == '\t';
      default -> true;
    };
  }
}
