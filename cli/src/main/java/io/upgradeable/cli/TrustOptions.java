package io.upgradeable.cli;

import io.upgradeable.tls.TlsPolicy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Whom to trust. */
final class TrustOptions {

  @Option(
      names = "--cafile",
      paramLabel = "FILE",
      description =
          "Trust the certificates of this PEM file; a client else trusts the system's, a server"
              + " nobody's. May be given again.")
  private List<Path> files = new ArrayList<>();

  @Option(
      names = "--capath",
      paramLabel = "DIR",
      description = "Trust the certificates of the PEM files in this directory.")
  private List<Path> directories = new ArrayList<>();

  boolean isGiven() {
    return !files.isEmpty() || !directories.isEmpty();
  }

  /** What is trusted, to be watched. */
  List<Path> paths() {
    List<Path> paths = new ArrayList<>(files);
    paths.addAll(directories);
    return paths;
  }

  void applyTo(TlsPolicy.Builder policy) {
    files.forEach(policy::trustFile);
    directories.forEach(policy::trustDirectory);
  }
}
