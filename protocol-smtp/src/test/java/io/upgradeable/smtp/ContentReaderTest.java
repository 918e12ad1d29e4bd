package io.upgradeable.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ContentReaderTest {

  private final List<Exception> failures = new ArrayList<>();

  /** On an event loop that has no time for what threads hand over to it. */
  private ContentReader reader(MailContent content) {
    return new ContentReader(
        content,
        ContentReader.Framing.DATA,
        1024,
        true,
        task -> {},
        new ContentReader.Listener() {
          @Override
          public void onPiece(ContentReader.Piece piece) {}

          @Override
          public void onFailure(Exception cause) {
            failures.add(cause);
          }
        });
  }

  private static MailContent readableOnce() {
    return MailContent.ofStream(new ByteArrayInputStream(new byte[] {'x'}));
  }

  @Test
  void next_contentThatIsReadableOnce_spentBeforeAThreadHasOpenedIt() {
    for (int i = 0; i < 100; i++) {
      MailContent content = readableOnce();
      reader(content).next();
      assertThat(content.isSpent()).isTrue();
    }
    assertThat(failures).isEmpty();
  }

  @Test
  void next_contentThatIsSpent_failsAtOnce() {
    MailContent content = readableOnce();
    reader(content).next();
    reader(content).next();

    assertThat(failures).hasExactlyElementsOfTypes(IllegalStateException.class);
  }
}
