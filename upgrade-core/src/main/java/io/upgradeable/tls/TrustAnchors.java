package io.upgradeable.tls;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** Collects the certificates that a policy trusts, from wherever it is told to. */
final class TrustAnchors {

  // OpenSSL's c_rehash names are the hash of the subject and a counter.
  private static final Pattern CERTIFICATE_FILE =
      Pattern.compile(".*\\.(pem|crt)|[0-9a-f]{8}\\.[0-9]{1,4}");
  // Debian's /etc/ssl/certs has some 450 entries.
  private static final int MAX_DIRECTORY_FILES = 4096;
  private static final int MAX_CERTIFICATES = 16_384;

  private final Set<X509Certificate> certificates = new LinkedHashSet<>();

  boolean isEmpty() {
    return certificates.isEmpty();
  }

  Set<X509Certificate> certificates() {
    return Collections.unmodifiableSet(new LinkedHashSet<>(certificates));
  }

  void addSystem() {
    X509Certificate[] authorities = PkixTrustManagers.systemAuthorities();
    if (authorities.length == 0) {
      throw new InvalidTlsConfigurationException(
          "the JDK's default trust store is missing or empty, expected at least one authority");
    }
    certificates.addAll(Arrays.asList(authorities));
  }

  void add(Collection<X509Certificate> given) {
    if (given.isEmpty()) {
      throw new InvalidTlsConfigurationException("no certificate to trust, expected at least one");
    }
    certificates.addAll(List.copyOf(given));
  }

  void addFile(Path file) {
    add(PemCertificates.read(file, "CA file"));
  }

  void addDirectory(Path directory) {
    Set<X509Certificate> found = new LinkedHashSet<>();
    for (Path file : certificateFiles(directory)) {
      found.addAll(PemCertificates.readIfAny(file, "CA file"));
      if (found.size() > MAX_CERTIFICATES) {
        throw new InvalidTlsConfigurationException(
            "the CA directory %s has more than %d certificates"
                .formatted(directory, MAX_CERTIFICATES));
      }
    }
    if (found.isEmpty()) {
      throw new InvalidTlsConfigurationException(
          "the CA directory %s has no certificate, expected *.pem, *.crt or HASH.0 files with some"
              .formatted(directory));
    }
    certificates.addAll(found);
  }

  private static List<Path> certificateFiles(Path directory) {
    if (!Files.isDirectory(directory)) {
      throw new InvalidTlsConfigurationException(
          "cannot read the CA directory %s: %s"
              .formatted(
                  directory, Files.exists(directory) ? "not a directory" : "no such directory"));
    }
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        Path name = entry.getFileName();
        // A link that leads nowhere is what a removed package leaves behind: no regular file.
        if (name != null
            && CERTIFICATE_FILE.matcher(name.toString()).matches()
            && Files.isRegularFile(entry)) {
          files.add(entry);
        }
        if (files.size() > MAX_DIRECTORY_FILES) {
          throw new InvalidTlsConfigurationException(
              "the CA directory %s has more than %d certificate files"
                  .formatted(directory, MAX_DIRECTORY_FILES));
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      throw new InvalidTlsConfigurationException(
          "cannot read the CA directory %s: %s".formatted(directory, PemFile.why(e)), e);
    }
    Collections.sort(files);
    return files;
  }

  /** How many; for {@link TlsPolicy#toString()}. */
  @Override
  public String toString() {
    return certificates.size() == 1 ? "1 authority" : certificates.size() + " authorities";
  }
}
