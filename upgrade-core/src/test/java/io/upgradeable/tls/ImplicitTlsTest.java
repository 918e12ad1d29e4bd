package io.upgradeable.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.Reason;
import io.upgradeable.negotiation.Step;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.negotiation.TlsFacts.Verification;
import io.upgradeable.negotiation.UnreadPolicy;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ImplicitTlsTest {

  private static final Endpoint PEER = Endpoint.of("mail.example.test", 465);
  private static final TlsFacts FACTS =
      new TlsFacts(
          "TLSv1.3",
          "TLS_AES_128_GCM_SHA256",
          Optional.empty(),
          Optional.empty(),
          List.of(),
          List.of(),
          Verification.NOT_VERIFIED,
          Optional.empty(),
          "JDK");

  private final TlsPolicy policy = TlsPolicy.client().insecureTrustAnyone().build();

  @Test
  void client_begin_startsTlsAndRefusesUnreadBytes() {
    Layer<TlsFacts> layer = ImplicitTls.client(PEER, policy);

    assertThat(layer).hasToString("tls(mail.example.test)");
    assertThat(layer.target()).contains(PEER);
    assertThat(layer.tls()).containsSame(policy);
    assertThat(layer.isTunnel()).isFalse();
    assertThat(layer.newNegotiation().begin())
        .isEqualTo(new Step.StartTls<TlsFacts>(Message.empty(), UnreadPolicy.REJECT));
  }

  @Test
  void server_begin_startsTlsWithTheClientHelloThatIsThere() {
    Layer<TlsFacts> layer = ImplicitTls.server(policy);

    assertThat(layer).hasToString("tls");
    assertThat(layer.target()).isEmpty();
    assertThat(layer.newNegotiation().begin())
        .isEqualTo(new Step.StartTls<TlsFacts>(Message.empty(), UnreadPolicy.TLS_RECORD));
  }

  @Test
  void server_withSupplier_asksItEachTime() {
    AtomicInteger asked = new AtomicInteger();
    Layer<TlsFacts> layer =
        ImplicitTls.server(
            () -> {
              asked.incrementAndGet();
              return policy;
            });

    assertThat(layer.tls()).containsSame(policy);
    assertThat(layer.tls()).containsSame(policy);
    assertThat(asked).hasValue(2);
  }

  @Test
  void started_secured_isDoneWithTheFacts() {
    Negotiation<TlsFacts> negotiation = ImplicitTls.client(PEER, policy).newNegotiation();
    negotiation.begin();

    assertThat(negotiation.secured(FACTS)).isEqualTo(Step.done(FACTS));
    assertThat(negotiation.inputClosed()).isEqualTo(Step.fail(Reason.closed()));
  }

  @Test
  void started_plaintext_cannotBeReceived() {
    Negotiation<TlsFacts> negotiation = ImplicitTls.client(PEER, policy).newNegotiation();

    assertThatIllegalStateException().isThrownBy(() -> negotiation.receive(ByteBuffer.allocate(1)));
  }
}
