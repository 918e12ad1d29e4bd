package io.upgradeable.sasl;

import java.util.Optional;

/** EXTERNAL (RFC 4422, appendix A): one message, with the identity to act as or with nothing. */
final class ExternalExchange extends SaslExchange {

  private final SaslCredentials.External credentials;

  ExternalExchange(SaslCredentials.External credentials) {
    super(SaslMechanism.EXTERNAL);
    this.credentials = credentials;
  }

  @Override
  Optional<byte[]> first() {
    return Optional.of(Utf8.encode(credentials.authorizationId()));
  }

  @Override
  byte[] answer(byte[] challenge) throws SaslFailedException {
    throw tooMany();
  }

  @Override
  void checkSuccess(byte[] additionalData) throws SaslFailedException {
    requireNothing(additionalData, "success of EXTERNAL");
  }
}
