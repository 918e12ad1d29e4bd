package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.upgradeable.sasl.Secret;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class SecretOptionTest {

  @TempDir private Path directory;

  @Test
  void file_read_firstLineWithoutItsEnd() throws IOException {
    KeyPasswordOption option = fromFile("hunter2é\r\nmore\n");

    try (Secret secret = option.read("x")) {
      assertThat(secret.value()).isEqualTo("hunter2é".toCharArray());
      assertThat(secret).hasToString("<redacted>");
    }
  }

  private KeyPasswordOption fromFile(String content) throws IOException {
    Path file = Files.writeString(directory.resolve("p"), content);
    return option("--key-password-file", file.toString());
  }

  private static KeyPasswordOption option(String... args) {
    return CommandLine.populateCommand(new KeyPasswordOption(), args);
  }

  @Test
  void stdin_read_oneLine() throws IOException {
    InputStream before = System.in;
    try {
      System.setIn(new ByteArrayInputStream("hunter2\nrest".getBytes(StandardCharsets.UTF_8)));
      KeyPasswordOption option = option("--key-password-stdin");

      try (Secret secret = option.read("x")) {
        assertThat(secret.value()).isEqualTo("hunter2".toCharArray());
      }
      assertThat(System.in.read()).as("the rest of stdin is left alone").isEqualTo('r');
    } finally {
      System.setIn(before);
    }
  }

  @Test
  void hugeFile_read_refusedWithoutItsContent() throws IOException {
    KeyPasswordOption option = fromFile("hunter2".repeat(1000));

    assertThatThrownBy(() -> option.read("x"))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("at most 4096 bytes")
        .hasMessageNotContaining("hunter2");
  }

  @Test
  void option_toString_redacted() {
    assertThat(new KeyPasswordOption()).hasToString("<redacted>");
  }
}
