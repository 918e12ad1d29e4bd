package io.upgradeable.tls;

import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * Reads the private key of a PEM file: PKCS#8 (RFC 5958) plain or encrypted by PBES2 (RFC 8018),
 * PKCS#1 (RFC 8017) or SEC1 (RFC 5915). The latter two, which the JDK cannot read, are put into a
 * PKCS#8 envelope. No message quotes the file, and no error of the JDK is kept as a cause.
 */
final class PrivateKeys {

  private static final String WHAT = "private key file";

  private static final byte[] RSA_OID = HexFormat.of().parseHex("2a864886f70d010101");
  private static final byte[] EC_OID = HexFormat.of().parseHex("2a8648ce3d0201");
  private static final byte[] PBES2_OID = HexFormat.of().parseHex("2a864886f70d01050d");

  /** The content of an algorithm's object identifier, and the JDK's name of its keys. */
  private static final Map<String, String> ALGORITHMS =
      Map.of(
          HexFormat.of().formatHex(RSA_OID),
          "RSA",
          "2a864886f70d01010a",
          "RSASSA-PSS",
          HexFormat.of().formatHex(EC_OID),
          "EC",
          "2b6570",
          "EdDSA",
          "2b6571",
          "EdDSA");

  private final Path file;

  private PrivateKeys(Path file) {
    this.file = file;
  }

  static PrivateKey read(Path file, char[] password) {
    return new PrivateKeys(file).key(password);
  }

  private PrivateKey key(char[] password) {
    List<PemFile.Block> keys =
        PemFile.read(file, WHAT).stream()
            .filter(block -> block.label().endsWith("PRIVATE KEY"))
            .toList();
    if (keys.isEmpty()) {
      throw bad(
          "holds no private key, expected PEM with BEGIN PRIVATE KEY"
              + PemFile.looksLike(file, WHAT));
    }
    if (keys.size() > 1) {
      throw bad("holds %d private keys, expected one".formatted(keys.size()));
    }
    PemFile.Block block = keys.get(0);
    if (block.encrypted()) {
      throw bad(
          "is encrypted in OpenSSL's traditional way, expected PKCS#8"
              + " (openssl pkcs8 -topk8 converts it)");
    }
    byte[] pkcs8 = pkcs8(block, password);
    try {
      return decode(pkcs8);
    } finally {
      Arrays.fill(block.der(), (byte) 0);
      Arrays.fill(pkcs8, (byte) 0);
    }
  }

  private byte[] pkcs8(PemFile.Block block, char[] password) {
    try {
      return switch (block.label()) {
        case "PRIVATE KEY" -> block.der();
        case "RSA PRIVATE KEY" -> wrapPkcs1(block.der());
        case "EC PRIVATE KEY" -> wrapSec1(block.der());
        case "ENCRYPTED PRIVATE KEY" -> decrypt(block.der(), password);
        default ->
            throw bad(
                "holds a key of the kind '%s', expected RSA, EC or EdDSA".formatted(block.label()));
      };
    } catch (InvalidKeyException e) {
      throw malformed();
    }
  }

  private static byte[] wrapPkcs1(byte[] pkcs1) throws InvalidKeyException {
    Der.inside(Der.SEQUENCE, pkcs1);
    return envelope(RSA_OID, Der.element(Der.NULL), pkcs1);
  }

  /** The curve stands in the key as {@code [0]} and must stand in the envelope too. */
  private byte[] wrapSec1(byte[] sec1) throws InvalidKeyException {
    Der key = Der.inside(Der.SEQUENCE, sec1);
    key.content(Der.INTEGER);
    key.content(Der.OCTET_STRING);
    Der curve = key.nextIs(Der.CONTEXT_0) ? key.enter(Der.CONTEXT_0) : null;
    if (curve == null || !curve.nextIs(Der.OBJECT_IDENTIFIER)) {
      throw bad("holds an EC key without the name of its curve, expected a named one");
    }
    byte[] name = curve.content(Der.OBJECT_IDENTIFIER);
    return envelope(EC_OID, Der.element(Der.OBJECT_IDENTIFIER, name), sec1);
  }

  private static byte[] envelope(byte[] algorithm, byte[] parameters, byte[] key) {
    return Der.element(
        Der.SEQUENCE,
        Der.element(Der.INTEGER, new byte[] {0}),
        Der.element(Der.SEQUENCE, Der.element(Der.OBJECT_IDENTIFIER, algorithm), parameters),
        Der.element(Der.OCTET_STRING, key));
  }

  private byte[] decrypt(byte[] der, char[] password) throws InvalidKeyException {
    if (password.length == 0) {
      throw bad("is encrypted, expected its password too");
    }
    Der info = Der.inside(Der.SEQUENCE, der);
    byte[] scheme = info.enter(Der.SEQUENCE).content(Der.OBJECT_IDENTIFIER);
    info.content(Der.OCTET_STRING);
    if (!Arrays.equals(scheme, PBES2_OID)) {
      throw unknownEncryption();
    }
    try {
      return Pbes2.decrypt(der, password);
    } catch (NoSuchAlgorithmException e) {
      throw unknownEncryption();
    } catch (GeneralSecurityException e) {
      throw bad("cannot be decrypted: the password is wrong");
    }
  }

  private PrivateKey decode(byte[] pkcs8) {
    try {
      Der info = Der.inside(Der.SEQUENCE, pkcs8);
      info.content(Der.INTEGER);
      byte[] oid = info.enter(Der.SEQUENCE).content(Der.OBJECT_IDENTIFIER);
      String algorithm = ALGORITHMS.get(HexFormat.of().formatHex(oid));
      if (algorithm == null) {
        throw bad("holds a key of an unknown kind, expected RSA, EC or EdDSA");
      }
      return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
    } catch (GeneralSecurityException e) {
      throw malformed();
    }
  }

  private InvalidTlsConfigurationException unknownEncryption() {
    return bad(
        "is encrypted in a way that the JDK does not know, expected PBES2 with AES-128 or AES-256"
            + " (openssl pkcs8 -topk8 -v2 aes-256-cbc)");
  }

  private InvalidTlsConfigurationException malformed() {
    return bad("holds a malformed key, expected RSA, EC on a named curve, or EdDSA");
  }

  private InvalidTlsConfigurationException bad(String problem) {
    return new InvalidTlsConfigurationException("the " + WHAT + " " + file + " " + problem);
  }
}
