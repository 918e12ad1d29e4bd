package io.upgradeable.connect;

import io.upgradeable.sasl.Secret;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Answers one hop's challenges, the strongest that can be answered. It remembers the challenge that
 * was answered last, for a proxy that closes after it, and to spare later connections the question.
 * Safe for use by several threads: one for each layer, whatever number of connections.
 */
final class ProxyAuthentication {

  /** The value of the field {@code Proxy-Authorization}, and what a trace shows of it. */
  record Answer(String value, String shown) {}

  private static final List<String> STRONGEST_FIRST =
      List.of("Negotiate", "Digest", "Bearer", "Basic");

  /** A challenge with the way to answer it. */
  private static final class Choice {
    private final String scheme;
    private final Optional<DigestAnswer> digest;
    private final AtomicInteger count = new AtomicInteger();
    private volatile boolean accepted;

    Choice(String scheme, Optional<DigestAnswer> digest) {
      this.scheme = scheme;
      this.digest = digest;
    }

    int rank() {
      int ofScheme = STRONGEST_FIRST.indexOf(scheme) * 10;
      return ofScheme + digest.map(DigestAnswer::rank).orElse(0);
    }
  }

  private final ProxyCredentials credentials;
  private final boolean underTls;
  private volatile @Nullable Choice remembered;

  ProxyAuthentication(ProxyCredentials credentials, boolean underTls) {
    this.credentials = credentials;
    this.underTls = underTls;
  }

  Attempt newAttempt(String method, String uri) {
    return new Attempt(method, uri);
  }

  /** What happens on one connection. */
  final class Attempt {
    private final String method;
    private final String uri;
    private @Nullable Choice used;
    private @Nullable Choice next;
    private boolean askedAgain;
    private String problem = "";

    private Attempt(String method, String uri) {
      this.method = method;
      this.uri = uri;
    }

    /** The answer to what an earlier connection was asked. */
    Optional<Answer> first() {
      used = remembered;
      return used == null ? Optional.empty() : answerTo(used);
    }

    /**
     * Looks at a 407. If it can be answered, {@link #answer} or {@link #postpone} follows; else
     * {@link #problem} says why.
     */
    boolean canAnswer(List<HttpField> fields) {
      List<Challenge> challenges = Challenge.parse(HttpField.values(fields, "Proxy-Authenticate"));
      Optional<Choice> choice = choose(challenges);
      Choice before = used;
      if (choice.isPresent() && before != null) {
        // An answer to this proxy was refused: another makes sense only if it had grown old.
        boolean grownOld = isStale(challenges) || before.accepted;
        if (askedAgain || !grownOld) {
          remembered = null;
          problem = "the credentials were not accepted";
          return false;
        }
        askedAgain = true;
      }
      next = choice.orElse(null);
      return choice.isPresent();
    }

    /** The answer on this connection; empty if there is none after all. */
    Optional<Answer> answer() {
      used = next;
      return Optional.ofNullable(next).flatMap(this::answerTo);
    }

    /** This connection ends: the answer is for the next one. */
    void postpone() {
      remembered = next;
    }

    void onAccepted() {
      Choice choice = used;
      if (choice != null && !choice.scheme.equals("Negotiate")) {
        choice.accepted = true;
        remembered = choice;
      } else {
        remembered = null;
      }
    }

    String problem() {
      return problem;
    }

    /** The strongest that can be answered: one that shows no secret before one that does. */
    private Optional<Choice> choose(List<Challenge> challenges) {
      List<Choice> usable = new ArrayList<>();
      List<String> unusable = new ArrayList<>();
      for (Challenge challenge : challenges) {
        Optional<Choice> choice = choiceOf(challenge);
        choice.ifPresentOrElse(usable::add, () -> unusable.add(problemWith(challenge)));
      }
      if (usable.isEmpty()) {
        problem =
            challenges.isEmpty()
                ? "it does not say what credentials it wants"
                : "these credentials cannot answer " + String.join(" or ", unusable);
      }
      return usable.stream().min(Comparator.comparingInt(Choice::rank));
    }

    private Optional<Answer> answerTo(Choice choice) {
      return switch (choice.scheme) {
        case "Negotiate" -> negotiate();
        case "Bearer" -> Optional.of(answer("Bearer", new String(secret(credentials.token()))));
        case "Basic" -> Optional.of(answer("Basic", basic()));
        default -> Optional.of(digest(choice));
      };
    }

    private Optional<Answer> negotiate() {
      Optional<Answer> answer =
          credentials
              .negotiate()
              .flatMap(NegotiateToken::take)
              .map(token -> answer("Negotiate", Base64.getEncoder().encodeToString(token)));
      if (answer.isEmpty()) {
        problem = "the token of Negotiate was used before";
      }
      return answer;
    }

    private Answer digest(Choice choice) {
      DigestAnswer digest = choice.digest.orElseThrow();
      return answer(
          "Digest",
          digest.answer(
              method,
              uri,
              credentials.user().orElseThrow(),
              secret(credentials.password()),
              DigestAnswer.newClientNonce(),
              choice.count.incrementAndGet()));
    }

    private Answer answer(String scheme, String value) {
      return new Answer(scheme + " " + value, scheme + " <redacted>");
    }
  }

  private Optional<Choice> choiceOf(Challenge challenge) {
    boolean clear = underTls || credentials.mayLeaveInPlaintext();
    return switch (challenge.scheme()) {
      case "negotiate" ->
          credentials.negotiate().map(token -> new Choice("Negotiate", Optional.empty()));
      case "digest" ->
          credentials
              .password()
              .flatMap(password -> DigestAnswer.to(challenge))
              .map(digest -> new Choice("Digest", Optional.of(digest)));
      case "bearer" ->
          credentials
              .token()
              .filter(token -> clear)
              .map(token -> new Choice("Bearer", Optional.empty()));
      case "basic" ->
          basicUser().filter(u -> clear).map(u -> new Choice("Basic", Optional.empty()));
      default -> Optional.empty();
    };
  }

  private String problemWith(Challenge challenge) {
    return switch (challenge.scheme()) {
      case "digest" ->
          DigestAnswer.to(challenge).map(d -> "Digest").orElse(DigestAnswer.problem(challenge));
      case "basic" ->
          "Basic" + (basicUser().isPresent() ? " (it would show the password on the way)" : "");
      case "bearer" ->
          "Bearer"
              + (credentials.token().isPresent() ? " (it would show the token on the way)" : "");
      default -> challenge.scheme();
    };
  }

  private static boolean isStale(List<Challenge> challenges) {
    return challenges.stream()
        .anyMatch(c -> c.parameter("stale").filter("true"::equalsIgnoreCase).isPresent());
  }

  /** RFC 7617, 2: a name with a colon has no place in Basic. */
  private Optional<String> basicUser() {
    return credentials.user().filter(user -> user.indexOf(':') < 0);
  }

  private String basic() {
    byte[] password = Utf8.encode(secret(credentials.password()));
    byte[] user = (basicUser().orElseThrow() + ":").getBytes(StandardCharsets.UTF_8);
    byte[] both = Arrays.copyOf(user, user.length + password.length);
    System.arraycopy(password, 0, both, user.length, password.length);
    String text = Base64.getEncoder().encodeToString(both);
    Arrays.fill(password, (byte) 0);
    Arrays.fill(both, (byte) 0);
    return text;
  }

  private static char[] secret(Optional<Secret> secret) {
    return secret.orElseThrow().value();
  }
}
