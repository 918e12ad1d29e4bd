package io.upgradeable.smtp;

import io.upgradeable.Endpoint;

/**
 * A host that takes a domain's mail (RFC 5321, 5.1).
 *
 * @param host the host's name in its ASCII form; an address only where somebody set it by hand
 * @param preference 0 to 65535; lower ones are tried first
 */
public record MailExchanger(String host, int preference) {

  private static final int MAX_PREFERENCE = 65_535;

  /**
   * Checks the components and turns an internationalised name into its ASCII form.
   *
   * @throws IllegalArgumentException if the host is no name and no address, or the preference is
   *     out of range
   */
  public MailExchanger {
    host = new Endpoint(host, 0).host();
    if (preference < 0 || preference > MAX_PREFERENCE) {
      throw new IllegalArgumentException(
          "expected a preference from 0 to 65535, got " + preference);
    }
  }

  /**
   * Where to connect to.
   *
   * @param port the port, usually {@link Smtp#RELAY_PORT}
   * @return the host at that port
   * @throws IllegalArgumentException if the port is out of range
   */
  public Endpoint at(int port) {
    return new Endpoint(host, port);
  }
}
