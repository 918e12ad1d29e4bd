package io.upgradeable.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReloadableTlsPolicyTest {

  private final Deque<Callable<TlsPolicy>> loads = new ArrayDeque<>();
  private final TlsPolicy first = TlsPolicy.client().insecureTrustAnyone().build();
  private final TlsPolicy second = TlsPolicy.client().insecureTrustAnyone().build();

  @TempDir Path directory;

  @Test
  void of_loadsAtOnce_andGetLoadsNothing() {
    loads.add(() -> first);
    ReloadableTlsPolicy policy = reloadable();

    assertThat(loads).isEmpty();
    assertThat(policy.get()).isSameAs(first).isSameAs(policy.get());
  }

  @Test
  void reload_success_replacesThePolicy() {
    loads.addAll(List.of(() -> first, () -> second));
    ReloadableTlsPolicy policy = reloadable();
    policy.reload();

    assertThat(policy.get()).isSameAs(second);
  }

  @Test
  void reload_failure_keepsThePolicy() {
    InvalidTlsConfigurationException invalid = new InvalidTlsConfigurationException("bad");
    loads.addAll(
        List.of(
            () -> first,
            () -> {
              throw invalid;
            },
            () -> {
              throw new IOException("disk on fire");
            },
            () -> second));
    ReloadableTlsPolicy policy = reloadable();

    assertThatExceptionOfType(InvalidTlsConfigurationException.class)
        .isThrownBy(policy::reload)
        .isSameAs(invalid);
    assertThat(policy.get()).isSameAs(first);
    assertThatExceptionOfType(InvalidTlsConfigurationException.class)
        .isThrownBy(policy::reload)
        .withMessage("cannot load the TLS policy: java.io.IOException: disk on fire")
        .withCauseInstanceOf(IOException.class);
    assertThat(policy.get()).isSameAs(first);
    policy.reload();
    assertThat(policy.get()).isSameAs(second);
  }

  @Test
  void of_failure_throws() {
    loads.add(
        () -> {
          throw new IOException("disk on fire");
        });

    assertThatExceptionOfType(InvalidTlsConfigurationException.class).isThrownBy(this::reloadable);
  }

  @Test
  void reload_interrupted_keepsTheInterrupt() {
    loads.add(
        () -> {
          throw new InterruptedException();
        });

    assertThatExceptionOfType(InvalidTlsConfigurationException.class).isThrownBy(this::reloadable);
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void reload_ofTheOtherRole_isRefused() throws Exception {
    TlsIdentity identity = Pki.issued(Pki.authority("Test CA")).identity();
    loads.addAll(List.of(() -> first, () -> TlsPolicy.server().identity(identity).build()));
    ReloadableTlsPolicy policy = reloadable();

    assertThatExceptionOfType(InvalidTlsConfigurationException.class)
        .isThrownBy(policy::reload)
        .withMessage("the reloaded TLS policy is one for a server, expected one for a client");
    assertThat(policy.get()).isSameAs(first);
  }

  @Test
  void renewedFiles_reload_areInForce() throws Exception {
    Path certificate = directory.resolve("cert.pem");
    Path key = directory.resolve("key.pem");
    X509Bundle old = Pki.authority("old");
    X509Bundle renewed = Pki.authority("renewed");
    Pki.write(certificate, old.getCertificatePEM());
    Pki.write(key, old.getPrivateKeyPEM());
    ReloadableTlsPolicy policy =
        ReloadableTlsPolicy.of(
            () -> TlsPolicy.server().identity(TlsIdentity.pem(certificate, key)).build());

    Pki.write(certificate, renewed.getCertificatePEM()); // The key is still the old one.
    assertThatExceptionOfType(InvalidTlsConfigurationException.class).isThrownBy(policy::reload);
    assertThat(leaf(policy)).isEqualTo(old.getCertificate());
    Pki.write(key, renewed.getPrivateKeyPEM());
    policy.reload();
    assertThat(leaf(policy)).isEqualTo(renewed.getCertificate());
  }

  private static X509Certificate leaf(ReloadableTlsPolicy policy) {
    return policy.get().identity().orElseThrow().chain().get(0);
  }

  private ReloadableTlsPolicy reloadable() {
    return ReloadableTlsPolicy.of(() -> loads.remove().call());
  }
}
