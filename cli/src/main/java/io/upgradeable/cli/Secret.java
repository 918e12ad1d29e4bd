package io.upgradeable.cli;

import java.util.Arrays;

/** A password. It is nowhere printed, and gone once closed. */
final class Secret implements AutoCloseable {

  private final char[] value;

  /** Takes the array over; {@link #close()} clears it. */
  Secret(char[] value) {
    this.value = value;
  }

  static Secret none() {
    return new Secret(new char[0]);
  }

  /** The characters themselves, not a copy: valid until this is closed. */
  char[] value() {
    return value;
  }

  @Override
  public void close() {
    Arrays.fill(value, '\0');
  }

  @Override
  public String toString() {
    return "<redacted>";
  }
}
