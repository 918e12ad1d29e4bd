package io.upgradeable.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

@Timeout(600)
final class StartupWorkloadTest {

  /**
   * Programs take part where the machine has them, and are told of where not. Ours does not: the
   * distribution of this checkout is not built before this module is tested.
   */
  @Test
  void oneRound_allWhoTakePart_reachTheServer(@TempDir Path folder) throws Exception {
    Path json = folder.resolve("startup.json");
    int code =
        new CommandLine(new Bench())
            .execute(
                "startup",
                "--rounds=1",
                "--targets=2",
                "--warm=4",
                "--at-once=2",
                "--json=" + json);
    assertThat(code).isZero();
    List<String> contestants = new ArrayList<>();
    for (JsonElement element : JsonParser.parseString(Files.readString(json)).getAsJsonArray()) {
      JsonObject row = element.getAsJsonObject();
      contestants.add(row.get("contestant").getAsString());
      JsonObject median = row.get("median").getAsJsonObject();
      assertThat(median.get("failures").getAsDouble()).as(contestants.toString()).isZero();
    }
    assertThat(contestants).isNotEmpty();
  }
}
