package io.upgradeable.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** That every proxy that is there runs, never how fast. */
@Timeout(240)
final class RelayWorkloadTest {

  @Test
  void someMebibytesAndTunnels_eachProxyThatIsThere_passesAll(@TempDir Path folder)
      throws Exception {
    Path json = folder.resolve("relay.json");
    int code =
        new CommandLine(new Bench())
            .execute(
                "relay",
                "--mebibytes=5",
                "--warm-up-mebibytes=1",
                "--set-ups=20",
                "--warm-up-set-ups=2",
                "--tunnels=2",
                "--rounds=1",
                "--json=" + json);
    assertThat(code).isZero();
    TableFile table = TableFile.read(json);
    assertThat(table.contestants()).startsWith("upgradeable", "netty");
    table.requireWithoutFailures("GiB/s", "set-ups/s");
  }
}
