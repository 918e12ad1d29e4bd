package io.upgradeable.cli;

import io.upgradeable.UpgradeException;
import io.upgradeable.session.Session;
import io.upgradeable.session.SessionContext;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Says what it hears, at the pace of who listens. */
final class EchoSession implements Session {

  private @Nullable SessionContext context;

  @Override
  public void opened(SessionContext opened) {
    context = opened;
    opened.requestInput();
  }

  @Override
  public void receive(ByteBuffer input) {
    byte[] bytes = new byte[input.remaining()];
    input.get(bytes);
    SessionContext present = present();
    present
        .write(ByteBuffer.wrap(bytes))
        .whenComplete(
            (written, gone) -> {
              if (gone == null) {
                present.requestInput();
              }
            });
  }

  @Override
  public void inputClosed(boolean truncated) {
    present().close();
  }

  @Override
  public void closed(Optional<UpgradeException> cause) {}

  private SessionContext present() {
    if (context == null) {
      throw new IllegalStateException("not opened");
    }
    return context;
  }
}
