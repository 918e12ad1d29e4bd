package io.upgradeable.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The password of an encrypted private key or of a PKCS#12 file. */
final class KeyPasswordOption extends SecretOption {

  KeyPasswordOption() {
    super("the key's password", "--key-password");
  }

  @Option(
      names = "--key-password-env",
      paramLabel = "VAR",
      description = "The environment variable that holds the password of the key.")
  void environment(String variable) {
    fromEnvironment(variable);
  }

  @Option(
      names = "--key-password-file",
      paramLabel = "FILE",
      description = "A file whose first line is the password of the key.")
  void file(Path file) {
    fromFile(file);
  }

  @Option(
      names = "--key-password-stdin",
      description = "Read the password of the key from stdin, one line.")
  void stdin(boolean asked) {
    if (asked) {
      fromStdin();
    }
  }
}
