package io.upgradeable.cli;

import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

// Fields, and no methods: their order is that of the help.
/** The password of an encrypted private key or of a PKCS#12 file. */
final class KeyPasswordOption extends SecretOption {

  KeyPasswordOption() {
    super("the key's password", "--key-password");
  }

  @Option(
      names = "--key-password-env",
      paramLabel = "VAR",
      description = "The environment variable that holds the password of the key.")
  private @Nullable String variable;

  @Option(
      names = "--key-password-file",
      paramLabel = "FILE",
      description = "A file whose first line is the password of the key.")
  private @Nullable Path file;

  @Option(
      names = "--key-password-stdin",
      description = "Read the password of the key from stdin, one line.")
  private boolean stdin;

  @Override
  protected Sources sources() {
    return new Sources(Optional.ofNullable(variable), Optional.ofNullable(file), stdin);
  }
}
