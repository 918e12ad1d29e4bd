package io.upgradeable.smtp;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What a server offers, as its reply to EHLO or LHLO says (RFC 5321, 4.1.1.1). Keywords are whole
 * tokens and have no case: {@code starttls} is STARTTLS, and {@code STARTTLSX} is something else.
 *
 * <p>A line whose first word cannot be a keyword, such as the {@code AUTH=LOGIN} of some servers,
 * offers nothing. If a keyword comes twice, its parameters add up.
 *
 * @param keywords the keywords in upper case, in the server's order, each with its parameters as
 *     they came
 */
public record SmtpCapabilities(Map<String, List<String>> keywords) {

  /** No extension at all: what a server offers that answered HELO. */
  public static final SmtpCapabilities NONE = new SmtpCapabilities(Map.of());

  private static final Pattern KEYWORD = Pattern.compile("[A-Za-z0-9][A-Za-z0-9-]*");
  private static final Pattern SPACES = Pattern.compile(" +");

  /** RFC 4422, 3.1. */
  private static final Pattern MECHANISM = Pattern.compile("[A-Za-z0-9_-]{1,20}");

  /** RFC 1870, 4: up to twenty digits. */
  private static final Pattern SIZE = Pattern.compile("[0-9]{1,20}");

  /**
   * Copies the map.
   *
   * @throws IllegalArgumentException if a keyword cannot be one
   */
  public SmtpCapabilities {
    Map<String, List<String>> copy = new LinkedHashMap<>();
    keywords.forEach(
        (keyword, parameters) -> {
          if (!KEYWORD.matcher(keyword).matches()) {
            throw new IllegalArgumentException("expected a keyword, got '" + keyword + "'");
          }
          copy.merge(upperCase(keyword), List.copyOf(parameters), SmtpCapabilities::joined);
        });
    keywords = Collections.unmodifiableMap(copy);
  }

  /** Reads the reply to EHLO: the first line names the server, each other one is a capability. */
  static SmtpCapabilities of(SmtpReply ehloReply) {
    List<String> lines = ehloReply.lines();
    Map<String, List<String>> keywords = new LinkedHashMap<>();
    for (String line : lines.subList(1, lines.size())) {
      List<String> words = words(line);
      if (!words.isEmpty() && KEYWORD.matcher(words.get(0)).matches()) {
        keywords.merge(
            upperCase(words.get(0)), words.subList(1, words.size()), SmtpCapabilities::joined);
      }
    }
    return new SmtpCapabilities(keywords);
  }

  /** The name by which the server calls itself in the first line, or nothing. */
  static String serverName(SmtpReply ehloReply) {
    return words(ehloReply.lines().get(0)).stream().findFirst().orElse("");
  }

  private static List<String> words(String line) {
    return SPACES.splitAsStream(line).filter(word -> !word.isEmpty()).toList();
  }

  private static List<String> joined(Collection<String> first, Collection<String> second) {
    List<String> all = new ArrayList<>(first);
    all.addAll(second);
    return List.copyOf(all);
  }

  private static String upperCase(String text) {
    return text.toUpperCase(Locale.ROOT);
  }

  /**
   * Whether the server offers an extension.
   *
   * @param keyword the extension's keyword, in any case
   * @return true if it is offered
   */
  public boolean offers(String keyword) {
    return keywords.containsKey(upperCase(keyword));
  }

  /**
   * The parameters of an extension.
   *
   * @param keyword the extension's keyword, in any case
   * @return the parameters as they came, or empty if the extension is not offered
   */
  public Optional<List<String>> parameters(String keyword) {
    return Optional.ofNullable(keywords.get(upperCase(keyword)));
  }

  /**
   * The largest message that the server takes (RFC 1870).
   *
   * @return the size in bytes, or empty if no limit was told: without SIZE, with {@code SIZE 0},
   *     and where its parameter is no number or too large for one
   */
  public OptionalLong maxMessageSize() {
    Optional<String> size =
        parameters("SIZE").stream()
            .flatMap(List::stream)
            .findFirst()
            .filter(parameter -> SIZE.matcher(parameter).matches());
    if (size.isEmpty()) {
      return OptionalLong.empty();
    }
    try {
      long bytes = Long.parseLong(size.get());
      return bytes == 0 ? OptionalLong.empty() : OptionalLong.of(bytes);
    } catch (NumberFormatException e) {
      return OptionalLong.empty(); // Twenty digits may be more than any message has.
    }
  }

  /**
   * The mechanisms by which one may authenticate (RFC 4954); what cannot name one is left out.
   *
   * @return their names in upper case, in the server's order; empty without AUTH
   */
  public Set<String> authMechanisms() {
    Set<String> mechanisms = new LinkedHashSet<>();
    for (String name : parameters("AUTH").orElse(List.of())) {
      if (MECHANISM.matcher(name).matches()) {
        mechanisms.add(upperCase(name));
      }
    }
    return Collections.unmodifiableSet(mechanisms);
  }

  /** The keywords with their parameters, for instance {@code [STARTTLS, SIZE 1000]}. */
  @Override
  public String toString() {
    List<String> lines = new ArrayList<>();
    keywords.forEach(
        (keyword, parameters) -> {
          List<String> words = new ArrayList<>(List.of(keyword));
          words.addAll(parameters);
          lines.add(String.join(" ", words));
        });
    return lines.toString();
  }
}
