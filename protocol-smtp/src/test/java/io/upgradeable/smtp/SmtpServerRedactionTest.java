package io.upgradeable.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import io.upgradeable.Endpoint;
import io.upgradeable.UpgradeObserver;
import io.upgradeable.netty.NettyAcceptor;
import io.upgradeable.testkit.Certificates;
import io.upgradeable.tls.TlsPolicy;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SmtpServerRedactionTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          EHLO a                      | EHLO a
          AUTH PLAIN AHUAcA==         | AUTH PLAIN <redacted>
          auth plain AHUAcA==         | AUTH PLAIN <redacted>
          AUTH LOGIN                  | AUTH LOGIN
          AUTH AHUAcA                 | AUTH <redacted>
          AUTH  PLAIN  AHUAcA==       | AUTH PLAIN <redacted>
          AUTH                        | AUTH
          AUTHPLAIN AHUAcA            | <redacted>
          XAUTH AHUAcA                | <redacted>
          MAIL FROM:<a@b> AUTH=<>     | MAIL FROM:<a@b> AUTH=<>
          GET / HTTP/1.1              | GET / HTTP/1.1
          """)
  void anyLine_shown_withoutWhatIsBehindAuth(String line, String shown) {
    assertThat(new SmtpServerRedaction().shownLine(line + "\r\n")).isEqualTo(shown + "\r\n");
  }

  @Test
  void authHeard_linesThatAreNoCommands_redacted() {
    String dialogue = " x\r\n AUTH LOGIN\r\nAUTH LOGIN\r\ndXNlcg==\r\nNOOP\r\ncGFzc3dvcmQ=";

    ByteBuffer shown =
        new SmtpServerRedaction().shown(StandardCharsets.ISO_8859_1.encode(dialogue));

    assertThat(StandardCharsets.ISO_8859_1.decode(shown).toString())
        .isEqualTo(" x\r\n<redacted>\r\nAUTH LOGIN\r\n<redacted>\r\nNOOP\r\n<redacted>");
  }

  @Test
  void server_authInPlaintext_observerHearsNoSecret() throws Exception {
    LinkedBlockingQueue<String> received = new LinkedBlockingQueue<>();
    LinkedBlockingQueue<Throwable> failures = new LinkedBlockingQueue<>();
    UpgradeObserver observer =
        new UpgradeObserver() {
          @Override
          public void received(String path, ByteBuffer bytes) {
            received.add(StandardCharsets.ISO_8859_1.decode(bytes).toString());
          }

          @Override
          public void layerFailed(String path, Throwable cause) {
            failures.add(cause);
          }
        };
    TlsPolicy policy =
        TlsPolicy.server().identity(Certificates.create().server("localhost").identity()).build();
    try (NettyAcceptor acceptor =
            NettyAcceptor.builder()
                .listen(Endpoint.of("127.0.0.1", 0))
                .layer(Smtp.server(() -> policy, TestOptions.SERVER))
                .observer(observer)
                .start();
        Socket client = new Socket(InetAddress.getLoopbackAddress(), acceptor.endpoint().port())) {
      OutputStream out = client.getOutputStream();
      // The last line is refused for its byte, unread: what is told of a failure must hold, too.
      out.write(
          "EHLO a\r\nAUTH PLAIN c2VjcmV0\r\nc2VjcmV0\r\nAUTH PLAIN c2VjcmV0\u00e4\r\n"
              .getBytes(StandardCharsets.ISO_8859_1));

      assertThat(failures.poll(20, TimeUnit.SECONDS)).isNotNull();
      assertThat(received)
          .containsExactly(
              "EHLO a\r\n",
              "AUTH PLAIN <redacted>\r\n",
              "<redacted>\r\n",
              "AUTH PLAIN <redacted>\r\n");
    }
  }
}
