package io.upgradeable.ldap;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a server tells of itself (the root DSE, RFC 4512, 5.1): the attributes of the entry with the
 * empty name. Servers show what they like, and to whom they like; what is missing is empty here.
 * The texts are the server's: control characters in them are for the printer to escape. Immutable.
 */
public final class RootDse {

  /** Three times as many as the most talkative server has. */
  static final int MAX_ATTRIBUTES = 1000;

  private final Map<String, List<String>> attributes;

  private RootDse(Map<String, List<String>> attributes) {
    this.attributes = attributes;
  }

  static RootDse of(List<LdapAttribute> attributes) {
    Map<String, List<String>> byName = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    for (LdapAttribute attribute : attributes) {
      byName
          .computeIfAbsent(attribute.name(), name -> new ArrayList<>())
          .addAll(attribute.values());
    }
    byName.replaceAll((name, values) -> List.copyOf(values));
    return new RootDse(Collections.unmodifiableMap(byName));
  }

  /**
   * All attributes that the server returned.
   *
   * @return the values by attribute; names in any case
   */
  public Map<String, List<String>> attributes() {
    return attributes;
  }

  /**
   * The values of an attribute.
   *
   * @param attribute its name, in any case
   * @return the values, none if the server did not return it
   */
  public List<String> values(String attribute) {
    List<String> values = attributes.get(attribute);
    return values == null ? List.of() : values;
  }

  /**
   * The extended operations that the server has.
   *
   * @return their OIDs
   */
  public List<String> supportedExtensions() {
    return values("supportedExtension");
  }

  /**
   * The controls that the server knows.
   *
   * @return their OIDs
   */
  public List<String> supportedControls() {
    return values("supportedControl");
  }

  /**
   * Other features of the server.
   *
   * @return their OIDs
   */
  public List<String> supportedFeatures() {
    return values("supportedFeatures");
  }

  /**
   * The SASL mechanisms that the server offers on this connection.
   *
   * @return their names
   */
  public List<String> supportedSaslMechanisms() {
    return values("supportedSASLMechanisms");
  }

  /**
   * The versions of LDAP that the server speaks.
   *
   * @return for instance {@code 3}; what is no number is left out
   */
  public List<Integer> supportedLdapVersions() {
    return values("supportedLDAPVersion").stream()
        .filter(version -> version.matches("[0-9]{1,3}"))
        .map(Integer::valueOf)
        .toList();
  }

  /**
   * The tops of what the server holds.
   *
   * @return distinguished names
   */
  public List<String> namingContexts() {
    return values("namingContexts");
  }

  /**
   * Who made the server (RFC 3045).
   *
   * @return its maker, if the server says so
   */
  public Optional<String> vendorName() {
    return values("vendorName").stream().findFirst();
  }

  /**
   * Which version of which server this is (RFC 3045).
   *
   * @return its version, if the server says so
   */
  public Optional<String> vendorVersion() {
    return values("vendorVersion").stream().findFirst();
  }

  /**
   * Whether the server says that it has StartTLS. Heard in plaintext this is worth nothing: ask for
   * StartTLS instead.
   *
   * @return true if its OID is among the {@linkplain #supportedExtensions() extensions}
   */
  public boolean supportsStartTls() {
    return supportedExtensions().contains(Oid.START_TLS);
  }

  /**
   * Whether the server says that it offers a SASL mechanism.
   *
   * @param mechanism its name, in any case
   * @return true if it is among the {@linkplain #supportedSaslMechanisms() mechanisms}
   */
  public boolean offersSasl(String mechanism) {
    String sought = mechanism.toUpperCase(Locale.ROOT);
    return supportedSaslMechanisms().stream()
        .anyMatch(name -> name.toUpperCase(Locale.ROOT).equals(sought));
  }

  /** The attributes and their values. */
  @Override
  public String toString() {
    return attributes.toString();
  }
}
