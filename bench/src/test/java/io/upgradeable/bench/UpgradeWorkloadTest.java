package io.upgradeable.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** That the workloads on ping run and count, never how fast or how small. */
@Timeout(600)
final class UpgradeWorkloadTest {

  private static final List<String> FOUR = List.of("upgradeable", "netty", "vertx", "asyncio");

  @TempDir private Path folder;

  private List<JsonObject> run(int code, String... args) throws Exception {
    Path json = folder.resolve("table.json");
    List<String> all = new ArrayList<>(Arrays.asList(args));
    all.addAll(List.of("--rounds=1", "--json=" + json));
    assertThat(new CommandLine(new Bench()).execute(all.toArray(String[]::new))).isEqualTo(code);
    JsonArray rows = JsonParser.parseString(Files.readString(json)).getAsJsonArray();
    return rows.asList().stream().map(JsonElement::getAsJsonObject).toList();
  }

  private static String contestant(JsonObject row) {
    return row.get("contestant").getAsString();
  }

  private static double median(JsonObject row, String column) {
    return row.getAsJsonObject("median").get(column).getAsDouble();
  }

  @Test
  void fewUpgrades_eachContestant_noneFails() throws Exception {
    List<JsonObject> rows =
        run(0, "upgrade", "--units=20", "--warm-up=10", "--at-once=4", "--engine=OPENSSL");
    assertThat(rows).extracting(UpgradeWorkloadTest::contestant).startsWith("upgradeable", "netty");
    for (JsonObject row : rows) {
      assertThat(median(row, "failures")).as(contestant(row)).isZero();
      assertThat(median(row, "upgrades/s")).as(contestant(row)).isPositive();
    }
    assertThat(rows.get(0).getAsJsonObject("facts").get("group").getAsString())
        .isEqualTo("X25519MLKEM768");
  }

  @Test
  void clientHelloInTheSegmentOfStartTls_ourServers_takeIt() throws Exception {
    List<JsonObject> rows =
        run(
            0,
            "upgrade",
            "--units=8",
            "--warm-up=2",
            "--at-once=4",
            "--early-hello",
            "--only=upgradeable|netty");
    assertThat(rows).hasSize(4);
    for (JsonObject row : rows) {
      assertThat(median(row, "failures")).as(contestant(row)).isZero();
    }
  }

  @Test
  void otherGroups_areOfferedAndTaken() throws Exception {
    List<JsonObject> rows =
        run(0, "upgrade", "--units=4", "--warm-up=1", "--engine=OPENSSL", "--groups=x25519");
    assertThat(rows).extracting(UpgradeWorkloadTest::contestant).isEqualTo(FOUR.subList(0, 2));
    assertThat(rows.get(0).getAsJsonObject("facts").get("group").getAsString()).isEqualTo("x25519");
  }

  @Test
  void fewIdleConnections_eachContestant_allAreHeld() throws Exception {
    List<JsonObject> rows = run(0, "idle", "--connections=50", "--warm-up=10", "--engine=OPENSSL");
    assertThat(rows).extracting(UpgradeWorkloadTest::contestant).startsWith("upgradeable", "netty");
    for (JsonObject row : rows) {
      assertThat(median(row, "failures")).as(contestant(row)).isZero();
      assertThat(row.getAsJsonObject("median").has("server KiB")).isTrue();
    }
  }
}
