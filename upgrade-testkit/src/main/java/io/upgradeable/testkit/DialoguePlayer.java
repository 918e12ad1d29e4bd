package io.upgradeable.testkit;

import io.upgradeable.Limits;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.Role;
import io.upgradeable.testkit.Dialogue.Ending;
import io.upgradeable.testkit.Dialogue.Event;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;

/** Plays one dialogue against one machine. */
final class DialoguePlayer<R> {

  private final Dialogue dialogue;
  private final Split split;
  private final MemoryDriver<R> driver;
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();
  private int delivered;
  private int segmentsOfTurn;

  DialoguePlayer(Dialogue dialogue, Negotiation<R> negotiation, Split split) {
    this.dialogue = dialogue;
    this.split = split;
    this.driver =
        new MemoryDriver<>(
            negotiation, dialogue.role() == Role.CLIENT ? Limits.CLIENT : Limits.SERVER);
  }

  /** Plays to the end and checks the ending. */
  Outcome<R> play() {
    MemoryDriver<R> played = playBefore(dialogue.events().size());
    Ending ending = dialogue.ending();
    // Between the segments of its last turn the peer may hear an answer that it would not hear
    // else.
    boolean asWritten = ending.isDone() || segmentsOfTurn <= 1;
    if (asWritten) {
      expectSilence(ending.line());
    }
    Outcome<R> outcome =
        played
            .outcome()
            .orElseThrow(() -> wrong(ending.line(), ending.kind(), "a machine that still waits"));
    String got = outcome.toString();
    if (!outcome.kind().equals(ending.kind())) {
      throw wrong(ending.line(), ending.kind(), got);
    }
    ending
        .text()
        .filter(text -> asWritten)
        .ifPresent(
            text -> {
              boolean same =
                  outcome instanceof Outcome.Done<R> done
                      ? String.valueOf(done.result()).equals(text)
                      : got.contains(text);
              if (!same) {
                throw wrong(ending.line(), text, got);
              }
            });
    return outcome;
  }

  /** Plays all events before an index; the driver is then where the dialogue says. */
  MemoryDriver<R> playBefore(int index) {
    driver.begin();
    said.writeBytes(driver.takeSent());
    for (Event event : dialogue.events().subList(0, index)) {
      play(event);
    }
    return driver;
  }

  private void play(Event event) {
    switch (event.kind()) {
      case PEER_SAYS -> {
        expectSilence(event.line());
        expectGoingOn(event);
        deliver(event.bytes());
      }
      case WE_SAY -> expectSaid(event);
      case TLS -> {
        expectSilence(event.line());
        if (!driver.isSecuring()) {
          throw wrong(event.line(), "StartTls", ended());
        }
        driver.secured(Wire.standInFacts(dialogue.role()));
      }
      case PEER_CLOSES -> {
        expectSilence(event.line());
        expectGoingOn(event);
        driver.closeInput();
      }
    }
    said.writeBytes(driver.takeSent());
  }

  /** Delivers bytes of the peer, cut by the split. */
  void deliver(byte[] bytes) {
    int from = 0;
    segmentsOfTurn = 0;
    while (from < bytes.length) {
      int length = split.checkedNext(delivered, bytes.length - from);
      driver.deliver(Arrays.copyOfRange(bytes, from, from + length));
      from += length;
      delivered += length;
      segmentsOfTurn++;
    }
    said.writeBytes(driver.takeSent());
  }

  /** Whether our message that follows an event directly was said. */
  boolean saidNext(int index) {
    boolean weSpeak =
        index + 1 < dialogue.events().size()
            && dialogue.events().get(index + 1).kind() == Dialogue.Kind.WE_SAY;
    return weSpeak && startsWith(said.toByteArray(), dialogue.events().get(index + 1).bytes());
  }

  private static boolean startsWith(byte[] bytes, byte[] prefix) {
    return bytes.length >= prefix.length
        && Arrays.equals(prefix, Arrays.copyOf(bytes, prefix.length));
  }

  private void expectGoingOn(Event event) {
    if (driver.isOver()) {
      throw wrong(event.line(), "a machine that goes on", ended());
    }
  }

  private void expectSaid(Event event) {
    byte[] expected = event.bytes();
    byte[] got = said.toByteArray();
    boolean same = startsWith(got, expected);
    if (!same) {
      throw wrong(
          event.line(), quoted(expected), quoted(got) + (driver.isOver() ? " and " + ended() : ""));
    }
    said.reset();
    said.write(got, expected.length, got.length - expected.length);
  }

  private void expectSilence(int line) {
    if (said.size() > 0) {
      throw wrong(line, "no more bytes from us", quoted(said.toByteArray()));
    }
  }

  private String ended() {
    return driver.outcome().map(Object::toString).orElse("a machine that goes on");
  }

  private AssertionError wrong(int line, String expected, String got) {
    return new AssertionError(
        "%s:%d (%s): expected %s, got %s".formatted(dialogue.name(), line, split, expected, got));
  }

  private static String quoted(byte[] bytes) {
    return bytes.length == 0 ? "nothing" : '"' + Escaped.text(bytes) + '"';
  }
}
