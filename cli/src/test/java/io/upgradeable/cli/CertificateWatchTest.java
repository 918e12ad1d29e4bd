package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.upgradeable.testkit.Certificates;
import io.upgradeable.tls.ReloadableTlsPolicy;
import io.upgradeable.tls.TlsIdentity;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CertificateWatchTest {

  private static final Certificates CERTIFICATES = Certificates.create();

  @TempDir private Path directory;

  private final List<String> log = new ArrayList<>();
  private Path certificate = Path.of("");
  private Path key = Path.of("");

  @BeforeEach
  void writeFirst() {
    CERTIFICATES.server("localhost").writePem(directory, "server");
    certificate = directory.resolve("server.crt");
    key = directory.resolve("server.key");
  }

  private ReloadableTlsPolicy policy() {
    return ReloadableTlsPolicy.of(
        () -> TlsPolicy.server().identity(TlsIdentity.pem(certificate, key)).build());
  }

  private CertificateWatch watch() {
    return new CertificateWatch(List.of(certificate, key), log::add);
  }

  @Test
  void unchanged_look_policyStays() {
    ReloadableTlsPolicy policy = policy();
    TlsPolicy before = policy.get();
    watch().look(policy);

    assertThat(policy.get()).isSameAs(before);
    assertThat(log).isEmpty();
  }

  @Test
  void replaced_look_policyReloaded() throws IOException {
    ReloadableTlsPolicy policy = policy();
    TlsPolicy before = policy.get();
    CertificateWatch watch = watch();
    replace();
    watch.look(policy);
    watch.look(policy);

    assertThat(policy.get()).isNotSameAs(before);
    assertThat(log).containsExactly("certificates reloaded");
  }

  @Test
  void fileOfDirectoryChangedInPlace_look_policyReloaded() throws IOException {
    ReloadableTlsPolicy policy = policy();
    CertificateWatch watch = new CertificateWatch(List.of(directory), log::add);
    FileTime time = Files.getLastModifiedTime(directory);
    Files.writeString(certificate, "\n", StandardOpenOption.APPEND);
    assertThat(Files.getLastModifiedTime(directory))
        .as("the directory is as it was")
        .isEqualTo(time);
    watch.look(policy);
    watch.look(policy);

    assertThat(log).containsExactly("certificates reloaded");
  }

  @Test
  void replacedWhileLoaded_look_policyReloaded() throws IOException {
    CertificateWatch watch = watch();
    ReloadableTlsPolicy policy = policy();
    replace();
    watch.look(policy);

    assertThat(log).containsExactly("certificates reloaded");
  }

  @Test
  void broken_look_oldStaysUntilMended() throws IOException {
    ReloadableTlsPolicy policy = policy();
    TlsPolicy before = policy.get();
    CertificateWatch watch = watch();
    Files.writeString(certificate, "no certificate\n");
    watch.look(policy);

    assertThat(policy.get()).isSameAs(before);
    assertThat(log).hasSize(1);
    assertThat(log.get(0)).contains("the old ones stay", certificate.toString());

    replace();
    watch.look(policy);

    assertThat(policy.get()).isNotSameAs(before);
    assertThat(log).hasSize(2).last().isEqualTo("certificates reloaded");
  }

  @Test
  void deleted_look_oldStays() throws IOException {
    ReloadableTlsPolicy policy = policy();
    TlsPolicy before = policy.get();
    CertificateWatch watch = watch();
    Files.delete(key);
    watch.look(policy);

    assertThat(policy.get()).isSameAs(before);
    assertThat(log).hasSize(1);
  }

  /** As renewal programs do it: new files, moved over the old ones. */
  private void replace() throws IOException {
    Path fresh = Files.createTempDirectory(directory, "fresh");
    CERTIFICATES.server("localhost").writePem(fresh, "server");
    for (Path file : List.of(certificate, key)) {
      Files.move(
          fresh.resolve(file.getFileName()),
          file,
          java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    }
  }
}
