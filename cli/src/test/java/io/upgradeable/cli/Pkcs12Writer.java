package io.upgradeable.cli;

import io.upgradeable.testkit.Certificates.Issued;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;

/** Writes what was issued as PKCS#12. */
final class Pkcs12Writer {

  private Pkcs12Writer() {}

  static void write(Path file, Issued issued, char[] password) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry(
        "key", issued.key(), password, issued.chain().toArray(X509Certificate[]::new));
    try (OutputStream out = Files.newOutputStream(file)) {
      store.store(out, password);
    }
  }
}
