package io.upgradeable.ldap;

import io.upgradeable.ldap.LdapMessageReader.Broken;
import io.upgradeable.ldap.LdapMessageReader.Found;
import io.upgradeable.ldap.LdapMessageReader.Whole;
import io.upgradeable.ldap.LdapOpportunisticResult.InPlaintext;
import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.Reason;
import io.upgradeable.negotiation.Step;
import io.upgradeable.negotiation.TlsFacts;
import java.nio.ByteBuffer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The client: StartTLS, and nothing before it, so that no operation can be outstanding (RFC 4511,
 * 4.14.1). It is done when TLS is up, and leaves bind and all else to the session. The state
 * diagram is in the {@linkplain io.upgradeable.ldap package description}.
 *
 * <p>Only one answer starts TLS: an extended response to our message id, with result code success,
 * no value, and either the OID of StartTLS or none. Bytes behind it are injected plaintext, which
 * the driver's hook says. A server that refuses hears an unbind request before we close; one that
 * sends a Notice of Disconnection, or breaks the protocol, does not.
 *
 * @param <R> {@link LdapSecured}, or {@link LdapOpportunisticResult} where plaintext is good enough
 */
public final class LdapUpgrade<R> implements Negotiation<R> {

  private static final int START_TLS_ID = 1;
  private static final int UNBIND_ID = 2;
  private static final String RESPONSE = "the response to StartTLS";
  private static final LdapMessageReader READER =
      new LdapMessageReader(LdapMessageReader.CLIENT_PLAINTEXT_BYTES);

  /** In the order in which they are passed. */
  private enum State {
    NEW,
    AWAITING_RESPONSE,
    SECURING,
    OVER
  }

  private final boolean underTls;
  private final Function<LdapSecured, R> whenSecured;
  // Where the upgrade is required there is no way to make a result of plaintext.
  private final @Nullable Function<InPlaintext, R> whenInPlaintext;
  private State state = State.NEW;

  private LdapUpgrade(
      boolean underTls,
      Function<LdapSecured, R> whenSecured,
      @Nullable Function<InPlaintext, R> whenInPlaintext) {
    this.underTls = underTls;
    this.whenSecured = whenSecured;
    this.whenInPlaintext = whenInPlaintext;
  }

  /**
   * A client that begins in plaintext and upgrades, or fails.
   *
   * @return the machine for one connection
   */
  public static LdapUpgrade<LdapSecured> startTls() {
    return new LdapUpgrade<>(false, Function.identity(), null);
  }

  /**
   * A client that begins in plaintext and stays there if the server refuses StartTLS. Anybody on
   * the way can bring that about.
   *
   * @return the machine for one connection
   */
  public static LdapUpgrade<LdapOpportunisticResult> opportunistic() {
    return new LdapUpgrade<>(false, secured -> secured, inPlaintext -> inPlaintext);
  }

  /**
   * A client for a connection that is under TLS already, as on port 636: it has nothing to say. The
   * machine cannot see what is below it: the stack must say so.
   *
   * @return the machine for one connection
   */
  public static LdapUpgrade<LdapSecured> overTls() {
    return new LdapUpgrade<>(true, Function.identity(), null);
  }

  @Override
  public Step<R> begin() {
    if (underTls) {
      return done();
    }
    moveTo(State.AWAITING_RESPONSE);
    return Step.send(
        LdapTrace.message(ExtendedRequest.write(START_TLS_ID, Oid.START_TLS)), RESPONSE);
  }

  @Override
  public Step<R> receive(ByteBuffer input) {
    if (state != State.AWAITING_RESPONSE) {
      throw new IllegalStateException("expected no input while " + state);
    }
    Found found = READER.read(input);
    if (found instanceof Whole whole) {
      return onMessage(whole.message(), input.hasRemaining());
    } else if (found instanceof Broken broken) {
      moveTo(State.OVER);
      return Step.fail(broken.reason());
    }
    return Step.await(RESPONSE);
  }

  private Step<R> onMessage(LdapMessage message, boolean unread) {
    if (message.operation() != LdapOperation.EXTENDED_RESPONSE) {
      return misbehaved(RESPONSE, message.toString());
    }
    ExtendedResponse response;
    try {
      response = ExtendedResponse.read(message.reader());
    } catch (BerException e) {
      return misbehaved(RESPONSE, e.problem() + " in an ExtendedResponse");
    }
    if (message.id() == LdapMessage.UNSOLICITED) {
      return onNotification(response);
    } else if (message.id() != START_TLS_ID) {
      return misbehaved("message id " + START_TLS_ID, "message id " + message.id());
    } else if (response.name().isPresent() && !response.isNamed(Oid.START_TLS)) {
      return misbehaved(RESPONSE, "the response to " + response.name().get());
    }
    return onResponse(response, unread);
  }

  private Step<R> onNotification(ExtendedResponse notification) {
    if (!notification.isNamed(Oid.NOTICE_OF_DISCONNECTION)) {
      return misbehaved(RESPONSE, "an unsolicited notification");
    }
    moveTo(State.OVER);
    return Step.fail(Notices.reason(notification));
  }

  private Step<R> onResponse(ExtendedResponse response, boolean unread) {
    LdapResult result = response.result();
    if (result.code().isSuccess()) {
      if (response.value().isPresent() || !result.referrals().isEmpty()) {
        return misbehaved("success without a value", "a value");
      }
      moveTo(State.SECURING);
      // Whatever is behind the go-ahead is the hook's to refuse.
      return Step.startTls(Message.empty());
    }
    moveTo(State.OVER);
    if (whenInPlaintext != null) {
      return Step.done(whenInPlaintext.apply(new InPlaintext(result)));
    }
    return Step.fail(
        result.refusal(), unread ? Message.empty() : LdapTrace.message(Unbind.write(UNBIND_ID)));
  }

  @Override
  public Step<R> secured(TlsFacts facts) {
    // RFC 4511, 4.14.1: whatever the server said before TLS, somebody else may have said. Nothing
    // of it was kept.
    return done();
  }

  private Step<R> done() {
    moveTo(State.OVER);
    return Step.done(whenSecured.apply(new LdapSecured()));
  }

  private Step<R> misbehaved(String expected, String got) {
    moveTo(State.OVER);
    return Step.fail(Reason.misbehaved(expected, got));
  }

  @Override
  public Step<R> inputClosed() {
    moveTo(State.OVER);
    return Step.fail(Reason.closed());
  }

  @Override
  public ByteBuffer shown(ByteBuffer received) {
    return LdapTrace.shown(received);
  }

  private void moveTo(State next) {
    if (next.compareTo(state) <= 0) {
      throw new IllegalStateException("expected a step onward from " + state + ", got " + next);
    }
    state = next;
  }
}
