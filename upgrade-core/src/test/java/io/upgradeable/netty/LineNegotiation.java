package io.upgradeable.netty;

import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.Reason;
import io.upgradeable.negotiation.Step;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.negotiation.UnreadPolicy;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** A negotiation that reads lines and does what a function says to each of them. */
final class LineNegotiation implements Negotiation<List<String>> {

  private final Optional<String> greeting;
  private final Function<String, Step<List<String>>> onLine;
  private final List<String> heard = new ArrayList<>();

  private LineNegotiation(Optional<String> greeting, Function<String, Step<List<String>>> onLine) {
    this.greeting = greeting;
    this.onLine = onLine;
  }

  static LineNegotiation greeting(String greeting, Function<String, Step<List<String>>> onLine) {
    return new LineNegotiation(Optional.of(greeting), onLine);
  }

  static LineNegotiation silent(Function<String, Step<List<String>>> onLine) {
    return new LineNegotiation(Optional.empty(), onLine);
  }

  /** A server: GO answers OK and starts TLS, END is the end, REFUSE fails, all else is echoed. */
  static LineNegotiation server() {
    return silent(
        line ->
            switch (line) {
              case "GO" -> Step.startTls(Message.text("OK\n"));
              case "GO AT ONCE" -> Step.startTls(Message.empty(), UnreadPolicy.TLS_RECORD);
              case "END" -> Step.done(List.of());
              case "REFUSE" -> Step.fail(Reason.refused("454", "not now"), Message.text("454\n"));
              default -> Step.send(Message.text(line + "\n"), "a line");
            });
  }

  /** A client: says GO, waits for OK, starts TLS, and is done at once. */
  static LineNegotiation client() {
    return greeting(
        "GO\n",
        line ->
            line.equals("OK")
                ? Step.startTls(Message.empty())
                : Step.fail(Reason.refused(line, "")));
  }

  @Override
  public Step<List<String>> begin() {
    return greeting
        .<Step<List<String>>>map(text -> Step.send(Message.text(text), "a line"))
        .orElseGet(() -> Step.await("a line"));
  }

  @Override
  public Step<List<String>> receive(ByteBuffer input) {
    for (int i = input.position(); i < input.limit(); i++) {
      if (input.get(i) == '\n') {
        byte[] line = new byte[i - input.position()];
        input.get(line);
        input.get();
        String text = new String(line, StandardCharsets.US_ASCII);
        heard.add(text);
        return onLine.apply(text);
      }
    }
    return Step.await("a line");
  }

  @Override
  public Step<List<String>> secured(TlsFacts facts) {
    heard.clear();
    return greeting.isPresent() ? Step.done(List.copyOf(heard)) : Step.await("a line under TLS");
  }
}
