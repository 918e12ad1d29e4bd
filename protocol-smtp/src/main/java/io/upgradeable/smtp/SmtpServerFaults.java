package io.upgradeable.smtp;

import io.upgradeable.internal.Blocking;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a server does wrong on purpose, so that a client can be tested against it: it answers with
 * another reply, closes, answers late, or does not offer what it can. Immutable.
 *
 * @param actions what happens instead of a phase
 * @param hidden the EHLO keywords that are not offered, in upper case
 */
public record SmtpServerFaults(Map<Phase, Action> actions, Set<String> hidden) {

  /** A server that does nothing wrong. */
  public static final SmtpServerFaults NONE = new SmtpServerFaults(Map.of(), Set.of());

  private static final String HIDE = "hide";
  private static final String CLOSE = "close";
  private static final String DELAY = "delay:";

  private static final Pattern KEYWORD = Pattern.compile("[A-Za-z0-9][A-Za-z0-9-]{0,63}");
  private static final Pattern REPLY = Pattern.compile("([245][0-9]{2})(?: ([ -~]{1,400}))?");
  private static final Pattern TIME = Pattern.compile("([0-9]{1,9})(ms|s|m)");

  /** Where a fault happens. */
  public enum Phase {
    /** The greeting; whatever else is said there, the connection is closed behind it. */
    GREETING(false),
    /** EHLO, LHLO and HELO, before TLS and under it. */
    EHLO(false),
    /** EHLO, LHLO and HELO under TLS only. */
    SECURED_EHLO(false),
    /** STARTTLS. */
    STARTTLS(false),
    /** AUTH. */
    AUTH(true),
    /** MAIL. */
    MAIL(true),
    /** RCPT. */
    RCPT(true),
    /** DATA, before the content. */
    DATA(true),
    /** The end of the content, be it of DATA or of the last BDAT. */
    DOT(true),
    /** RSET under TLS. */
    RSET(true),
    /** QUIT under TLS. */
    QUIT(true);

    private final boolean inSession;

    Phase(boolean inSession) {
      this.inSession = inSession;
    }

    /** How it is written: {@code secured-ehlo}. */
    String text() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /** What happens instead. */
  public sealed interface Action {

    /**
     * The reply is another one, and nothing is done. Behind 421 the connection is closed.
     *
     * @param reply what is said
     */
    record Answer(SmtpReply reply) implements Action {
      /** Checks the component. */
      public Answer {
        Objects.requireNonNull(reply, "reply");
      }
    }

    /** Nothing is said, and the connection is closed. */
    record Close() implements Action {}

    /**
     * All goes well, but later.
     *
     * @param time how much later
     */
    record Delay(Duration time) implements Action {
      /**
       * Checks the component.
       *
       * @throws IllegalArgumentException if it is not positive, or over a year
       */
      public Delay {
        Blocking.requirePositive(time);
      }
    }
  }

  /**
   * Copies the collections.
   *
   * @throws IllegalArgumentException if a keyword cannot be one, or a delay is asked for before the
   *     session, which has no time to wait
   */
  public SmtpServerFaults {
    actions = actions.isEmpty() ? Map.of() : Collections.unmodifiableMap(new EnumMap<>(actions));
    actions.forEach(SmtpServerFaults::require);
    Set<String> keywords = new LinkedHashSet<>();
    for (String keyword : hidden) {
      if (!KEYWORD.matcher(keyword).matches()) {
        throw new IllegalArgumentException("expected an EHLO keyword to hide, got another word");
      }
      keywords.add(keyword.toUpperCase(Locale.ROOT));
    }
    hidden = Collections.unmodifiableSet(keywords);
  }

  private static void require(Phase phase, Action action) {
    if (action instanceof Action.Delay && !phase.inSession) {
      throw new IllegalArgumentException(
          "expected a reply or 'close' for " + phase.text() + ": only a session can be late");
    }
  }

  /**
   * Reads what is wrong, item by item: {@code PHASE=CODE}, {@code PHASE=CODE TEXT}, {@code
   * PHASE=close}, {@code PHASE=delay:TIME} with a time such as {@code 500ms}, {@code 5s} or {@code
   * 2m}, and {@code hide=KEYWORD}.
   *
   * @param items for instance {@code rcpt=550}, {@code dot=delay:5s}, {@code hide=PIPELINING}
   * @return the faults
   * @throws IllegalArgumentException if an item has another form, or a phase comes twice
   */
  public static SmtpServerFaults parse(List<String> items) {
    Map<Phase, Action> actions = new EnumMap<>(Phase.class);
    Set<String> hidden = new LinkedHashSet<>();
    for (String item : items) {
      int equals = item.indexOf('=');
      if (equals < 0) {
        throw new IllegalArgumentException(
            "expected PHASE=ACTION, for instance rcpt=550, got '" + item + "'");
      }
      String action = item.substring(equals + 1);
      if (item.substring(0, equals).equalsIgnoreCase(HIDE)) {
        hidden.add(action);
      } else if (actions.put(phase(item.substring(0, equals)), action(action)) != null) {
        throw new IllegalArgumentException(
            "expected each phase once, got '" + item.substring(0, equals) + "' twice");
      }
    }
    return new SmtpServerFaults(actions, hidden);
  }

  private static Phase phase(String text) {
    for (Phase phase : Phase.values()) {
      if (phase.text().equalsIgnoreCase(text)) {
        return phase;
      }
    }
    List<String> known = new ArrayList<>(Arrays.stream(Phase.values()).map(Phase::text).toList());
    known.add(HIDE);
    throw new IllegalArgumentException(
        "expected one of " + String.join(", ", known) + ", got '" + text + "'");
  }

  private static Action action(String text) {
    Matcher reply = REPLY.matcher(text);
    if (text.equalsIgnoreCase(CLOSE)) {
      return new Action.Close();
    } else if (reply.matches()) {
      int code = Integer.parseInt(reply.group(1));
      String said = Optional.ofNullable(reply.group(2)).orElse(code / 100 + ".0.0 As asked for");
      return new Action.Answer(SmtpReply.of(code, said));
    } else if (text.regionMatches(true, 0, DELAY, 0, DELAY.length())) {
      return new Action.Delay(time(text.substring(DELAY.length())));
    }
    throw new IllegalArgumentException(
        "expected a reply code, 'close' or 'delay:TIME', got '" + text + "'");
  }

  private static Duration time(String text) {
    Matcher time = TIME.matcher(text);
    if (!time.matches()) {
      throw new IllegalArgumentException("expected a time such as 500ms or 5s, got '" + text + "'");
    }
    long count = Long.parseLong(time.group(1));
    return switch (time.group(2)) {
      case "ms" -> Duration.ofMillis(count);
      case "s" -> Duration.ofSeconds(count);
      default -> Duration.ofMinutes(count);
    };
  }

  /** What happens instead of a phase, if anything. */
  Optional<Action> at(Phase phase) {
    return Optional.ofNullable(actions.get(phase));
  }

  /** Whether a capability, a keyword with its parameters, is offered. */
  boolean shows(String capability) {
    return !hidden.contains(capability.split(" ", 2)[0].toUpperCase(Locale.ROOT));
  }
}
