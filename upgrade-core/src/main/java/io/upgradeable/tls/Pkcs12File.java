package io.upgradeable.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.UnrecoverableKeyException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Reads the one private key of a PKCS#12 file (RFC 7292), with its chain. */
final class Pkcs12File {

  private static final String WHAT = "PKCS#12 file";

  private Pkcs12File() {}

  record Entry(PrivateKey privateKey, List<X509Certificate> chain) {}

  static Entry read(Path file, char[] password) {
    KeyStore store = load(file, password);
    try {
      List<String> keys = new ArrayList<>();
      for (String alias : Collections.list(store.aliases())) {
        if (store.isKeyEntry(alias)) {
          keys.add(alias);
        }
      }
      if (keys.size() != 1) {
        throw new InvalidTlsConfigurationException(
            "the %s %s holds %d private keys, expected one".formatted(WHAT, file, keys.size()));
      }
      return entry(store, keys.get(0), file, password);
    } catch (UnrecoverableKeyException e) {
      throw wrongPassword(file, password);
    } catch (GeneralSecurityException e) {
      throw malformed(file);
    }
  }

  private static KeyStore load(Path file, char[] password) {
    byte[] bytes = PemFile.readBytes(file, WHAT);
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(new ByteArrayInputStream(bytes), password);
      return store;
    } catch (IOException e) {
      throw e.getCause() instanceof UnrecoverableKeyException
          ? wrongPassword(file, password)
          : malformed(file);
    } catch (GeneralSecurityException e) {
      throw malformed(file);
    }
  }

  private static Entry entry(KeyStore store, String alias, Path file, char[] password)
      throws GeneralSecurityException {
    Key key = store.getKey(alias, password);
    Certificate[] chain = store.getCertificateChain(alias);
    if (!(key instanceof PrivateKey privateKey) || chain == null) {
      throw new InvalidTlsConfigurationException(
          "the %s %s holds a private key without a certificate, expected both"
              .formatted(WHAT, file));
    }
    List<X509Certificate> certificates = new ArrayList<>();
    for (Certificate certificate : chain) {
      if (certificate instanceof X509Certificate x509) {
        certificates.add(x509);
      }
    }
    return new Entry(privateKey, certificates);
  }

  // The JDK's own errors are not kept as causes: what they quote is beyond our control.
  private static InvalidTlsConfigurationException wrongPassword(Path file, char[] password) {
    return new InvalidTlsConfigurationException(
        "the %s %s cannot be opened: %s"
            .formatted(
                WHAT,
                file,
                password.length == 0 ? "a password is needed" : "the password is wrong"));
  }

  private static InvalidTlsConfigurationException malformed(Path file) {
    return new InvalidTlsConfigurationException(
        "the %s %s is malformed, expected PKCS#12 (.p12, .pfx)".formatted(WHAT, file));
  }
}
