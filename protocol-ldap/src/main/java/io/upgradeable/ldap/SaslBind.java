package io.upgradeable.ldap;

import io.upgradeable.negotiation.Reason;
import io.upgradeable.sasl.SaslChannel;
import io.upgradeable.sasl.SaslCredentials;
import io.upgradeable.sasl.SaslExchange;
import io.upgradeable.sasl.SaslFailedException;
import io.upgradeable.sasl.SaslMechanism;
import io.upgradeable.sasl.SaslPreference;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A SASL bind (RFC 4513, 5.2): the coat in which an exchange travels, one bind request and one bind
 * response for each of its steps. What the server offers is read first, under the TLS that is there
 * now; EXTERNAL needs no offer. Some servers tell nothing before a bind: then the one mechanism
 * that may be used is tried, or SCRAM-SHA-256 if it is among them, which shows the password to
 * nobody. The server's success counts only if the exchange agrees.
 *
 * <p>An exchange that breaks takes the session with it: the server is not the one that it should
 * be, or waits for an answer that there is not.
 */
final class SaslBind extends LdapCall<SaslMechanism> {

  private static final byte[] NOTHING = {};

  /** No mechanism needs more than four; a server that asks on is playing for time. */
  private static final int MAX_ROUNDS = 16;

  private final SaslCredentials credentials;
  private final SaslPreference preference;
  private final SaslChannel channel;
  private final RootDseEntry offers = new RootDseEntry();
  private @Nullable SaslExchange exchange;
  private @Nullable BindRequest next;
  private int rounds;
  private boolean computing;

  SaslBind(SaslCredentials credentials, SaslPreference preference, SaslChannel channel) {
    super("the response to the bind");
    this.credentials = credentials;
    this.preference = preference;
    this.channel = channel;
  }

  @Override
  String awaited() {
    return exchange == null ? "the SASL mechanisms that the server offers" : super.awaited();
  }

  @Override
  boolean goesAlone() {
    return true;
  }

  @Override
  boolean isExpected() {
    return rounds > 0;
  }

  /** Prepares what needs no offer; what it throws is the caller's mistake. */
  void prepare() {
    if (credentials instanceof SaslCredentials.External) {
      start(List.of(SaslMechanism.EXTERNAL.saslName()), channel);
    }
  }

  private boolean start(List<String> offered, SaslChannel over) {
    exchange = preference.start(offered, credentials, over).orElse(null);
    if (exchange == null) {
      return false;
    }
    next = BindRequest.sasl(exchange.mechanism().saslName(), exchange.initialResponse());
    return true;
  }

  @Override
  BerWriter request(int id) {
    BindRequest request = next;
    if (request == null) {
      return SearchRequest.ofBase("", List.of("supportedSASLMechanisms")).write(id);
    }
    try (request) {
      return request.write(id);
    }
  }

  @Override
  void onResponse(LdapDialogue dialogue, LdapMessage message) throws BerException {
    SaslExchange begun = exchange;
    if (begun == null) {
      onOffers(dialogue, message);
      return;
    }
    BindResponse response = BindResponse.read(require(message, LdapOperation.BIND_RESPONSE));
    if (computing) {
      throw new BerException("a second response");
    }
    byte[] serverCredentials = response.saslCredentials().orElse(NOTHING);
    if (response.result().code().equals(LdapResultCode.SASL_BIND_IN_PROGRESS)) {
      onChallenge(dialogue, begun, serverCredentials);
    } else if (response.result().code().isSuccess()) {
      onSuccess(dialogue, begun, serverCredentials);
    } else {
      begun.close();
      dialogue.refused(this, response.result());
    }
  }

  private void onOffers(LdapDialogue dialogue, LdapMessage message) throws BerException {
    if (message.operation() != LdapOperation.SEARCH_RESULT_DONE) {
      offers.add(message);
      return;
    }
    LdapResult result = LdapResult.readAlone(message.reader());
    List<String> offered =
        result.code().isSuccess() ? offers.rootDse().supportedSaslMechanisms() : List.of();
    try {
      if (offered.isEmpty() ? startUntold() : start(offered, channel)) {
        dialogue.sendAgain(this);
      } else if (result.code().isSuccess()) {
        dialogue.refused(
            this,
            Reason.refused(
                "supportedSASLMechanisms",
                "offered are " + offered + ", and none is fit for " + channel),
            "a mechanism of " + preference.acceptable(credentials, channel));
      } else {
        dialogue.refused(this, result);
      }
    } catch (RuntimeException e) {
      dialogue.failed(this, e); // The caller's: a prohibited character, a secret that is closed.
    }
  }

  private boolean startUntold() {
    List<SaslMechanism> acceptable = preference.acceptable(credentials, channel);
    if (acceptable.size() == 1 && acceptable.get(0) != SaslMechanism.SCRAM_SHA_256) {
      return start(List.of(acceptable.get(0).saslName()), channel);
    }
    // A client that claims to have seen no channel binding among the offers (RFC 5802, 6: "y") is
    // refused where there is one. It saw no offers, and must say that it does not use it.
    return acceptable.contains(SaslMechanism.SCRAM_SHA_256)
        && start(List.of(SaslMechanism.SCRAM_SHA_256.saslName()), unbound());
  }

  private SaslChannel unbound() {
    SaslChannel unbound = channel.isTls() ? SaslChannel.tls() : SaslChannel.plaintext();
    return channel.isVerified() ? unbound : unbound.notVerified();
  }

  private void onChallenge(LdapDialogue dialogue, SaslExchange begun, byte[] challenge)
      throws BerException {
    rounds++;
    if (rounds > MAX_ROUNDS) {
      throw new BerException("more than " + MAX_ROUNDS + " challenges");
    } else if (begun.mechanism().isCostly()) {
      compute(dialogue, begun, challenge);
    } else {
      answer(dialogue, begun, respond(begun, challenge));
    }
  }

  /** The next request, or why there is none. */
  private record Answer(@Nullable BindRequest request, @Nullable Throwable failure) {}

  private static Answer respond(SaslExchange begun, byte[] challenge) {
    try {
      byte[] response = begun.respond(challenge);
      return new Answer(
          BindRequest.sasl(begun.mechanism().saslName(), Optional.of(response)), null);
    } catch (Throwable e) {
      return new Answer(null, e);
    }
  }

  private void compute(LdapDialogue dialogue, SaslExchange begun, byte[] challenge) {
    computing = true;
    BindThreads.Client.POOL.execute(
        () -> {
          Answer answer =
              promise().isDone()
                  ? new Answer(null, null) // Nobody waits any more.
                  : respond(begun, challenge);
          try {
            dialogue.executor().execute(() -> computed(dialogue, begun, answer));
          } catch (RejectedExecutionException e) {
            begun.close(); // The connection is gone with its loop.
          }
        });
  }

  private void computed(LdapDialogue dialogue, SaslExchange begun, Answer answer) {
    computing = false;
    answer(dialogue, begun, answer);
    dialogue.settle();
  }

  private void answer(LdapDialogue dialogue, SaslExchange begun, Answer answer) {
    if (promise().isDone() || dialogue.isOver()) {
      begun.close();
    } else if (answer.failure() instanceof SaslFailedException failure) {
      dialogue.fail(reason(failure), awaited());
    } else if (answer.failure() != null) {
      // The caller's, such as a secret that was closed too early; the server still waits.
      dialogue.failed(this, answer.failure());
      dialogue.close();
    } else {
      next = answer.request();
      dialogue.sendAgain(this);
    }
  }

  private void onSuccess(LdapDialogue dialogue, SaslExchange begun, byte[] serverCredentials) {
    try {
      begun.succeeded(serverCredentials);
      begun.close();
      dialogue.succeeded(this, begun.mechanism());
    } catch (SaslFailedException e) {
      dialogue.fail(reason(e), awaited());
    }
  }

  private static Reason reason(SaslFailedException failure) {
    return failure.kind() == SaslFailedException.Kind.REFUSED
        ? Reason.refused(LdapResultCode.INVALID_CREDENTIALS.name(), failure.got())
        : Reason.misbehaved(failure.expected(), failure.got());
  }

  @Override
  void broken() {
    if (next != null) {
      next.close();
    }
    if (exchange != null && !computing) {
      exchange.close();
    }
  }
}
