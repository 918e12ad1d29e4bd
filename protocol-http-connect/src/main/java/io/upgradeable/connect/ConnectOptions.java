package io.upgradeable.connect;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What a client may add to its request for a tunnel. Immutable. */
public final class ConnectOptions {

  /** Nothing but the request itself. */
  public static final ConnectOptions NONE = new ConnectOptions(Optional.empty(), false, List.of());

  /** What the machine says by itself, or what would make a request ambiguous. */
  private static final Set<String> OWN =
      Set.of(
          "host",
          "proxy-authorization",
          "content-length",
          "transfer-encoding",
          "connection",
          "proxy-connection",
          "expect",
          "upgrade",
          "trailer");

  private final Optional<ProxyCredentials> credentials;
  private final boolean overTls;
  private final List<HttpField> fields;

  private ConnectOptions(
      Optional<ProxyCredentials> credentials, boolean overTls, List<HttpField> fields) {
    this.credentials = credentials;
    this.overTls = overTls;
    this.fields = fields;
  }

  /**
   * Answers the proxy's challenges.
   *
   * @param value the credentials of this hop
   * @return the changed copy
   */
  public ConnectOptions withCredentials(ProxyCredentials value) {
    return new ConnectOptions(Optional.of(value), overTls, fields);
  }

  /**
   * Says that the layer stands on TLS with the proxy itself, so that a password or a token may go
   * to it as it is. The machine cannot see what is below it.
   *
   * @return the changed copy
   */
  public ConnectOptions overTls() {
    return new ConnectOptions(credentials, true, fields);
  }

  /**
   * Adds a field to each request.
   *
   * @param name its name
   * @param value its value, ASCII
   * @return the changed copy
   * @throws IllegalArgumentException if the name is no token, the value no single line of ASCII, or
   *     the field one that frames the request or that the machine sends by itself
   */
  public ConnectOptions withField(String name, String value) {
    HttpField field = new HttpField(name, value);
    if (OWN.stream().anyMatch(field::is)) {
      throw new IllegalArgumentException("expected a field that is free to choose, got " + name);
    }
    if (!value.chars().allMatch(c -> c >= ' ' && c <= '~')) {
      throw new IllegalArgumentException("expected printable ASCII as the value of " + name);
    }
    List<HttpField> more = new ArrayList<>(fields);
    more.add(field);
    return new ConnectOptions(credentials, overTls, List.copyOf(more));
  }

  List<HttpField> fields() {
    return fields;
  }

  Optional<ProxyAuthentication> newAuthentication() {
    return credentials.map(c -> new ProxyAuthentication(c, overTls));
  }
}
