package io.upgradeable.sasl;

import java.util.Arrays;
import java.util.Optional;

/** The mechanisms that this module speaks. */
public enum SaslMechanism {
  /** SCRAM with SHA-256, bound to the TLS channel (RFC 5802, 7677). */
  SCRAM_SHA_256_PLUS("SCRAM-SHA-256-PLUS"),
  /** SCRAM with SHA-256: both sides prove that they know the password (RFC 5802, 7677). */
  SCRAM_SHA_256("SCRAM-SHA-256"),
  /** An OAuth 2.0 bearer token (RFC 7628). */
  OAUTHBEARER("OAUTHBEARER"),
  /** An OAuth 2.0 bearer token, as large mail providers did it before there was an RFC. */
  XOAUTH2("XOAUTH2"),
  /** The password as it is (RFC 4616). */
  PLAIN("PLAIN"),
  /** The password as it is, in two answers. It has no RFC. */
  LOGIN("LOGIN"),
  /** A digest of the password with a challenge; who listens can try passwords (RFC 2195). */
  CRAM_MD5("CRAM-MD5"),
  /** The identity that the server knows from elsewhere, such as a certificate (RFC 4422, A). */
  EXTERNAL("EXTERNAL");

  private final String saslName;

  SaslMechanism(String saslName) {
    this.saslName = saslName;
  }

  /**
   * The mechanism's name on the wire.
   *
   * @return for instance {@code SCRAM-SHA-256}
   */
  public String saslName() {
    return saslName;
  }

  /**
   * Finds a mechanism by its name on the wire; case does not matter, for there are servers that
   * write it small.
   *
   * @param name the name
   * @return the mechanism, if it is one of these
   */
  public static Optional<SaslMechanism> named(String name) {
    return Arrays.stream(values())
        .filter(mechanism -> mechanism.saslName.equalsIgnoreCase(name))
        .findFirst();
  }

  /**
   * Whether computing an answer may take a noticeable part of a second, because the server chooses
   * how often a digest is repeated: no work for an event loop.
   *
   * @return true for SCRAM
   */
  public boolean isCostly() {
    return this == SCRAM_SHA_256_PLUS || this == SCRAM_SHA_256;
  }
}
