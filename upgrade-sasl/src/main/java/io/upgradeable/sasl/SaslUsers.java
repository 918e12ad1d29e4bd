package io.upgradeable.sasl;

import java.util.Map;
import java.util.Optional;

/** The users that a server knows. Called on the thread that drives the exchange; must not block. */
@FunctionalInterface
public interface SaslUsers {

  /**
   * Finds a user.
   *
   * @param user the name as SASLprep (RFC 4013) made it
   * @return what is stored of the password, if there is such a user
   */
  Optional<StoredSecret> find(String user);

  /**
   * Whether an authenticated user may act as somebody else; nobody may, unless this is overridden.
   *
   * @param user the user's name
   * @param authorizationId the identity to act as, not empty
   * @return true if the two are the same
   */
  default boolean mayActAs(String user, String authorizationId) {
    return user.equals(authorizationId);
  }

  /**
   * How many iterations unknown users seem to have: those of the known ones, if nobody shall tell
   * them apart.
   *
   * @return the count
   */
  default int iterationsOfUnknownUsers() {
    return StoredSecret.DEFAULT_ITERATIONS;
  }

  /**
   * Some users that do not change.
   *
   * @param users by name
   * @return the store
   */
  static SaslUsers of(Map<String, StoredSecret> users) {
    Map<String, StoredSecret> copy = Map.copyOf(users);
    return user -> Optional.ofNullable(copy.get(user));
  }
}
