package io.upgradeable.tls;

import io.upgradeable.negotiation.Role;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * How a connection turns into TLS. Immutable, safe for use by several threads, and meant to be
 * reused: sessions may be resumed between the connections of one policy, and never between those of
 * two. Two policies are equal only if they are the same object.
 *
 * <p>All files are read while the policy is built, so that a bad configuration fails before any
 * peer is touched.
 */
public final class TlsPolicy {

  private final Role role;
  private final X509ExtendedTrustManager trustManager;
  private final boolean verifiesPeer;
  private final boolean checksName;
  private final Optional<TlsIdentity> identity;
  private final TlsVersion minimumVersion;
  private final TlsVersion maximumVersion;
  private final Optional<String> verifyName;
  private final Optional<String> serverName;
  private final boolean sendsServerName;
  private final List<String> applicationProtocols;
  private final List<String> groups;
  private final TlsEngine engine;
  private final ClientAuthentication clientAuthentication;
  private final String text;

  private TlsPolicy(Builder builder) {
    this.role = builder.role;
    this.verifiesPeer =
        role == Role.CLIENT
            ? !builder.trustAnyone
            : builder.clientAuthentication != ClientAuthentication.NONE;
    this.checksName = role == Role.CLIENT && verifiesPeer && !builder.skipNameCheck;
    this.identity = Optional.ofNullable(builder.identity);
    this.minimumVersion = builder.minimumVersion;
    this.maximumVersion = builder.maximumVersion;
    this.verifyName = Optional.ofNullable(builder.verifyName);
    this.serverName = Optional.ofNullable(builder.serverName);
    this.sendsServerName = role == Role.CLIENT && builder.sendServerName;
    this.applicationProtocols = builder.applicationProtocols;
    this.groups = builder.groups;
    this.engine = builder.engine;
    this.clientAuthentication = builder.clientAuthentication;
    this.trustManager = builder.trustManager(verifiesPeer, checksName);
    this.text = describe(builder);
  }

  /**
   * Starts a policy for the side that connects. As it stands it trusts the authorities that the JDK
   * trusts, checks the name, and speaks TLS 1.2 and 1.3.
   *
   * @return a builder
   */
  public static Builder client() {
    return new Builder(Role.CLIENT);
  }

  /**
   * Starts a policy for the side that accepts. It needs an {@link Builder#identity identity}; as it
   * stands it asks clients for no certificate and speaks TLS 1.2 and 1.3.
   *
   * @return a builder
   */
  public static Builder server() {
    return new Builder(Role.SERVER);
  }

  /**
   * The side that the policy is for.
   *
   * @return the role
   */
  public Role role() {
    return role;
  }

  /**
   * Whether a certificate of the peer is verified: false for a client that trusts anyone, and for a
   * server that asks for none.
   *
   * @return true if the peer's chain must lead to a trusted authority
   */
  public boolean verifiesPeer() {
    return verifiesPeer;
  }

  /**
   * What verifies the peer. It does everything that the policy asks for, the name included, and
   * must be used with an engine or socket whose peer host is the name to verify. Its failures are
   * {@link CertificateProblem}.
   *
   * @return the trust manager, the same at each call
   */
  public X509ExtendedTrustManager trustManager() {
    return trustManager;
  }

  /**
   * Who this side is.
   *
   * @return the identity; always present for a server
   */
  public Optional<TlsIdentity> identity() {
    return identity;
  }

  /**
   * The oldest version to speak.
   *
   * @return the version
   */
  public TlsVersion minimumVersion() {
    return minimumVersion;
  }

  /**
   * The newest version to speak.
   *
   * @return the version
   */
  public TlsVersion maximumVersion() {
    return maximumVersion;
  }

  /**
   * Whether the server's certificate must carry the expected name.
   *
   * @return false for servers, and for clients that were told not to check it
   */
  public boolean checksName() {
    return checksName;
  }

  /**
   * The name or address that the server's certificate must carry, where it is neither {@link
   * #serverName()} nor the target's.
   *
   * @return the name in its ASCII form, or an address without brackets
   */
  public Optional<String> verifyName() {
    return verifyName;
  }

  /**
   * The name to send in SNI, and to check unless {@link #verifyName()} is there, where it is not
   * the target's.
   *
   * @return the name in its ASCII form
   */
  public Optional<String> serverName() {
    return serverName;
  }

  /**
   * Whether a client sends SNI at all. An address is never sent (RFC 6066, section 3).
   *
   * @return true by default for a client
   */
  public boolean sendsServerName() {
    return sendsServerName;
  }

  /**
   * The protocols to offer or accept by ALPN (RFC 7301), best first.
   *
   * @return the protocols; empty for no ALPN
   */
  public List<String> applicationProtocols() {
    return applicationProtocols;
  }

  /**
   * The key exchange groups to offer or accept, best first, for instance {@code x25519}.
   *
   * @return the groups; empty for the engine's own choice
   */
  public List<String> groups() {
    return groups;
  }

  /**
   * The TLS implementation to use.
   *
   * @return the engine
   */
  public TlsEngine engine() {
    return engine;
  }

  /**
   * Whether a server asks its clients for a certificate.
   *
   * @return {@link ClientAuthentication#NONE} for a client
   */
  public ClientAuthentication clientAuthentication() {
    return clientAuthentication;
  }

  /** One line for logs, without any secret. */
  @Override
  public String toString() {
    return text;
  }

  static String text(Role role) {
    return "a " + role.name().toLowerCase(Locale.ROOT);
  }

  private String describe(Builder builder) {
    StringBuilder line = new StringBuilder("TlsPolicy[");
    line.append(role.name().toLowerCase(Locale.ROOT));
    line.append(", ").append(minimumVersion).append(" to ").append(maximumVersion);
    if (role == Role.SERVER) {
      line.append(", client certificate ")
          .append(clientAuthentication.name().toLowerCase(Locale.ROOT));
    }
    if (verifiesPeer) {
      line.append(", trusts ").append(builder.anchors);
    } else if (role == Role.CLIENT) {
      line.append(", TRUSTS ANYONE");
    }
    if (!builder.pins.isEmpty()) {
      line.append(", pins ").append(builder.pins.size());
    }
    if (role == Role.CLIENT) {
      line.append(checksName ? ", checks " : ", DOES NOT CHECK ")
          .append(verifyName.or(() -> serverName).orElse("the target's name"));
      serverName.ifPresent(name -> line.append(", sends ").append(name));
      line.append(sendsServerName ? "" : ", sends no name");
    }
    identity.ifPresent(id -> line.append(", ").append(id));
    if (!applicationProtocols.isEmpty()) {
      line.append(", ALPN ").append(String.join(",", applicationProtocols));
    }
    if (!groups.isEmpty()) {
      line.append(", groups ").append(String.join(":", groups));
    }
    return line.append(", engine ").append(engine).append(']').toString();
  }

  /**
   * Builds a {@link TlsPolicy}. Not safe for use by several threads. An option that belongs to the
   * other role is refused with {@link IllegalStateException}; a value that cannot be used, with
   * {@link InvalidTlsConfigurationException}, by the method that was given it.
   */
  public static final class Builder {

    private static final Pattern GROUP = Pattern.compile("[A-Za-z0-9_.-]{1,64}");
    // RFC 7301, section 3.1: a protocol name is 1 to 255 bytes.
    private static final Pattern APPLICATION_PROTOCOL = Pattern.compile("[\\x21-\\x7e]{1,255}");

    private final Role role;
    private final TrustAnchors anchors = new TrustAnchors();
    private final Set<PublicKeyPin> pins = new LinkedHashSet<>();
    private boolean trustAnyone;
    private boolean skipNameCheck;
    private @Nullable String verifyName;
    private @Nullable String serverName;
    private boolean sendServerName = true;
    private @Nullable TlsIdentity identity;
    private TlsVersion minimumVersion = TlsVersion.TLS_1_2;
    private TlsVersion maximumVersion = TlsVersion.TLS_1_3;
    private List<String> applicationProtocols = List.of();
    private List<String> groups = List.of();
    private TlsEngine engine = TlsEngine.AUTO;
    private ClientAuthentication clientAuthentication = ClientAuthentication.NONE;

    private Builder(Role role) {
      this.role = role;
    }

    /**
     * Trusts the authorities of the JDK's default trust store, {@code javax.net.ssl.trustStore}
     * included. A client does so unless it is given others; a server must be told.
     *
     * @return this
     * @throws InvalidTlsConfigurationException if the store cannot be read or is empty
     */
    public Builder trustSystem() {
      anchors.addSystem();
      return this;
    }

    /**
     * Trusts the certificates of a PEM file. May be called again, and combined with the other
     * {@code trust} methods.
     *
     * @param pem a file with at least one certificate
     * @return this
     * @throws InvalidTlsConfigurationException if the file cannot be read or holds no certificate
     */
    public Builder trustFile(Path pem) {
      anchors.addFile(pem);
      return this;
    }

    /**
     * Trusts the certificates of the PEM files in a directory: {@code *.pem}, {@code *.crt}, and
     * those named by OpenSSL's subject hash, as in {@code 1a2b3c4d.0}. Files of these names without
     * a certificate are left out; subdirectories are not entered.
     *
     * @param directory a directory with at least one such certificate
     * @return this
     * @throws InvalidTlsConfigurationException if the directory or a file cannot be read, there is
     *     no certificate, or there are too many files
     */
    public Builder trustDirectory(Path directory) {
      anchors.addDirectory(directory);
      return this;
    }

    /**
     * Trusts certificates.
     *
     * @param certificates at least one
     * @return this
     * @throws InvalidTlsConfigurationException if there is none
     */
    public Builder trust(Collection<X509Certificate> certificates) {
      anchors.add(certificates);
      return this;
    }

    /**
     * Demands that the server's own certificate has this public key, besides everything else that
     * is verified. May be called again: one of the pins must match.
     *
     * @param pin {@code sha256//} and the Base64 of the SHA-256 of the SubjectPublicKeyInfo, as
     *     curl's {@code --pinnedpubkey} takes it
     * @return this
     * @throws InvalidTlsConfigurationException if the pin has another form
     */
    public Builder pin(String pin) {
      requireRole(Role.CLIENT, "pin");
      pins.add(PublicKeyPin.parse(pin));
      return this;
    }

    /**
     * Accepts any certificate of any server: <strong>whoever is on the way can be that
     * server</strong>. No authority, date, key size or name is checked, whatever else this builder
     * was told; only pins still are. Everything else stays as it is.
     *
     * @return this
     */
    public Builder insecureTrustAnyone() {
      requireRole(Role.CLIENT, "insecureTrustAnyone");
      trustAnyone = true;
      return this;
    }

    /**
     * Accepts a trusted certificate whatever name it carries: <strong>anybody with a certificate of
     * a trusted authority can be that server</strong>. If the certificate is for another name that
     * you know, use {@link #verifyName} instead.
     *
     * @return this
     */
    public Builder insecureSkipNameCheck() {
      requireRole(Role.CLIENT, "insecureSkipNameCheck");
      skipNameCheck = true;
      return this;
    }

    /**
     * Checks the server's certificate for this name, not for the target's. SNI is not changed.
     *
     * @param nameOrAddress a DNS name, an internationalised one too, or an IP address
     * @return this
     * @throws InvalidTlsConfigurationException if it is neither
     */
    public Builder verifyName(String nameOrAddress) {
      requireRole(Role.CLIENT, "verifyName");
      verifyName = PeerName.require(nameOrAddress).toString();
      return this;
    }

    /**
     * Asks for this name by SNI, not for the target's, and checks the certificate for it unless
     * {@link #verifyName} is given.
     *
     * @param name a DNS name, an internationalised one too
     * @return this
     * @throws InvalidTlsConfigurationException if it is none, or is an address
     */
    public Builder serverName(String name) {
      requireRole(Role.CLIENT, "serverName");
      PeerName checked = PeerName.require(name);
      if (checked.isAddress()) {
        throw new InvalidTlsConfigurationException(
            "the server name (SNI) is the address %s, expected a DNS name (RFC 6066)"
                .formatted(checked));
      }
      serverName = checked.toString();
      sendServerName = true;
      return this;
    }

    /**
     * Sends no SNI. The certificate's name is checked all the same.
     *
     * @return this
     */
    public Builder withoutServerName() {
      requireRole(Role.CLIENT, "withoutServerName");
      sendServerName = false;
      return this;
    }

    /**
     * Says who this side is: required for a server; for a client, the certificate to send if the
     * server asks for one.
     *
     * @param value the private key and its chain
     * @return this
     */
    public Builder identity(TlsIdentity value) {
      identity = Objects.requireNonNull(value, "identity");
      return this;
    }

    /**
     * Sets the versions to speak; TLS 1.2 to 1.3 by default.
     *
     * @param minimum the oldest
     * @param maximum the newest
     * @return this
     * @throws InvalidTlsConfigurationException if the oldest is newer than the newest
     */
    public Builder versions(TlsVersion minimum, TlsVersion maximum) {
      if (minimum.compareTo(maximum) > 0) {
        throw new InvalidTlsConfigurationException(
            "the oldest TLS version is %s, expected %s or older".formatted(minimum, maximum));
      }
      minimumVersion = minimum;
      maximumVersion = maximum;
      return this;
    }

    /**
     * Sets the protocols to offer or accept by ALPN; none by default.
     *
     * @param protocols best first, for instance {@code "http/1.1"}
     * @return this
     * @throws InvalidTlsConfigurationException if one is not 1 to 255 visible ASCII characters
     */
    public Builder applicationProtocols(String... protocols) {
      applicationProtocols =
          requireAll(protocols, APPLICATION_PROTOCOL, "ALPN protocol", "1 to 255 ASCII characters");
      return this;
    }

    /**
     * Sets the key exchange groups to offer or accept; the engine's own choice by default. Which
     * names are known depends on the engine.
     *
     * @param names best first, for instance {@code "x25519"}
     * @return this
     * @throws InvalidTlsConfigurationException if one has no form of a group's name
     */
    public Builder groups(String... names) {
      groups = requireAll(names, GROUP, "key exchange group", "a name such as x25519");
      return this;
    }

    /**
     * Sets the TLS implementation; {@link TlsEngine#AUTO} by default.
     *
     * @param value the engine
     * @return this
     */
    public Builder engine(TlsEngine value) {
      engine = Objects.requireNonNull(value, "engine");
      return this;
    }

    /**
     * Sets whether a server asks its clients for a certificate; {@link ClientAuthentication#NONE}
     * by default. The others need one of the {@code trust} methods; a client's certificate must be
     * issued for that use, and its name is the application's to judge.
     *
     * @param value whether
     * @return this
     */
    public Builder clientAuthentication(ClientAuthentication value) {
      requireRole(Role.SERVER, "clientAuthentication");
      clientAuthentication = Objects.requireNonNull(value, "clientAuthentication");
      return this;
    }

    /**
     * Finishes the policy.
     *
     * @return the policy
     * @throws InvalidTlsConfigurationException if a server has no identity, or is to verify clients
     *     and trusts no authority; or the JDK's default trust store cannot be read
     */
    public TlsPolicy build() {
      if (role == Role.SERVER && identity == null) {
        throw new InvalidTlsConfigurationException(
            "the server has no identity, expected a certificate and its private key");
      }
      boolean needsAnchors =
          role == Role.CLIENT ? !trustAnyone : clientAuthentication != ClientAuthentication.NONE;
      if (needsAnchors && anchors.isEmpty()) {
        if (role == Role.SERVER) {
          throw new InvalidTlsConfigurationException(
              "the server is to verify clients and trusts no authority,"
                  + " expected a file with the authority's certificate");
        }
        anchors.addSystem();
      }
      return new TlsPolicy(this);
    }

    private X509ExtendedTrustManager trustManager(boolean verifiesPeer, boolean checksName) {
      if (role == Role.CLIENT && trustAnyone) {
        return new TrustAnyone(List.copyOf(pins));
      }
      if (!verifiesPeer) {
        return new TrustNobody();
      }
      return new VerifyingTrustManager(
          role,
          anchors.certificates(),
          checksName,
          Optional.ofNullable(verifyName).or(() -> Optional.ofNullable(serverName)),
          List.copyOf(pins));
    }

    private void requireRole(Role needed, String option) {
      if (role != needed) {
        throw new IllegalStateException(
            "%s is an option for %s, this policy is for %s"
                .formatted(option, text(needed), text(role)));
      }
    }

    private static List<String> requireAll(
        String[] values, Pattern form, String what, String expected) {
      List<String> checked = new ArrayList<>();
      for (String value : values) {
        if (!form.matcher(value).matches()) {
          throw new InvalidTlsConfigurationException(
              "the %s is '%s', expected %s".formatted(what, Printable.of(value), expected));
        }
        checked.add(value);
      }
      return List.copyOf(checked);
    }
  }
}
