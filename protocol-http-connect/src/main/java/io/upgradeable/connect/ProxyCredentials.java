package io.upgradeable.connect;

import io.upgradeable.negotiation.Message;
import io.upgradeable.sasl.Secret;
import java.util.Optional;

/**
 * Who asks a proxy for a tunnel. They belong to one hop: the layer of another never sees them, and
 * neither do traces and texts.
 *
 * <p>A password or a token leaves as it is only under the hop's own TLS ({@code https://}). Digest
 * (RFC 7616) shows no password and is answered in plaintext too; for the rest {@link
 * #evenInPlaintext()} has to be called.
 */
public final class ProxyCredentials {

  private final Optional<String> user;
  private final Optional<Secret> password;
  private final Optional<Secret> token;
  private final Optional<NegotiateToken> negotiate;
  private final boolean plaintext;

  private ProxyCredentials(
      Optional<String> user,
      Optional<Secret> password,
      Optional<Secret> token,
      Optional<NegotiateToken> negotiate,
      boolean plaintext) {
    this.user = user;
    this.password = password;
    this.token = token;
    this.negotiate = negotiate;
    this.plaintext = plaintext;
  }

  /**
   * A user and a password: for Digest, Basic and SOCKS5.
   *
   * @param user the user's name
   * @param password the password, to be left open as long as connections are made
   * @return the credentials
   * @throws IllegalArgumentException if the name is empty or has control characters
   */
  public static ProxyCredentials password(String user, Secret password) {
    if (user.isEmpty() || user.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException("expected a user's name without control characters");
    }
    return new ProxyCredentials(
        Optional.of(user), Optional.of(password), Optional.empty(), Optional.empty(), false);
  }

  /**
   * A token for the scheme Bearer (RFC 6750).
   *
   * @param token the token, to be left open as long as connections are made
   * @return the credentials
   * @throws IllegalArgumentException if it has characters that no token has
   */
  public static ProxyCredentials bearer(Secret token) {
    char[] value = token.value();
    for (char c : value) {
      boolean good = HttpField.isTokenChar(c) || c == '/' || c == '=';
      if (!good) {
        throw new IllegalArgumentException("expected a token of RFC 6750, got other characters");
      }
    }
    if (value.length == 0) {
      throw new IllegalArgumentException("expected a token, got an empty one");
    }
    return new ProxyCredentials(
        Optional.empty(), Optional.empty(), Optional.of(token), Optional.empty(), false);
  }

  /**
   * A token for the scheme Negotiate (RFC 4559).
   *
   * @param token serves one connection
   * @return the credentials
   */
  public static ProxyCredentials negotiate(NegotiateToken token) {
    return new ProxyCredentials(
        Optional.empty(), Optional.empty(), Optional.empty(), Optional.of(token), false);
  }

  /**
   * The same credentials, which may leave as they are over a hop without TLS of its own: everybody
   * on the way to that proxy can read them then.
   *
   * @return the less careful copy
   */
  public ProxyCredentials evenInPlaintext() {
    return new ProxyCredentials(user, password, token, negotiate, true);
  }

  /**
   * The user's name.
   *
   * @return the name, if these are a user's
   */
  public Optional<String> user() {
    return user;
  }

  Optional<Secret> password() {
    return password;
  }

  Optional<Secret> token() {
    return token;
  }

  Optional<NegotiateToken> negotiate() {
    return negotiate;
  }

  boolean mayLeaveInPlaintext() {
    return plaintext;
  }

  /** Tells who, and no secret. */
  @Override
  public String toString() {
    return user.map(Message::requireOneLine).map(u -> u + ":").orElse("") + "<redacted>";
  }
}
