package io.upgradeable.cli;

import io.upgradeable.UpgradeException;
import io.upgradeable.session.Session;
import io.upgradeable.session.SessionContext;
import java.nio.ByteBuffer;
import java.util.Optional;

/** What follows a protocol whose negotiation is all that there is to it: the end. */
final class ClosingSession implements Session {

  @Override
  public void opened(SessionContext context) {
    context.close();
  }

  @Override
  public void receive(ByteBuffer input) {
    input.position(input.limit());
  }

  @Override
  public void inputClosed(boolean truncated) {}

  @Override
  public void closed(Optional<UpgradeException> cause) {}
}
