package io.upgradeable.sasl;

import java.util.Optional;

/**
 * LOGIN: the server asks for the name, then for the password. Its prompts differ between servers,
 * so only their order counts.
 */
final class LoginExchange extends SaslExchange {

  private final SaslCredentials.Password credentials;
  private int answers;

  LoginExchange(SaslCredentials.Password credentials) {
    super(SaslMechanism.LOGIN);
    this.credentials = credentials;
  }

  @Override
  Optional<byte[]> first() {
    return Optional.empty();
  }

  @Override
  byte[] answer(byte[] challenge) throws SaslFailedException {
    return switch (answers++) {
      case 0 -> Utf8.encode(credentials.user());
      case 1 -> Utf8.encode(credentials.secret().value());
      default -> throw tooMany();
    };
  }

  @Override
  void checkSuccess(byte[] additionalData) throws SaslFailedException {
    if (answers < 2) {
      throw tooEarly("before the password");
    }
    requireNothing(additionalData, "success of LOGIN");
  }
}
