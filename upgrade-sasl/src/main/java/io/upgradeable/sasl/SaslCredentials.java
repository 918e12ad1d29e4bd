package io.upgradeable.sasl;

import java.util.Objects;

/**
 * Who wants in, and by what. The secret stays the caller's, who closes it when the exchange is
 * over.
 *
 * <p>Names and secrets are checked when they come together here, so that no CR, LF, NUL or other
 * control can reach a message. No exception quotes a secret.
 */
public sealed interface SaslCredentials {

  /**
   * A user with a password.
   *
   * @param user the authentication identity
   * @param authorizationId the identity to act as; empty for the user's own
   * @param secret the password, not empty
   */
  record Password(String user, String authorizationId, Secret secret) implements SaslCredentials {

    private static final int MAX_LENGTH = 1024;

    /**
     * Checks the components.
     *
     * @throws IllegalArgumentException if the user or the password is empty, or one of the three
     *     has a control character or more than 1024 characters
     */
    public Password {
      requireUser(user);
      requireName(authorizationId, "an authorization identity");
      requireText(secret.value(), MAX_LENGTH, "a password");
    }

    @Override
    public Password actingAs(String identity) {
      return new Password(user, identity, secret);
    }
  }

  /**
   * A user with an OAuth 2.0 bearer token.
   *
   * @param user whom the token is for
   * @param authorizationId the identity to act as; empty for the user's own
   * @param secret the token
   */
  record Token(String user, String authorizationId, Secret secret) implements SaslCredentials {

    private static final int MAX_LENGTH = 16 * 1024;

    /**
     * Checks the components.
     *
     * @throws IllegalArgumentException if the user is empty, a name has a control character or more
     *     than 1024 characters, or the token is empty, longer than 16 Ki characters, or has
     *     anything but visible ASCII
     */
    public Token {
      requireUser(user);
      requireName(authorizationId, "an authorization identity");
      requireText(secret.value(), MAX_LENGTH, "a token");
      for (char c : secret.value()) {
        if (c <= ' ' || c > '~') {
          throw new IllegalArgumentException("expected a token of visible ASCII characters");
        }
      }
    }

    @Override
    public Token actingAs(String identity) {
      return new Token(user, identity, secret);
    }
  }

  /**
   * Whoever the server takes this side for, by the certificate that it showed or by its socket.
   *
   * @param authorizationId the identity to act as; empty for the one that the server finds
   */
  record External(String authorizationId) implements SaslCredentials {

    /**
     * Checks the component.
     *
     * @throws IllegalArgumentException if the identity has a control character or more than 1024
     *     characters
     */
    public External {
      requireName(authorizationId, "an authorization identity");
    }

    @Override
    public External actingAs(String identity) {
      return new External(identity);
    }
  }

  /**
   * A user with a password.
   *
   * @param user the user's name
   * @param password the password
   * @return the credentials
   * @throws IllegalArgumentException as {@link Password}
   */
  static Password password(String user, Secret password) {
    return new Password(user, "", password);
  }

  /**
   * A user with an OAuth 2.0 bearer token.
   *
   * @param user the user's name
   * @param token the token, without the word Bearer
   * @return the credentials
   * @throws IllegalArgumentException as {@link Token}
   */
  static Token token(String user, Secret token) {
    return new Token(user, "", token);
  }

  /**
   * Whoever the server takes this side for.
   *
   * @return the credentials
   */
  static External external() {
    return new External("");
  }

  /**
   * The identity to act as.
   *
   * @return the authorization identity, empty for the user's own
   */
  String authorizationId();

  /**
   * The same credentials for another identity to act as. XOAUTH2, LOGIN and CRAM-MD5 cannot say it
   * and are not chosen then.
   *
   * @param identity the authorization identity
   * @return the changed copy
   * @throws IllegalArgumentException if the identity has a control character or more than 1024
   *     characters
   */
  SaslCredentials actingAs(String identity);

  private static void requireUser(String user) {
    if (user.isEmpty()) {
      throw new IllegalArgumentException("expected a user, got an empty name");
    }
    requireName(user, "a user");
  }

  private static void requireName(String name, String what) {
    Objects.requireNonNull(name, what);
    if (!name.isEmpty()) {
      requireText(name.toCharArray(), Password.MAX_LENGTH, what);
    }
  }

  private static void requireText(char[] text, int maxLength, String what) {
    if (text.length == 0 || text.length > maxLength) {
      throw new IllegalArgumentException(
          "expected %s of 1 to %d characters".formatted(what, maxLength));
    }
    for (int i = 0; i < text.length; i++) {
      boolean pair = i + 1 < text.length && Character.isSurrogatePair(text[i], text[i + 1]);
      if (Character.isISOControl(text[i]) || (Character.isSurrogate(text[i]) && !pair)) {
        throw new IllegalArgumentException(
            "expected %s without control characters and broken ones".formatted(what));
      }
      i += pair ? 1 : 0;
    }
  }
}
