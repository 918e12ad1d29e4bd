package io.upgradeable.cli;

import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.connect.ProxyCredentials;
import io.upgradeable.connect.ProxyHop;
import io.upgradeable.connect.ProxyHop.Scheme;
import io.upgradeable.sasl.Secret;
import io.upgradeable.tls.TlsIdentity;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Through which proxies a client command goes, and as whom. */
final class ViaOptions {

  private static final String IN_PLAINTEXT = "--proxy-insecure-auth-in-plaintext";

  /**
   * How the library ends what it says of a password that it did not send. It says that behind the
   * proxy's own words, so only an end counts, and only of a 407: that always has ours behind it.
   */
  private static final Pattern KEPT_BACK =
      Pattern.compile(".*\\(it would show the password on the way\\)\\)?", Pattern.DOTALL);

  private static final String AUTHENTICATION_REQUIRED = "407";

  /** Whether there are passwords that only --proxy-insecure-auth-in-plaintext would send. */
  private boolean keepsPasswords;

  @Option(
      names = "--via",
      paramLabel = "URL",
      description = {
        "Go through this proxy:",
        "  http://HOST:PORT",
        "  https://HOST:PORT (TLS with the proxy)",
        "  socks5://HOST[:PORT] or socks4a://HOST[:PORT]",
        "with the user as in http://NAME@HOST:PORT. May be given again, the nearest proxy first."
            + " The target's name is looked up by the last one."
      })
  private List<String> urls = new ArrayList<>();

  @Option(
      names = "--proxy-env",
      description =
          "Go through the proxy that the environment variable HTTPS_PROXY names, unless NO_PROXY"
              + " names the target. Neither counts without this.")
  private boolean fromEnvironment;

  @Option(
      names = "--proxy-user",
      paramLabel = "NAME",
      description =
          "The user of the one proxy whose URL names none; the password is asked for on the"
              + " terminal if none is given.")
  private @Nullable String user;

  @Mixin private final ProxyPasswordOption password = new ProxyPasswordOption();

  @Option(
      names = IN_PLAINTEXT,
      description =
          "Send passwords as they are to proxies without TLS (http, socks5) or not verified:"
              + " whoever is on the way gets them.")
  private boolean evenInPlaintext;

  @Option(
      names = "--proxy-cafile",
      paramLabel = "FILE",
      description =
          "For https proxies, trust the certificates of this PEM file, not the system's. May be"
              + " given again.")
  private List<Path> authorities = new ArrayList<>();

  @Option(
      names = "--proxy-cert",
      paramLabel = "FILE",
      description = "Our certificate chain in PEM for https proxies.")
  private @Nullable Path certificate;

  @Option(
      names = "--proxy-key",
      paramLabel = "FILE",
      description = "The private key of --proxy-cert in PEM, not encrypted.")
  private @Nullable Path key;

  @Option(
      names = "--proxy-insecure",
      description = "Accept any certificate of an https proxy. The target's is checked as ever.")
  private boolean insecure;

  /** Whether there is a proxy to go through, or may be. */
  boolean isGiven() {
    return !urls.isEmpty() || fromEnvironment;
  }

  /**
   * Reads all that is needed to go through the proxies, and asks for passwords where it must.
   *
   * @param warnings is told in one line each what is unwise
   * @return the proxies, to be closed when no more connections are made
   * @throws UsageException if the options make no sense
   */
  Proxies open(Consumer<String> warnings) throws IOException {
    ProxyEnvironment environment = new ProxyEnvironment(System::getenv);
    List<ProxyHop> hops = given(environment);
    check(hops);
    if (!urls.isEmpty() && hops.stream().anyMatch(ProxyHop::hasPasswordInUrl)) {
      warnings.accept(
          "warning: --via holds a password, which others can see in the list of processes:"
              + " --proxy-password-env, --proxy-password-file and --proxy-env hide it");
    }
    if (insecure) {
      warnings.accept(
          "warning: --proxy-insecure accepts any certificate of a proxy: anybody may be the proxy");
    }
    Optional<TlsPolicy> policy =
        hops.stream().anyMatch(ViaOptions::isTls) ? Optional.of(policy()) : Optional.empty();
    keepsPasswords = !evenInPlaintext && hops.stream().anyMatch(this::hasPasswordInPlaintext);
    List<Secret> secrets = new ArrayList<>();
    List<ProxyHop> ready = new ArrayList<>();
    for (ProxyHop hop : hops) {
      ProxyHop known = withCredentials(hop, secrets);
      ready.add(isTls(known) ? known.withTls(policy.orElseThrow()) : known);
    }
    return new Proxies(ready, secrets, target -> fromEnvironment && environment.excepts(target));
  }

  /** A refusal that the user can end, with the way to do so. */
  IOException explained(PeerRefused refusal) {
    boolean kept =
        keepsPasswords
            && refusal.code().equals(AUTHENTICATION_REQUIRED)
            && KEPT_BACK.matcher(refusal.text()).matches();
    Failure failure = Failure.of(refusal);
    return kept
        ? new CommandFailedException(
            failure.withMessage(failure.message() + "; " + IN_PLAINTEXT + " would"))
        : refusal;
  }

  private List<ProxyHop> given(ProxyEnvironment environment) {
    if (fromEnvironment) {
      if (!urls.isEmpty()) {
        throw new UsageException("expected --via or --proxy-env, got both");
      }
      return environment.proxy().map(List::of).orElse(List.of());
    }
    try {
      return urls.stream().map(ProxyHop::parse).toList();
    } catch (IllegalArgumentException e) {
      throw new UsageException("--via: " + e.getMessage(), e);
    }
  }

  private void check(List<ProxyHop> hops) {
    if (!isGiven() && (user != null || password.isGiven() || evenInPlaintext || isTlsGiven())) {
      throw new UsageException("expected --via or --proxy-env with the options of a proxy");
    }
    if (!urls.isEmpty() && isTlsGiven() && hops.stream().noneMatch(ViaOptions::isTls)) {
      throw new UsageException(
          "expected an https proxy with --proxy-cafile, --proxy-cert or --proxy-insecure");
    }
    if ((certificate == null) != (key == null)) {
      throw new UsageException("expected --proxy-cert with --proxy-key, got one of them");
    }
    checkUsers(hops);
  }

  private boolean isTlsGiven() {
    return !authorities.isEmpty() || certificate != null || key != null || insecure;
  }

  private void checkUsers(List<ProxyHop> hops) {
    long nameless = hops.stream().filter(hop -> hop.user().isEmpty()).count();
    if (user != null && !hops.isEmpty() && nameless != 1) {
      throw new UsageException(
          "expected one proxy whose URL names no user for --proxy-user, got " + nameless);
    }
    long asking =
        hops.stream().filter(hop -> userOf(hop).isPresent()).filter(this::needsPassword).count();
    if (password.isGiven() && !hops.isEmpty() && asking != 1) {
      throw new UsageException(
          "expected one proxy with a user and without a password for --proxy-password-..., got "
              + asking);
    }
    for (ProxyHop hop : hops) {
      boolean secret = userOf(hop).isPresent() && hop.scheme() != Scheme.SOCKS4A;
      if (secret && hop.scheme() == Scheme.SOCKS5 && !evenInPlaintext) {
        throw new UsageException(
            "SOCKS shows a password to everybody on the way: expected %s as well for %s"
                .formatted(IN_PLAINTEXT, hop));
      } else if (secret && isTls(hop) && insecure && !evenInPlaintext) {
        throw new UsageException(
            "expected %s as well: with --proxy-insecure anybody may get the password"
                .formatted(IN_PLAINTEXT));
      } else if (hop.scheme() == Scheme.SOCKS4A && hop.user().isEmpty() && user != null) {
        throw new UsageException("expected the user of a socks4a proxy in its URL");
      }
    }
  }

  private Optional<String> userOf(ProxyHop hop) {
    return hop.user().or(() -> Optional.ofNullable(user));
  }

  private boolean hasPasswordInPlaintext(ProxyHop hop) {
    return hop.scheme() == Scheme.HTTP && userOf(hop).isPresent();
  }

  private boolean needsPassword(ProxyHop hop) {
    return hop.scheme() != Scheme.SOCKS4A && !hop.hasPasswordInUrl();
  }

  private static boolean isTls(ProxyHop hop) {
    return hop.scheme() == Scheme.HTTPS;
  }

  private ProxyHop withCredentials(ProxyHop hop, List<Secret> secrets) throws IOException {
    Optional<String> name = userOf(hop);
    ProxyHop known = hop;
    if (name.isPresent() && needsPassword(hop)) {
      Secret secret = password.read(name.get() + " at " + hop.endpoint());
      secrets.add(secret);
      known = hop.withCredentials(credentials(name.get(), secret));
    }
    return evenInPlaintext ? known.withCredentialsEvenInPlaintext() : known;
  }

  private static ProxyCredentials credentials(String name, Secret secret) {
    try {
      return ProxyCredentials.password(name, secret);
    } catch (IllegalArgumentException e) {
      throw new UsageException("--proxy-user: " + e.getMessage(), e);
    }
  }

  private TlsPolicy policy() {
    TlsPolicy.Builder policy = TlsPolicy.client();
    authorities.forEach(policy::trustFile);
    Path chain = certificate;
    Path privateKey = key;
    if (chain != null && privateKey != null) {
      policy.identity(TlsIdentity.pem(chain, privateKey));
    }
    if (insecure) {
      policy.insecureTrustAnyone();
    }
    return policy.build();
  }
}
