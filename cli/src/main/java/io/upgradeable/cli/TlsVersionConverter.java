package io.upgradeable.cli;

import io.upgradeable.tls.TlsVersion;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads a version of TLS. */
final class TlsVersionConverter implements ITypeConverter<TlsVersion> {

  @Override
  public TlsVersion convert(String text) {
    return switch (text) {
      case "1.2" -> TlsVersion.TLS_1_2;
      case "1.3" -> TlsVersion.TLS_1_3;
      default ->
          throw new TypeConversionException(
              "expected 1.2 or 1.3 (older versions are not safe), got '" + text + "'");
    };
  }
}
