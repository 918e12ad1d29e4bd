package io.upgradeable.ping;

import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.Role;
import io.upgradeable.testkit.Dialogue;
import io.upgradeable.testkit.Split;
import io.upgradeable.testkit.SplitPoints;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every file in {@code src/test/resources/dialogues}, at every split point. */
class PingDialogueTest {

  @TestFactory
  Stream<DynamicTest> anyState_dialogueFile_asWritten() {
    return Dialogue.readAll(getClass(), "dialogues").stream()
        .map(dialogue -> dynamicTest(dialogue.name(), () -> play(dialogue)));
  }

  private static void play(Dialogue dialogue) {
    for (Split split : SplitPoints.all(dialogue.peerBytes())) {
      dialogue.play(machine(dialogue), split);
    }
  }

  private static Negotiation<?> machine(Dialogue dialogue) {
    boolean overTls = dialogue.name().contains("over-tls");
    if (dialogue.role() == Role.CLIENT) {
      return overTls ? PingUpgrade.overTls() : PingUpgrade.startTls();
    }
    return overTls ? PingServerUpgrade.overTls() : PingServerUpgrade.startTls();
  }
}
