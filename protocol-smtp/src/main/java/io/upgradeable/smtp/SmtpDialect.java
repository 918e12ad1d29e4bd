package io.upgradeable.smtp;

import io.upgradeable.Layer;

/** The two protocols that share this dialogue. */
public enum SmtpDialect {
  /** SMTP, as a relay or for submission (RFC 5321, RFC 6409): the client says EHLO. */
  SMTP("smtp", "EHLO"),

  /** LMTP, for delivery into mailboxes (RFC 2033): the client says LHLO, and never HELO. */
  LMTP("lmtp", "LHLO");

  private final String layerName;
  private final String hello;

  SmtpDialect(String layerName, String hello) {
    this.layerName = layerName;
    this.hello = hello;
  }

  /** The dialect that a layer speaks. */
  static SmtpDialect of(Layer<?> layer) {
    return layer.name().equals(LMTP.layerName) ? LMTP : SMTP;
  }

  /**
   * Whether a chain line ends at a mail server: what failed there was said by it, or to it, and not
   * by a proxy on the way.
   */
  static boolean isOnTopOf(String path) {
    String top = path.substring(path.lastIndexOf('>') + 1).trim();
    String name = top.split("[+(]", 2)[0];
    return name.equals(SMTP.layerName) || name.equals(LMTP.layerName);
  }

  /** What the layer is called. */
  String layerName() {
    return layerName;
  }

  /** The verb by which a client learns the capabilities. */
  String hello() {
    return hello;
  }
}
