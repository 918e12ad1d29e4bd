package io.upgradeable.connect;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** The examples of RFC 7616, 3.9, and what they do not show. */
class DigestAnswerTest {

  private static final String RFC_CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";

  private static final String RFC_CHALLENGE =
      "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=%s,"
          + " nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\","
          + " opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";

  @Test
  void rfcExample_md5_sameResponse() {
    assertThat(rfc("MD5")).contains("response=\"8ca523f5e9506fed4657c9700eebdbec\"");
  }

  @Test
  void rfcExample_sha256_sameResponse() {
    assertThat(rfc("SHA-256"))
        .contains("response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\"")
        .contains("opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"")
        .contains("nc=00000001")
        .contains("username=\"Mufasa\"");
  }

  private static String rfc(String algorithm) {
    return answerTo(RFC_CHALLENGE.formatted(algorithm))
        .answer("GET", "/dir/index.html", "Mufasa", "Circle of Life".toCharArray(), RFC_CNONCE, 1);
  }

  @Test
  void rfcExample_userhashOfSha512_256_hidesTheName() {
    // The erratum to RFC 7616 (4897) says that the RFC's own values are of another algorithm; the
    // form is what counts here.
    String answer =
        answerTo(
                "Digest realm=\"api@example.org\", qop=\"auth\", algorithm=SHA-512-256, "
                    + "nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", charset=UTF-8,"
                    + " userhash=true")
            .answer(
                "GET", "/doe.json", "J\u00e4s\u00f8n Doe", "Secret, or not?".toCharArray(), "c", 1);
    assertThat(answer).contains("userhash=true").doesNotContain("Doe");
  }

  @Test
  void nameBeyondAscii_withoutUserhash_extendedForm() {
    String answer =
        answerTo("Digest realm=\"r\", qop=auth, nonce=n")
            .answer("CONNECT", "a:1", "J\u00e4s\u00f8n Doe", "p".toCharArray(), "c", 1);
    assertThat(answer).startsWith("username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, ");
  }

  @Test
  void session_algorithm_mixesTheNoncesIn() {
    // By hand: HA1 = MD5(MD5("u:r:p") ":n:c"), HA2 = MD5("CONNECT:a:1").
    String answer =
        answerTo("Digest realm=r, qop=auth, nonce=n, algorithm=MD5-sess")
            .answer("CONNECT", "a:1", "u", "p".toCharArray(), "c", 2);
    String ha1 = md5(md5("u:r:p") + ":n:c");
    String expected = md5(ha1 + ":n:00000002:c:auth:" + md5("CONNECT:a:1"));
    assertThat(answer).contains("algorithm=MD5-sess").contains("response=\"" + expected + "\"");
  }

  private static String md5(String text) {
    try {
      return java.util.HexFormat.of()
          .formatHex(
              java.security.MessageDigest.getInstance("MD5")
                  .digest(text.getBytes(java.nio.charset.StandardCharsets.UTF_8)));
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void authIntOnly_cannotBeAnswered() {
    Challenge challenge = challenge("Digest realm=r, nonce=n, qop=\"auth-int\"");
    assertThat(DigestAnswer.to(challenge)).isEmpty();
    assertThat(DigestAnswer.problem(challenge)).isEqualTo("Digest with qop auth-int");
  }

  @Test
  void unknownAlgorithm_cannotBeAnswered() {
    Challenge challenge = challenge("Digest realm=r, nonce=n, qop=auth, algorithm=SHA-1");
    assertThat(DigestAnswer.to(challenge)).isEmpty();
    assertThat(DigestAnswer.problem(challenge)).isEqualTo("Digest with algorithm SHA-1");
  }

  @Test
  void quotedCharacters_ofTheRealm_areQuotedAgain() {
    String answer =
        answerTo("Digest realm=\"a \\\"b\\\" \\\\c\", qop=auth, nonce=n")
            .answer("CONNECT", "a:1", "u", "p".toCharArray(), "c", 1);
    assertThat(answer).contains("realm=\"a \\\"b\\\" \\\\c\"");
  }

  private static DigestAnswer answerTo(String field) {
    return DigestAnswer.to(challenge(field)).orElseThrow();
  }

  private static Challenge challenge(String field) {
    return Challenge.parse(List.of(field)).get(0);
  }
}
