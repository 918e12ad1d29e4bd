package io.upgradeable.cli;

import io.upgradeable.tls.TlsPolicy;
import io.upgradeable.tls.TlsRequirement;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How a client command turns into TLS. */
final class TlsOptions {

  @Option(names = "--tls", description = "Speak TLS from the first byte, without STARTTLS.")
  private boolean implicit;

  @Option(
      names = "--starttls",
      paramLabel = "MODE",
      converter = WordConverter.StartTls.class,
      completionCandidates = WordConverter.StartTls.class,
      description =
          "required (the default), or opportunistic: go on in plaintext where the peer has no TLS;"
              + " ping refuses that, for its server cannot say so, and connect has no STARTTLS at"
              + " all.")
  private @Nullable TlsRequirement startTls;

  @Mixin private final TrustOptions trust = new TrustOptions();

  @Mixin private final IdentityOptions identity = new IdentityOptions();

  @Option(
      names = "--servername",
      paramLabel = "NAME",
      description = "Ask for this name (SNI) and check the certificate for it.")
  private @Nullable String serverName;

  @Option(
      names = "--verify-name",
      paramLabel = "NAME",
      description = "Check the certificate for this name or address; SNI stays as it is.")
  private @Nullable String verifyName;

  @Option(names = "--no-sni", description = "Send no server name; it is checked all the same.")
  private boolean withoutServerName;

  @Option(
      names = "--pin",
      paramLabel = "PIN",
      description =
          "Demand this public key besides all else: sha256//BASE64. May be given again; one has to"
              + " match.")
  private List<String> pins = new ArrayList<>();

  @Option(
      names = "--insecure",
      description = "Accept any certificate. Whoever is on the way can be the peer.")
  private boolean insecure;

  @Mixin private final TlsParameterOptions parameters = new TlsParameterOptions();

  boolean implicit() {
    if (implicit && startTls != null) {
      throw new UsageException("expected --tls or --starttls, got both");
    }
    return implicit;
  }

  boolean isStartTlsGiven() {
    return startTls != null;
  }

  TlsRequirement startTls() {
    TlsRequirement given = startTls;
    return given == null ? TlsRequirement.REQUIRED : given;
  }

  boolean insecure() {
    return insecure;
  }

  /**
   * The policy of a client.
   *
   * @param known trusted where the user names no other authority, instead of the system's; empty
   *     for a peer that we know nothing of
   */
  TlsPolicy policy(List<X509Certificate> known) throws IOException {
    TlsPolicy.Builder policy = TlsPolicy.client();
    parameters.applyTo(policy);
    trust.applyTo(policy);
    if (!trust.isGiven() && !known.isEmpty()) {
      policy.trust(known);
    }
    pins.forEach(policy::pin);
    nameApplyTo(policy);
    if (identity.isGiven()) {
      policy.identity(identity.load());
    }
    if (insecure) {
      policy.insecureTrustAnyone();
    }
    return policy.build();
  }

  private void nameApplyTo(TlsPolicy.Builder policy) {
    String name = serverName;
    if (name != null) {
      if (withoutServerName) {
        throw new UsageException(
            "expected --servername or --no-sni, got both; --verify-name only checks a name");
      }
      policy.serverName(name);
    }
    String verified = verifyName;
    if (verified != null) {
      policy.verifyName(verified);
    }
    if (withoutServerName) {
      policy.withoutServerName();
    }
  }
}
