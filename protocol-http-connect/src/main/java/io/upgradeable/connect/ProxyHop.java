package io.upgradeable.connect;

import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.sasl.Secret;
import io.upgradeable.tls.ImplicitTls;
import io.upgradeable.tls.TlsPolicy;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * One proxy on the way, as a URL says it: {@code http://proxy:3128}, {@code
 * https://alice@proxy:3129}, {@code socks5://proxy}, {@code socks4a://proxy}. Any number of them,
 * bottom to top, make a stack that leads to a target. Immutable.
 *
 * <p>Each hop has a TLS policy and credentials of its own. With {@code https}, TLS ends at the
 * proxy, whose certificate must have the proxy's name; what the layers above put into the tunnel is
 * the target's.
 */
public final class ProxyHop {

  /** How a proxy is spoken to. */
  public enum Scheme {
    /** CONNECT in plaintext. */
    HTTP,
    /** CONNECT under TLS with the proxy. */
    HTTPS,
    /** SOCKS 5; {@code socks5} and {@code socks5h} are the same here: the proxy resolves. */
    SOCKS5,
    /** SOCKS 4a. */
    SOCKS4A
  }

  private static final String FORMS =
      "expected http://HOST:PORT, https://HOST:PORT, socks5://HOST[:PORT] or socks4a://HOST[:PORT]";

  private final Scheme scheme;
  private final Endpoint endpoint;
  private final Optional<String> user;
  private final Optional<ProxyCredentials> credentials;
  private final boolean passwordInUrl;
  private final Optional<TlsPolicy> tls;

  private ProxyHop(
      Scheme scheme,
      Endpoint endpoint,
      Optional<String> user,
      Optional<ProxyCredentials> credentials,
      boolean passwordInUrl,
      Optional<TlsPolicy> tls) {
    this.scheme = scheme;
    this.endpoint = endpoint;
    this.user = user;
    this.credentials = credentials;
    this.passwordInUrl = passwordInUrl;
    this.tls = tls;
  }

  /**
   * Reads a URL. A user stands before an {@code @}, percent-encoded where need be. A password
   * behind it is taken too, but whoever can see the URL has it: {@link #hasPasswordInUrl} tells,
   * for a program that reads it from where others can look.
   *
   * @param url the URL
   * @return the hop
   * @throws IllegalArgumentException if it has another form; the text does not quote what could be
   *     a password
   */
  public static ProxyHop parse(String url) {
    int colon = url.indexOf("://");
    if (colon < 0) {
      throw new IllegalArgumentException(FORMS + ", got no scheme");
    }
    String name = url.substring(0, colon).toLowerCase(Locale.ROOT);
    Scheme scheme =
        switch (name) {
          case "http" -> Scheme.HTTP;
          case "https" -> Scheme.HTTPS;
          case "socks5", "socks5h" -> Scheme.SOCKS5;
          case "socks4a" -> Scheme.SOCKS4A;
          case "socks", "socks4" ->
              throw new IllegalArgumentException(
                  FORMS
                      + ", got "
                      + name
                      + ": say socks5 or socks4a, which resolve names remotely");
          default -> throw new IllegalArgumentException(FORMS + ", got another scheme");
        };
    String rest = url.substring(colon + 3);
    if (rest.endsWith("/")) {
      rest = rest.substring(0, rest.length() - 1);
    }
    int at = rest.lastIndexOf('@');
    Optional<String> userInfo = at < 0 ? Optional.empty() : Optional.of(rest.substring(0, at));
    String authority = rest.substring(at + 1);
    if (authority.chars().anyMatch(c -> c == '/' || c == '?' || c == '#')) {
      throw new IllegalArgumentException(FORMS + ", got something behind the port");
    }
    boolean socks = scheme == Scheme.SOCKS5 || scheme == Scheme.SOCKS4A;
    Endpoint endpoint = endpoint(authority, socks ? Socks.DEFAULT_PORT : -1);
    return new ProxyHop(
            scheme, endpoint, Optional.empty(), Optional.empty(), false, Optional.empty())
        .withUserInfo(userInfo);
  }

  /** Whoever forgets the {@code @} has his password where a port is looked for: not quoted. */
  private static Endpoint endpoint(String authority, int defaultPort) {
    Endpoint endpoint;
    try {
      endpoint = Endpoint.parse(authority, defaultPort);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(FORMS + ", got another host or port");
    }
    if (endpoint.port() == 0) {
      throw new IllegalArgumentException(FORMS + ", got port 0");
    }
    return endpoint;
  }

  private ProxyHop withUserInfo(Optional<String> userInfo) {
    if (userInfo.isEmpty()) {
      return this;
    }
    int colon = userInfo.get().indexOf(':');
    String name = decoded(colon < 0 ? userInfo.get() : userInfo.get().substring(0, colon));
    if (name.isEmpty() || name.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException("expected a user's name before the @ of a proxy");
    }
    Optional<ProxyCredentials> inUrl =
        colon < 0
            ? Optional.empty()
            : Optional.of(
                ProxyCredentials.password(
                    name, new Secret(decoded(userInfo.get().substring(colon + 1)).toCharArray())));
    return new ProxyHop(scheme, endpoint, Optional.of(name), inUrl, inUrl.isPresent(), tls);
  }

  private static String decoded(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    byte[] out = new byte[bytes.length];
    int length = 0;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] != '%') {
        out[length++] = bytes[i];
        continue;
      }
      int high = i + 2 < bytes.length ? Character.digit(bytes[i + 1], 16) : -1;
      int low = high >= 0 ? Character.digit(bytes[i + 2], 16) : -1;
      if (low < 0) {
        throw new IllegalArgumentException("expected two hexadecimal digits behind a %");
      }
      out[length++] = (byte) (high * 16 + low);
      i += 2;
    }
    return new String(out, 0, length, StandardCharsets.UTF_8);
  }

  /**
   * The same hop with credentials for it, in place of those of the URL.
   *
   * @param value the credentials
   * @return the changed copy
   */
  public ProxyHop withCredentials(ProxyCredentials value) {
    return new ProxyHop(scheme, endpoint, user, Optional.of(value), false, tls);
  }

  /**
   * The same hop, whose credentials may leave as they are where it has no TLS of its own ({@link
   * ProxyCredentials#evenInPlaintext}).
   *
   * @return the less careful copy
   */
  public ProxyHop withCredentialsEvenInPlaintext() {
    return new ProxyHop(
        scheme,
        endpoint,
        user,
        credentials.map(ProxyCredentials::evenInPlaintext),
        passwordInUrl,
        tls);
  }

  /**
   * The same hop with a TLS policy for it; the JDK's trust store and the proxy's name unless
   * called.
   *
   * @param policy how TLS with the proxy is to be
   * @return the changed copy
   * @throws IllegalStateException if this is no {@code https} proxy
   */
  public ProxyHop withTls(TlsPolicy policy) {
    if (scheme != Scheme.HTTPS) {
      throw new IllegalStateException("expected an https proxy for a TLS policy, got " + this);
    }
    return new ProxyHop(scheme, endpoint, user, credentials, passwordInUrl, Optional.of(policy));
  }

  /**
   * How the proxy is spoken to.
   *
   * @return the scheme
   */
  public Scheme scheme() {
    return scheme;
  }

  /**
   * Where the proxy is.
   *
   * @return host and port
   */
  public Endpoint endpoint() {
    return endpoint;
  }

  /**
   * The user that the URL named.
   *
   * @return the name, if there was one
   */
  public Optional<String> user() {
    return user;
  }

  /**
   * Whether a password stood in the URL, and nothing took its place since.
   *
   * @return true if it did
   */
  public boolean hasPasswordInUrl() {
    return passwordInUrl;
  }

  /**
   * The way through proxies to a target.
   *
   * @param via the proxies, the nearest first; none for a direct connection
   * @param target where the last tunnel leads
   * @return the stack; what comes on top of it speaks to the target
   * @throws IllegalArgumentException if one of the proxies cannot reach the next by its name
   */
  public static LayerStack stack(List<ProxyHop> via, Endpoint target) {
    LayerStack stack = LayerStack.tcp(via.isEmpty() ? target : via.get(0).endpoint);
    for (int i = 0; i < via.size(); i++) {
      ProxyHop hop = via.get(i);
      if (hop.scheme == Scheme.HTTPS) {
        TlsPolicy policy = hop.tls.orElseGet(() -> TlsPolicy.client().build());
        stack = stack.then(ImplicitTls.client(hop.endpoint, policy));
      }
      stack = stack.then(hop.tunnel(i + 1 < via.size() ? via.get(i + 1).endpoint : target));
    }
    return stack;
  }

  private Layer<?> tunnel(Endpoint next) {
    return switch (scheme) {
      case HTTP -> HttpConnect.client(next, options());
      case HTTPS -> HttpConnect.client(next, options().overTls());
      case SOCKS5 ->
          credentials.isPresent() ? Socks.version5(next, credentials.get()) : Socks.version5(next);
      case SOCKS4A -> Socks.version4a(next, user.orElse(""));
    };
  }

  private ConnectOptions options() {
    return credentials.map(ConnectOptions.NONE::withCredentials).orElse(ConnectOptions.NONE);
  }

  /** The URL without user and password. */
  @Override
  public String toString() {
    return scheme.name().toLowerCase(Locale.ROOT) + "://" + endpoint;
  }
}
