package io.upgradeable.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.upgradeable.Endpoint;
import io.upgradeable.UpgradeableServer;
import io.upgradeable.UpgradeableStreams;
import io.upgradeable.negotiation.UnreadPolicy;
import io.upgradeable.testkit.Certificates;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The README's example: compiled, run, and the same to the letter as what the README shows. */
final class ReadmeExampleTest {

  private static final String INDENT = "    ";

  private static List<String> talk(Endpoint server, TlsPolicy policy) throws IOException {
    List<String> heard = new ArrayList<>();
    // README begins
    try (var streams = UpgradeableStreams.builder().tls(policy).build();
        var stream = streams.open(server)) {
      stream.write("PING\n");
      heard.add(stream.readLine().orElseThrow()); // PONG, in plaintext

      stream.write("STARTTLS\n");
      var tls = stream.startTls(); // same stream, encrypted from here on
      heard.add(tls.protocol()); // TLSv1.3

      stream.write("PING\n");
      heard.add(stream.readLine().orElseThrow()); // PONG, under TLS
      stream.write("QUIT\n");
    }
    // README ends
    return heard;
  }

  private static UpgradeableServer serve(UpgradeableStreams streams) throws IOException {
    // README server begins
    UpgradeableServer server =
        streams.serve(
            Endpoint.parse("127.0.0.1:0"),
            stream -> {
              for (var line = stream.readLine(); line.isPresent(); line = stream.readLine()) {
                switch (line.get()) {
                  case "PING" -> stream.write("PONG\n");
                  case "STARTTLS" -> stream.startTls(UnreadPolicy.TLS_RECORD);
                  default -> {
                    return; // closes the stream
                  }
                }
              }
            });
    // README server ends
    return server;
  }

  @Test
  void example_run_talksInPlaintextAndThenUnderTls() throws IOException {
    Certificates certificates = Certificates.create();
    TlsPolicy serverPolicy =
        TlsPolicy.server().identity(certificates.server("127.0.0.1").identity()).build();
    TlsPolicy clientPolicy = TlsPolicy.client().trust(certificates.authorities()).build();
    try (UpgradeableStreams streams = UpgradeableStreams.builder().tls(serverPolicy).build();
        UpgradeableServer server = serve(streams)) {
      assertThat(talk(server.endpoint(), clientPolicy)).containsExactly("PONG", "TLSv1.3", "PONG");
    }
  }

  @Test
  void example_ofReadme_isThisVeryCode() throws IOException {
    String readme = Files.readString(Path.of("..", "README.md"));
    assertThat(readme).contains(region("README begins", "README ends"));
    assertThat(readme).contains(region("README server begins", "README server ends"));
  }

  private static String region(String begin, String end) throws IOException {
    List<String> source =
        Files.readAllLines(Path.of("src/test/java/io/upgradeable/it/ReadmeExampleTest.java"));
    int from = source.indexOf(INDENT + "// " + begin) + 1;
    int to = source.indexOf(INDENT + "// " + end);
    StringBuilder text = new StringBuilder();
    for (String line : source.subList(from, to)) {
      text.append(line.startsWith(INDENT) ? line.substring(INDENT.length()) : line).append('\n');
    }
    return text.toString();
  }
}
