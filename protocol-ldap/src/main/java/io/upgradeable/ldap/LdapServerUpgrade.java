package io.upgradeable.ldap;

import io.upgradeable.ldap.LdapMessageReader.Broken;
import io.upgradeable.ldap.LdapMessageReader.Found;
import io.upgradeable.ldap.LdapMessageReader.Whole;
import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.Reason;
import io.upgradeable.negotiation.Step;
import io.upgradeable.negotiation.TlsFacts;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * The server: answers StartTLS with success and turns into TLS. It is done then, and leaves all
 * else to the session. The state diagram is in the {@linkplain io.upgradeable.ldap package
 * description}.
 *
 * <p>Before TLS it carries out nothing: binds and all other operations are answered with
 * confidentialityRequired, so that there is nothing to carry over. Each request is answered before
 * the next one is looked at, so that none can be outstanding when StartTLS is answered; bytes
 * behind StartTLS are injected plaintext, which the driver's hook says.
 *
 * <p>Ten requests in vain end the connection with a Notice of Disconnection, and so does a message
 * that is malformed. Bytes that do not even begin like LDAP come from a browser, or from a client
 * that speaks TLS already: the connection is closed without a word.
 */
public final class LdapServerUpgrade implements Negotiation<LdapSecured> {

  /** How many requests other than StartTLS a client has; the last one ends the connection. */
  static final int MAX_BAD_REQUESTS = 10;

  private static final String AWAITED = "a StartTLS request";
  private static final LdapMessageReader READER =
      new LdapMessageReader(LdapMessageReader.SERVER_PLAINTEXT_BYTES);

  /** In the order in which they are passed. */
  private enum State {
    NEW,
    PLAINTEXT,
    SECURING,
    OVER
  }

  private final boolean underTls;
  private State state = State.NEW;
  private int badRequests;

  private LdapServerUpgrade(boolean underTls) {
    this.underTls = underTls;
  }

  /**
   * A server that begins in plaintext and upgrades.
   *
   * @return the machine for one connection
   */
  public static LdapServerUpgrade startTls() {
    return new LdapServerUpgrade(false);
  }

  /**
   * A server for a connection that is under TLS already, as on port 636: it has nothing to say. The
   * machine cannot see what is below it: the stack must say so.
   *
   * @return the machine for one connection
   */
  public static LdapServerUpgrade overTls() {
    return new LdapServerUpgrade(true);
  }

  @Override
  public Step<LdapSecured> begin() {
    if (underTls) {
      return done();
    }
    moveTo(State.PLAINTEXT);
    return Step.await(AWAITED);
  }

  @Override
  public Step<LdapSecured> receive(ByteBuffer input) {
    if (state != State.PLAINTEXT) {
      throw new IllegalStateException("expected no input while " + state);
    }
    Found found = READER.read(input);
    if (found instanceof Whole whole) {
      return onMessage(whole.message());
    } else if (found instanceof Broken broken) {
      return broken.isLdap()
          ? disconnect(broken.reason(), "That is no LDAP message, goodbye")
          : fail(broken.reason(), Message.empty());
    }
    return Step.await(AWAITED);
  }

  private Step<LdapSecured> onMessage(LdapMessage message) {
    LdapOperation operation = message.operation();
    if (message.id() == LdapMessage.UNSOLICITED || !operation.isRequest()) {
      return disconnect(
          Reason.misbehaved("a request", message.toString()), "That is no request, goodbye");
    }
    return switch (operation) {
      case UNBIND_REQUEST -> fail(Reason.closed(), Message.empty());
      case EXTENDED_REQUEST -> onExtendedRequest(message);
      default ->
          refuse(message, LdapResultCode.CONFIDENTIALITY_REQUIRED, "Expected StartTLS first");
    };
  }

  private Step<LdapSecured> onExtendedRequest(LdapMessage message) {
    ExtendedRequest request;
    try {
      request = ExtendedRequest.read(message.reader());
    } catch (BerException e) {
      return disconnect(
          Reason.misbehaved("an extended request", e.problem()), "Malformed request, goodbye");
    }
    if (!request.name().equals(Oid.START_TLS)) {
      return request.name().equals(Oid.WHO_AM_I)
          ? refuse(message, LdapResultCode.CONFIDENTIALITY_REQUIRED, "Expected StartTLS first")
          : refuse(message, LdapResultCode.PROTOCOL_ERROR, "Unknown extended operation");
    } else if (request.hasValue()) {
      return refuse(message, LdapResultCode.PROTOCOL_ERROR, "StartTLS has no value");
    } else if (message.hasCriticalControl()) {
      return refuse(
          message, LdapResultCode.UNAVAILABLE_CRITICAL_EXTENSION, "Unknown critical control");
    }
    moveTo(State.SECURING);
    return Step.startTls(
        LdapTrace.message(
            new ExtendedResponse(
                    LdapResult.of(LdapResultCode.SUCCESS, ""),
                    Optional.of(Oid.START_TLS),
                    Optional.empty())
                .write(message.id())));
  }

  @Override
  public Step<LdapSecured> secured(TlsFacts facts) {
    // RFC 4513, 3.1.2: whatever the client said before TLS, somebody else may have said. Nothing of
    // it was kept.
    return done();
  }

  private Step<LdapSecured> done() {
    moveTo(State.OVER);
    return Step.done(new LdapSecured());
  }

  private Step<LdapSecured> refuse(LdapMessage request, LdapResultCode code, String words) {
    badRequests++;
    if (badRequests == MAX_BAD_REQUESTS) {
      return disconnect(
          Reason.misbehaved(AWAITED, badRequests + " other requests"),
          "Too many requests before StartTLS, goodbye");
    }
    return Step.send(
        LdapResponses.result(request, LdapResult.of(code, words))
            .map(LdapTrace::message)
            .orElse(Message.empty()),
        AWAITED);
  }

  private Step<LdapSecured> disconnect(Reason reason, String words) {
    return fail(reason, LdapTrace.message(Notices.write(LdapResultCode.PROTOCOL_ERROR, words)));
  }

  private Step<LdapSecured> fail(Reason reason, Message lastMessage) {
    moveTo(State.OVER);
    return Step.fail(reason, lastMessage);
  }

  @Override
  public Step<LdapSecured> inputClosed() {
    return fail(Reason.closed(), Message.empty());
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
