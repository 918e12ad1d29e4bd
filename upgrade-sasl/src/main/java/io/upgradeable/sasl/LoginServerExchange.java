package io.upgradeable.sasl;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The server's side of LOGIN, with the prompts that all clients know. */
final class LoginServerExchange extends SaslServerExchange {

  private static final String USER_PROMPT = "Username:";
  private static final String PASSWORD_PROMPT = "Password:";

  private final SaslServer server;
  private char @Nullable [] user;

  LoginServerExchange(SaslServer server) {
    super(SaslMechanism.LOGIN);
    this.server = server;
  }

  @Override
  public SaslServerStep.Challenge begin() {
    return prompt(USER_PROMPT);
  }

  private static SaslServerStep.Challenge prompt(String text) {
    return new SaslServerStep.Challenge(text.getBytes(StandardCharsets.US_ASCII));
  }

  @Override
  SaslServerStep answer(byte[] response) throws SaslFailedException {
    char[] name = user;
    if (name == null) {
      user = required(response, "a user");
      return prompt(PASSWORD_PROMPT);
    }
    char[] password = required(response, "a password");
    SaslServerStep step = server.checkPassword("", name, password);
    Arrays.fill(password, '\0');
    return step;
  }

  private static char[] required(byte[] response, String what) throws SaslFailedException {
    if (response.length == 0) {
      throw SaslFailedException.misbehaved(what, "nothing");
    }
    return decoded(response, what);
  }
}
