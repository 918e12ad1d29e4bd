package io.upgradeable.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * A written table.
 *
 * @param rows its rows
 */
record TableFile(JsonArray rows) {

  static TableFile read(Path file) throws IOException {
    return new TableFile(JsonParser.parseString(Files.readString(file)).getAsJsonArray());
  }

  private Stream<JsonObject> all() {
    return rows.asList().stream().map(JsonElement::getAsJsonObject);
  }

  /** In the order of the table. */
  List<String> contestants() {
    return all().map(row -> row.get("contestant").getAsString()).distinct().toList();
  }

  /** Nothing failed, and one of the columns has a figure that is a rate. */
  void requireWithoutFailures(String... rates) {
    all()
        .forEach(
            row -> {
              JsonObject median = row.get("median").getAsJsonObject();
              assertThat(median.get("failures").getAsDouble()).as("%s", row).isZero();
              assertThat(Stream.of(rates).filter(median::has))
                  .as("%s", row)
                  .isNotEmpty()
                  .allMatch(rate -> median.get(rate).getAsDouble() > 0);
            });
  }
}
