package io.upgradeable.connect;

import io.upgradeable.Endpoint;
import java.util.List;
import java.util.Optional;

/** The rules of a request for a tunnel (RFC 9110, 9.3.6, and RFC 9112), stricter than they ask. */
final class RequestLine {

  private RequestLine() {}

  /** What a request asks for, or the status that refuses it. */
  sealed interface Checked {}

  /** A well-formed request for a tunnel. */
  record Tunnel(Endpoint target) implements Checked {}

  /** A request that gets no tunnel, whoever asks. */
  record Refused(int status, String why) implements Checked {}

  static Checked check(HttpHead head) {
    String[] parts = head.startLine().split(" ", -1);
    if (parts.length != 3) {
      return new Refused(400, "the request line has not three parts");
    }
    if (!parts[2].equals("HTTP/1.1") && !parts[2].equals("HTTP/1.0")) {
      boolean http = parts[2].matches("HTTP/[0-9]\\.[0-9]");
      return new Refused(http ? 505 : 400, "the version is not HTTP/1.1");
    }
    if (!parts[0].equals("CONNECT")) {
      return new Refused(405, "only CONNECT is served here");
    }
    Optional<Endpoint> target = target(parts[1]);
    if (target.isEmpty()) {
      return new Refused(400, "the target is not HOST:PORT");
    }
    return checkFields(head.fields(), target.get(), parts[2].equals("HTTP/1.1"));
  }

  /** RFC 9112, 3.2.3: host and port, and nothing else. */
  private static Optional<Endpoint> target(String text) {
    try {
      Endpoint target = Endpoint.parse(text);
      boolean reachable = target.port() > 0 && target.host().indexOf('%') < 0;
      return reachable ? Optional.of(target) : Optional.empty();
    } catch (IllegalArgumentException other) {
      return Optional.empty();
    }
  }

  private static Checked checkFields(List<HttpField> fields, Endpoint target, boolean needsHost) {
    if (!HttpField.values(fields, "Transfer-Encoding").isEmpty()) {
      return new Refused(400, "CONNECT has no body, and so no Transfer-Encoding");
    }
    List<String> lengths = HttpField.values(fields, "Content-Length");
    if (!lengths.isEmpty() && !lengths.equals(List.of("0"))) {
      return new Refused(400, "CONNECT has no body, and so no Content-Length");
    }
    List<String> hosts = HttpField.values(fields, "Host");
    if (hosts.size() > 1 || (needsHost && hosts.isEmpty())) {
      return new Refused(400, "there is not one Host");
    }
    if (!hosts.isEmpty() && !isHost(hosts.get(0))) {
      return new Refused(400, "Host is not HOST or HOST:PORT");
    }
    if (HttpField.values(fields, "Proxy-Authorization").size() > 1) {
      return new Refused(400, "there is more than one Proxy-Authorization");
    }
    return new Tunnel(target);
  }

  /**
   * Host decides nothing, the target does, and nothing of the request is handed on. Some clients
   * leave the port out, and proxytunnel names the proxy.
   */
  private static boolean isHost(String text) {
    try {
      Endpoint.parse(text, 0);
      return true;
    } catch (IllegalArgumentException other) {
      return false;
    }
  }
}
