package io.upgradeable.netty;

import io.upgradeable.UpgradeObserver;
import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.TlsFacts;
import java.lang.System.Logger.Level;
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

  private static void quietly(Runnable callback) {
    try {
      callback.run();
    } catch (RuntimeException | Error mistake) {
      // An observer has no say in what it observes.
      System.getLogger("io.upgradeable").log(Level.ERROR, "an observer failed", mistake);
    }
  }

  @Override
  public void connectStarted(String path) {
    quietly(() -> observer.connectStarted(path));
  }

  @Override
  public void connectCompleted(String path, SocketAddress remote) {
    quietly(() -> observer.connectCompleted(path, remote));
  }

  @Override
  public void connectFailed(String path, Throwable cause) {
    quietly(() -> observer.connectFailed(path, cause));
  }

  @Override
  public void layerStarted(String path) {
    quietly(() -> observer.layerStarted(path));
  }

  @Override
  public void layerCompleted(String path, Object result) {
    quietly(() -> observer.layerCompleted(path, result));
  }

  @Override
  public void layerFailed(String path, Throwable cause) {
    quietly(() -> observer.layerFailed(path, cause));
  }

  @Override
  public void handshakeStarted(String path) {
    quietly(() -> observer.handshakeStarted(path));
  }

  @Override
  public void handshakeCompleted(String path, TlsFacts facts) {
    quietly(() -> observer.handshakeCompleted(path, facts));
  }

  @Override
  public void handshakeFailed(String path, Throwable cause) {
    quietly(() -> observer.handshakeFailed(path, cause));
  }

  @Override
  public void sent(String path, Message message) {
    quietly(() -> observer.sent(path, message));
  }

  @Override
  public void received(String path, ByteBuffer bytes) {
    quietly(() -> observer.received(path, bytes));
  }
}
