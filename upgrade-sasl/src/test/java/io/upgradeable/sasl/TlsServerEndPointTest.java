package io.upgradeable.sasl;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The digests are those that {@code openssl dgst} makes of the same files. */
class TlsServerEndPointTest {

  @ParameterizedTest
  @CsvSource({
    "rsa-md5, ce3d2b0df9b21c170704cda71be19116ceb320314ea1b63e864210b75bd5627e",
    "rsa-sha1, 03d85e96b79630cee6456e68f9733ac47b5b90dfff8b4743201b2ed10d193a0f",
    "rsa-sha256, 186d8fbf864aedfce7d4eb43a94ed8811394f3e67f442bb6df0bf2417e6978aa",
    "ecdsa-sha384, 1bb81684d7f092800d5d584ebd4dcbcbee1fab64ad3d8eba4b7f6aa68dd95c3bd6710270b607141d763599faf7a492e8",
    "rsa-pss-sha512, b528d064cb989f38b5bb488a836970d6002b46ba3748f5f6d2569dec0d9fd83644032625b89d77acef355fd8f5359239160d9ac97e5bf0f1cd8bc1fefaddc914",
    "ecdsa-sha3-256, 7e306b04af2d5ca33b0210eb42abcda72a6bfcc1b841075f10714addbc4bbaad"
  })
  void certificate_hashedBySignatureHash_atLeastSha256(String name, String digest) {
    assertThat(TlsServerEndPoint.of(Fixtures.certificate(name)))
        .hasValue(HexFormat.of().parseHex(digest));
  }

  @Test
  void signatureWithoutHash_bound_nothing() {
    assertThat(TlsServerEndPoint.of(Fixtures.certificate("ed25519"))).isEmpty();
  }
}
