package io.upgradeable.cli;

import io.upgradeable.tls.InvalidTlsConfigurationException;
import io.upgradeable.tls.ReloadableTlsPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * Looks whether the files of a server's policy have changed, and reloads it then. Files that cannot
 * be used change nothing: the next change is another chance. Not safe for use by several threads.
 */
final class CertificateWatch {

  /** As much of a file as tells that it is another one now. */
  private record Version(Object time, long size, Object key) {}

  private final ReloadableTlsPolicy policy;
  private final List<Path> files;
  private final Consumer<String> log;
  private List<Object> seen;

  CertificateWatch(ReloadableTlsPolicy policy, List<Path> files, Consumer<String> log) {
    this.policy = policy;
    this.files = List.copyOf(files);
    this.log = log;
    this.seen = versions();
  }

  /** Looks once. */
  void look() {
    List<Object> now = versions();
    if (now.equals(seen)) {
      return;
    }
    // Before the files are read: a change while they are being read is seen next time.
    seen = now;
    try {
      policy.reload();
      log.accept("certificates reloaded");
    } catch (InvalidTlsConfigurationException e) {
      log.accept("certificates changed but not usable, the old ones stay: " + e.getMessage());
    }
  }

  private List<Object> versions() {
    return files.stream().map(CertificateWatch::version).toList();
  }

  private static Object version(Path file) {
    try {
      BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
      return new Version(
          attributes.lastModifiedTime(),
          attributes.size(),
          Objects.requireNonNullElse(attributes.fileKey(), ""));
    } catch (IOException e) {
      return "unreadable"; // for the moment, perhaps: files are replaced in two steps
    }
  }
}
