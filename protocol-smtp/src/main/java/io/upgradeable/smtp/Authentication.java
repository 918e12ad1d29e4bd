package io.upgradeable.smtp;

import io.upgradeable.Connection;
import io.upgradeable.Security;
import io.upgradeable.internal.BlockingThreads;
import io.upgradeable.negotiation.Reason;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.negotiation.TlsFacts.Verification;
import io.upgradeable.sasl.SaslChannel;
import io.upgradeable.sasl.SaslCredentials;
import io.upgradeable.sasl.SaslExchange;
import io.upgradeable.sasl.SaslFailedException;
import io.upgradeable.sasl.SaslMechanism;
import io.upgradeable.sasl.SaslPreference;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * AUTH (RFC 4954): the coat in which a SASL exchange travels. The server's 235 counts only if the
 * exchange agrees. What is secret is redacted where it is sent, and where a server echoes it.
 */
final class Authentication extends SmtpJob {

  private static final int AUTHENTICATED = 235;
  private static final int CHALLENGE = 334;
  private static final String REDACTED = "<redacted>";
  private static final String AWAITED = "the reply to AUTH (235)";

  /** No mechanism needs more than four; a server that asks on is playing for time. */
  private static final int MAX_ROUNDS = 16;

  /** RFC 5321, 4.5.3.1.4, without the CRLF: longer ones wait for the first 334. */
  private static final int MAX_LINE = 510;

  /** So much of what was sent is no accident in a server's text. */
  private static final Pattern BASE64_RUN = Pattern.compile("[A-Za-z0-9+/]{8,}=*");

  /** Lazily, as most sessions compute nothing costly. */
  private static final class Threads {
    private static final Executor COMPUTING = BlockingThreads.perTask("upgradeable-smtp-auth");
  }

  private final SaslCredentials credentials;
  private final SaslPreference preference;
  private final CompletableFuture<SaslMechanism> future = new CompletableFuture<>();
  private final List<String> sent = new ArrayList<>();
  private @Nullable SaslExchange exchange;
  private @Nullable SmtpReply reply;
  private @Nullable Throwable refused;
  private int rounds;
  private boolean computing;

  Authentication(SaslCredentials credentials, SaslPreference preference) {
    this.credentials = Objects.requireNonNull(credentials, "credentials");
    this.preference = Objects.requireNonNull(preference, "preference");
  }

  CompletableFuture<SaslMechanism> future() {
    return future;
  }

  @Override
  String awaited() {
    return "the answer to a challenge";
  }

  @Override
  boolean goesAlone() {
    return true;
  }

  /** What mechanisms may know of the connection. Behind a proxy, its TLS is nobody's secret. */
  static SaslChannel channel(Connection connection) {
    Optional<TlsFacts> tls = connection.tls();
    if (tls.isEmpty() || connection.security() != Security.ORIGIN) {
      return SaslChannel.plaintext();
    }
    List<X509Certificate> chain = tls.get().peerChain();
    SaslChannel channel = chain.isEmpty() ? SaslChannel.tls() : SaslChannel.tls(chain.get(0));
    return tls.get().verification() == Verification.CHAIN_AND_NAME
        ? channel
        : channel.notVerified();
  }

  @Override
  void begin(SmtpDialogue dialogue) {
    if (future.isDone()) {
      end(dialogue, new CancellationException()); // in the queue
      return;
    }
    SaslChannel channel = channel(dialogue.connection());
    boolean exposing = dialogue.server().options().insecureAuthInPlaintext();
    if (dialogue.isAuthenticated()) {
      end(dialogue, new IllegalStateException("this session is authenticated already"));
    } else if (!channel.isTls() && !exposing) {
      end(
          dialogue,
          new IllegalStateException("AUTH in plaintext would tell everybody: it needs TLS"));
    } else {
      start(
          dialogue,
          channel,
          exposing ? preference.exposingSecretsWithoutVerifiedTls() : preference);
    }
  }

  private void start(SmtpDialogue dialogue, SaslChannel channel, SaslPreference allowed) {
    var offered = dialogue.capabilities().authMechanisms();
    SaslExchange begun;
    Optional<byte[]> first;
    try {
      begun = allowed.start(offered, credentials, channel).orElse(null);
      exchange = begun;
      first = begun == null ? Optional.empty() : begun.initialResponse(room(begun));
    } catch (IllegalArgumentException | IllegalStateException e) {
      end(dialogue, e); // Credentials that cannot be used, or are closed by now.
      return;
    }
    if (begun == null) {
      end(
          dialogue,
          dialogue.failure(
              Reason.refused("AUTH", "offered are " + offered + ", and none is fit for " + channel),
              "AUTH by a mechanism of " + allowed.acceptable(credentials, channel)));
      return;
    }
    String command = command(begun);
    if (first.isEmpty()) {
      send(dialogue, command, command);
    } else {
      String response = first.get().length == 0 ? "=" : remembered(base64(first.get()));
      send(dialogue, command + " " + response, command + " " + REDACTED);
    }
  }

  private static String command(SaslExchange exchange) {
    return "AUTH " + exchange.mechanism().saslName();
  }

  /** How many bytes have room behind the command, in base64. */
  private static int room(SaslExchange exchange) {
    return (MAX_LINE - command(exchange).length() - 1) / 4 * 3;
  }

  /** Overwrites the response, which may hold the password. */
  private static String base64(byte[] response) {
    String text = Base64.getEncoder().encodeToString(response);
    Arrays.fill(response, (byte) 0);
    return text;
  }

  private String remembered(String response) {
    sent.add(response);
    return response;
  }

  private void send(SmtpDialogue dialogue, String line, String shown) {
    dialogue.command(
        line,
        shown,
        new ExpectedReply(
            AWAITED,
            dialogue.replyTimeout(),
            got -> {
              reply = got;
              return true;
            }));
  }

  @Override
  void advance(SmtpDialogue dialogue) {
    SmtpReply got = reply;
    if (got == null || computing) {
      return;
    }
    reply = null;
    if (refused != null) {
      onCancelled(dialogue, refused, got);
    } else if (got.code() == CHALLENGE) {
      onChallenge(dialogue, got);
    } else if (got.code() == AUTHENTICATED) {
      onSuccess(dialogue);
    } else if (got.isFailure()) {
      onRefusal(dialogue, got);
    } else {
      dialogue.misbehaved(AWAITED, shown(got));
    }
  }

  /** Whatever else it says, it does not know what this side thinks of the exchange. */
  private void onCancelled(SmtpDialogue dialogue, Throwable why, SmtpReply got) {
    if (got.isFailure()) {
      end(dialogue, why);
    } else {
      dialogue.misbehaved("the reply to a cancelled AUTH (501)", shown(got));
    }
  }

  private void onChallenge(SmtpDialogue dialogue, SmtpReply got) {
    Optional<byte[]> challenge = decoded(got);
    if (future.isDone()) {
      cancel(dialogue, new CancellationException());
    } else if (challenge.isEmpty()) {
      cancel(dialogue, Reason.misbehaved("a challenge in base64", "something else"));
    } else if (++rounds > MAX_ROUNDS) {
      cancel(dialogue, Reason.misbehaved("an end of challenges", "more than " + MAX_ROUNDS));
    } else if (exchange().mechanism().isCostly()) {
      computing = true;
      compute(dialogue, challenge.get());
    } else {
      answer(dialogue, respond(challenge.get()));
    }
  }

  private SaslExchange exchange() {
    return Objects.requireNonNull(exchange, "exchange");
  }

  /** A response in base64, or why there is none: the server's fault, or a mistake. */
  private record Answer(String response, @Nullable Throwable failure) {}

  private Answer respond(byte[] challenge) {
    try {
      return new Answer(base64(exchange().respond(challenge)), null);
    } catch (SaslFailedException | RuntimeException | Error e) {
      return new Answer("", e); // Whatever it is, whoever waits for an answer gets one.
    }
  }

  private void compute(SmtpDialogue dialogue, byte[] challenge) {
    try {
      Threads.COMPUTING.execute(
          () -> {
            Answer answer = respond(challenge);
            try {
              dialogue
                  .executor()
                  .execute(
                      () -> {
                        computing = false;
                        answer(dialogue, answer);
                        dialogue.settle();
                      });
            } catch (RejectedExecutionException e) {
              exchange().close(); // The connection is gone with its loop.
            }
          });
    } catch (RejectedExecutionException e) {
      computing = false;
      dialogue.abandon(e);
    }
  }

  private void answer(SmtpDialogue dialogue, Answer answer) {
    Throwable failure = answer.failure();
    if (dialogue.isOver()) {
      exchange().close();
    } else if (future.isDone()) {
      cancel(dialogue, new CancellationException()); // meanwhile
    } else if (failure instanceof SaslFailedException failed && provesNothing(failed)) {
      dialogue.fail(reason(failed), AWAITED);
    } else if (failure instanceof SaslFailedException failed) {
      cancel(dialogue, reason(failed));
    } else if (failure != null) {
      cancel(dialogue, failure);
    } else {
      send(dialogue, remembered(answer.response()), REDACTED);
    }
  }

  private static Reason reason(SaslFailedException failure) {
    return failure.kind() == SaslFailedException.Kind.REFUSED
        ? Reason.refused("AUTH", failure.got())
        : Reason.misbehaved(failure.expected(), failure.got());
  }

  /** A server that has to prove that it knows the password, and does not, is another one. */
  private boolean provesNothing(SaslFailedException failure) {
    return failure.kind() == SaslFailedException.Kind.MISBEHAVED
        && exchange().mechanism().isCostly();
  }

  private void cancel(SmtpDialogue dialogue, Reason why) {
    cancel(dialogue, dialogue.failure(why, AWAITED));
  }

  /** RFC 4954, 4: the server answers 501. */
  private void cancel(SmtpDialogue dialogue, Throwable why) {
    refused = why;
    send(dialogue, "*", "*");
  }

  private void onSuccess(SmtpDialogue dialogue) {
    try {
      exchange().succeeded();
      dialogue.authenticated();
      SaslMechanism mechanism = exchange().mechanism();
      exchange().close();
      dialogue.over(this, () -> future.complete(mechanism));
    } catch (SaslFailedException e) {
      // It says yes and cannot know: it is not the server that it should be.
      dialogue.fail(reason(e), AWAITED);
    }
  }

  private void onRefusal(SmtpDialogue dialogue, SmtpReply got) {
    String text = shown(got).text();
    String why = exchange().refusal().map(more -> text + " (" + more + ")").orElse(text);
    end(dialogue, dialogue.failure(Reason.refused(String.valueOf(got.code()), why), AWAITED));
  }

  /** Canonical base64 in one line, and nothing else. */
  private static Optional<byte[]> decoded(SmtpReply got) {
    if (got.lines().size() > 1) {
      return Optional.empty();
    }
    String text = got.lines().get(0);
    try {
      byte[] bytes = Base64.getDecoder().decode(text);
      return Base64.getEncoder().encodeToString(bytes).equals(text)
          ? Optional.of(bytes)
          : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  @Override
  SmtpReply shown(SmtpReply got) {
    if (got.code() == CHALLENGE) {
      return new SmtpReply(CHALLENGE, List.of(REDACTED));
    }
    return new SmtpReply(got.code(), got.lines().stream().map(this::withoutEchoes).toList());
  }

  private String withoutEchoes(String text) {
    Matcher runs = BASE64_RUN.matcher(text);
    return runs.replaceAll(run -> Matcher.quoteReplacement(isEcho(run) ? REDACTED : run.group()));
  }

  private boolean isEcho(MatchResult run) {
    return sent.stream().anyMatch(secret -> secret.contains(run.group().replace("=", "")));
  }

  private void end(SmtpDialogue dialogue, Throwable why) {
    SaslExchange begun = exchange;
    if (begun != null && !computing) {
      begun.close();
    }
    dialogue.over(this, () -> future.completeExceptionally(why));
  }

  @Override
  void broken(SmtpDialogue dialogue, Exception cause) {
    end(dialogue, dialogue.endCause());
  }
}
