package io.upgradeable.internal;

import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.Step;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.negotiation.UnreadPolicy;
import java.nio.ByteBuffer;

/**
 * The smallest negotiation: TLS at once, nothing before it and nothing after it. Implicit TLS is
 * this as a layer; a stream's {@code startTls()} is this as a late upgrade.
 */
public final class StartTlsNow implements Negotiation<TlsFacts> {

  private final UnreadPolicy unread;

  /**
   * Makes the negotiation of one connection.
   *
   * @param unread what becomes of bytes that are unread when it begins
   */
  public StartTlsNow(UnreadPolicy unread) {
    this.unread = unread;
  }

  @Override
  public Step<TlsFacts> begin() {
    return Step.startTls(Message.empty(), unread);
  }

  @Override
  public Step<TlsFacts> receive(ByteBuffer input) {
    throw new IllegalStateException("no dialogue: TLS starts at once and is all there is");
  }

  @Override
  public Step<TlsFacts> secured(TlsFacts facts) {
    return Step.done(facts);
  }
}
