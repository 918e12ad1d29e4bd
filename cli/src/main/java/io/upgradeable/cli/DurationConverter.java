package io.upgradeable.cli;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads a time with its unit. A plain number is refused: is it seconds or milliseconds? */
final class DurationConverter implements ITypeConverter<Duration> {

  /** Nothing here waits longer, and every timer can take it. */
  private static final Duration MAX = Duration.ofDays(7);

  private static final Pattern FORM = Pattern.compile("([0-9]{1,9})(ms|s|m)");

  @Override
  public Duration convert(String text) {
    Matcher matcher = FORM.matcher(text);
    long amount = matcher.matches() ? Long.parseLong(matcher.group(1)) : 0;
    if (amount == 0) {
      throw new TypeConversionException(
          "expected a time with its unit, as in 500ms, 5s or 2m, got '" + text + "'");
    }
    Duration duration = Duration.of(amount, unit(matcher.group(2)));
    if (duration.compareTo(MAX) > 0) {
      throw new TypeConversionException(
          "expected at most %dm (%d days), got '%s'"
              .formatted(MAX.toMinutes(), MAX.toDays(), text));
    }
    return duration;
  }

  private static ChronoUnit unit(String text) {
    return switch (text) {
      case "ms" -> ChronoUnit.MILLIS;
      case "s" -> ChronoUnit.SECONDS;
      default -> ChronoUnit.MINUTES;
    };
  }
}
