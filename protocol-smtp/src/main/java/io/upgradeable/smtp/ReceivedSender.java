package io.upgradeable.smtp;

import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * From whom a message comes, as MAIL said it. It is well-formed, holds neither controls nor spaces
 * outside quotes, and nobody checked more.
 *
 * @param address the mailbox without angle brackets; empty for the null reverse-path {@code <>}
 * @param parameters the parameters, by their names in upper case, with their values as they came
 *     (encoded, where it is xtext) or an empty text; only such as the server offered
 */
public record ReceivedSender(String address, Map<String, String> parameters) {

  /** Copies the map. */
  public ReceivedSender {
    Objects.requireNonNull(address, "address");
    parameters = Map.copyOf(parameters);
  }

  /**
   * The value of a parameter.
   *
   * @param name its name in upper case, for instance {@code ENVID}
   * @return the value, or empty if the client did not say it
   */
  public Optional<String> parameter(String name) {
    return Optional.ofNullable(parameters.get(name));
  }

  /**
   * The size that the client declared (RFC 1870).
   *
   * @return the size in bytes, or empty if none was declared
   */
  public OptionalLong declaredSize() {
    String size = parameters.get("SIZE");
    return size == null ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(size));
  }

  /**
   * Whether addresses and header may be in UTF-8 (RFC 6531).
   *
   * @return true if the client said SMTPUTF8
   */
  public boolean isSmtpUtf8() {
    return parameters.containsKey("SMTPUTF8");
  }

  /**
   * Whether the message must not be relayed but under verified TLS (RFC 8689).
   *
   * @return true if the client said REQUIRETLS
   */
  public boolean isTlsRequired() {
    return parameters.containsKey("REQUIRETLS");
  }

  /** {@code <address>}. */
  @Override
  public String toString() {
    return "<" + address + ">";
  }
}
