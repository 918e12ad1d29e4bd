package io.upgradeable.cli;

import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

// Fields, and no methods: their order is that of the help.
/** The password of a user. */
final class PasswordOption extends SecretOption {

  PasswordOption() {
    super("the password", "--password");
  }

  @Option(
      names = "--password-env",
      paramLabel = "VAR",
      description = "The environment variable that holds the password.")
  private @Nullable String variable;

  @Option(
      names = "--password-file",
      paramLabel = "FILE",
      description = "A file whose first line is the password.")
  private @Nullable Path file;

  @Option(names = "--password-stdin", description = "Read the password from stdin, one line.")
  private boolean stdin;

  @Override
  protected Sources sources() {
    return new Sources(Optional.ofNullable(variable), Optional.ofNullable(file), stdin);
  }
}
