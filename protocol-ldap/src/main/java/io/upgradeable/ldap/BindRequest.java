package io.upgradeable.ldap;

import io.upgradeable.sasl.SaslMechanism;
import java.util.Arrays;
import java.util.Optional;

/**
 * A bind request (RFC 4511, 4.2). It holds a secret: {@link #close()} wipes it, and no text shows
 * it.
 */
final class BindRequest implements AutoCloseable {

  static final int VERSION = 3;

  private static final int SIMPLE = Ber.primitive(0);
  private static final int SASL = Ber.constructed(3);

  private final int version;
  private final String name;
  private final Optional<String> mechanism;
  private final Optional<byte[]> credentials;

  private BindRequest(
      int version, String name, Optional<String> mechanism, Optional<byte[]> credentials) {
    this.version = version;
    this.name = name;
    this.mechanism = mechanism;
    this.credentials = credentials;
  }

  /** By name and password; both are empty for an anonymous bind. */
  static BindRequest simple(String name, byte[] password) {
    return new BindRequest(VERSION, name, Optional.empty(), Optional.of(password));
  }

  /** One step of a SASL exchange; no credentials are not the same as empty ones. */
  static BindRequest sasl(String mechanism, Optional<byte[]> credentials) {
    return new BindRequest(VERSION, "", Optional.of(mechanism), credentials);
  }

  static BindRequest read(BerReader content) throws BerException {
    int version = content.naturalNumber(Ber.INTEGER);
    String name = content.text(Ber.OCTET_STRING);
    if (content.isNext(SASL)) {
      BerReader sasl = content.nested(SASL);
      String mechanism = sasl.text(Ber.OCTET_STRING);
      Optional<byte[]> credentials =
          sasl.isNext(Ber.OCTET_STRING)
              ? Optional.of(sasl.octets(Ber.OCTET_STRING))
              : Optional.empty();
      return new BindRequest(version, name, Optional.of(mechanism), credentials)
          .before(sasl, content);
    } else if (content.isNext(SIMPLE)) {
      return new BindRequest(version, name, Optional.empty(), Optional.of(content.octets(SIMPLE)))
          .before(content);
    }
    content.skip();
    return new BindRequest(version, name, Optional.empty(), Optional.empty()).before(content);
  }

  /** What follows must be well-formed, or the secret is wiped. */
  private BindRequest before(BerReader... rests) throws BerException {
    try {
      for (BerReader rest : rests) {
        rest.skipRest();
      }
      return this;
    } catch (BerException e) {
      close();
      throw e;
    }
  }

  BerWriter write(int id) {
    return LdapMessage.write(
        id,
        LdapOperation.BIND_REQUEST,
        content -> {
          content.integer(Ber.INTEGER, version).text(Ber.OCTET_STRING, name);
          if (mechanism.isPresent()) {
            content.nested(
                SASL,
                sasl -> {
                  sasl.text(Ber.OCTET_STRING, mechanism.get());
                  credentials.ifPresent(bytes -> sasl.octets(Ber.OCTET_STRING, bytes));
                });
          } else {
            content.octets(SIMPLE, credentials.orElseThrow());
          }
        });
  }

  int version() {
    return version;
  }

  String name() {
    return name;
  }

  /** The SASL mechanism; empty for a simple bind. */
  Optional<String> mechanism() {
    return mechanism;
  }

  /** The password or the credentials; empty if there are none, or of a kind that nobody knows. */
  Optional<byte[]> credentials() {
    return credentials;
  }

  @Override
  public void close() {
    credentials.ifPresent(bytes -> Arrays.fill(bytes, (byte) 0));
  }

  /** By what, and nothing of who and which secret; a mechanism that nobody knows is not quoted. */
  @Override
  public String toString() {
    return mechanism
        .map(
            name ->
                "SASL " + SaslMechanism.named(name).map(SaslMechanism::saslName).orElse("other"))
        .orElse(credentials.isPresent() ? "simple <redacted>" : "other");
  }
}
