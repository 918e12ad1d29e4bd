package io.upgradeable.smtp;

import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * To whom a message goes, as RCPT said it. It is well-formed, holds neither controls nor spaces
 * outside quotes, and nobody checked more.
 *
 * @param address the mailbox without angle brackets
 * @param parameters the parameters, by their names in upper case, with their values as they came;
 *     only such as the server offered
 */
public record ReceivedRecipient(String address, Map<String, String> parameters) {

  /** Copies the map. */
  public ReceivedRecipient {
    Objects.requireNonNull(address, "address");
    parameters = Map.copyOf(parameters);
  }

  /**
   * The value of a parameter.
   *
   * @param name its name in upper case, for instance {@code NOTIFY}
   * @return the value, or empty if the client did not say it
   */
  public Optional<String> parameter(String name) {
    return Optional.ofNullable(parameters.get(name));
  }

  /** {@code <address>}. */
  @Override
  public String toString() {
    return "<" + address + ">";
  }
}
