package io.upgradeable.connect;

import io.upgradeable.Endpoint;
import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.Reason;
import io.upgradeable.negotiation.Step;
import io.upgradeable.negotiation.TlsFacts;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The client: asks an HTTP proxy for a tunnel (RFC 9110, 9.3.6). The state diagram is in the
 * {@linkplain io.upgradeable.connect package description}.
 *
 * <p>A 407 is answered on the same connection if the proxy keeps it open and says where its answer
 * ends, and on a new one otherwise; for that alone is a body waited for. Bytes behind the head of a
 * 2xx are the tunnel's first and go up to the next layer; where that starts TLS, the driver's hook
 * refuses them.
 */
public final class ConnectUpgrade implements Negotiation<ConnectResult> {

  /** How many interim answers (1xx) a proxy has. */
  static final int MAX_INTERIM = 5;

  private static final String ANSWER = "the proxy's answer to CONNECT";
  private static final String CONNECTION_ENDS = "and the connection ends";

  private enum State {
    NEW,
    AWAITING_ANSWER,
    AWAITING_BODY,
    OVER
  }

  private final Endpoint target;
  private final List<HttpField> fields;
  private final ProxyAuthentication.@Nullable Attempt authentication;
  private State state = State.NEW;
  private HttpHeadReader reader = new HttpHeadReader(HttpHeadReader.Kind.ANSWER);
  private int interim;

  /** A 407 that can be answered, once its body was read. */
  private @Nullable Refusal refusal;

  /** An answer that opens no tunnel; its body may still be on its way. */
  private record Refusal(StatusLine status, HttpHead head, int headEnd, AnswerBody body) {

    /** As far as is known: the body may yet turn out to be broken or too long. */
    boolean keepsConnection() {
      List<HttpField> fields = head.fields();
      boolean says =
          HttpField.hasElement(fields, "Connection", "close")
              || HttpField.hasElement(fields, "Proxy-Connection", "close");
      boolean persists =
          status.minorVersion() == 1
              || HttpField.hasElement(fields, "Connection", "keep-alive")
              || HttpField.hasElement(fields, "Proxy-Connection", "keep-alive");
      return persists && !says && body.isDelimited() && !body.isBroken();
    }

    Reason reason(String detail) {
      return Reason.refused(String.valueOf(status.code()), text(detail));
    }

    Reason reasonHere(String detail) {
      return Reason.refusedHere(String.valueOf(status.code()), text(detail));
    }

    private String text(String detail) {
      if (detail.isEmpty()) {
        return status.reason();
      }
      return status.reason().isEmpty() ? detail : status.reason() + " (" + detail + ")";
    }
  }

  ConnectUpgrade(
      Endpoint target, List<HttpField> fields, Optional<ProxyAuthentication> authentication) {
    this.target = target;
    this.fields = fields;
    this.authentication =
        authentication.map(a -> a.newAttempt("CONNECT", target.toString())).orElse(null);
  }

  /**
   * A machine for one connection that remembers nothing of others.
   *
   * @param target where the tunnel shall lead
   * @param options what the request has besides
   * @return the machine
   * @throws IllegalArgumentException if no proxy could reach the target by its name
   */
  public static ConnectUpgrade to(Endpoint target, ConnectOptions options) {
    return new ConnectUpgrade(
        HttpConnect.requireTarget(target), options.fields(), options.newAuthentication());
  }

  @Override
  public Step<ConnectResult> begin() {
    if (state != State.NEW) {
      throw new IllegalStateException("expected a new machine, got one that was begun");
    }
    return sendConnect(authentication == null ? Optional.empty() : authentication.first());
  }

  private Step<ConnectResult> sendConnect(Optional<ProxyAuthentication.Answer> answer) {
    state = State.AWAITING_ANSWER;
    reader = new HttpHeadReader(HttpHeadReader.Kind.ANSWER);
    interim = 0;
    refusal = null;
    String sent = request(answer.map(ProxyAuthentication.Answer::value));
    String shown = request(answer.map(ProxyAuthentication.Answer::shown));
    return Step.send(Message.shownAs(sent.getBytes(StandardCharsets.ISO_8859_1), shown), ANSWER);
  }

  private String request(Optional<String> authorization) {
    StringBuilder head = new StringBuilder();
    line(head, "CONNECT " + target + " HTTP/1.1");
    line(head, "Host: " + target);
    authorization.ifPresent(value -> line(head, "Proxy-Authorization: " + value));
    fields.forEach(field -> line(head, field.name() + ": " + field.value()));
    return head.append("\r\n").toString();
  }

  private static void line(StringBuilder head, String line) {
    head.append(Message.requireOneLine(line)).append("\r\n");
  }

  @Override
  public Step<ConnectResult> receive(ByteBuffer input) {
    if (refusal != null && authentication != null) {
      return onBody(refusal, authentication, input);
    }
    while (true) {
      HttpHeadReader.Found found = reader.read(input);
      if (found instanceof HttpHeadReader.Broken broken) {
        return fail(Reason.misbehaved("an HTTP/1.1 answer to CONNECT", broken.got()));
      } else if (!(found instanceof HttpHeadReader.Whole)) {
        return Step.await(ANSWER);
      }
      HttpHeadReader.Whole whole = (HttpHeadReader.Whole) found;
      StatusLine status = StatusLine.of(whole.head());
      if (status.code() >= 200) {
        return onAnswer(status, whole, input);
      }
      interim++;
      if (status.code() == 101 || interim > MAX_INTERIM) {
        return fail(
            Reason.misbehaved(
                "at most " + MAX_INTERIM + " interim answers to CONNECT",
                status.code() == 101 ? "101 " + status.reason() : "more"));
      }
      reader.next();
    }
  }

  private Step<ConnectResult> onAnswer(
      StatusLine status, HttpHeadReader.Whole whole, ByteBuffer input) {
    if (status.code() < 300) {
      // Content-Length and Transfer-Encoding mean nothing here: what follows is the tunnel's.
      input.position(input.position() + whole.end());
      state = State.OVER;
      if (authentication != null) {
        authentication.onAccepted();
      }
      return Step.done(new ConnectResult(status.code(), status.reason(), whole.head().fields()));
    }
    return onRefusal(
        new Refusal(status, whole.head(), whole.end(), AnswerBody.of(whole.head().fields())),
        input);
  }

  private Step<ConnectResult> onRefusal(Refusal refused, ByteBuffer input) {
    if (refused.status().code() != 407) {
      return fail(refused.reason(""), input);
    } else if (authentication == null) {
      return fail(refused.reason("no credentials were given"), input);
    } else if (!authentication.canAnswer(refused.head().fields())) {
      return fail(refused.reason(authentication.problem()), input);
    }
    refusal = refused;
    state = State.AWAITING_BODY;
    return onBody(refused, authentication, input);
  }

  /** Waits for the body if this connection is of use behind it: it stands in the way. */
  private Step<ConnectResult> onBody(
      Refusal refused, ProxyAuthentication.Attempt attempt, ByteBuffer input) {
    int length = refused.body().length(input, refused.headEnd());
    int end = refused.headEnd() + length;
    if (!refused.keepsConnection() || (length >= 0 && input.remaining() > end)) {
      attempt.postpone();
      return fail(refused.reasonHere(CONNECTION_ENDS), input);
    } else if (length < 0) {
      return Step.await("the body of the answer " + refused.status().code());
    }
    Optional<ProxyAuthentication.Answer> answer = attempt.answer();
    if (answer.isEmpty()) {
      return fail(refused.reason(attempt.problem()), input);
    }
    input.position(input.position() + end);
    return sendConnect(answer);
  }

  /** Takes what came of the body, so that it is shown: it may say more. */
  private Step<ConnectResult> fail(Reason reason, ByteBuffer input) {
    input.position(input.limit());
    return fail(reason);
  }

  @Override
  public Step<ConnectResult> secured(TlsFacts facts) {
    throw new IllegalStateException("no TLS starts in this dialogue");
  }

  @Override
  public Step<ConnectResult> inputClosed() {
    Refusal refused = refusal;
    if (refused == null || authentication == null) {
      return fail(Reason.closed());
    }
    authentication.postpone();
    return fail(refused.reasonHere(CONNECTION_ENDS));
  }

  private Step<ConnectResult> fail(Reason reason) {
    state = State.OVER;
    return Step.fail(reason);
  }
}
