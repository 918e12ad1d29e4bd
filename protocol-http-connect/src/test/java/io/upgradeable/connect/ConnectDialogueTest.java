package io.upgradeable.connect;

import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.upgradeable.Endpoint;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.Role;
import io.upgradeable.testkit.Dialogue;
import io.upgradeable.testkit.Split;
import io.upgradeable.testkit.SplitPoints;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every file in {@code src/test/resources/dialogues}, at every split point. */
class ConnectDialogueTest {

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
    return dialogue.role() == Role.CLIENT
        ? ConnectUpgrade.to(Endpoint.parse("mail.example.net:587"), ConnectOptions.NONE)
        : new ConnectServerUpgrade();
  }
}
