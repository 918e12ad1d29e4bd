package io.upgradeable.tls;

import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.internal.StartTlsNow;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.negotiation.UnreadPolicy;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * TLS without a word before it, as a layer like any other: on port 465 or 636, to a proxy, or
 * inside another TLS.
 */
public final class ImplicitTls {

  private static final String NAME = "tls";

  private ImplicitTls() {}

  /**
   * The client's side. A server has nothing to say before our ClientHello, so whatever is unread by
   * then fails the connection.
   *
   * @param peer the server, which its certificate must name
   * @param policy how
   * @return the layer {@code tls}
   */
  public static Layer<TlsFacts> client(Endpoint peer, TlsPolicy policy) {
    return Layer.of(NAME, () -> new StartTlsNow(UnreadPolicy.REJECT))
        .target(peer)
        .tls(policy)
        .build();
  }

  /**
   * The server's side. The client speaks first, and its ClientHello may already be there.
   *
   * @param policy how
   * @return the layer {@code tls}
   */
  public static Layer<TlsFacts> server(TlsPolicy policy) {
    Objects.requireNonNull(policy, "policy");
    return server(() -> policy);
  }

  /**
   * The server's side, with a policy that may be replaced while the server runs.
   *
   * @param policy gives the policy in force, quickly and without blocking; see {@link
   *     ReloadableTlsPolicy}
   * @return the layer {@code tls}
   */
  public static Layer<TlsFacts> server(Supplier<TlsPolicy> policy) {
    return Layer.of(NAME, () -> new StartTlsNow(UnreadPolicy.TLS_RECORD)).tls(policy).build();
  }
}
