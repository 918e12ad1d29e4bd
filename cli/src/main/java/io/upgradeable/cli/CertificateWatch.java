package io.upgradeable.cli;

import io.upgradeable.tls.InvalidTlsConfigurationException;
import io.upgradeable.tls.ReloadableTlsPolicy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Looks whether the files of a server's policy have changed, and reloads it then. Files that cannot
 * be used change nothing: the next change is another chance. Not safe for use by several threads.
 */
final class CertificateWatch {

  private static final String UNREADABLE = "unreadable";

  /** As much of a file as tells that it is another one now. */
  private record Version(Object time, long size, Object key) {}

  /** The files of a directory that count, a bound on the work of each look. */
  private static final int MAX_FILES = 10_000;

  private final List<Path> files;
  private final Consumer<String> log;
  private List<Object> seen;

  /**
   * Begins. Comes before the policy is loaded: a change while it is being loaded is seen then.
   *
   * @param files what the policy is made of: files, and directories of files
   * @param log is told each reload, on the thread that looks
   */
  CertificateWatch(List<Path> files, Consumer<String> log) {
    this.files = List.copyOf(files);
    this.log = log;
    this.seen = versions();
  }

  /** Looks once, and reloads the policy if anything is new. */
  void look(ReloadableTlsPolicy policy) {
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
    List<Object> versions = new ArrayList<>();
    for (Path file : files) {
      versions.add(version(file));
      if (Files.isDirectory(file)) {
        versions.add(versionsWithin(file));
      }
    }
    return versions;
  }

  /** A file that is changed in place leaves its directory as it was. */
  private static Object versionsWithin(Path directory) {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries
          .limit(MAX_FILES)
          .collect(Collectors.toMap(Function.identity(), CertificateWatch::version));
    } catch (IOException | UncheckedIOException e) {
      return UNREADABLE;
    }
  }

  private static Object version(Path file) {
    try {
      BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
      return new Version(
          attributes.lastModifiedTime(),
          attributes.size(),
          Objects.requireNonNullElse(attributes.fileKey(), ""));
    } catch (IOException e) {
      return UNREADABLE; // for the moment, perhaps: files are replaced in two steps
    }
  }
}
