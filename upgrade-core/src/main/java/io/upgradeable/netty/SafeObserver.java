package io.upgradeable.netty;

import io.upgradeable.UpgradeObserver;
import io.upgradeable.internal.Observing;
import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.TlsFacts;
import java.net.SocketAddress;
import java.nio.ByteBuffer;

/** Keeps what an observer throws away from the connections that it observes. */
final class SafeObserver implements UpgradeObserver {

  private final UpgradeObserver observer;

  SafeObserver(UpgradeObserver observer) {
    this.observer = observer;
  }

  boolean isNone() {
    return observer == UpgradeObserver.NONE;
  }

  @Override
  public void connectStarted(String path) {
    Observing.quietly(() -> observer.connectStarted(path));
  }

  @Override
  public void connectCompleted(String path, SocketAddress remote) {
    Observing.quietly(() -> observer.connectCompleted(path, remote));
  }

  @Override
  public void connectFailed(String path, Throwable cause) {
    Observing.quietly(() -> observer.connectFailed(path, cause));
  }

  @Override
  public void layerStarted(String path) {
    Observing.quietly(() -> observer.layerStarted(path));
  }

  @Override
  public void layerCompleted(String path, Object result) {
    Observing.quietly(() -> observer.layerCompleted(path, result));
  }

  @Override
  public void layerFailed(String path, Throwable cause) {
    Observing.quietly(() -> observer.layerFailed(path, cause));
  }

  @Override
  public void handshakeStarted(String path) {
    Observing.quietly(() -> observer.handshakeStarted(path));
  }

  @Override
  public void handshakeCompleted(String path, TlsFacts facts) {
    Observing.quietly(() -> observer.handshakeCompleted(path, facts));
  }

  @Override
  public void handshakeFailed(String path, Throwable cause) {
    Observing.quietly(() -> observer.handshakeFailed(path, cause));
  }

  @Override
  public void sent(String path, Message message) {
    Observing.quietly(() -> observer.sent(path, message));
  }

  @Override
  public void received(String path, ByteBuffer bytes) {
    Observing.quietly(() -> observer.received(path, bytes));
  }
}
