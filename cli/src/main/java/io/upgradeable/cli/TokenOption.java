package io.upgradeable.cli;

import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

// Fields, and no methods: their order is that of the help.
/** An OAuth 2.0 bearer token of a user. */
final class TokenOption extends SecretOption {

  TokenOption() {
    super("the token", "--token");
  }

  @Option(
      names = "--token-env",
      paramLabel = "VAR",
      description = "The environment variable that holds an OAuth 2.0 token of --user.")
  private @Nullable String variable;

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      description = "A file whose first line is an OAuth 2.0 token of --user.")
  private @Nullable Path file;

  @Option(
      names = "--token-stdin",
      description = "Read an OAuth 2.0 token of --user from stdin, one line.")
  private boolean stdin;

  @Override
  protected Sources sources() {
    return new Sources(Optional.ofNullable(variable), Optional.ofNullable(file), stdin);
  }
}
