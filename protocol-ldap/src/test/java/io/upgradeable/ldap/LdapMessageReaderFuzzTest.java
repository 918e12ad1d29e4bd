package io.upgradeable.ldap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.unboundid.asn1.ASN1Element;
import com.unboundid.asn1.ASN1Enumerated;
import com.unboundid.asn1.ASN1Exception;
import com.unboundid.asn1.ASN1Integer;
import com.unboundid.asn1.ASN1OctetString;
import com.unboundid.asn1.ASN1Sequence;
import io.upgradeable.ldap.LdapMessageReader.Broken;
import io.upgradeable.ldap.LdapMessageReader.Found;
import io.upgradeable.ldap.LdapMessageReader.Partial;
import io.upgradeable.ldap.LdapMessageReader.Whole;
import io.upgradeable.testkit.Split;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * The reader against random bytes, mutated messages among them. It never throws, consumes whole
 * messages or nothing, finds the same however the bytes are cut, and whatever it accepts another
 * reader, UnboundID's, understands alike. What it makes of the content never throws either.
 *
 * <p>A failure names its seed; {@code -Dupgradeable.seed=N} repeats it, and {@code
 * -Dupgradeable.fuzz.runs=N} looks longer:
 *
 * <pre>{@code
 * mvn test -pl protocol-ldap -Dtest=LdapMessageReaderFuzzTest -Dupgradeable.fuzz.runs=10000000
 * }</pre>
 */
class LdapMessageReaderFuzzTest {

  private static final int RUNS = Integer.getInteger("upgradeable.fuzz.runs", 20_000);

  /** Short, so that the limit is met often. */
  private static final LdapMessageReader READER = new LdapMessageReader(300);

  private static final byte[][] MESSAGES = {
    ExtendedRequest.write(1, Oid.START_TLS).toByteArray(),
    Answers.extended(1, LdapResult.of(LdapResultCode.UNWILLING_TO_PERFORM, "not today")),
    Answers.notice(LdapResultCode.UNAVAILABLE, "going down"),
    Answers.whoAmI(0x123456, "dn:cn=anna"),
    Answers.extended(
        7,
        new LdapResult(
            LdapResultCode.REFERRAL, "dc=net", "there", List.of("ldap://a/", "ldap://b/"))),
    BindRequest.simple("cn=anna", new byte[] {1, 2, 3}).write(2).toByteArray(),
    BindRequest.sasl("SCRAM-SHA-256", Optional.of(new byte[] {'n', ','})).write(3).toByteArray(),
    new BindResponse(
            LdapResult.of(LdapResultCode.SASL_BIND_IN_PROGRESS, ""), Optional.of(new byte[] {'r'}))
        .write(3)
        .toByteArray(),
    SearchRequest.ofBase("", List.of("*", "+")).write(4).toByteArray(),
    Answers.entry(4, "", LdapAttribute.of("supportedLDAPVersion", "2", "3")),
    Answers.done(4, Answers.SUCCESS),
    Unbind.write(5).toByteArray(),
    HexFormat.of().parseHex("308400000010020101788400000007" + "0a010004000400"),
    HexFormat.of().parseHex("3011020105" + "4200" + "a00a" + "3008" + "0406312e322e3334"),
  };

  private static final int[] INTERESTING = {
    0x00, 0x01, 0x02, 0x04, 0x0a, 0x1f, 0x30, 0x31, 0x42, 0x60, 0x78, 0x7f, 0x80, 0x81, 0x82, 0x84,
    0x85, 0x87, 0x8a, 0x8b, 0xa0, 0xa3, 0xbf, 0xff
  };

  @Test
  void anyBytes_cutAnywhere_asAnotherReaderSays() {
    long seed = Long.getLong("upgradeable.seed", System.nanoTime());
    long started = System.nanoTime();
    int wholes = 0;
    int brokens = 0;
    for (int run = 0; run < RUNS; run++) {
      Random random = new Random(seed + run);
      byte[] bytes = random.nextInt(8) == 0 ? anything(random) : mutatedMessage(random);
      Found found = check(bytes, random, seed + run);
      wholes += found instanceof Whole ? 1 : 0;
      brokens += found instanceof Broken ? 1 : 0;
    }
    // A generator that makes only one kind would test nothing.
    assertThat(wholes).as("whole messages, seed %d", seed).isGreaterThan(RUNS / 20);
    assertThat(brokens).as("broken messages, seed %d", seed).isGreaterThan(RUNS / 20);
    System.Logger log = System.getLogger(LdapMessageReaderFuzzTest.class.getName());
    log.log(
        System.Logger.Level.INFO,
        "{0} inputs in {1} s: {2} whole, {3} broken, {4} partial",
        RUNS,
        (System.nanoTime() - started) / 1_000_000_000,
        wholes,
        brokens,
        RUNS - wholes - brokens);
  }

  private static Found check(byte[] bytes, Random random, long seed) {
    ByteBuffer input = ByteBuffer.wrap(bytes).asReadOnlyBuffer();
    try {
      Found found = READER.read(input);
      if (found instanceof Whole whole) {
        compare(Arrays.copyOf(bytes, input.position()), whole.message());
        readContent(whole.message());
      } else {
        assertThat(input.position()).isZero();
        checkHope(bytes, found);
      }
      checkCuts(bytes, found, Split.random(random.nextLong()));
      LdapTrace.shown(ByteBuffer.wrap(bytes));
      return found;
    } catch (RuntimeException | ASN1Exception | AssertionError e) {
      return fail("seed %d: %s".formatted(seed, HexFormat.of().formatHex(bytes)), e);
    }
  }

  /** What is accepted, UnboundID's reader understands alike. */
  private static void compare(byte[] bytes, LdapMessage message) throws ASN1Exception {
    ASN1Element[] elements = ASN1Sequence.decodeAsSequence(bytes).elements();
    assertThat(ASN1Integer.decodeAsInteger(elements[0]).intValue()).isEqualTo(message.id());
    assertThat(elements[1].getType() & 0xff).isEqualTo(message.operation().tag());
    byte[] content = new byte[message.content().remaining()];
    message.content().duplicate().get(content);
    assertThat(elements[1].getValue()).isEqualTo(content);
    if (message.operation() == LdapOperation.EXTENDED_RESPONSE) {
      compareResult(elements[1], message);
    }
  }

  private static void compareResult(ASN1Element response, LdapMessage message)
      throws ASN1Exception {
    LdapResult result;
    try {
      result = ExtendedResponse.read(message.reader()).result();
    } catch (BerException refused) {
      return;
    }
    ASN1Element[] parts = ASN1Sequence.decodeAsSequence(response).elements();
    assertThat(ASN1Enumerated.decodeAsEnumerated(parts[0]).intValue())
        .isEqualTo(result.code().value());
    assertThat(ASN1OctetString.decodeAsOctetString(parts[1]).stringValue())
        .isEqualTo(result.matchedDn());
    assertThat(ASN1OctetString.decodeAsOctetString(parts[2]).stringValue())
        .isEqualTo(result.diagnosticMessage());
  }

  /** Whatever reads the content refuses it or reads it, and does nothing else. */
  private static void readContent(LdapMessage message) {
    try {
      switch (message.operation()) {
        case EXTENDED_REQUEST -> ExtendedRequest.read(message.reader());
        case EXTENDED_RESPONSE -> ExtendedResponse.read(message.reader());
        case BIND_REQUEST -> BindRequest.read(message.reader()).close();
        case BIND_RESPONSE -> BindResponse.read(message.reader());
        case SEARCH_REQUEST -> SearchRequest.read(message.reader());
        case SEARCH_RESULT_ENTRY -> new RootDseEntry().add(message);
        case SEARCH_RESULT_DONE -> LdapResult.read(message.reader());
        default -> message.reader().skipRest();
      }
    } catch (BerException refused) {
      // as it may be
    }
  }

  /** What is awaited can still come, and what is given up cannot: by the length alone. */
  private static void checkHope(byte[] bytes, Found found) {
    long announced = announcedLength(bytes);
    boolean waits = announced == 0 || (announced > bytes.length && announced <= READER.maxBytes());
    if (found instanceof Partial) {
      assertThat(waits).as("hopeless, but awaited").isTrue();
    } else {
      assertThat(waits).as("given up too early").isFalse();
    }
  }

  /** The whole message's length; 0 if more bytes are needed to tell, -1 if it is none. */
  private static long announcedLength(byte[] bytes) {
    if (bytes.length == 0) {
      return 0;
    } else if (bytes[0] != 0x30) {
      return -1;
    } else if (bytes.length == 1) {
      return 0;
    }
    int first = bytes[1] & 0xff;
    int more = first < 128 ? 0 : first - 128;
    if (first == 128 || more > 4) {
      return -1;
    } else if (bytes.length < 2 + more) {
      return 0;
    }
    long length = first;
    if (more > 0) {
      length = Long.parseLong(HexFormat.of().formatHex(bytes, 2, 2 + more), 16);
    }
    return 2 + more + length;
  }

  private static void checkCuts(byte[] bytes, Found atOnce, Split split) {
    int delivered = 0;
    Found found = new Partial();
    for (byte[] segment : split.cut(bytes)) {
      delivered += segment.length;
      ByteBuffer input = ByteBuffer.wrap(bytes, 0, delivered).asReadOnlyBuffer();
      found = READER.read(input);
      if (!(found instanceof Partial)) {
        break;
      }
      assertThat(input.position()).isZero();
    }
    if (atOnce instanceof Whole whole && found instanceof Whole cut) {
      assertThat(cut.message().id()).isEqualTo(whole.message().id());
      assertThat(cut.message().content()).isEqualTo(whole.message().content());
      assertThat(cut.message().controls()).isEqualTo(whole.message().controls());
    } else {
      assertThat(found).as("%s", split).isEqualTo(atOnce);
    }
  }

  private static byte[] anything(Random random) {
    byte[] bytes = new byte[1 + random.nextInt(40)];
    random.nextBytes(bytes);
    for (int i = 0; i < bytes.length; i++) {
      if (random.nextInt(3) > 0) {
        bytes[i] = interesting(random);
      }
    }
    bytes[0] = random.nextInt(4) == 0 ? bytes[0] : 0x30;
    return bytes;
  }

  private static byte interesting(Random random) {
    return (byte) INTERESTING[random.nextInt(INTERESTING.length)];
  }

  private static byte[] mutatedMessage(Random random) {
    byte[] bytes = MESSAGES[random.nextInt(MESSAGES.length)].clone();
    int mutations = random.nextInt(4);
    for (int i = 0; i < mutations && bytes.length > 2; i++) {
      bytes = mutated(bytes, random);
    }
    return bytes;
  }

  private static byte[] mutated(byte[] bytes, Random random) {
    int at = random.nextInt(bytes.length);
    switch (random.nextInt(6)) {
      case 0 -> {
        bytes[at] = (byte) random.nextInt(256);
        return bytes;
      }
      case 1 -> {
        bytes[at] = interesting(random);
        return bytes;
      }
      case 2 -> {
        return Arrays.copyOf(bytes, Math.max(1, at));
      }
      case 3 -> {
        byte[] shorter = Arrays.copyOf(bytes, bytes.length - 1);
        System.arraycopy(bytes, at + 1, shorter, at, bytes.length - at - 1);
        shorter[1]--; // mostly the outer length
        return shorter;
      }
      case 4 -> {
        byte[] longer = Arrays.copyOf(bytes, bytes.length + 1);
        System.arraycopy(bytes, at, longer, at + 1, bytes.length - at);
        longer[at] = interesting(random);
        longer[1]++;
        return longer;
      }
      default -> {
        byte[] other = MESSAGES[random.nextInt(MESSAGES.length)];
        byte[] both = Arrays.copyOf(bytes, at + other.length);
        System.arraycopy(other, 0, both, at, other.length);
        return both;
      }
    }
  }
}
