package io.upgradeable.cli;

import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.Step;
import io.upgradeable.negotiation.TlsFacts;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * An SMTP dialogue that ends with QUIT as soon as enough is known: it lets the real client speak,
 * and takes its place where the client would go on.
 *
 * @param <R> the real client's result, which is there if the dialogue came to its own end
 */
final class SmtpProbe<R> implements Negotiation<Optional<R>> {

  private static final Message QUIT = Message.line("QUIT", "\r\n");

  private final Negotiation<R> client;
  private final Optional<SmtpPhase> last;

  /**
   * Begins.
   *
   * @param client the real client, for one connection
   * @param last where to end; empty for the client's own end
   */
  SmtpProbe(Negotiation<R> client, Optional<SmtpPhase> last) {
    this.client = client;
    this.last = last;
  }

  @Override
  public Step<Optional<R>> begin() {
    return untilEnough(client.begin());
  }

  @Override
  public Step<Optional<R>> receive(ByteBuffer input) {
    return untilEnough(client.receive(input));
  }

  @Override
  public Step<Optional<R>> secured(TlsFacts facts) {
    return isLast(SmtpPhase.STARTTLS) ? enough() : untilEnough(client.secured(facts));
  }

  @Override
  public Step<Optional<R>> inputClosed() {
    return untilEnough(client.inputClosed());
  }

  private Step<Optional<R>> untilEnough(Step<R> step) {
    return step.match(
        await -> Step.await(await.awaited()),
        send ->
            isEnoughBefore(send.message()) ? enough() : Step.send(send.message(), send.awaited()),
        startTls -> Step.startTls(startTls.finalPlaintext(), startTls.unread()),
        done -> isLast(SmtpPhase.EHLO) ? enough() : Step.done(Optional.of(done.result()), QUIT),
        fail -> Step.fail(fail.reason(), fail.finalMessage()));
  }

  /** The client says EHLO first, then STARTTLS, or HELO to a server that knows neither. */
  private boolean isEnoughBefore(Message next) {
    return isLast(SmtpPhase.GREETING)
        || (isLast(SmtpPhase.EHLO) && next.shown().startsWith("STARTTLS"));
  }

  private boolean isLast(SmtpPhase phase) {
    return last.isPresent() && last.get() == phase;
  }

  private static <T> Step<Optional<T>> enough() {
    return Step.done(Optional.empty(), QUIT);
  }
}
