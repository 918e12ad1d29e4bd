package io.upgradeable.sasl;

import java.util.Arrays;
import java.util.Optional;

/** PLAIN (RFC 4616): one message, in which the password stands as it is. */
final class PlainExchange extends SaslExchange {

  private final SaslCredentials.Password credentials;

  PlainExchange(SaslCredentials.Password credentials) {
    super(SaslMechanism.PLAIN);
    this.credentials = credentials;
  }

  @Override
  Optional<byte[]> first() {
    byte[] names = Utf8.encode(credentials.authorizationId() + '\0' + credentials.user() + '\0');
    byte[] password = Utf8.encode(credentials.secret().value());
    byte[] message = Arrays.copyOf(names, names.length + password.length);
    System.arraycopy(password, 0, message, names.length, password.length);
    Arrays.fill(password, (byte) 0);
    return Optional.of(message);
  }

  @Override
  byte[] answer(byte[] challenge) throws SaslFailedException {
    throw tooMany();
  }

  @Override
  void checkSuccess(byte[] additionalData) throws SaslFailedException {
    requireNothing(additionalData, "success of PLAIN");
  }
}
