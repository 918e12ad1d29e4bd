package io.upgradeable.testkit;

import io.upgradeable.testkit.Dialogue.Event;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * What a {@link ScriptedPeer} does, step by step. A script knows no protocol: it sends bytes and
 * expects bytes. Immutable; each method returns a longer script.
 *
 * <pre>{@code
 * Script server = Script.start().expect("PING\n").send("PONG\n").expect("STARTTLS\n").startTls();
 * }</pre>
 *
 * <p>A script that ends without closing closes politely.
 */
public final class Script {

  /** A gigabyte: whoever has read that much of a flood without protest has no limit. */
  private static final long FLOOD_BYTES = 1L << 30;

  private static final long PATIENCE_SECONDS = 30;

  /** One step. */
  interface Action {
    void run(ScriptedConnection connection) throws IOException;
  }

  /** A step with its name for failure texts. */
  record Step(String name, Action action) {}

  /** The other side closed before it had said all that is expected, and nothing else. */
  private static final class Left extends AssertionError {
    private static final long serialVersionUID = 1L;

    Left(String message) {
      super(message);
    }
  }

  private static final Script EMPTY = new Script(List.of());

  private final List<Step> steps;

  private Script(List<Step> steps) {
    this.steps = steps;
  }

  /**
   * A script of no steps.
   *
   * @return the script
   */
  public static Script start() {
    return EMPTY;
  }

  /**
   * The peer's part of a whole dialogue.
   *
   * @param dialogue seen from the role under test
   * @return the script of the other side
   */
  public static Script of(Dialogue dialogue) {
    return of(dialogue.events());
  }

  /**
   * The peer's part of a dialogue up to where TLS would start.
   *
   * @param dialogue seen from the role under test
   * @return the script of the other side, before the handshake
   * @throws IllegalArgumentException if TLS never starts
   */
  public static Script untilTls(Dialogue dialogue) {
    List<Integer> tls = dialogue.indicesOf(Dialogue.Kind.TLS);
    if (tls.isEmpty()) {
      throw new IllegalArgumentException("expected a dialogue with =TLS=, got " + dialogue);
    }
    return of(dialogue.events().subList(0, tls.get(0)));
  }

  /**
   * The peer's part of a whole dialogue, each byte in a segment of its own.
   *
   * @param dialogue seen from the role under test
   * @return the script of the other side
   */
  public static Script dripping(Dialogue dialogue) {
    return of(dialogue.events(), true);
  }

  static Script of(List<Event> events) {
    return of(events, false);
  }

  private static Script of(List<Event> events, boolean dripping) {
    Script script = EMPTY;
    for (Event event : events) {
      script =
          switch (event.kind()) {
            case PEER_SAYS -> dripping ? script.drip(event.bytes()) : script.send(event.bytes());
            case WE_SAY -> script.expect(event.bytes());
            case TLS -> script.startTls();
            case PEER_CLOSES -> script.close();
          };
    }
    return script;
  }

  /**
   * Sends bytes, in one segment if they fit.
   *
   * @param bytes the bytes
   * @return the longer script
   */
  public Script send(byte[] bytes) {
    byte[] copy = bytes.clone();
    return then("send " + quoted(copy), connection -> connection.send(copy));
  }

  /**
   * Sends text in UTF-8.
   *
   * @param text the text with its line ends
   * @return the longer script
   */
  public Script send(String text) {
    return send(text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Sends bytes one by one, each in a segment of its own as far as TCP allows.
   *
   * @param bytes the bytes
   * @return the longer script
   */
  public Script drip(byte[] bytes) {
    byte[] copy = bytes.clone();
    return then(
        "drip " + quoted(copy),
        connection -> {
          for (byte b : copy) {
            connection.send(new byte[] {b});
          }
        });
  }

  /**
   * Sends text one byte at a time.
   *
   * @param text the text with its line ends
   * @return the longer script
   */
  public Script drip(String text) {
    return drip(text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Reads as many bytes as are expected and compares them.
   *
   * @param bytes the exact bytes
   * @return the longer script
   */
  public Script expect(byte[] bytes) {
    byte[] copy = bytes.clone();
    return then(
        "expect " + quoted(copy),
        connection -> {
          byte[] got = receive(connection, copy);
          if (!Arrays.equals(copy, got)) {
            String end = got.length < copy.length ? " and the end" : "";
            String message = "expected %s, got %s%s".formatted(quoted(copy), quoted(got), end);
            throw startsWith(copy, got) ? new Left(message) : new AssertionError(message);
          }
        });
  }

  /**
   * Reads as many bytes as are expected and compares them.
   *
   * @param text the exact text with its line ends
   * @return the longer script
   */
  public Script expect(String text) {
    return expect(text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Reads as many bytes as are expected, compares them, and demands that no more have come with
   * them: whoever should wait for an answer to them did.
   *
   * @param text the exact text with its line ends
   * @return the longer script
   */
  public Script expectOnly(String text) {
    return expect(text)
        .then(
            "expect nothing behind",
            connection -> {
              if (connection.unread().length > 0) {
                throw new AssertionError("expected a pause, got " + quoted(connection.unread()));
              }
            });
  }

  /**
   * Waits until the other side says that it sends no more, and that it sent nothing before.
   *
   * @return the longer script
   */
  public Script expectClose() {
    return then(
        "expect close",
        connection -> {
          byte[] got = connection.receive(1);
          if (got.length > 0) {
            throw new AssertionError("expected the end, got " + quoted(got));
          }
        });
  }

  /**
   * Turns into TLS: a server waits for the ClientHello, a client sends it.
   *
   * @return the longer script
   */
  public Script startTls() {
    return then("start TLS", connection -> connection.startTls(new byte[0]));
  }

  /**
   * Sends bytes in one segment together with the ClientHello, then goes on with the handshake. For
   * a client only.
   *
   * @param bytes the last plaintext bytes
   * @return the longer script
   */
  public Script startTlsBehind(byte[] bytes) {
    byte[] copy = bytes.clone();
    return then("start TLS behind " + quoted(copy), connection -> connection.startTls(copy));
  }

  /**
   * Sends text in one segment together with the ClientHello. For a client only.
   *
   * @param text the last plaintext with its line end
   * @return the longer script
   */
  public Script startTlsBehind(String text) {
    return startTlsBehind(text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Sends the same bytes again and again until the other side closes.
   *
   * @param text what to repeat
   * @return the longer script
   */
  public Script flood(String text) {
    byte[] block = text.repeat(1 + 16 * 1024 / text.length()).getBytes(StandardCharsets.UTF_8);
    return then(
        "flood of \"" + Escaped.text(text.getBytes(StandardCharsets.UTF_8)) + "\"",
        connection -> {
          if (!connection.flood(block, FLOOD_BYTES)) {
            throw new AssertionError("expected a limit, got " + FLOOD_BYTES + " bytes through");
          }
        });
  }

  /**
   * Says nothing, and reads nothing, until the test closes: the reader that never reads. Whoever
   * writes enough to it finds the way blocked. It doesn't notice when the other side closes,
   * because that would take reading; {@link #discard()} does. A script that stalls is never played
   * to its end.
   *
   * @return the longer script
   */
  public Script stall() {
    return then("stall", ScriptedConnection::stall);
  }

  /**
   * Says nothing, and forgets whatever it reads, until the other side closes, however long that
   * takes. Under TLS it is records that it forgets, a close_notify too, so the end is that of TCP.
   *
   * @return the longer script
   */
  public Script discard() {
    return then("discard", ScriptedConnection::discard);
  }

  /**
   * Does nothing until the test lets it go on, half a minute at most.
   *
   * @param latch counted down by the test
   * @return the longer script
   */
  public Script await(CountDownLatch latch) {
    return then(
        "await the test",
        connection -> {
          try {
            if (!latch.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
              throw new AssertionError("expected the test to go on within half a minute");
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("the test is over");
          }
        });
  }

  /** Waits for the first record of the ClientHello, and takes it: the handshake can only fail. */
  Script awaitHello() {
    return then("await ClientHello", ScriptedConnection::awaitHello);
  }

  /**
   * Closes politely: close_notify if TLS is on, then FIN.
   *
   * @return the longer script
   */
  public Script close() {
    return then("close", ScriptedConnection::close);
  }

  /**
   * Closes TCP without close_notify.
   *
   * @return the longer script
   */
  public Script closeWithoutNotify() {
    return then("close without close_notify", ScriptedConnection::closeSocket);
  }

  /** Ends TCP without close_notify, whatever the other side has sent: no reset in its place. */
  Script endWithoutNotify() {
    return then("end without close_notify", ScriptedConnection::endSocket);
  }

  /**
   * Says that it sends no more, and goes on reading.
   *
   * @return the longer script
   */
  public Script halfClose() {
    return then("half-close", ScriptedConnection::halfClose);
  }

  /**
   * Resets the connection (RST).
   *
   * @return the longer script
   */
  public Script reset() {
    return then("reset", ScriptedConnection::reset);
  }

  /**
   * One script, then another.
   *
   * @param next what follows
   * @return both
   */
  public Script then(Script next) {
    List<Step> longer = new ArrayList<>(steps);
    longer.addAll(next.steps);
    return new Script(List.copyOf(longer));
  }

  /**
   * The same for a peer that the other side may leave at any step, because it loses patience: an
   * end where bytes are expected breaks the script off, as a reset does. Other bytes are no less
   * wrong.
   */
  Script mayBeLeft() {
    return new Script(
        steps.stream()
            .map(
                step ->
                    new Step(
                        step.name(),
                        connection -> {
                          try {
                            step.action().run(connection);
                          } catch (Left e) {
                            throw new EOFException(e.getMessage());
                          }
                        }))
            .toList());
  }

  List<Step> steps() {
    return steps;
  }

  private Script then(String name, Action action) {
    List<Step> longer = new ArrayList<>(steps);
    longer.add(new Step(name, action));
    return new Script(List.copyOf(longer));
  }

  /** A wait that fails must not hide that wrong bytes had come by then. */
  private static byte[] receive(ScriptedConnection connection, byte[] expected) throws IOException {
    try {
      return connection.receive(expected.length);
    } catch (IOException e) {
      byte[] got = connection.unread();
      if (!startsWith(expected, got)) {
        throw new AssertionError(
            "expected %s, got %s and %s".formatted(quoted(expected), quoted(got), e), e);
      }
      throw e;
    }
  }

  private static boolean startsWith(byte[] expected, byte[] got) {
    return Arrays.equals(got, Arrays.copyOf(expected, got.length));
  }

  private static String quoted(byte[] bytes) {
    return bytes.length == 0 ? "nothing" : '"' + Escaped.text(bytes) + '"';
  }

  /** The steps, one in a line. */
  @Override
  public String toString() {
    return String.join("\n", steps.stream().map(Step::name).toList());
  }
}
