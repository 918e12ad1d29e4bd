package io.upgradeable;

import static org.assertj.core.api.Assertions.assertThat;

import io.upgradeable.internal.StartTlsNow;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.negotiation.UnreadPolicy;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** How far TLS reaches: found by walking the layers from the top. */
final class LayerFactsTest {

  private static final TlsFacts TLS =
      new TlsFacts(
          "TLSv1.3",
          "TLS_AES_128_GCM_SHA256",
          Optional.empty(),
          Optional.empty(),
          List.of(),
          List.of(),
          TlsFacts.Verification.NOT_VERIFIED,
          Optional.empty(),
          "JDK");

  private static LayerFacts layer(boolean tunnel, boolean tls) {
    Layer.Builder<TlsFacts> builder = Layer.of("x", () -> new StartTlsNow(UnreadPolicy.REJECT));
    if (tunnel) {
      builder.tunnel();
    }
    return new LayerFacts(builder.build(), TLS, tls ? Optional.of(TLS) : Optional.empty());
  }

  private static final LayerFacts PLAIN = layer(false, false);
  private static final LayerFacts SECURED = layer(false, true);
  private static final LayerFacts TUNNEL = layer(true, false);
  private static final LayerFacts SECURED_TUNNEL = layer(true, true);

  @Test
  void security_noTls_isPlaintext() {
    assertThat(LayerFacts.security(List.of())).isEqualTo(Security.PLAINTEXT);
    assertThat(LayerFacts.security(List.of(PLAIN, TUNNEL, PLAIN))).isEqualTo(Security.PLAINTEXT);
  }

  @Test
  void security_tlsAboveTheLastTunnel_reachesTheOrigin() {
    assertThat(LayerFacts.security(List.of(SECURED))).isEqualTo(Security.ORIGIN);
    assertThat(LayerFacts.security(List.of(SECURED, PLAIN))).isEqualTo(Security.ORIGIN);
    assertThat(LayerFacts.security(List.of(TUNNEL, SECURED))).isEqualTo(Security.ORIGIN);
    assertThat(LayerFacts.security(List.of(SECURED, TUNNEL, SECURED))).isEqualTo(Security.ORIGIN);
  }

  @Test
  void security_tlsOnlyBelowATunnel_endsAtTheHop() {
    assertThat(LayerFacts.security(List.of(SECURED, TUNNEL))).isEqualTo(Security.HOP_ONLY);
    assertThat(LayerFacts.security(List.of(SECURED_TUNNEL))).isEqualTo(Security.HOP_ONLY);
    assertThat(LayerFacts.security(List.of(SECURED, TUNNEL, PLAIN))).isEqualTo(Security.HOP_ONLY);
  }
}
