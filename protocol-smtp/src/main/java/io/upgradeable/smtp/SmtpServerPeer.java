package io.upgradeable.smtp;

import io.upgradeable.negotiation.TlsFacts;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Objects;
import java.util.Optional;

/**
 * Who is at the other end of a server's connection.
 *
 * @param name what the client calls itself, in one word of printable ASCII; nobody checked it
 * @param address from where it came
 * @param tls what was negotiated with it
 * @param user as whom it authenticated, if it did; printed by nobody without escaping
 */
public record SmtpServerPeer(
    String name, SocketAddress address, Optional<TlsFacts> tls, Optional<String> user) {

  /** Checks the components. */
  public SmtpServerPeer {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(address, "address");
    Objects.requireNonNull(tls, "tls");
    Objects.requireNonNull(user, "user");
  }

  /** The address by its numbers, never by a name that somebody once looked up. */
  String addressLiteral() {
    return address instanceof InetSocketAddress internet && internet.getAddress() != null
        ? "[" + internet.getAddress().getHostAddress() + "]"
        : "[unknown]";
  }

  SmtpServerPeer withName(String value) {
    return new SmtpServerPeer(value, address, tls, user);
  }

  SmtpServerPeer withUser(String value) {
    return new SmtpServerPeer(name, address, tls, Optional.of(value));
  }
}
