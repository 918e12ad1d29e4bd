package io.upgradeable.cli;

import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

// Fields, and no methods: their order is that of the help.
/** The password of a proxy's user. */
final class ProxyPasswordOption extends SecretOption {

  ProxyPasswordOption() {
    super("the proxy's password", "--proxy-password");
  }

  @Option(
      names = "--proxy-password-env",
      paramLabel = "VAR",
      description = "The environment variable that holds the password of the proxy's user.")
  private @Nullable String variable;

  @Option(
      names = "--proxy-password-file",
      paramLabel = "FILE",
      description = "A file whose first line is the password of the proxy's user.")
  private @Nullable Path file;

  @Option(
      names = "--proxy-password-stdin",
      description = "Read the password of the proxy's user from stdin, one line.")
  private boolean stdin;

  @Override
  protected Sources sources() {
    return new Sources(Optional.ofNullable(variable), Optional.ofNullable(file), stdin);
  }
}
