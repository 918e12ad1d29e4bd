package io.upgradeable.smtp;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** What a session does for each message: a group of replies read, a content made fit to travel. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SmtpBytesBenchmark {

  private static final int SIZE = 10 * 1024;

  private final ByteBuffer replies =
      ByteBuffer.wrap(
          "250 2.0.0 Ok: queued\r\n250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 End data with a dot\r\n"
              .getBytes(StandardCharsets.US_ASCII));
  private final ByteBuffer content =
      ByteBuffer.wrap(
          "A line of a message as they are.\r\n"
              .repeat(SIZE / 34)
              .getBytes(StandardCharsets.US_ASCII));
  private final ByteBuffer dotted =
      ByteBuffer.wrap(
          ".a line that begins with a dot\r\n"
              .repeat(SIZE / 32)
              .getBytes(StandardCharsets.US_ASCII));
  private final ByteBuffer encoded = ByteBuffer.allocate(2 * SIZE);

  /** Four replies, as they come behind a message and the next envelope. */
  @Benchmark
  public int readFourReplies() {
    SmtpReplyReader reader = new SmtpReplyReader();
    replies.clear();
    int sum = 0;
    while (reader.read(replies) instanceof SmtpReplyReader.Whole whole) {
      sum += whole.reply().code();
    }
    return sum;
  }

  /** 10 KB of usual lines. */
  @Benchmark
  public int stuffUsualLines() {
    return encode(content);
  }

  /** 10 KB of lines that all begin with a dot. */
  @Benchmark
  public int stuffDottedLines() {
    return encode(dotted);
  }

  private int encode(ByteBuffer text) {
    text.clear();
    encoded.clear();
    ContentEncoder encoder = ContentEncoder.stuffingDots();
    encoder.encode(text, encoded);
    encoder.finish(encoded);
    return encoded.position();
  }
}
