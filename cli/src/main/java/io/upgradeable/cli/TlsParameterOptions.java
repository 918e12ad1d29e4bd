package io.upgradeable.cli;

import io.upgradeable.tls.TlsEngine;
import io.upgradeable.tls.TlsPolicy;
import io.upgradeable.tls.TlsVersion;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** What both roles may choose of TLS itself. */
final class TlsParameterOptions {

  @Option(
      names = "--tls-min",
      paramLabel = "VERSION",
      converter = TlsVersionConverter.class,
      description = "The oldest version to speak: 1.2 (the default) or 1.3.")
  private TlsVersion minimum = TlsVersion.TLS_1_2;

  @Option(
      names = "--tls-max",
      paramLabel = "VERSION",
      converter = TlsVersionConverter.class,
      description = "The newest version to speak: 1.2 or 1.3 (the default).")
  private TlsVersion maximum = TlsVersion.TLS_1_3;

  @Option(
      names = "--alpn",
      paramLabel = "NAME",
      split = ",",
      description = "Offer or accept these application protocols, best first.")
  private List<String> applicationProtocols = new ArrayList<>();

  @Option(
      names = "--groups",
      paramLabel = "NAME",
      split = ",",
      description = "Offer or accept these key exchange groups, best first, such as x25519.")
  private List<String> groups = new ArrayList<>();

  @Option(
      names = "--engine",
      paramLabel = "NAME",
      converter = WordConverter.Engine.class,
      completionCandidates = WordConverter.Engine.class,
      description = "auto (the default), jdk or openssl.")
  private TlsEngine engine = TlsEngine.AUTO;

  void applyTo(TlsPolicy.Builder policy) {
    policy.versions(minimum, maximum).engine(engine);
    if (!applicationProtocols.isEmpty()) {
      policy.applicationProtocols(applicationProtocols.toArray(String[]::new));
    }
    if (!groups.isEmpty()) {
      policy.groups(groups.toArray(String[]::new));
    }
  }
}
