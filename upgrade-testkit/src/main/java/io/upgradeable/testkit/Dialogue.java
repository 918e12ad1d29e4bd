package io.upgradeable.testkit;

import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.Role;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A dialogue as data: what the peer says, the exact bytes expected from us, where TLS starts, and
 * how it ends. It is read from a {@code .dialogue} file, or from text in a test:
 *
 * <pre>{@code
 * # Comments and empty lines mean nothing.
 * dialogue client LF
 *
 * C: PING
 * S: PONG
 * C: STARTTLS
 * =TLS=
 * C: PING
 * S: PONG
 * C: QUIT
 * S closes
 * =DONE= PingResult[pongs=1]
 * }</pre>
 *
 * <table>
 *   <caption>The lines of a dialogue file</caption>
 *   <tr><td>{@code dialogue ROLE END}</td><td>the header, first: the role under test ({@code client},
 *       {@code server}), and the line end ({@code LF}, {@code CRLF}, {@code NONE})</td></tr>
 *   <tr><td>{@code C: TEXT}, {@code S: TEXT}</td><td>the client, or the server, says a line; the line
 *       end is added</td></tr>
 *   <tr><td>{@code C- TEXT}, {@code S- TEXT}</td><td>bytes without a line end: half a line, or a binary
 *       message</td></tr>
 *   <tr><td>{@code C closes}, {@code S closes}</td><td>that side, the peer, says no more</td></tr>
 *   <tr><td>{@code =TLS=}</td><td>the TLS handshake, successful</td></tr>
 *   <tr><td>{@code =DONE= [RESULT]}</td><td>the end: the negotiation is done, and its result's {@code
 *       toString()} is the text, if there is one</td></tr>
 *   <tr><td>{@code ! KIND [TEXT]}</td><td>the end: it fails, as {@code Refused}, {@code NotOffered},
 *       {@code Misbehaved}, {@code Closed} (the kinds of {@link io.upgradeable.negotiation.Reason}) or
 *       {@code PlaintextInjected}; the reason contains the text, if there is one</td></tr>
 * </table>
 *
 * <p>Text may hold {@code \r}, {@code \n}, {@code \t}, {@code \\} and {@code \xNN}; other
 * characters are UTF-8. Lines of the peer that follow each other are one turn: they may arrive in
 * one segment. What the peer says after {@code STARTTLS} and before {@code =TLS=} is injected
 * plaintext, or, if it begins a TLS record, the handshake. If a dialogue fails and its last turn
 * was cut into segments, only the kind of failure is checked: the machine may have answered the
 * first segment.
 *
 * <p>Immutable.
 */
public final class Dialogue {

  /** What happens next, seen from the role under test. */
  enum Kind {
    PEER_SAYS,
    WE_SAY,
    TLS,
    PEER_CLOSES
  }

  /** One event; the line is for failure texts. */
  static final class Event {
    private final Kind kind;
    private final byte[] bytes;
    private final int line;

    Event(Kind kind, byte[] bytes, int line) {
      this.kind = kind;
      this.bytes = bytes;
      this.line = line;
    }

    Kind kind() {
      return kind;
    }

    byte[] bytes() {
      return bytes.clone();
    }

    int line() {
      return line;
    }
  }

  /** How the dialogue ends. */
  record Ending(String kind, Optional<String> text, int line) {

    boolean isDone() {
      return kind.equals("Done");
    }
  }

  private final String name;
  private final Role role;
  private final List<Event> events;
  private final Ending ending;

  Dialogue(String name, Role role, List<Event> events, Ending ending) {
    this.name = name;
    this.role = role;
    this.events = List.copyOf(events);
    this.ending = ending;
  }

  /**
   * Reads a dialogue.
   *
   * @param name stands before the line number in failure texts, usually the file's name
   * @param text the text
   * @return the dialogue
   * @throws IllegalArgumentException with name and line number, if the text has another form
   */
  public static Dialogue parse(String name, String text) {
    return new DialogueParser(name, text).parse();
  }

  /**
   * Reads a dialogue file.
   *
   * @param file the file, in UTF-8
   * @return the dialogue
   * @throws IllegalArgumentException with file and line number, if the text has another form
   * @throws UncheckedIOException if the file cannot be read
   */
  public static Dialogue read(Path file) {
    try {
      return parse(String.valueOf(file.getFileName()), Files.readString(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads a dialogue file on the class path.
   *
   * @param anchor a class on the same class path
   * @param path the file from the root, for instance {@code dialogues/good.dialogue}
   * @return the dialogue
   * @throws IllegalArgumentException if there is no such file or it has another form
   * @throws UncheckedIOException if the file cannot be read
   */
  public static Dialogue resource(Class<?> anchor, String path) {
    return read(locate(anchor, path));
  }

  /**
   * Reads all {@code .dialogue} files in a folder of the class path.
   *
   * @param anchor a class on the same class path
   * @param folder the folder from the root, for instance {@code dialogues}
   * @return the dialogues, by file name
   * @throws IllegalArgumentException if there is no such folder, no file in it, or a file has
   *     another form
   */
  public static List<Dialogue> readAll(Class<?> anchor, String folder) {
    Path directory = locate(anchor, folder);
    try (Stream<Path> files = Files.list(directory)) {
      List<Dialogue> dialogues =
          files
              .filter(file -> file.toString().endsWith(".dialogue"))
              .sorted()
              .map(Dialogue::read)
              .toList();
      if (dialogues.isEmpty()) {
        throw new IllegalArgumentException("expected .dialogue files, got none in " + directory);
      }
      return dialogues;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path locate(Class<?> anchor, String path) {
    URL url = anchor.getResource("/" + path);
    if (url == null) {
      throw new IllegalArgumentException("expected a resource, got none: " + path);
    }
    try {
      return Path.of(url.toURI());
    } catch (URISyntaxException | FileSystemNotFoundException e) {
      throw new IllegalArgumentException("expected a resource in a directory, got " + url, e);
    }
  }

  /**
   * Plays the dialogue against a machine in memory.
   *
   * @param <R> the negotiation's result
   * @param negotiation a new machine of this dialogue's {@linkplain #role() role}
   * @param split how the peer's bytes are cut into segments
   * @return how it ended
   * @throws AssertionError with name and line number, if the machine says something else, ends
   *     otherwise, or breaks a rule of the SPI
   */
  public <R> Outcome<R> play(Negotiation<R> negotiation, Split split) {
    return new DialoguePlayer<>(this, negotiation, split).play();
  }

  /**
   * The name that was given at reading.
   *
   * @return the name
   */
  public String name() {
    return name;
  }

  /**
   * The role under test; the other one is the peer.
   *
   * @return the role
   */
  public Role role() {
    return role;
  }

  /**
   * How many bytes the peer says in all: the length of the stream that a {@link Split} cuts.
   *
   * @return the number of bytes
   */
  public int peerBytes() {
    return events.stream().mapToInt(e -> e.kind == Kind.PEER_SAYS ? e.bytes.length : 0).sum();
  }

  /**
   * Whether TLS starts in this dialogue.
   *
   * @return true if there is a {@code =TLS=}
   */
  public boolean startsTls() {
    return events.stream().anyMatch(e -> e.kind == Kind.TLS);
  }

  List<Event> events() {
    return events;
  }

  Ending ending() {
    return ending;
  }

  /**
   * The same dialogue with all that the peer says between two TLS points in one turn, what we say
   * unasked before it, and our answers behind it.
   */
  Dialogue coalesced() {
    List<Event> changed = new ArrayList<>();
    List<Event> ours = new ArrayList<>();
    for (Event event : events) {
      int last = changed.size() - 1;
      boolean peerSpoke = last >= 0 && changed.get(last).kind == Kind.PEER_SAYS;
      if (event.kind == Kind.WE_SAY) {
        // What we say unasked, a greeting, comes before any answer.
        (peerSpoke ? ours : changed).add(event);
      } else if (event.kind == Kind.PEER_SAYS && peerSpoke) {
        Event turn = changed.get(last);
        changed.set(last, new Event(turn.kind, Bytes.join(turn.bytes, event.bytes), turn.line));
      } else {
        if (event.kind != Kind.PEER_SAYS) {
          changed.addAll(ours);
          ours.clear();
        }
        changed.add(event);
      }
    }
    changed.addAll(ours);
    return new Dialogue(name, role, changed, ending);
  }

  /** Whether the peer has heard us before an event, and so is connected for certain. */
  boolean heardUsBefore(int index) {
    return events.subList(0, index).stream().anyMatch(event -> event.kind == Kind.WE_SAY);
  }

  /** Whether we say anything, or TLS starts, behind an event. */
  boolean speaksAfter(int index) {
    return events.subList(index + 1, events.size()).stream()
        .anyMatch(event -> event.kind == Kind.WE_SAY || event.kind == Kind.TLS);
  }

  /** The indices of the events of a kind. */
  List<Integer> indicesOf(Kind kind) {
    List<Integer> indices = new ArrayList<>();
    for (int i = 0; i < events.size(); i++) {
      if (events.get(i).kind == kind) {
        indices.add(i);
      }
    }
    return indices;
  }

  /** The name. */
  @Override
  public String toString() {
    return name;
  }
}
