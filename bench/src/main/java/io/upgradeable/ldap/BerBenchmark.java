package io.upgradeable.ldap;

import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** A search result with five attributes of two values each, read through. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class BerBenchmark {

  private final byte[] entry =
      new BerWriter()
          .nested(
              Ber.SEQUENCE,
              attributes -> {
                for (int i = 0; i < 5; i++) {
                  int number = i;
                  attributes.nested(
                      Ber.SEQUENCE,
                      attribute ->
                          attribute
                              .text(Ber.OCTET_STRING, "attribute" + number)
                              .nested(
                                  Ber.SET,
                                  values ->
                                      values
                                          .text(Ber.OCTET_STRING, "1.3.6.1.4.1.1466.20037")
                                          .text(Ber.OCTET_STRING, "a second value")));
                }
              })
          .toByteArray();

  /**
   * All attributes and values as text.
   *
   * @throws BerException never
   */
  @Benchmark
  public int readEntry() throws BerException {
    BerReader attributes = BerReader.of(ByteBuffer.wrap(entry)).nested(Ber.SEQUENCE);
    int length = 0;
    while (attributes.hasMore()) {
      BerReader attribute = attributes.nested(Ber.SEQUENCE);
      length += attribute.text(Ber.OCTET_STRING).length();
      BerReader values = attribute.nested(Ber.SET);
      while (values.hasMore()) {
        length += values.text(Ber.OCTET_STRING).length();
      }
    }
    return length;
  }
}
