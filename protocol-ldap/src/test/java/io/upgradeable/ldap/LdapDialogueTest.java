package io.upgradeable.ldap;

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
class LdapDialogueTest {

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
    if (dialogue.role() == Role.SERVER) {
      return LdapServerUpgrade.startTls();
    }
    return dialogue.name().contains("opportunistic")
        ? LdapUpgrade.opportunistic()
        : LdapUpgrade.startTls();
  }
}
