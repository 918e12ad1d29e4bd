package io.upgradeable.smtp;

import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.Role;
import io.upgradeable.testkit.Dialogue;
import io.upgradeable.testkit.Split;
import io.upgradeable.testkit.SplitPoints;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every file in {@code src/test/resources/dialogues}, at every split point. */
class SmtpDialogueTest {

  @TestFactory
  Stream<DynamicTest> anyState_dialogueFile_asWritten() {
    return Dialogue.readAll(getClass(), "dialogues").stream()
        .map(dialogue -> dynamicTest(dialogue.name(), () -> play(dialogue)));
  }

  /** What comes too early can be told from what comes in time only if it comes in one segment. */
  private static void play(Dialogue dialogue) {
    boolean inOneSegment = dialogue.name().contains("in-one-segment");
    List<Split> splits =
        inOneSegment ? List.of(Split.whole()) : SplitPoints.all(dialogue.peerBytes());
    for (Split split : splits) {
      dialogue.play(machine(dialogue), split);
    }
  }

  /** The file's name says which machine. */
  private static Negotiation<?> machine(Dialogue dialogue) {
    boolean overTls = dialogue.name().contains("over-tls");
    boolean lmtp = dialogue.name().contains("lmtp");
    if (dialogue.role() == Role.CLIENT) {
      SmtpOptions options = lmtp ? TestOptions.LMTP_CLIENT : TestOptions.CLIENT;
      if (dialogue.name().contains("opportunistic")) {
        return SmtpUpgrade.opportunistic(options);
      }
      return overTls ? SmtpUpgrade.overTls(options) : SmtpUpgrade.startTls(options);
    }
    SmtpServerOptions options = lmtp ? TestOptions.LMTP_SERVER : TestOptions.SERVER;
    return overTls ? SmtpServerUpgrade.overTls(options) : SmtpServerUpgrade.startTls(options);
  }
}
