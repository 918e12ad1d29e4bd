package io.upgradeable.ldap;

import java.nio.charset.StandardCharsets;

/** Object identifiers as LDAP writes them: {@code 1.3.6.1.4.1.1466.20037} (RFC 4512, 1.4). */
final class Oid {

  /** StartTLS (RFC 4511, 4.14). */
  static final String START_TLS = "1.3.6.1.4.1.1466.20037";

  /** The server is about to close (RFC 4511, 4.4.1). */
  static final String NOTICE_OF_DISCONNECTION = "1.3.6.1.4.1.1466.20036";

  /** "Who am I?" (RFC 4532). */
  static final String WHO_AM_I = "1.3.6.1.4.1.4203.1.11.3";

  private static final int MAX_LENGTH = 256;

  private Oid() {}

  static boolean isOne(String text) {
    return isOne(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Numbers without needless zeros, two at least, with dots between them. */
  static boolean isOne(byte[] bytes) {
    if (bytes.length > MAX_LENGTH) {
      return false;
    }
    int numbers = 0;
    int start = 0;
    for (int i = 0; i <= bytes.length; i++) {
      if (i == bytes.length || bytes[i] == '.') {
        int length = i - start;
        if (length == 0 || (length > 1 && bytes[start] == '0')) {
          return false;
        }
        numbers++;
        start = i + 1;
      } else if (bytes[i] < '0' || bytes[i] > '9') {
        return false;
      }
    }
    return numbers > 1;
  }
}
