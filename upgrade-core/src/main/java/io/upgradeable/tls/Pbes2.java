package io.upgradeable.tls;

import java.io.IOException;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.PBEParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Decrypts a private key by PBES2 (RFC 8018, section 6.2). The JDK's own cipher of that name takes
 * passwords of ASCII alone; its parts, PBKDF2 and AES, take UTF-8 as OpenSSL does.
 */
final class Pbes2 {

  /** What the JDK's parameters of PBES2 print as, whatever their provider calls the scheme. */
  private static final Pattern SCHEME =
      Pattern.compile("PBEWith(HmacSHA[0-9]+(?:/[0-9]+)?)AndAES_(128|256)");

  // OpenSSL's default is 2048, OWASP asks for 600,000; a hundred times that takes minutes.
  private static final int MAX_ITERATIONS = 10_000_000;

  private Pbes2() {}

  /**
   * Decrypts an EncryptedPrivateKeyInfo.
   *
   * @throws NoSuchAlgorithmException if the JDK does not know the function or the cipher
   * @throws GeneralSecurityException if the password is wrong
   */
  static byte[] decrypt(byte[] der, char[] password) throws GeneralSecurityException {
    EncryptedPrivateKeyInfo info;
    try {
      info = new EncryptedPrivateKeyInfo(der);
    } catch (IOException e) {
      throw new NoSuchAlgorithmException("not a scheme of the JDK");
    }
    AlgorithmParameters parameters = info.getAlgParameters();
    Matcher scheme = SCHEME.matcher(String.valueOf(parameters));
    if (!scheme.matches()) {
      throw new NoSuchAlgorithmException("not a scheme of the JDK");
    }
    PBEParameterSpec spec = parameters.getParameterSpec(PBEParameterSpec.class);
    byte[] key = key(scheme.group(1), Integer.parseInt(scheme.group(2)), spec, password);
    try {
      Cipher cipher = Cipher.getInstance("AES/CBC/PKCS5Padding");
      cipher.init(Cipher.DECRYPT_MODE, new SecretKeySpec(key, "AES"), spec.getParameterSpec());
      return cipher.doFinal(info.getEncryptedData());
    } finally {
      Arrays.fill(key, (byte) 0);
    }
  }

  private static byte[] key(String prf, int bits, PBEParameterSpec spec, char[] password)
      throws GeneralSecurityException {
    if (spec.getIterationCount() < 1 || spec.getIterationCount() > MAX_ITERATIONS) {
      throw new NoSuchAlgorithmException("an impossible number of iterations");
    }
    SecretKeyFactory factory = SecretKeyFactory.getInstance("PBKDF2With" + prf);
    PBEKeySpec keySpec = new PBEKeySpec(password, spec.getSalt(), spec.getIterationCount(), bits);
    try {
      return factory.generateSecret(keySpec).getEncoded();
    } finally {
      keySpec.clearPassword();
    }
  }
}
