package io.upgradeable.sasl;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Users that do not change, among whom an unknown one does not stand out. */
final class FixedUsers implements SaslUsers {

  private static final int KEY_BYTES = 32;

  private final Map<String, StoredSecret> users;
  private final List<ScramParameters> parameters;

  /** Without it nobody can compute whose parameters an unknown name would get. */
  private final byte[] key = ScramText.randomBytes(KEY_BYTES);

  FixedUsers(Map<String, StoredSecret> users) {
    this.users = prepared(users);
    this.parameters = this.users.values().stream().map(StoredSecret::parameters).toList();
  }

  /** Under the names by which they are looked up. */
  private static Map<String, StoredSecret> prepared(Map<String, StoredSecret> users) {
    Map<String, StoredSecret> prepared = new HashMap<>();
    users.forEach(
        (name, stored) -> {
          if (prepared.put(SaslPrep.stored(name), stored) != null) {
            throw new IllegalArgumentException(
                "expected each user's name once, got one in two spellings");
          }
        });
    return Map.copyOf(prepared);
  }

  @Override
  public Optional<StoredSecret> find(String user) {
    return Optional.ofNullable(users.get(user));
  }

  /** Those of one of the users, so that each pair is as frequent as among them. */
  @Override
  public ScramParameters parametersOfUnknown(String user) {
    if (parameters.isEmpty()) {
      return ScramParameters.DEFAULTS;
    }
    int drawn = ByteBuffer.wrap(Hmac.sha256(key, Utf8.encode(user))).getInt();
    return parameters.get(Integer.remainderUnsigned(drawn, parameters.size()));
  }
}
