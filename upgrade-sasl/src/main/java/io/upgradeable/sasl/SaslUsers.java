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
   * What unknown users seem to have: what known ones have, if nobody shall tell them apart. Must be
   * the same each time for the same name. It is asked for known users too, so that it takes as
   * long.
   *
   * @param user the name as SASLprep (RFC 4013) made it
   * @return the parameters; {@link ScramParameters#DEFAULTS}, unless this is overridden
   */
  default ScramParameters parametersOfUnknown(String user) {
    return ScramParameters.DEFAULTS;
  }

  /**
   * Some users that do not change. An unknown one seems to have the iterations and the salt's
   * length of one of them.
   *
   * @param users by name; SASLprep (RFC 4013) is done here
   * @return the store
   * @throws IllegalArgumentException if SASLprep prohibits a name, or makes the same of two
   */
  static SaslUsers of(Map<String, StoredSecret> users) {
    return new FixedUsers(users);
  }
}
