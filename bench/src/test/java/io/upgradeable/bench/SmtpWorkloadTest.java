package io.upgradeable.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
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

/** That the workload runs and counts, never how fast. */
@Timeout(600)
final class SmtpWorkloadTest {

  @Test
  void fewMessages_eachTransfer_allAreAcceptedAndTold(@TempDir Path folder) throws Exception {
    Path json = folder.resolve("smtp.json");
    int code =
        new CommandLine(new Bench())
            .execute(
                "smtp",
                "--messages=20",
                "--warm-up=2",
                "--connections=2",
                "--rounds=2",
                "--turns=1",
                "--size=1000",
                "--json=" + json);
    assertThat(code).isZero();
    JsonArray rows = JsonParser.parseString(Files.readString(json)).getAsJsonArray();
    List<String> contestants = new ArrayList<>();
    for (var element : rows) {
      JsonObject row = element.getAsJsonObject();
      contestants.add(row.get("contestant").getAsString());
      assertThat(row.get("rounds").getAsJsonArray()).hasSize(2);
      JsonObject median = row.get("median").getAsJsonObject();
      assertThat(median.get("failures").getAsDouble()).as(contestants.toString()).isZero();
      assertThat(median.get("messages/s").getAsDouble()).isPositive();
    }
    // smtplib and smtp-source take part where the machine has them, and are told of where not.
    assertThat(contestants)
        .contains(
            "upgradeable DATA",
            "upgradeable BDAT",
            "Angus Mail",
            "Vert.x mail client",
            "NioSmtpClient");
  }

  /** Such a message is made while it is sent, and must be as long as was told. */
  @Test
  void largeMessage_isAccepted(@TempDir Path folder) {
    int code =
        new CommandLine(new Bench())
            .execute(
                "smtp",
                "--messages=1",
                "--warm-up=0",
                "--connections=1",
                "--rounds=1",
                "--only=upgradeable",
                "--size=20000000",
                "--json=" + folder.resolve("smtp.json"));
    assertThat(code).isZero();
  }

  @Test
  void wrongOption_isAUsageError() {
    assertThat(new CommandLine(new Bench()).execute("smtp", "--transfer=pigeon")).isEqualTo(2);
  }
}
