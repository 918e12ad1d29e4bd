package io.upgradeable.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** That every client that is there runs, never how fast. */
@Timeout(240)
final class LdapWorkloadTest {

  @Test
  void someConnections_eachClientThatIsThere_allSucceed(@TempDir Path folder) throws Exception {
    Path json = folder.resolve("ldap.json");
    int code =
        new CommandLine(new Bench())
            .execute(
                "ldap",
                "--connections=10",
                "--warm-up=2",
                "--at-once=2",
                "--rounds=1",
                "--json=" + json);
    assertThat(code).isZero();
    TableFile table = TableFile.read(json);
    assertThat(table.contestants())
        .startsWith("upgradeable openssl", "netty openssl", "upgradeable jdk", "netty jdk")
        .endsWith("unboundid", "apache");
    table.requireWithoutFailures("connections/s");
  }
}
