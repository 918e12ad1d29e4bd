package io.upgradeable.testkit;

import io.upgradeable.negotiation.Role;
import io.upgradeable.testkit.Dialogue.Ending;
import io.upgradeable.testkit.Dialogue.Event;
import io.upgradeable.testkit.Dialogue.Kind;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads the text form that {@link Dialogue} describes. */
final class DialogueParser {

  private static final Pattern HEADER = Pattern.compile("dialogue (client|server) (LF|CRLF|NONE)");
  private static final Pattern SAYS = Pattern.compile("([CS])([:-])(?: (.*))?", Pattern.DOTALL);
  private static final Pattern CLOSES = Pattern.compile("([CS]) closes");
  private static final Pattern DONE = Pattern.compile("=DONE=(?: (.+))?");
  private static final Pattern FAILS = Pattern.compile("! (\\w+)(?: (.+))?");
  private static final Set<String> FAILURES =
      Set.of("Refused", "NotOffered", "Misbehaved", "Closed", "PlaintextInjected");
  private static final Map<String, String> LINE_ENDS =
      Map.of("LF", "\n", "CRLF", "\r\n", "NONE", "");

  private final String name;
  private final List<String> lines;
  private final List<Event> events = new ArrayList<>();
  private @Nullable Role role;
  private String lineEnd = "";
  private @Nullable Ending ending;
  private int number;

  DialogueParser(String name, String text) {
    this.name = name;
    this.lines = text.lines().toList();
  }

  Dialogue parse() {
    for (String line : lines) {
      number++;
      if (!line.isBlank() && !line.startsWith("#")) {
        parse(line);
      }
    }
    if (role == null) {
      throw wrong("a header 'dialogue client|server LF|CRLF|NONE'", "the end of the text");
    }
    if (ending == null) {
      throw wrong("an ending, '=DONE=' or '! KIND'", "the end of the text");
    }
    return new Dialogue(name, role, events, ending);
  }

  private void parse(String line) {
    if (role == null) {
      parseHeader(line);
      return;
    }
    if (ending != null) {
      throw wrong("nothing behind the ending", line);
    }
    Matcher says = SAYS.matcher(line);
    Matcher closes = CLOSES.matcher(line);
    Matcher done = DONE.matcher(line);
    Matcher fails = FAILS.matcher(line);
    if (says.matches()) {
      onSays(says);
    } else if (closes.matches()) {
      onCloses(closes.group(1));
    } else if (line.equals("=TLS=")) {
      events.add(new Event(Kind.TLS, new byte[0], number));
    } else if (done.matches()) {
      ending = new Ending("Done", Optional.ofNullable(done.group(1)), number);
    } else if (fails.matches()) {
      onFails(fails.group(1), fails.group(2));
    } else {
      throw wrong("'C: ', 'S: ', 'C- ', 'S- ', 'C closes', '=TLS=', '=DONE=' or '! KIND'", line);
    }
  }

  private void parseHeader(String line) {
    Matcher header = HEADER.matcher(line);
    if (!header.matches()) {
      throw wrong("a header 'dialogue client|server LF|CRLF|NONE'", line);
    }
    role = header.group(1).equals("client") ? Role.CLIENT : Role.SERVER;
    lineEnd = LINE_ENDS.getOrDefault(header.group(2), "");
  }

  private void onSays(Matcher says) {
    String text = Optional.ofNullable(says.group(3)).orElse("");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      bytes.writeBytes(Escaped.bytes(text));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(name + ":" + number + ": " + e.getMessage(), e);
    }
    if (says.group(2).equals(":")) {
      bytes.writeBytes(lineEnd.getBytes(StandardCharsets.US_ASCII));
    }
    if (bytes.size() == 0) {
      throw wrong("at least one byte", says.group());
    }
    Kind kind = isPeer(says.group(1)) ? Kind.PEER_SAYS : Kind.WE_SAY;
    Event last = events.isEmpty() ? null : events.get(events.size() - 1);
    if (last != null && last.kind() == kind) {
      byte[] turn = Bytes.join(last.bytes(), bytes.toByteArray());
      events.set(events.size() - 1, new Event(kind, turn, last.line()));
    } else {
      events.add(new Event(kind, bytes.toByteArray(), number));
    }
  }

  private void onCloses(String who) {
    if (!isPeer(who)) {
      throw wrong("the peer to close; the role under test closes by ending", who + " closes");
    }
    events.add(new Event(Kind.PEER_CLOSES, new byte[0], number));
  }

  private void onFails(String kind, @Nullable String text) {
    if (!FAILURES.contains(kind)) {
      throw wrong("one of " + FAILURES.stream().sorted().toList(), "'" + kind + "'");
    }
    ending = new Ending(kind, Optional.ofNullable(text), number);
  }

  private boolean isPeer(String who) {
    return (role == Role.CLIENT) == who.equals("S");
  }

  private IllegalArgumentException wrong(String expected, String got) {
    return new IllegalArgumentException(
        "%s:%d: expected %s, got %s".formatted(name, number, expected, got));
  }
}
