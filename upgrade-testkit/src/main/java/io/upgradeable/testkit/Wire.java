package io.upgradeable.testkit;

import io.upgradeable.Limits;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.Role;
import io.upgradeable.negotiation.TlsFacts;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A client and a server machine that talk through memory, with no event loop: the bytes of each are
 * cut into segments as a {@link Split} says, and each machine is held to the rules of the SPI.
 *
 * <p>When a client starts TLS, the beginning of a stand-in handshake record follows its last
 * plaintext byte, perhaps in the same segment, as on a real wire. When both are there, both hear
 * {@link Negotiation#secured} with {@linkplain #standInFacts stand-in facts}. A side that failed
 * closes at once; one that is done closes when nothing is under way any more.
 *
 * <pre>{@code
 * Wire.Talk<PingResult, PingServerResult> talk =
 *     Wire.talk(PingUpgrade.startTls(), PingServerUpgrade.startTls(), Split.everyByte());
 * }</pre>
 */
public final class Wire {

  /** A handshake record with five bytes in it: enough to be told from plaintext. */
  private static final byte[] CLIENT_HELLO = {0x16, 0x03, 0x01, 0x00, 0x05, 1, 0, 0, 1, 0};

  private Wire() {}

  /**
   * What two machines said to each other.
   *
   * @param <C> the client's result
   * @param <S> the server's result
   * @param client how the client ended
   * @param server how the server ended
   * @param transcript each message in order, for instance {@code C: PING\n}, {@code =TLS=}
   */
  public record Talk<C, S>(Outcome<C> client, Outcome<S> server, List<String> transcript) {

    /** Copies the list. */
    public Talk {
      transcript = List.copyOf(transcript);
    }
  }

  /**
   * Lets two machines talk until both are over.
   *
   * @param <C> the client's result
   * @param <S> the server's result
   * @param client a new client
   * @param server a new server
   * @param split how the bytes of each are cut into segments
   * @return what they said and how they ended
   * @throws AssertionError with the transcript, if one breaks a rule of the SPI or both wait for
   *     ever
   */
  public static <C, S> Talk<C, S> talk(Negotiation<C> client, Negotiation<S> server, Split split) {
    return new Conversation<>(client, server, split).run();
  }

  /**
   * Facts of a handshake that never was.
   *
   * @param role whose view of it
   * @return the facts: TLS 1.3, verified by name for a client, no certificate for a server
   */
  public static TlsFacts standInFacts(Role role) {
    return new TlsFacts(
        "TLSv1.3",
        "TLS_AES_128_GCM_SHA256",
        Optional.of("x25519"),
        Optional.empty(),
        List.of(),
        List.of(),
        role == Role.CLIENT
            ? TlsFacts.Verification.CHAIN_AND_NAME
            : TlsFacts.Verification.NO_CERTIFICATE,
        Optional.of("stand-in.test"),
        "none");
  }

  /** One side with the bytes that are on their way to it. */
  private static final class Side<R> {
    private final String initial;
    private final Role role;
    private final MemoryDriver<R> driver;
    private byte[] incoming = {};
    private int delivered;
    private boolean inputEnds;
    private boolean outputClosed;

    Side(Role role, Negotiation<R> negotiation) {
      this.initial = role == Role.CLIENT ? "C" : "S";
      this.role = role;
      this.driver =
          new MemoryDriver<>(negotiation, role == Role.CLIENT ? Limits.CLIENT : Limits.SERVER);
    }

    void enqueue(byte[] bytes) {
      incoming = Bytes.join(incoming, bytes);
    }

    boolean deliverSegment(Split split) {
      if (incoming.length > 0) {
        int length = split.checkedNext(delivered, incoming.length);
        byte[] segment = Arrays.copyOf(incoming, length);
        incoming = Arrays.copyOfRange(incoming, length, incoming.length);
        delivered += length;
        driver.deliver(segment);
        return true;
      }
      if (inputEnds) {
        inputEnds = false;
        driver.closeInput();
        return true;
      }
      return false;
    }

    boolean failed() {
      return driver.outcome().map(end -> !(end instanceof Outcome.Done<R>)).orElse(false);
    }
  }

  private static final class Conversation<C, S> {
    private final Side<C> client;
    private final Side<S> server;
    private final Split split;
    private final List<String> transcript = new ArrayList<>();
    private boolean helloSent;

    Conversation(Negotiation<C> client, Negotiation<S> server, Split split) {
      this.client = new Side<>(Role.CLIENT, client);
      this.server = new Side<>(Role.SERVER, server);
      this.split = split;
    }

    Talk<C, S> run() {
      try {
        client.driver.begin();
        server.driver.begin();
        while (!(client.driver.isOver() && server.driver.isOver())) {
          collect();
          if (!(advance() || secure() || close())) {
            throw new AssertionError(
                "expected progress, got two machines that wait for each other");
          }
        }
        collect();
      } catch (AssertionError e) {
        throw new AssertionError(
            "%s (%s), after%n  %s"
                .formatted(e.getMessage(), split, String.join("\n  ", transcript)),
            e);
      }
      return new Talk<>(
          client.driver.outcome().orElseThrow(), server.driver.outcome().orElseThrow(), transcript);
    }

    private void collect() {
      passOn(client, server);
      passOn(server, client);
      if (client.driver.isSecuring() && !helloSent) {
        helloSent = true;
        server.enqueue(CLIENT_HELLO);
      }
    }

    private void passOn(Side<?> from, Side<?> to) {
      byte[] sent = from.driver.takeSent();
      if (sent.length > 0) {
        transcript.add(from.initial + ": " + Escaped.text(sent));
        to.enqueue(sent);
      }
      if (from.failed()) {
        close(from, to);
      }
    }

    private boolean advance() {
      boolean toServer = server.deliverSegment(split);
      boolean toClient = client.deliverSegment(split);
      return toServer || toClient;
    }

    private boolean secure() {
      boolean both = client.driver.isSecuring() && server.driver.isSecuring();
      if (both && server.driver.handshakeBytes() == CLIENT_HELLO.length) {
        transcript.add("=TLS=");
        helloSent = false;
        server.driver.secured(standInFacts(server.role));
        client.driver.secured(standInFacts(client.role));
        return true;
      }
      return false;
    }

    private boolean close() {
      return (server.driver.isOver() && close(server, client))
          || (client.driver.isOver() && close(client, server));
    }

    private boolean close(Side<?> from, Side<?> to) {
      if (from.outputClosed) {
        return false;
      }
      from.outputClosed = true;
      to.inputEnds = true;
      transcript.add(from.initial + " closes");
      return true;
    }
  }
}
