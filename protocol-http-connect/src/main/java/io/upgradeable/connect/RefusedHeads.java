package io.upgradeable.connect;

import io.upgradeable.UpgradeException;
import io.upgradeable.UpgradeException.PeerClosed;
import io.upgradeable.UpgradeObserver;
import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.TlsFacts;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * Puts into the access log what never became a request: a head that was refused, or that did not
 * come to its end. Tells another observer everything.
 */
final class RefusedHeads implements UpgradeObserver {

  /** Where the status stands in {@code HTTP/1.1 400 Bad Request}. */
  private static final int STATUS_START = 9;

  private static final int STATUS_END = 12;

  private final String layerName;
  private final UpgradeObserver other;
  private final Consumer<TunnelRecord> log;

  /** Who said anything at all: whoever only looked whether somebody is here is not told of. */
  private final Set<String> heard = ConcurrentHashMap.newKeySet();

  /** What was answered, by the chain line, which begins with the client's address and port. */
  private final Map<String, Integer> answered = new ConcurrentHashMap<>();

  RefusedHeads(String layerName, UpgradeObserver other, Consumer<TunnelRecord> log) {
    this.layerName = layerName;
    this.other = other;
    this.log = log;
  }

  private boolean isRequest(String path) {
    return path.endsWith(" > " + layerName);
  }

  /** The only message that this layer sends is the refusal that fails it, in the same moment. */
  @Override
  public void sent(String path, Message message) {
    if (isRequest(path)) {
      String status = message.shown().substring(STATUS_START, STATUS_END);
      answered.put(path, Integer.parseInt(status));
    }
    other.sent(path, message);
  }

  @Override
  public void layerFailed(String path, Throwable cause) {
    if (isRequest(path)) {
      Integer status = answered.remove(path);
      boolean silent = !heard.remove(path) && cause instanceof PeerClosed;
      if (cause instanceof UpgradeException failure && !silent) {
        log.accept(
            new TunnelRecord(
                Instant.now(),
                failure.peer(),
                Optional.empty(),
                Optional.empty(),
                status == null ? 0 : status,
                failure.got(),
                0,
                0,
                Duration.ZERO));
      }
    }
    other.layerFailed(path, cause);
  }

  @Override
  public void connectStarted(String path) {
    other.connectStarted(path);
  }

  @Override
  public void connectCompleted(String path, SocketAddress remote) {
    other.connectCompleted(path, remote);
  }

  @Override
  public void connectFailed(String path, Throwable cause) {
    other.connectFailed(path, cause);
  }

  @Override
  public void layerStarted(String path) {
    other.layerStarted(path);
  }

  @Override
  public void layerCompleted(String path, Object result) {
    heard.remove(path);
    other.layerCompleted(path, result);
  }

  @Override
  public void handshakeStarted(String path) {
    other.handshakeStarted(path);
  }

  @Override
  public void handshakeCompleted(String path, TlsFacts facts) {
    other.handshakeCompleted(path, facts);
  }

  @Override
  public void handshakeFailed(String path, Throwable cause) {
    other.handshakeFailed(path, cause);
  }

  @Override
  public void received(String path, ByteBuffer bytes) {
    if (isRequest(path)) {
      heard.add(path);
    }
    other.received(path, bytes);
  }
}
