package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The server command's own side; its mail is sent in {@link SmtpMailTest}. */
@Timeout(120)
class ServeSmtpTest {

  @TempDir private Path directory;

  @Test
  void nobodyReadsStdout_ended_saysSoAndEnds() throws Exception {
    String certificate = directory.resolve("ca.crt").toString();
    try (RunningServer server = RunningServer.smtp("--self-signed", "--write-cert", certificate)) {
      server.out().await("certificate pin");
      server.out().leaveUnread();
      Thread client =
          new Thread(
              () ->
                  Cli.run(
                      "smtp",
                      "--cafile",
                      certificate,
                      "--from",
                      "a@example.org",
                      "--to",
                      "b@example.org",
                      server.target()),
              "smtp");
      client.start();
      try {
        server.out().awaitStuck();
        server.interrupt();

        assertThat(server.awaitEnd()).isEqualTo(ExitCode.OTHER.code());
        assertThat(server.err().await("cannot"))
            .isEqualTo("upgrade-cli serve smtp: cannot write to stdout");
      } finally {
        server.out().read();
        client.join();
      }
    }
  }
}
