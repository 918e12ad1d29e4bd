package io.upgradeable.cli;

import io.upgradeable.UpgradeObserver;
import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.TlsFacts;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Listens to one connection of a client, and tells line by line what is said. */
final class DialogueRecorder implements UpgradeObserver {

  private final Way way;
  private final Consumer<DialogueEvent> sink;
  private final Map<String, TlsFacts> hopTls = new ConcurrentHashMap<>();
  private final Map<String, Object> hopResults = new ConcurrentHashMap<>();
  private volatile @Nullable TlsFacts tls;

  /** Whether there is TLS with whom is talked to. */
  private volatile boolean secured;

  private volatile boolean stopped;

  /**
   * Begins.
   *
   * @param way how the target is reached
   * @param sink is told each event, on the event loop
   */
  DialogueRecorder(Way way, Consumer<DialogueEvent> sink) {
    this.way = way;
    this.sink = sink;
  }

  /** The topmost TLS with the target that came up, whatever happened then. */
  Optional<TlsFacts> tls() {
    return Optional.ofNullable(tls);
  }

  /** How far the way through the proxies came. */
  List<HopFacts> hops() {
    return way.hops().stream()
        .map(
            hop ->
                HopFacts.of(
                    hop,
                    Optional.ofNullable(hopResults.get(hop.tunnelPath())),
                    hop.tlsPath().map(hopTls::get)))
        .toList();
  }

  /** A proxy may ask for a new connection: what was known of the old one is not about this one. */
  @Override
  public void connectStarted(String path) {
    if (!stopped) {
      tls = null;
      secured = false;
      hopTls.clear();
      hopResults.clear();
    }
  }

  @Override
  public void connectCompleted(String path, SocketAddress remote) {
    tell(path, DialogueEvent.Kind.CONNECTED, addressText(remote));
  }

  @Override
  public void layerCompleted(String path, Object result) {
    if (!stopped && way.isTunnel(path)) {
      hopResults.put(path, result);
      secured = false;
      tell(path, DialogueEvent.Kind.TUNNEL_OPENED, path.substring(path.lastIndexOf(" > ") + 3));
    }
  }

  @Override
  public void sent(String path, Message message) {
    message
        .shown()
        .lines()
        .forEach(line -> tell(path, DialogueEvent.Kind.SENT, Printable.of(line)));
  }

  @Override
  public void received(String path, ByteBuffer bytes) {
    int start = bytes.position();
    for (int i = start; i < bytes.limit(); i++) {
      if (bytes.get(i) == '\n' || i == bytes.limit() - 1) {
        tell(path, DialogueEvent.Kind.RECEIVED, line(bytes, start, i));
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
    tell(path, DialogueEvent.Kind.HANDSHAKE_STARTED, "");
  }

  @Override
  public void handshakeCompleted(String path, TlsFacts facts) {
    if (!stopped) {
      secured = true;
      if (way.isToProxy(path)) {
        hopTls.put(path, facts);
      } else {
        tls = facts;
      }
    }
    tell(
        path, DialogueEvent.Kind.HANDSHAKE_COMPLETED, facts.protocol() + " " + facts.cipherSuite());
  }

  @Override
  public void handshakeFailed(String path, Throwable cause) {
    tell(path, DialogueEvent.Kind.HANDSHAKE_FAILED, "");
  }

  /** A session says a line. */
  void said(String line) {
    tell(DialogueEvent.Kind.SENT, false, Printable.of(line));
  }

  /** A session hears a line. */
  void heard(String line) {
    tell(DialogueEvent.Kind.RECEIVED, false, Printable.of(line));
  }

  /** Tells nothing from here on, whatever else happens on whichever connection. */
  void stop() {
    stopped = true;
  }

  private void tell(String path, DialogueEvent.Kind kind, String text) {
    tell(kind, way.isToProxy(path), text);
  }

  private void tell(DialogueEvent.Kind kind, boolean hop, String text) {
    if (stopped) {
      return;
    }
    sink.accept(new DialogueEvent(kind, secured, hop, text));
  }

  private static String addressText(SocketAddress address) {
    String text = address.toString();
    return text.substring(text.indexOf('/') + 1);
  }
}
