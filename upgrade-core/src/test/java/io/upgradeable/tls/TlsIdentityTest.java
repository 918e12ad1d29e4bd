package io.upgradeable.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.netty.pkitesting.X509Bundle;
import io.upgradeable.tls.Pki.Issued;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TlsIdentityTest {

  private static final String PASSWORD = "correct horse battery staple";

  private static Issued ec;
  private static Issued rsa;
  private static Issued other;

  @TempDir Path directory;
  private Path certificate;
  private Path key;

  @BeforeAll
  static void issue() throws Exception {
    X509Bundle authority = Pki.authority("Test CA");
    X509Bundle intermediate =
        Pki.certificate("Intermediate").setIsCertificateAuthority(true).buildIssuedBy(authority);
    ec = Pki.issued(intermediate, Pki.server("mail.example.test"));
    other = Pki.issued(intermediate, Pki.server("other.example.test"));
    rsa = withKeys(Pki.keys("RSA", 2048), "SHA256withRSA");
  }

  @BeforeEach
  void nameFiles() {
    certificate = directory.resolve("cert.pem");
    key = directory.resolve("key.pem");
  }

  // What is read

  @ParameterizedTest
  @CsvSource({
    "RSA, 2048, SHA256withRSA",
    "EC, 256, SHA256withECDSA",
    "EC, 521, SHA512withECDSA",
    "Ed25519, 255, Ed25519",
    "Ed448, 448, Ed448"
  })
  void pkcs8_ofEachKind_isRead(String algorithm, int size, String signature) throws Exception {
    Issued issued = withKeys(Pki.keys(algorithm, size), signature);
    Pki.write(certificate, Pki.pem(issued.chain()));
    Pki.write(key, Pki.pem(issued.keys().getPrivate()));

    assertThat(TlsIdentity.pem(certificate, key).privateKey())
        .isEqualTo(issued.keys().getPrivate());
  }

  @Test
  void chain_inOrder_isRead() throws Exception {
    writeGood();

    TlsIdentity identity = TlsIdentity.pem(certificate, key);
    assertThat(identity.chain()).isEqualTo(ec.chain()).hasSize(2);
    assertThat(identity).hasToString("TlsIdentity['CN=server', EC]");
  }

  @Test
  void certificateAndKey_inOneFileInAnyOrder_areRead() throws Exception {
    Pki.write(key, Pki.pem(ec.keys().getPrivate()), Pki.pem(ec.chain()));
    Pki.write(certificate, Pki.pem(ec.chain()), Pki.pem(ec.keys().getPrivate()));

    assertThat(TlsIdentity.pem(key, key).chain()).isEqualTo(ec.chain());
    assertThat(TlsIdentity.pem(certificate, certificate).chain()).isEqualTo(ec.chain());
  }

  @Test
  void pkcs1_isRead() throws Exception {
    Pki.write(certificate, Pki.pem(rsa.chain()));
    Pki.write(key, KeyFiles.pkcs1(rsa.keys().getPrivate()));

    assertThat(TlsIdentity.pem(certificate, key).privateKey()).isEqualTo(rsa.keys().getPrivate());
  }

  @Test
  void sec1_behindItsParameters_isRead() throws Exception {
    Pki.write(certificate, Pki.pem(ec.chain()));
    Pki.write(key, KeyFiles.sec1(ec.keys().getPrivate()));

    assertThat(TlsIdentity.pem(certificate, key).privateKey().getEncoded()).isNotEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"aes128", "aes256"})
  void encryptedPkcs8_withItsPassword_isRead(String cipher) throws Exception {
    Pki.write(certificate, Pki.pem(ec.chain()));
    Pki.write(
        key,
        KeyFiles.encrypted(
            ec.keys().getPrivate(),
            cipher.equals("aes128")
                ? NISTObjectIdentifiers.id_aes128_CBC
                : NISTObjectIdentifiers.id_aes256_CBC,
            PASSWORD));
    char[] password = PASSWORD.toCharArray();

    assertThat(TlsIdentity.pem(certificate, key, password).privateKey())
        .isEqualTo(ec.keys().getPrivate());
    assertThat(password).isEqualTo(PASSWORD.toCharArray());
  }

  @Test
  void encryptedPkcs8_withPasswordBeyondAscii_isRead() throws Exception {
    Pki.write(certificate, Pki.pem(ec.chain()));
    String password = "p\u00e4ssw\u00f6rd";
    Pki.write(
        key,
        KeyFiles.encrypted(ec.keys().getPrivate(), NISTObjectIdentifiers.id_aes256_CBC, password));

    assertThat(TlsIdentity.pem(certificate, key, password.toCharArray()).privateKey())
        .isEqualTo(ec.keys().getPrivate());
  }

  @Test
  void windowsLineEndsByteOrderMarkAndText_areAllowed() throws Exception {
    Pki.write(
        certificate,
        "\u00ef\u00bb\u00bfBag Attributes\r\n    friendlyName: me\r\n",
        Pki.pem(ec.chain())
            .replace("\n", "\r\n")
            .replace("-----BEGIN", "subject=me\r\n-----BEGIN")
            .replaceFirst("subject=me\r\n", ""),
        "\r\n# the end\r\n\r\n");
    Pki.write(key, Pki.pem(ec.keys().getPrivate()).replace("\n", " \r\n"));

    assertThat(TlsIdentity.pem(certificate, key).chain()).isEqualTo(ec.chain());
  }

  @Test
  void pkcs12_withItsPassword_isRead() throws Exception {
    Path file = pkcs12(PASSWORD, ec);

    TlsIdentity identity = TlsIdentity.pkcs12(file, PASSWORD.toCharArray());
    assertThat(identity.privateKey()).isEqualTo(ec.keys().getPrivate());
    assertThat(identity.chain()).isEqualTo(ec.chain());
  }

  // What is refused

  @Test
  void key_ofAnotherCertificate_isRefused() throws Exception {
    writeGood();
    Pki.write(key, Pki.pem(other.keys().getPrivate()));
    assertRefused(
        () -> TlsIdentity.pem(certificate, key),
        "the private key in "
            + key
            + " (EC) does not belong to the first certificate in "
            + certificate
            + " ('CN=server', EC), expected the key that it was issued for");

    Pki.write(key, Pki.pem(rsa.keys().getPrivate()));
    assertRefused(
        () -> TlsIdentity.pem(certificate, key),
        "the private key in "
            + key
            + " (RSA) does not belong to the first certificate in "
            + certificate
            + " ('CN=server', EC), expected the key that it was issued for");

    Issued otherRsa = withKeys(Pki.keys("RSA", 2048), "SHA256withRSA");
    Pki.write(certificate, Pki.pem(otherRsa.chain()));
    assertRefused(() -> TlsIdentity.pem(certificate, key), null);
  }

  @Test
  void chain_withoutOwnCertificateFirst_isRefused() throws Exception {
    writeGood();
    X509Certificate intermediate = ec.chain().get(1);
    Pki.write(certificate, Pki.pem(intermediate, ec.leaf()));
    assertRefused(
        () -> TlsIdentity.pem(certificate, key),
        "the private key in "
            + key
            + " (EC) does not belong to the first certificate in "
            + certificate
            + " ('CN=Intermediate', EC), but to number 2: expected that one first");
  }

  @Test
  void chain_inDisorder_isRefused() throws Exception {
    writeGood();
    Pki.write(certificate, Pki.pem(ec.leaf(), other.leaf(), ec.chain().get(1)));
    assertRefused(
        () -> TlsIdentity.pem(certificate, key),
        "certificate 2 in "
            + certificate
            + " is 'CN=server', expected the issuer of the one before it, 'CN=Intermediate'");
  }

  @Test
  void missingFile_isRefused() throws Exception {
    writeGood();
    Path nowhere = directory.resolve("nowhere.pem");
    assertRefused(
        () -> TlsIdentity.pem(nowhere, key),
        "cannot read the certificate file " + nowhere + ": no such file");
    assertRefused(
        () -> TlsIdentity.pem(certificate, nowhere),
        "cannot read the private key file " + nowhere + ": no such file");
    assertRefused(
        () -> TlsIdentity.pkcs12(nowhere, new char[0]),
        "cannot read the PKCS#12 file " + nowhere + ": no such file");
    assertRefused(
        () -> TlsIdentity.pem(directory, key),
        "cannot read the certificate file " + directory + ": it is a directory");
  }

  @Test
  void emptyFile_isRefused() throws Exception {
    writeGood();
    Path empty = Pki.write(directory.resolve("empty.pem"));
    assertRefused(() -> TlsIdentity.pem(empty, key), "the certificate file " + empty + " is empty");
    assertRefused(
        () -> TlsIdentity.pem(certificate, empty), "the private key file " + empty + " is empty");
  }

  @Test
  void tooBigFile_isRefused() throws Exception {
    writeGood();
    Path big = Pki.write(directory.resolve("big.pem"), "\n".repeat(1024 * 1024 + 1));
    assertRefused(
        () -> TlsIdentity.pem(big, key),
        "the certificate file " + big + " is too big, expected at most 1048576 bytes");
    // Without an end, and with a size of zero.
    assertRefused(
        () -> TlsIdentity.pem(certificate, Path.of("/dev/zero")),
        "the private key file /dev/zero is too big, expected at most 1048576 bytes");
  }

  @Test
  void certificateFile_withoutCertificate_isRefused() throws Exception {
    writeGood();
    assertRefused(
        () -> TlsIdentity.pem(key, key),
        "the certificate file "
            + key
            + " holds no certificate, expected PEM with BEGIN CERTIFICATE");
    Pki.write(certificate, "<!DOCTYPE html>\n<html><body>Please log in</body></html>\n");
    assertRefused(
        () -> TlsIdentity.pem(certificate, key),
        "the certificate file "
            + certificate
            + " holds no certificate, expected PEM with BEGIN CERTIFICATE; it looks like HTML");
    Files.write(certificate, ec.leaf().getEncoded());
    assertRefused(
        () -> TlsIdentity.pem(certificate, key),
        "the certificate file "
            + certificate
            + " holds no certificate, expected PEM with BEGIN CERTIFICATE;"
            + " it looks like DER, which openssl can convert to PEM");
  }

  @Test
  void certificateFile_withGarbage_isRefused() throws Exception {
    writeGood();
    String good = Pki.pem(ec.chain());
    int lines = good.split("\n", -1).length;
    String where = "the certificate file " + certificate + " ";
    Pki.write(certificate, good, "<html>\n");
    assertRefused(
        () -> TlsIdentity.pem(certificate, key),
        where + "is not proper PEM: line " + lines + " has text behind the last PEM block");
    Pki.write(certificate, good.substring(0, good.length() - 40));
    assertRefused(() -> TlsIdentity.pem(certificate, key), null, "has no proper END line");
    Pki.write(certificate, good.replaceFirst("-----BEGIN CERTIFICATE-----", "----- BEGIN CERT"));
    assertRefused(() -> TlsIdentity.pem(certificate, key), null, "is no proper BEGIN line");
    Pki.write(certificate, good.replaceFirst("-----BEGIN CERTIFICATE-----", "-----BEGIN CERT"));
    assertRefused(
        () -> TlsIdentity.pem(certificate, key),
        where + "is not proper PEM: line 1 is no proper BEGIN line");
    Pki.write(certificate, good.replaceFirst("M", "*"));
    assertRefused(
        () -> TlsIdentity.pem(certificate, key),
        where + "is not proper PEM: the CERTIFICATE block at line 1 is not proper Base64");
    Pki.write(certificate, Pki.pem("CERTIFICATE", new byte[] {0x30, 0x03, 1, 2, 3}));
    assertRefused(
        () -> TlsIdentity.pem(certificate, key),
        where + "has a block at line 1 that is no X.509 certificate");
    byte[] der = ec.leaf().getEncoded();
    Pki.write(certificate, Pki.pem("CERTIFICATE", Arrays.copyOf(der, der.length + 1)));
    assertRefused(
        () -> TlsIdentity.pem(certificate, key),
        where + "has a block at line 1 that is no X.509 certificate");
  }

  @Test
  void tooManyCertificates_areRefused() throws Exception {
    writeGood();
    Pki.write(certificate, Pki.pem(ec.chain()).repeat(9));
    assertRefused(
        () -> TlsIdentity.pem(certificate, key),
        "18 certificates in " + certificate + ", expected a chain of at most 16");
  }

  @Test
  void keyFile_withoutOneKey_isRefused() throws Exception {
    writeGood();
    assertRefused(
        () -> TlsIdentity.pem(certificate, certificate),
        "the private key file "
            + certificate
            + " holds no private key, expected PEM with BEGIN PRIVATE KEY");
    Pki.write(key, Pki.pem(ec.keys().getPrivate()).repeat(2));
    assertRefused(
        () -> TlsIdentity.pem(certificate, key),
        "the private key file " + key + " holds 2 private keys, expected one");
  }

  @Test
  void encryptedKey_withoutOrWithWrongPassword_isRefused() throws Exception {
    writeGood();
    String text =
        KeyFiles.encrypted(ec.keys().getPrivate(), NISTObjectIdentifiers.id_aes256_CBC, PASSWORD);
    Pki.write(key, text);
    assertRefused(
        () -> TlsIdentity.pem(certificate, key),
        "the private key file " + key + " is encrypted, expected its password too");
    for (int i = 0; i < 20; i++) { // One wrong key in 256 decrypts to proper padding.
      char[] wrong = ("wrong " + i).toCharArray();
      assertRefused(() -> TlsIdentity.pem(certificate, key, wrong), null);
    }
    assertRefused(
        () -> TlsIdentity.pem(certificate, key, "b\u00e4d".toCharArray()),
        "the private key file " + key + " cannot be decrypted: the password is wrong");
  }

  @Test
  void keyEncryptedInAnUnknownWay_isRefused() throws Exception {
    writeGood();
    Pki.write(key, KeyFiles.traditionallyEncrypted(rsa.keys().getPrivate(), PASSWORD));
    assertRefused(
        () -> TlsIdentity.pem(certificate, key, PASSWORD.toCharArray()),
        "the private key file "
            + key
            + " is encrypted in OpenSSL's traditional way, expected PKCS#8"
            + " (openssl pkcs8 -topk8 converts it)");
    for (var scheme :
        List.of(
            PKCSObjectIdentifiers.pbeWithSHAAnd3_KeyTripleDES_CBC,
            PKCSObjectIdentifiers.des_EDE3_CBC)) {
      Pki.write(key, KeyFiles.encrypted(ec.keys().getPrivate(), scheme, PASSWORD));
      assertRefused(
          () -> TlsIdentity.pem(certificate, key, PASSWORD.toCharArray()),
          "the private key file "
              + key
              + " is encrypted in a way that the JDK does not know, expected PBES2 with AES-128 or AES-256"
              + " (openssl pkcs8 -topk8 -v2 aes-256-cbc)");
    }
  }

  @Test
  void malformedKey_isRefused() throws Exception {
    writeGood();
    byte[] der = rsa.keys().getPrivate().getEncoded();
    String malformed =
        "the private key file "
            + key
            + " holds a malformed key, expected RSA, EC on a named curve, or EdDSA";
    for (String label : List.of("PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY")) {
      for (byte[] bad :
          List.of(
              Arrays.copyOf(der, der.length - 1),
              Arrays.copyOf(der, der.length + 1),
              Arrays.copyOf(der, 9),
              new byte[] {0x30, (byte) 0x84, 0x7f, -1, -1, -1},
              new byte[] {0x30, (byte) 0x80, 0, 0},
              new byte[] {0x30, 0})) {
        Pki.write(key, Pki.pem(label, bad));
        assertRefused(() -> TlsIdentity.pem(certificate, key), malformed);
      }
    }
    Pki.write(key, Pki.pem("ENCRYPTED PRIVATE KEY", new byte[] {0x30, 0}));
    assertRefused(() -> TlsIdentity.pem(certificate, key, PASSWORD.toCharArray()), malformed);
  }

  @Test
  void keyOfAnotherKind_isRefused() throws Exception {
    writeGood();
    Pki.write(key, KeyFiles.sec1WithoutCurve(ec.keys().getPrivate()));
    assertRefused(
        () -> TlsIdentity.pem(certificate, key),
        "the private key file "
            + key
            + " holds an EC key without the name of its curve, expected a named one");
    PrivateKey dsa = Pki.keys("DSA", 2048).getPrivate();
    Pki.write(key, Pki.pem(dsa));
    assertRefused(
        () -> TlsIdentity.pem(certificate, key),
        "the private key file "
            + key
            + " holds a key of an unknown kind, expected RSA, EC or EdDSA");
    Pki.write(key, Pki.pem("DSA PRIVATE KEY", new byte[] {0x30, 0}));
    assertRefused(
        () -> TlsIdentity.pem(certificate, key),
        "the private key file "
            + key
            + " holds a key of the kind 'DSA PRIVATE KEY', expected RSA, EC or EdDSA");
  }

  @Test
  void pkcs12_thatCannotBeUsed_isRefused() throws Exception {
    Path file = pkcs12(PASSWORD, ec);
    assertRefused(
        () -> TlsIdentity.pkcs12(file, "wrong".toCharArray()),
        "the PKCS#12 file " + file + " cannot be opened: the password is wrong");
    assertRefused(
        () -> TlsIdentity.pkcs12(file, new char[0]),
        "the PKCS#12 file " + file + " cannot be opened: a password is needed");
    Path two = pkcs12(PASSWORD, ec, other);
    assertRefused(
        () -> TlsIdentity.pkcs12(two, PASSWORD.toCharArray()),
        "the PKCS#12 file " + two + " holds 2 private keys, expected one");
    Path none = pkcs12(PASSWORD);
    assertRefused(
        () -> TlsIdentity.pkcs12(none, PASSWORD.toCharArray()),
        "the PKCS#12 file " + none + " holds 0 private keys, expected one");
    writeGood();
    assertRefused(
        () -> TlsIdentity.pkcs12(key, PASSWORD.toCharArray()),
        "the PKCS#12 file " + key + " is malformed, expected PKCS#12 (.p12, .pfx)");
  }

  @Test
  void of_withoutOrWithAnotherCertificate_isRefused() {
    assertRefused(
        () -> TlsIdentity.of(ec.keys().getPrivate(), List.of()),
        "the private key has no certificate, expected a chain that begins with its own");
    assertRefused(
        () -> TlsIdentity.of(ec.keys().getPrivate(), other.chain()),
        "the private key (EC) does not belong to the first certificate of the chain"
            + " ('CN=server', EC), expected the key that it was issued for");
  }

  // Helpers

  private void writeGood() throws Exception {
    Pki.write(certificate, Pki.pem(ec.chain()));
    Pki.write(key, Pki.pem(ec.keys().getPrivate()));
  }

  private static Issued withKeys(KeyPair keys, String signature) throws Exception {
    return new Issued(
        keys,
        List.of(
            Pki.sign(keys.getPublic(), "server", "server", keys.getPrivate(), signature, false)));
  }

  private Path pkcs12(String password, Issued... identities) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    for (int i = 0; i < identities.length; i++) {
      store.setKeyEntry(
          "key" + i,
          identities[i].keys().getPrivate(),
          password.toCharArray(),
          identities[i].chain().toArray(X509Certificate[]::new));
    }
    Path file = directory.resolve("identity" + identities.length + ".p12");
    try (OutputStream out = Files.newOutputStream(file)) {
      store.store(out, password.toCharArray());
    }
    return file;
  }

  /** Refused with that message, and with nothing secret in it or in its causes. */
  private void assertRefused(ThrowingCallable load, @Nullable String message, String... parts) {
    assertThatExceptionOfType(InvalidTlsConfigurationException.class)
        .isThrownBy(load)
        .satisfies(
            e -> {
              if (message != null) {
                assertThat(e).hasMessage(message);
              }
              assertThat(parts).allSatisfy(part -> assertThat(e).hasMessageContaining(part));
              for (Throwable t = e; t != null; t = t.getCause()) {
                Pki.assertTellsNothing(String.valueOf(t.getMessage()), PASSWORD);
                if (Files.exists(key)) {
                  Pki.assertTellsNothing(String.valueOf(t.getMessage()), Files.readString(key));
                }
              }
            });
  }
}
