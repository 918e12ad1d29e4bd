package io.upgradeable.cli;

import io.upgradeable.UpgradeObserver;
import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.TlsFacts;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Listens to one connection of a client, and tells line by line what is said. */
final class DialogueRecorder implements UpgradeObserver {

  private final Consumer<DialogueEvent> sink;
  private volatile @Nullable TlsFacts tls;
  private volatile boolean stopped;

  /**
   * Begins.
   *
   * @param sink is told each event, on the event loop
   */
  DialogueRecorder(Consumer<DialogueEvent> sink) {
    this.sink = sink;
  }

  /** The topmost TLS that came up, whatever happened then. */
  Optional<TlsFacts> tls() {
    return Optional.ofNullable(tls);
  }

  @Override
  public void connectCompleted(String path, SocketAddress remote) {
    tell(DialogueEvent.Kind.CONNECTED, addressText(remote));
  }

  @Override
  public void sent(String path, Message message) {
    tellLines(DialogueEvent.Kind.SENT, message.shown());
  }

  @Override
  public void received(String path, ByteBuffer bytes) {
    int start = bytes.position();
    for (int i = start; i < bytes.limit(); i++) {
      if (bytes.get(i) == '\n' || i == bytes.limit() - 1) {
        tell(DialogueEvent.Kind.RECEIVED, line(bytes, start, i));
        start = i + 1;
      }
    }
  }

  /** The bytes up to the last one, which may end the line. */
  private static String line(ByteBuffer bytes, int start, int last) {
    int end = bytes.get(last) == '\n' ? last : last + 1;
    if (end > start && end == last && bytes.get(end - 1) == '\r') {
      end--;
    }
    return Printable.of(bytes.duplicate().limit(end).position(start));
  }

  @Override
  public void handshakeStarted(String path) {
    tell(DialogueEvent.Kind.HANDSHAKE_STARTED, "");
  }

  @Override
  public void handshakeCompleted(String path, TlsFacts facts) {
    tls = facts;
    tell(DialogueEvent.Kind.HANDSHAKE_COMPLETED, facts.protocol() + " " + facts.cipherSuite());
  }

  @Override
  public void handshakeFailed(String path, Throwable cause) {
    tell(DialogueEvent.Kind.HANDSHAKE_FAILED, "");
  }

  /** A session says a line. */
  void said(String line) {
    tell(DialogueEvent.Kind.SENT, Printable.of(line));
  }

  /** A session hears a line. */
  void heard(String line) {
    tell(DialogueEvent.Kind.RECEIVED, Printable.of(line));
  }

  private void tellLines(DialogueEvent.Kind kind, String text) {
    text.lines().forEach(line -> tell(kind, Printable.of(line)));
  }

  /** Tells nothing from here on, whatever else happens on whichever connection. */
  void stop() {
    stopped = true;
  }

  private void tell(DialogueEvent.Kind kind, String text) {
    if (stopped) {
      return;
    }
    sink.accept(new DialogueEvent(kind, tls != null, text));
  }

  private static String addressText(SocketAddress address) {
    String text = address.toString();
    return text.substring(text.indexOf('/') + 1);
  }
}
