package io.upgradeable.cli;

import io.upgradeable.tls.ClientAuthentication;
import io.upgradeable.tls.TlsEngine;
import io.upgradeable.tls.TlsRequirement;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Reads a choice by its word in lower case, as the help has it, and offers the words for
 * completion.
 */
abstract class WordConverter<E extends Enum<E>> implements ITypeConverter<E>, Iterable<String> {

  private final List<E> choices;

  WordConverter(Class<E> type) {
    this.choices = Arrays.asList(type.getEnumConstants());
  }

  @Override
  public final E convert(String text) {
    return choices.stream()
        .filter(choice -> word(choice).equals(text.toLowerCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow(
            () ->
                new TypeConversionException(
                    "expected one of %s, got '%s'".formatted(String.join(", ", this), text)));
  }

  @Override
  public final Iterator<String> iterator() {
    return choices.stream().map(WordConverter::word).iterator();
  }

  private static String word(Enum<?> choice) {
    return choice.name().toLowerCase(Locale.ROOT);
  }

  /** {@code --starttls}. */
  static final class StartTls extends WordConverter<TlsRequirement> {
    StartTls() {
      super(TlsRequirement.class);
    }
  }

  /** {@code --client-auth}. */
  static final class ClientAuth extends WordConverter<ClientAuthentication> {
    ClientAuth() {
      super(ClientAuthentication.class);
    }
  }

  /** {@code --engine}. */
  static final class Engine extends WordConverter<TlsEngine> {
    Engine() {
      super(TlsEngine.class);
    }
  }

  /** {@code --color}. */
  static final class Color extends WordConverter<DiagnosticOptions.Color> {
    Color() {
      super(DiagnosticOptions.Color.class);
    }
  }

  /** {@code --stop-after}. */
  static final class StopAfter extends WordConverter<SmtpPhase> {
    StopAfter() {
      super(SmtpPhase.class);
    }
  }

  /** {@code --output}. */
  static final class Output extends WordConverter<OutputOptions.Format> {
    Output() {
      super(OutputOptions.Format.class);
    }
  }
}
