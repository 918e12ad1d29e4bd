package io.upgradeable.sasl;

import java.util.Arrays;

/** A password or a token. It is nowhere printed, and gone once closed. */
public final class Secret implements AutoCloseable {

  private final char[] value;
  private volatile boolean closed;

  /**
   * Takes the array over; {@link #close()} clears it.
   *
   * @param value the characters
   */
  public Secret(char[] value) {
    this.value = value;
  }

  /**
   * A secret without a character, where there is none.
   *
   * @return the empty secret
   */
  public static Secret none() {
    return new Secret(new char[0]);
  }

  /**
   * The characters themselves, not a copy: valid until this is closed.
   *
   * @return the characters; do not change them
   * @throws IllegalStateException if this is closed: what is left would be a wrong password
   */
  public char[] value() {
    if (closed) {
      throw new IllegalStateException("the secret is closed");
    }
    return value;
  }

  /** Clears the characters. */
  @Override
  public void close() {
    closed = true;
    Arrays.fill(value, '\0');
  }

  /** Tells nothing, not even the length. */
  @Override
  public String toString() {
    return "<redacted>";
  }
}
