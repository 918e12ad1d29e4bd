package io.upgradeable.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.upgradeable.negotiation.Role;
import io.upgradeable.testkit.Dialogue.Event;
import io.upgradeable.testkit.Dialogue.Kind;
import org.junit.jupiter.api.Test;

class DialogueTest {

  private static final String HEADER = "dialogue client LF\n";

  @Test
  void goodText_parsed_everyEventInOrder() {
    Dialogue dialogue =
        Dialogue.parse(
            "good",
            """
            # a comment
            dialogue server CRLF

            C: HELLO \\x41
            C- half
            S: OK
            =TLS=
            C closes
            =DONE= a result
            """);

    assertThat(dialogue.role()).isEqualTo(Role.SERVER);
    assertThat(dialogue.startsTls()).isTrue();
    assertThat(dialogue.peerBytes()).isEqualTo(13);
    assertThat(dialogue.events())
        .extracting(Event::kind)
        .containsExactly(Kind.PEER_SAYS, Kind.WE_SAY, Kind.TLS, Kind.PEER_CLOSES);
    assertThat(Escaped.text(dialogue.events().get(0).bytes())).isEqualTo("HELLO A\\r\\nhalf");
    assertThat(Escaped.text(dialogue.events().get(1).bytes())).isEqualTo("OK\\r\\n");
    assertThat(dialogue.ending().isDone()).isTrue();
    assertThat(dialogue.ending().text()).contains("a result");
  }

  @Test
  void wrongText_parsed_refusedWithNameAndLine() {
    assertRefused("C: PING\n=DONE=", "x:1", "header");
    assertRefused("dialogue both LF\n=DONE=", "x:1", "header");
    assertRefused("", "x:0", "header");
    assertRefused(HEADER + "C: PING\n", "x:2", "ending");
    assertRefused(HEADER + "PING\n=DONE=", "x:2", "'C: '");
    assertRefused(HEADER + "C:PING\n=DONE=", "x:2", "'C: '");
    assertRefused(HEADER + "S: \\q\n=DONE=", "x:2", "\\xNN");
    assertRefused(HEADER + "S-\n=DONE=", "x:2", "at least one byte");
    assertRefused(HEADER + "C closes\n=DONE=", "x:2", "the peer to close");
    assertRefused(HEADER + "! Exploded", "x:2", "Misbehaved");
    assertRefused(HEADER + "=DONE=\nS: more", "x:3", "nothing behind the ending");
  }

  @Test
  void coalesced_weSpeakFirst_greetingBeforeAndAnswersBehind() {
    Dialogue dialogue =
        Dialogue.parse(
            "x",
            """
            dialogue server LF
            S: HELLO
            C: A
            S: a
            C: B
            S: b
            =TLS=
            S: HELLO
            C: C
            S: c
            C: D
            S: d
            =DONE=
            """);

    assertThat(dialogue.coalesced().events())
        .extracting(event -> event.kind() + " " + Escaped.text(event.bytes()))
        .containsExactly(
            "WE_SAY HELLO\\n",
            "PEER_SAYS A\\nB\\n",
            "WE_SAY a\\n",
            "WE_SAY b\\n",
            "TLS ",
            "WE_SAY HELLO\\n",
            "PEER_SAYS C\\nD\\n",
            "WE_SAY c\\n",
            "WE_SAY d\\n");
  }

  private static void assertRefused(String text, String where, String expected) {
    assertThatThrownBy(() -> Dialogue.parse("x", text))
        .as(text)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(where + ": ")
        .hasMessageContaining(expected);
  }

  @Test
  void otherBytesFromUs_played_failsWithLineAndBoth() {
    assertThatThrownBy(() -> play("S: READY 1", "C: STOP", "=TLS=", "=DONE="))
        .isInstanceOf(AssertionError.class)
        .hasMessageStartingWith("x:3 ")
        .hasMessageContaining("expected \"STOP\\n\", got \"GO\\n\"");
  }

  @Test
  void moreBytesFromUs_played_fails() {
    assertThatThrownBy(() -> play("S: READY 1", "! PlaintextInjected"))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("expected no more bytes from us, got \"GO\\n\"");
  }

  @Test
  void otherEnding_played_fails() {
    assertThatThrownBy(() -> play("S: NO", "! Closed"))
        .isInstanceOf(AssertionError.class)
        .hasMessageStartingWith("x:3 ")
        .hasMessageContaining("expected Closed, got Failed[reason=Misbehaved");
  }

  @Test
  void otherResult_played_fails() {
    assertThatThrownBy(
            () ->
                play(
                    "S: READY 1",
                    "C: GO",
                    "=TLS=",
                    "S: WELCOME",
                    "C: THANKS",
                    "S: BYE",
                    "=DONE= x"))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("expected x, got ");
  }

  @Test
  void noTlsWhereExpected_played_fails() {
    assertThatThrownBy(() -> play("S: NO", "=TLS=", "=DONE="))
        .isInstanceOf(AssertionError.class)
        .hasMessageStartingWith("x:3 ")
        .hasMessageContaining("expected StartTls");
  }

  @Test
  void machineThatStillWaits_playedToItsEnd_fails() {
    assertThatThrownBy(() -> play("S: READY 1", "C: GO", "=TLS=", "=DONE="))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("a machine that still waits");
  }

  @Test
  void machineThatIsOver_dialogueGoesOn_fails() {
    assertThatThrownBy(() -> play("S: NO", "S closes", "! Misbehaved"))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("expected a machine that goes on");
  }

  private static void play(String... lines) {
    Dialogue.parse("x", HEADER + String.join("\n", lines))
        .play(new ToyNegotiation(), Split.whole());
  }
}
