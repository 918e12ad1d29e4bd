package io.upgradeable.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import picocli.CommandLine;

final class PlotTest {

  private static Path table(Path folder) throws Exception {
    Table table =
        new Table(
            List.of("connections"),
            List.of("engine"),
            List.of("messages/s"),
            List.of("messages/s"));
    table.add(
        List.of("4"), "upgradeable", Map.of("engine", "OpenSSL"), Map.of("messages/s", 200.0));
    table.add(List.of("4"), "a < b", Map.of(), Map.of("messages/s", 50.0));
    Path file = folder.resolve("some.json");
    table.write(file);
    return file;
  }

  @Test
  void table_isDrawn_aBarForEachAsLongAsItsFigure(@TempDir Path folder) throws Exception {
    int code =
        new CommandLine(new Plot())
            .execute(table(folder).toString(), "--to", folder.toString(), "--document", "none");
    assertThat(code).isZero();
    Document svg =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(
                new ByteArrayInputStream(
                    Files.readString(folder.resolve("some.svg")).getBytes(StandardCharsets.UTF_8)));
    var bars = svg.getElementsByTagName("rect"); // the first is the ground
    assertThat(bars.getLength()).isEqualTo(3);
    double ours =
        Double.parseDouble(bars.item(1).getAttributes().getNamedItem("width").getNodeValue());
    double other =
        Double.parseDouble(bars.item(2).getAttributes().getNamedItem("width").getNodeValue());
    assertThat(ours).isEqualTo(4 * other);
    assertThat(svg.getDocumentElement().getTextContent())
        .contains("a < b", "upgradeable (OpenSSL)");
  }

  @Test
  void document_hasMarks_theTableStandsBetweenThem(@TempDir Path folder) throws Exception {
    Path document = folder.resolve("document.md");
    Files.writeString(document, "before\n<!-- some -->\nold\n<!-- /some -->\nbehind\n");
    new CommandLine(new Plot())
        .execute(
            table(folder).toString(), "--to", folder.toString(), "--document", document.toString());
    assertThat(document)
        .hasContent(
            """
            before
            <!-- some -->
            | case | contestant | messages/s | x messages/s |
            | --- | --- | --- | --- |
            | connections 4 | upgradeable (OpenSSL) | 200 | 1 |
            | connections 4 | a < b | 50 | 0.250 |
            <!-- /some -->
            behind
            """);
  }
}
