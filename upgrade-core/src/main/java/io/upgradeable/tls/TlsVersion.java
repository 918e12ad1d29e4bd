package io.upgradeable.tls;

/** The versions of TLS that may be spoken. Older ones are not there to be chosen (RFC 8996). */
public enum TlsVersion {
  /** TLS 1.2, RFC 5246. */
  TLS_1_2("TLSv1.2"),
  /** TLS 1.3, RFC 8446. */
  TLS_1_3("TLSv1.3");

  private final String jdkName;

  TlsVersion(String jdkName) {
    this.jdkName = jdkName;
  }

  /**
   * The version as the JDK names it, for instance {@code TLSv1.3}.
   *
   * @return the name
   */
  public String jdkName() {
    return jdkName;
  }

  /** Same as {@link #jdkName()}. */
  @Override
  public String toString() {
    return jdkName;
  }
}
