package io.upgradeable.tls;

import java.io.IOException;
import java.io.StringWriter;
import java.security.PrivateKey;
import java.security.SecureRandom;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.sec.ECPrivateKey;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.openssl.jcajce.JcaMiscPEMGenerator;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.openssl.jcajce.JceOpenSSLPKCS8EncryptorBuilder;
import org.bouncycastle.openssl.jcajce.JcePEMEncryptorBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.util.io.pem.PemObjectGenerator;

/** Writes private keys in the forms that are found in the world. */
final class KeyFiles {

  private KeyFiles() {}

  /** {@code RSA PRIVATE KEY}. */
  static String pkcs1(PrivateKey key) throws IOException {
    return Pki.pem("RSA PRIVATE KEY", inner(key));
  }

  /** {@code EC PRIVATE KEY} behind the {@code EC PARAMETERS} that OpenSSL puts before it. */
  static String sec1(PrivateKey key) throws IOException {
    PrivateKeyInfo info = PrivateKeyInfo.getInstance(key.getEncoded());
    ECPrivateKey plain = ECPrivateKey.getInstance(info.parsePrivateKey());
    byte[] named =
        new ECPrivateKey(
                256,
                plain.getKey(),
                plain.getPublicKey(),
                info.getPrivateKeyAlgorithm().getParameters())
            .getEncoded();
    byte[] curve = info.getPrivateKeyAlgorithm().getParameters().toASN1Primitive().getEncoded();
    return Pki.pem("EC PARAMETERS", curve) + Pki.pem("EC PRIVATE KEY", named);
  }

  /** {@code EC PRIVATE KEY} that does not say on which curve. */
  static String sec1WithoutCurve(PrivateKey key) throws IOException {
    ECPrivateKey plain =
        ECPrivateKey.getInstance(PrivateKeyInfo.getInstance(key.getEncoded()).parsePrivateKey());
    return Pki.pem("EC PRIVATE KEY", new ECPrivateKey(256, plain.getKey()).getEncoded());
  }

  /** {@code ENCRYPTED PRIVATE KEY} by the given scheme. */
  static String encrypted(PrivateKey key, ASN1ObjectIdentifier cipher, String password)
      throws IOException, OperatorCreationException {
    return pem(
        new JcaPKCS8Generator(
            key,
            new JceOpenSSLPKCS8EncryptorBuilder(cipher)
                .setProvider(Pki.BC)
                .setRandom(new SecureRandom())
                .setPRF(
                    new AlgorithmIdentifier(
                        PKCSObjectIdentifiers.id_hmacWithSHA256, DERNull.INSTANCE))
                .setPassword(password.toCharArray())
                .build()));
  }

  /** {@code Proc-Type: 4,ENCRYPTED}. */
  static String traditionallyEncrypted(PrivateKey key, String password) throws IOException {
    return pem(
        new JcaMiscPEMGenerator(
            key,
            new JcePEMEncryptorBuilder("AES-128-CBC")
                .setProvider(Pki.BC)
                .build(password.toCharArray())));
  }

  private static String pem(PemObjectGenerator object) throws IOException {
    StringWriter text = new StringWriter();
    try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
      writer.writeObject(object);
    }
    return text.toString().replace("\r", "");
  }

  private static byte[] inner(PrivateKey key) throws IOException {
    return PrivateKeyInfo.getInstance(key.getEncoded())
        .parsePrivateKey()
        .toASN1Primitive()
        .getEncoded();
  }
}
