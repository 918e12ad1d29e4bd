package io.upgradeable.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The group in a ServerHello that passes by; RFC 8446, 4.1.3, 4.1.4 and 4.2.8. */
final class ServerHelloReaderTest {

  private static final int X25519 = 0x1d;

  /** RFC 8446, 4.1.3: the random that makes a ServerHello a HelloRetryRequest. */
  private static final String RETRY_RANDOM =
      "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c";

  private static void u16(ByteArrayOutputStream out, int value) {
    out.write(value >> 8);
    out.write(value);
  }

  private static byte[] extension(int type, byte[] body) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    u16(out, type);
    u16(out, body.length);
    out.writeBytes(body);
    return out.toByteArray();
  }

  private static byte[] keyShare(int group, int keyLength) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    u16(out, group);
    u16(out, keyLength);
    out.writeBytes(new byte[keyLength]);
    return extension(51, out.toByteArray());
  }

  private static byte[] supportedVersions() {
    return extension(43, new byte[] {3, 4});
  }

  private static byte[] hello(byte[] random, byte[]... extensions) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] extension : extensions) {
      all.writeBytes(extension);
    }
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    u16(body, 0x0303);
    body.writeBytes(random);
    body.write(32);
    body.writeBytes(new byte[32]); // legacy_session_id_echo
    u16(body, 0x1301);
    body.write(0);
    u16(body, all.size());
    body.writeBytes(all.toByteArray());
    return handshake(2, body.toByteArray());
  }

  private static byte[] handshake(int type, byte[] body) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(type);
    out.write(0);
    u16(out, body.length);
    out.writeBytes(body);
    return record(22, out.toByteArray());
  }

  private static byte[] record(int type, byte[] content) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(type);
    u16(out, 0x0303);
    u16(out, content.length);
    out.writeBytes(content);
    return out.toByteArray();
  }

  private static byte[] hello(int group, int keyLength) {
    return hello(new byte[32], supportedVersions(), keyShare(group, keyLength));
  }

  private static Optional<String> groupOf(byte[]... segments) {
    ServerHelloReader reader = new ServerHelloReader();
    for (byte[] segment : segments) {
      ByteBuf bytes = Unpooled.wrappedBuffer(segment);
      reader.look(bytes);
      assertThat(bytes.readableBytes()).as("only looks").isEqualTo(segment.length);
      bytes.release();
    }
    return reader.group();
  }

  @ParameterizedTest
  @CsvSource({
    "0x0017, 65, secp256r1",
    "0x001d, 32, x25519",
    "0x11ec, 1120, X25519MLKEM768",
    "0x7a7a, 1, 0x7a7a"
  })
  void keyShare_isNamed(String group, int keyLength, String name) {
    assertThat(groupOf(hello(Integer.decode(group), keyLength))).contains(name);
  }

  @Test
  void keyShare_beforeOtherExtensions_isFound() {
    assertThat(groupOf(hello(new byte[32], keyShare(X25519, 32), supportedVersions())))
        .contains("x25519");
  }

  @Test
  void helloRetryRequest_itsSelectedGroupIsTheOneThatWillBeUsed() {
    byte[] random = new BigInteger(RETRY_RANDOM, 16).toByteArray();
    byte[] retry =
        hello(
            Arrays.copyOfRange(random, random.length - 32, random.length),
            supportedVersions(),
            extension(51, new byte[] {0, 0x18}));
    byte[] changeCipherSpec = record(20, new byte[] {1});
    assertThat(groupOf(retry, changeCipherSpec, hello(0x18, 97))).contains("secp384r1");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 7, 100})
  void segments_ofAnySize_areTakenTogether(int size) {
    byte[] hello = hello(X25519, 32);
    int count = (hello.length + size - 1) / size;
    byte[][] segments = new byte[count][];
    for (int i = 0; i < count; i++) {
      segments[i] = Arrays.copyOfRange(hello, i * size, Math.min(hello.length, (i + 1) * size));
    }
    assertThat(groupOf(segments)).contains("x25519");
  }

  @Test
  void bytesBehindTheRecord_areOfNoInterest() {
    byte[] hello = hello(X25519, 32);
    byte[] more = Arrays.copyOf(hello, hello.length + 10_000);
    assertThat(groupOf(more, hello(0x17, 65))).contains("x25519");
  }

  @Test
  void withoutKeyShare_isUnknown() {
    assertThat(groupOf(hello(new byte[32]))).isEmpty(); // TLS 1.2
    assertThat(groupOf(hello(new byte[32], supportedVersions()))).isEmpty();
  }

  @Test
  void otherRecordsAndMessages_areUnknown() {
    assertThat(groupOf(record(21, new byte[] {2, 40}))).isEmpty();
    assertThat(groupOf(handshake(1, new byte[100]))).isEmpty();
    assertThat(groupOf(record(22, new byte[0]))).isEmpty();
    assertThat(
            groupOf(
                new byte[0],
                "220 hello, this is no TLS\r\n".repeat(300).getBytes(StandardCharsets.US_ASCII)))
        .isEmpty();
  }

  @Test
  void messageSplitOverRecords_isUnknownAndNoError() {
    byte[] hello = hello(X25519, 32);
    byte[] content = Arrays.copyOfRange(hello, 5, hello.length);
    for (int split = 0; split < content.length; split++) {
      Optional<String> group =
          groupOf(
              record(22, Arrays.copyOf(content, split)),
              record(22, Arrays.copyOfRange(content, split, content.length)));
      assertThat(group.orElse("x25519")).isEqualTo("x25519");
    }
  }

  @Test
  void recordThatNeverEnds_isGivenUp() {
    byte[] claimed = new byte[64 * 1024];
    claimed[0] = 22;
    claimed[3] = 0x40;
    assertThat(groupOf(claimed)).isEmpty();
  }

  @Test
  void anyMutation_neverThrows() {
    Random random = new Random(8446);
    byte[] original = hello(0x11ec, 1120);
    for (int i = 0; i < 20_000; i++) {
      byte[] mutated =
          Arrays.copyOf(
              original,
              random.nextInt(4) == 0 ? random.nextInt(original.length + 50) : original.length);
      int changes = 1 + random.nextInt(4);
      for (int j = 0; j < changes && mutated.length > 0; j++) {
        // The structure is at the front; most of the rest is the key.
        int end = random.nextBoolean() ? Math.min(100, mutated.length) : mutated.length;
        mutated[random.nextInt(end)] = (byte) random.nextInt(256);
      }
      int cut = random.nextInt(mutated.length + 1);
      assertThat(
              groupOf(
                  Arrays.copyOf(mutated, cut), Arrays.copyOfRange(mutated, cut, mutated.length)))
          .isNotNull();
    }
  }
}
