package io.upgradeable;

import java.net.IDN;
import java.util.Locale;
import java.util.Objects;

/**
 * A host and a port. Unless a policy says otherwise, the host is also the name by which TLS knows
 * the peer: for SNI (RFC 6066) and for the check of its certificate (RFC 9525). It is never taken
 * from a socket or a reverse look-up.
 *
 * @param host a DNS name in its ASCII form, an IPv4 address, or an IPv6 address without brackets
 * @param port 0 to 65535; 0 only for a server that lets the system choose
 */
public record Endpoint(String host, int port) {

  private static final int MAX_PORT = 65_535;
  private static final int MAX_HOST_LENGTH = 255;

  /**
   * Checks the components and turns an internationalised name into its ASCII form.
   *
   * @throws IllegalArgumentException if the host is no name and no address, or the port is out of
   *     range
   */
  public Endpoint {
    Objects.requireNonNull(host, "host");
    if (port < 0 || port > MAX_PORT) {
      throw new IllegalArgumentException("expected a port from 0 to 65535, got " + port);
    }
    host = checkedHost(host);
  }

  /**
   * Makes an endpoint.
   *
   * @param host a DNS name, an IPv4 address, or an IPv6 address with or without brackets
   * @param port 0 to 65535
   * @return the endpoint
   * @throws IllegalArgumentException if the host is no name and no address, or the port is out of
   *     range
   */
  public static Endpoint of(String host, int port) {
    boolean bracketed = host.length() > 2 && host.startsWith("[") && host.endsWith("]");
    return new Endpoint(bracketed ? host.substring(1, host.length() - 1) : host, port);
  }

  /**
   * Reads {@code HOST:PORT} or {@code [IPV6]:PORT}.
   *
   * @param text the text
   * @return the endpoint
   * @throws IllegalArgumentException if the text has another form
   */
  public static Endpoint parse(String text) {
    return parse(text, -1);
  }

  /**
   * Reads {@code HOST[:PORT]} or {@code [IPV6][:PORT]}.
   *
   * @param text the text
   * @param defaultPort the port where the text names none; negative if it must name one
   * @return the endpoint
   * @throws IllegalArgumentException if the text has another form
   */
  public static Endpoint parse(String text, int defaultPort) {
    int hostEnd;
    String host;
    if (text.startsWith("[")) {
      int bracket = text.indexOf(']');
      if (bracket < 0) {
        throw new IllegalArgumentException(
            "expected [IPV6]:PORT, got '" + text + "': no closing ]");
      }
      host = text.substring(1, bracket);
      if (host.indexOf(':') < 0) {
        throw new IllegalArgumentException(
            "expected an IPv6 address between the brackets, got '" + text + "'");
      }
      hostEnd = bracket + 1;
    } else {
      int colon = text.indexOf(':');
      if (colon >= 0 && text.indexOf(':', colon + 1) >= 0) {
        throw new IllegalArgumentException(
            "expected brackets around an IPv6 address, as in ["
                + text
                + "]:PORT, got '"
                + text
                + "'");
      }
      hostEnd = colon < 0 ? text.length() : colon;
      host = text.substring(0, hostEnd);
    }
    if (hostEnd == text.length()) {
      if (defaultPort < 0) {
        throw new IllegalArgumentException("expected HOST:PORT, got '" + text + "'");
      }
      return new Endpoint(host, defaultPort);
    }
    if (text.charAt(hostEnd) != ':') {
      throw new IllegalArgumentException("expected [IPV6]:PORT, got '" + text + "'");
    }
    return new Endpoint(host, parsePort(text.substring(hostEnd + 1)));
  }

  private static int parsePort(String digits) {
    boolean plain = !digits.isEmpty() && digits.length() <= 6;
    for (int i = 0; plain && i < digits.length(); i++) {
      plain = digits.charAt(i) >= '0' && digits.charAt(i) <= '9';
    }
    int port = plain ? Integer.parseInt(digits) : -1;
    if (port < 0 || port > MAX_PORT) {
      throw new IllegalArgumentException("expected a port from 0 to 65535, got '" + digits + "'");
    }
    return port;
  }

  private static String checkedHost(String host) {
    if (host.isEmpty()) {
      throw new IllegalArgumentException("expected a host, got an empty name");
    }
    if (host.indexOf(':') >= 0) {
      return Addresses.requireIpv6(host);
    }
    String ascii;
    try {
      ascii = IDN.toASCII(host, IDN.ALLOW_UNASSIGNED).toLowerCase(Locale.ROOT);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("expected a host name, got '" + host + "'", e);
    }
    boolean wellFormed = ascii.length() <= MAX_HOST_LENGTH && !ascii.startsWith(".");
    for (int i = 0; wellFormed && i < ascii.length(); i++) {
      char c = ascii.charAt(i);
      wellFormed =
          (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    }
    if (!wellFormed || ascii.contains("..")) {
      throw new IllegalArgumentException("expected a host name, got '" + host + "'");
    }
    return Addresses.requireNameOrIpv4(ascii);
  }

  /**
   * Whether the host is an address and not a name.
   *
   * @return true for IPv4 and IPv6 addresses
   */
  public boolean isAddress() {
    return Addresses.isAddress(host);
  }

  /** {@code host:port}, with brackets around an IPv6 address. */
  @Override
  public String toString() {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }
}
