package io.upgradeable.sasl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UserFileTest {

  private static Secret secret(String text) {
    return new Secret(text.toCharArray());
  }

  @Test
  void file_writtenAndRead_knowsItsUsersAndNobodyElse(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("users");
    Files.writeString(
        file, "# mine\n\n" + UserFile.line("alice", secret("p\u00e4ss: word")) + "\n");

    SaslServer server = new SaslServer(UserFile.read(file));

    assertThat(server.verify("alice", secret("p\u00e4ss: word"))).contains("alice");
    assertThat(server.verify("alice", secret("pass: word"))).isEmpty();
    assertThat(server.verify("bob", secret("p\u00e4ss: word"))).isEmpty();
    assertThat(server.verify("", secret(""))).isEmpty();
    assertThat(Files.readString(file)).doesNotContain("word");
  }

  @Test
  void verifier_ofAnotherProgram_isUnderstood() {
    // The example of RFC 7677 in the form in which PostgreSQL would keep it.
    StoredSecret rfc =
        StoredSecret.of(
            secret("pencil"),
            java.util.Base64.getDecoder().decode("W22ZaJ0SNY7soEsUEjb6gQ=="),
            4096);
    assertThat(rfc.toText())
        .isEqualTo(
            "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
                + "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
                + "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=");
    assertThat(StoredSecret.parse(rfc.toText()).toText()).isEqualTo(rfc.toText());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "alice",
        ":SCRAM-SHA-256$4096:AA==$AA==:AA==",
        "alice:secret",
        "alice:SCRAM-SHA-256$1:W22ZaJ0SNY7soEsUEjb6gQ==$AA==:AA==",
        "alice:SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$AA==:AA=="
      })
  void line_ofAnotherForm_refusedWithItsNumberAndNotQuoted(String line) {
    assertThatThrownBy(() -> UserFile.parse(List.of("", line)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("line 2: ")
        .message()
        .doesNotContain("secret");
  }

  @Test
  void user_twice_refused() {
    String line = UserFile.line("alice", secret("x"));
    assertThatThrownBy(() -> UserFile.parse(List.of(line, line)))
        .hasMessageStartingWith("line 2: ");
    assertThatThrownBy(() -> UserFile.line("a:b", secret("x")))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
