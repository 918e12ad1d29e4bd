package io.upgradeable.connect;

import io.upgradeable.negotiation.Message;

/**
 * What a proxy answers. Every refusal closes: nothing that stands behind it is read as a request.
 */
final class ProxyAnswer {

  private ProxyAnswer() {}

  static Message established() {
    return Message.text("HTTP/1.1 200 Connection established\r\n\r\n");
  }

  static Message refusal(int status, String why) {
    String body = why + "\n";
    StringBuilder head = new StringBuilder();
    head.append("HTTP/1.1 ").append(status).append(' ').append(reason(status)).append("\r\n");
    head.append("Content-Type: text/plain; charset=utf-8\r\n");
    head.append("Content-Length: ").append(body.length()).append("\r\n");
    if (status == 405) {
      head.append("Allow: CONNECT\r\n");
    } else if (status == 407) {
      head.append("Proxy-Authenticate: Basic realm=\"proxy\", charset=\"UTF-8\"\r\n");
    }
    head.append("Connection: close\r\n\r\n");
    return Message.text(head + body);
  }

  private static String reason(int status) {
    return switch (status) {
      case 400 -> "Bad Request";
      case 403 -> "Forbidden";
      case 405 -> "Method Not Allowed";
      case 407 -> "Proxy Authentication Required";
      case 408 -> "Request Timeout";
      case 431 -> "Request Header Fields Too Large";
      case 502 -> "Bad Gateway";
      case 503 -> "Service Unavailable";
      case 504 -> "Gateway Timeout";
      case 505 -> "HTTP Version Not Supported";
      default -> throw new IllegalArgumentException("expected a known status, got " + status);
    };
  }
}
