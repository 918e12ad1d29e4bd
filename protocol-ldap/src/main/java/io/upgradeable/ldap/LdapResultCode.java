package io.upgradeable.ldap;

import io.upgradeable.UpgradeException.PeerRefused;
import java.util.Map;
import java.util.Optional;

/**
 * A result code (RFC 4511, 4.1.9 and appendix A), by its number. The list is open: servers have
 * codes of their own.
 *
 * @param value the number, at least 0
 */
public record LdapResultCode(int value) {

  /** The operation succeeded. */
  public static final LdapResultCode SUCCESS = new LdapResultCode(0);

  /** The request does not fit what was before it. */
  public static final LdapResultCode OPERATIONS_ERROR = new LdapResultCode(1);

  /** The request is malformed, or the server does not know the operation. */
  public static final LdapResultCode PROTOCOL_ERROR = new LdapResultCode(2);

  /** The server does not know the authentication method. */
  public static final LdapResultCode AUTH_METHOD_NOT_SUPPORTED = new LdapResultCode(7);

  /** The server demands a stronger authentication. */
  public static final LdapResultCode STRONGER_AUTH_REQUIRED = new LdapResultCode(8);

  /** Another server is to be asked. */
  public static final LdapResultCode REFERRAL = new LdapResultCode(10);

  /** The server demands a critical extension that it does not have. */
  public static final LdapResultCode UNAVAILABLE_CRITICAL_EXTENSION = new LdapResultCode(12);

  /** The server demands TLS, or something like it, first. */
  public static final LdapResultCode CONFIDENTIALITY_REQUIRED = new LdapResultCode(13);

  /** A SASL exchange goes on. */
  public static final LdapResultCode SASL_BIND_IN_PROGRESS = new LdapResultCode(14);

  /** There is no such entry. */
  public static final LdapResultCode NO_SUCH_OBJECT = new LdapResultCode(32);

  /** Who asks anonymously, or by a bind without password, is refused. */
  public static final LdapResultCode INAPPROPRIATE_AUTHENTICATION = new LdapResultCode(48);

  /** Name or password are wrong. */
  public static final LdapResultCode INVALID_CREDENTIALS = new LdapResultCode(49);

  /** Whoever asks may not do that. */
  public static final LdapResultCode INSUFFICIENT_ACCESS_RIGHTS = new LdapResultCode(50);

  /** The server is too busy. */
  public static final LdapResultCode BUSY = new LdapResultCode(51);

  /** The server, or a part of it, is not there at the moment. */
  public static final LdapResultCode UNAVAILABLE = new LdapResultCode(52);

  /** The server does not want to. */
  public static final LdapResultCode UNWILLING_TO_PERFORM = new LdapResultCode(53);

  /** Any other error. */
  public static final LdapResultCode OTHER = new LdapResultCode(80);

  private static final String UNNAMED = "resultCode-";

  private static final Map<Integer, String> NAMES =
      Map.ofEntries(
          Map.entry(0, "success"),
          Map.entry(1, "operationsError"),
          Map.entry(2, "protocolError"),
          Map.entry(3, "timeLimitExceeded"),
          Map.entry(4, "sizeLimitExceeded"),
          Map.entry(5, "compareFalse"),
          Map.entry(6, "compareTrue"),
          Map.entry(7, "authMethodNotSupported"),
          Map.entry(8, "strongerAuthRequired"),
          Map.entry(10, "referral"),
          Map.entry(11, "adminLimitExceeded"),
          Map.entry(12, "unavailableCriticalExtension"),
          Map.entry(13, "confidentialityRequired"),
          Map.entry(14, "saslBindInProgress"),
          Map.entry(16, "noSuchAttribute"),
          Map.entry(17, "undefinedAttributeType"),
          Map.entry(18, "inappropriateMatching"),
          Map.entry(19, "constraintViolation"),
          Map.entry(20, "attributeOrValueExists"),
          Map.entry(21, "invalidAttributeSyntax"),
          Map.entry(32, "noSuchObject"),
          Map.entry(33, "aliasProblem"),
          Map.entry(34, "invalidDNSyntax"),
          Map.entry(36, "aliasDereferencingProblem"),
          Map.entry(48, "inappropriateAuthentication"),
          Map.entry(49, "invalidCredentials"),
          Map.entry(50, "insufficientAccessRights"),
          Map.entry(51, "busy"),
          Map.entry(52, "unavailable"),
          Map.entry(53, "unwillingToPerform"),
          Map.entry(54, "loopDetect"),
          Map.entry(64, "namingViolation"),
          Map.entry(65, "objectClassViolation"),
          Map.entry(66, "notAllowedOnNonLeaf"),
          Map.entry(67, "notAllowedOnRDN"),
          Map.entry(68, "entryAlreadyExists"),
          Map.entry(69, "objectClassModsProhibited"),
          Map.entry(71, "affectsMultipleDSAs"),
          Map.entry(80, "other"));

  /**
   * Checks the number.
   *
   * @throws IllegalArgumentException if it is negative
   */
  public LdapResultCode {
    if (value < 0) {
      throw new IllegalArgumentException("expected a result code of at least 0, got " + value);
    }
  }

  /**
   * The code of a refusal.
   *
   * @param refusal what an LDAP layer or session failed with
   * @return the code; nothing if the refusal is none of LDAP's
   */
  public static Optional<LdapResultCode> of(PeerRefused refusal) {
    String name = refusal.code();
    return NAMES.entrySet().stream()
        .filter(entry -> entry.getValue().equals(name))
        .map(entry -> new LdapResultCode(entry.getKey()))
        .findFirst()
        .or(() -> unnamed(name));
  }

  private static Optional<LdapResultCode> unnamed(String name) {
    String number = name.startsWith(UNNAMED) ? name.substring(UNNAMED.length()) : "";
    return number.matches("[0-9]{1,9}")
        ? Optional.of(new LdapResultCode(Integer.parseInt(number)))
        : Optional.empty();
  }

  /**
   * The name in RFC 4511.
   *
   * @return for instance {@code unwillingToPerform}; {@code resultCode-4096} for a code that is not
   *     in the RFC
   */
  public String name() {
    String name = NAMES.get(value);
    return name == null ? UNNAMED + value : name;
  }

  /**
   * Whether this is {@link #SUCCESS}.
   *
   * @return true for 0
   */
  public boolean isSuccess() {
    return value == 0;
  }

  /** Name and number, for instance {@code unwillingToPerform (53)}. */
  @Override
  public String toString() {
    return name() + " (" + value + ")";
  }
}
