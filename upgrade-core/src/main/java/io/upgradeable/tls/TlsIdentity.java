package io.upgradeable.tls;

import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Objects;

/**
 * Who one side of a connection is: a private key, and the chain of certificates that says whose it
 * is. Immutable.
 *
 * <p>Private keys in PEM files may be PKCS#8, plain or encrypted by PBES2, PKCS#1 ({@code RSA
 * PRIVATE KEY}) or SEC1 ({@code EC PRIVATE KEY}); they are RSA, EC on a named curve, Ed25519 or
 * Ed448.
 */
public final class TlsIdentity {

  private static final char[] NO_PASSWORD = {};
  // As many as a peer of ours would accept; real chains have two to four.
  private static final int MAX_CERTIFICATES = CertificateRules.MAX_CHAIN_CERTIFICATES;

  private final PrivateKey privateKey;
  private final List<X509Certificate> chain;

  private TlsIdentity(PrivateKey privateKey, List<X509Certificate> chain) {
    this.privateKey = privateKey;
    this.chain = chain;
  }

  /**
   * Reads an identity from PEM files whose key is not encrypted.
   *
   * @param certificateChain the certificates, this side's own first, each followed by its issuer
   * @param privateKey the private key; may be the same file
   * @return the identity
   * @throws InvalidTlsConfigurationException if a file cannot be read or used, the key is
   *     encrypted, or it does not belong to the first certificate
   */
  public static TlsIdentity pem(Path certificateChain, Path privateKey) {
    return pem(certificateChain, privateKey, NO_PASSWORD);
  }

  /**
   * Reads an identity from PEM files.
   *
   * @param certificateChain the certificates, this side's own first, each followed by its issuer
   * @param privateKey the private key; may be the same file
   * @param password the key's password, empty for none; it is not kept, and left to the caller to
   *     clear
   * @return the identity
   * @throws InvalidTlsConfigurationException if a file cannot be read or used, the password is
   *     wrong or missing, or the key does not belong to the first certificate
   */
  public static TlsIdentity pem(Path certificateChain, Path privateKey, char[] password) {
    List<X509Certificate> chain = PemCertificates.read(certificateChain, "certificate file");
    PrivateKey key = PrivateKeys.read(privateKey, password);
    return checked(key, chain, "the private key in " + privateKey, "in " + certificateChain);
  }

  /**
   * Reads an identity from a PKCS#12 file ({@code .p12}, {@code .pfx}) that holds one private key.
   *
   * @param file the file
   * @param password the file's password, empty for none; it is not kept, and left to the caller to
   *     clear
   * @return the identity
   * @throws InvalidTlsConfigurationException if the file cannot be read or used, the password is
   *     wrong, or there is not exactly one private key with its chain
   */
  public static TlsIdentity pkcs12(Path file, char[] password) {
    Pkcs12File.Entry entry = Pkcs12File.read(file, password);
    return checked(
        entry.privateKey(), entry.chain(), "the private key in " + file, "in the same file");
  }

  /**
   * Makes an identity of what the caller has.
   *
   * @param privateKey the private key
   * @param chain the certificates, this side's own first, each followed by its issuer
   * @return the identity
   * @throws InvalidTlsConfigurationException if there is no certificate, or the key does not belong
   *     to the first one
   */
  public static TlsIdentity of(PrivateKey privateKey, List<X509Certificate> chain) {
    Objects.requireNonNull(privateKey, "privateKey");
    return checked(privateKey, List.copyOf(chain), "the private key", "of the chain");
  }

  private static TlsIdentity checked(
      PrivateKey key, List<X509Certificate> chain, String keyText, String chainText) {
    if (chain.isEmpty()) {
      throw new InvalidTlsConfigurationException(
          keyText + " has no certificate, expected a chain that begins with its own");
    }
    if (chain.size() > MAX_CERTIFICATES) {
      throw new InvalidTlsConfigurationException(
          "%d certificates %s, expected a chain of at most %d"
              .formatted(chain.size(), chainText, MAX_CERTIFICATES));
    }
    if (!KeyPairs.belongTogether(key, chain.get(0).getPublicKey())) {
      throw new InvalidTlsConfigurationException(mismatch(key, chain, keyText, chainText));
    }
    requireOrder(chain, chainText);
    return new TlsIdentity(key, List.copyOf(chain));
  }

  /** Peers may forgive disorder (RFC 8446, section 4.4.2), but not all do, nor do all engines. */
  private static void requireOrder(List<X509Certificate> chain, String chainText) {
    for (int i = 1; i < chain.size(); i++) {
      X509Certificate before = chain.get(i - 1);
      X509Certificate certificate = chain.get(i);
      if (!certificate.getSubjectX500Principal().equals(before.getIssuerX500Principal())
          || chain.indexOf(certificate) < i) {
        throw new InvalidTlsConfigurationException(
            "certificate %d %s is %s, expected the issuer of the one before it, %s"
                .formatted(
                    i + 1, chainText, Printable.subject(certificate), Printable.issuer(before)));
      }
    }
  }

  private static String mismatch(
      PrivateKey key, List<X509Certificate> chain, String keyText, String chainText) {
    String first =
        "%s (%s) does not belong to the first certificate %s (%s, %s)"
            .formatted(
                keyText,
                key.getAlgorithm(),
                chainText,
                Printable.subject(chain.get(0)),
                chain.get(0).getPublicKey().getAlgorithm());
    for (int i = 1; i < chain.size(); i++) {
      if (KeyPairs.belongTogether(key, chain.get(i).getPublicKey())) {
        return first + ", but to number " + (i + 1) + ": expected that one first";
      }
    }
    return first + ", expected the key that it was issued for";
  }

  /**
   * The private key.
   *
   * @return the key
   */
  public PrivateKey privateKey() {
    return privateKey;
  }

  /**
   * The certificates to send.
   *
   * @return the chain, this side's own first, never empty
   */
  public List<X509Certificate> chain() {
    return chain;
  }

  /** The subject and the kind of key; nothing of the key itself. */
  @Override
  public String toString() {
    return "TlsIdentity[%s, %s]"
        .formatted(Printable.subject(chain.get(0)), privateKey.getAlgorithm());
  }
}
