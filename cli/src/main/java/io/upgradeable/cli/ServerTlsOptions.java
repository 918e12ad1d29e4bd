package io.upgradeable.cli;

import io.upgradeable.sasl.Secret;
import io.upgradeable.tls.ClientAuthentication;
import io.upgradeable.tls.ReloadableTlsPolicy;
import io.upgradeable.tls.TlsIdentity;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How a server turns into TLS. */
final class ServerTlsOptions {

  /** A demonstration runs for weeks at most; nobody should come to rely on it. */
  private static final Duration VALIDITY = Duration.ofDays(30);

  /** Addresses that stand for all of the machine's, and name none. */
  private static final Set<String> EVERYWHERE = Set.of("0.0.0.0", "::");

  @Option(names = "--tls", description = "Speak TLS from the first byte, without STARTTLS.")
  private boolean implicit;

  @Mixin private final IdentityOptions identity = new IdentityOptions();

  @Option(
      names = "--self-signed",
      description = "Make a throw-away certificate for localhost and the --listen address.")
  private boolean selfSigned;

  @Option(
      names = "--write-cert",
      paramLabel = "FILE",
      description = "Write the --self-signed certificate in PEM, for a client's --cafile.")
  private @Nullable Path writeCertificate;

  @Mixin private final TrustOptions trust = new TrustOptions();

  @Option(
      names = "--client-auth",
      paramLabel = "MODE",
      converter = WordConverter.ClientAuth.class,
      completionCandidates = WordConverter.ClientAuth.class,
      description =
          "Ask clients for a certificate that --cafile or --capath trusts: none, optional or"
              + " required. The default is required where one of them is given, and else none.")
  private @Nullable ClientAuthentication clientAuthentication;

  @Mixin private final TlsParameterOptions parameters = new TlsParameterOptions();

  boolean implicit() {
    return implicit;
  }

  /** Refuses what only makes sense under TLS. */
  void requireNone() {
    if (selfSigned || identity.isGiven() || trust.isGiven() || clientAuthentication != null) {
      throw new UsageException(
          "expected --tls with --self-signed, --cert, --cafile, --capath and --client-auth");
    }
  }

  /** The files that the policy is made of, to be watched. */
  List<Path> files() {
    List<Path> files = new ArrayList<>(identity.files());
    files.addAll(trust.paths());
    return files;
  }

  /**
   * Loads the policy, and keeps what it takes to load it anew.
   *
   * @param host where the server listens, also a name of a self-signed certificate
   */
  ReloadableTlsPolicy policy(String host) throws IOException {
    check();
    Callable<TlsIdentity> loader = selfSigned ? selfSignedLoader(host) : fileLoader();
    return ReloadableTlsPolicy.of(() -> policy(loader.call()));
  }

  private void check() {
    if (selfSigned == identity.isGiven()) {
      throw new UsageException(
          "expected --cert FILE with --key FILE, or --self-signed, got "
              + (selfSigned ? "both" : "neither"));
    }
    if (writeCertificate != null && !selfSigned) {
      throw new UsageException("expected --write-cert with --self-signed only");
    }
    if (trust.isGiven() && clientAuthentication == ClientAuthentication.NONE) {
      throw new UsageException(
          "expected no --cafile and no --capath with --client-auth none: there is nobody to trust");
    }
  }

  private Callable<TlsIdentity> selfSignedLoader(String host) throws IOException {
    Set<String> names = new LinkedHashSet<>(ThrowAwayCertificate.LOCAL_NAMES);
    if (!EVERYWHERE.contains(host)) {
      names.add(host);
    }
    TlsIdentity made = ThrowAwayCertificate.create(names, VALIDITY);
    Path file = writeCertificate;
    if (file != null) {
      try {
        Files.writeString(file, CertificateFacts.of(made.chain().get(0)).pem());
      } catch (IOException e) {
        throw new UsageException(
            "cannot write the certificate to " + file + ": " + FileProblem.why(file, e), e);
      }
    }
    return () -> made;
  }

  /** The password is kept for as long as the server runs, because the files may change. */
  private Callable<TlsIdentity> fileLoader() throws IOException {
    Secret password = identity.readPassword();
    return () -> identity.load(password);
  }

  private TlsPolicy policy(TlsIdentity own) {
    TlsPolicy.Builder policy = TlsPolicy.server().identity(own);
    parameters.applyTo(policy);
    trust.applyTo(policy);
    ClientAuthentication asked = clientAuthentication;
    if (asked != null) {
      policy.clientAuthentication(asked);
    } else if (trust.isGiven()) {
      policy.clientAuthentication(ClientAuthentication.REQUIRED);
    }
    return policy.build();
  }
}
