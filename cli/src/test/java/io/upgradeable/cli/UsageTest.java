package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.upgradeable.testkit.Certificates;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** Whatever the user gets wrong is one line that says what was expected, and exit code 2. */
class UsageTest {

  private static final Certificates CERTIFICATES = Certificates.create();

  @TempDir private Path directory;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ping localhost:70000                        | expected a port from 0 to 65535, got '70000'
          ping localhost:0                            | expected a port from 1 to 65535
          ping localhost:                             | expected a port
          ping ::1                                    | expected brackets around an IPv6 address
          ping 2001:db8::1:10001                      | expected brackets around an IPv6 address
          ping [::1                                   | no closing ]
          ping ho st                                  | Unmatched argument
          ping -bogus                                 | Unknown option
          ping --timeot 5s                            | did you mean --timeout?
          ping --timeout 5                            | expected a time with its unit
          ping --timeout 0s                           | expected a time with its unit
          ping --timeout 999999999m                   | expected at most 10080m (7 days), got '999999999m'
          ping --timeout 604800001ms                  | expected at most 10080m
          serve ping --self-signed --reload-interval 604801s | expected at most 10080m
          generate-completion --bogus                 | Unknown option: '--bogus'
          ping --connect-timeout 1h                   | expected a time with its unit
          ping --tls-min 1.1                          | expected 1.2 or 1.3
          ping --tls-min 1.3 --tls-max 1.2            | TLS version
          ping --engine schannel                      | --engine': expected one of auto, jdk, openssl, got 'schannel'
          ping --output xml                           | --output': expected one of text, json, got 'xml'
          ping --starttls maybe                       | expected one of required, opportunistic, got 'maybe'
          ping --starttls opportunistic               | no way to say that it has no TLS
          ping --starttls required --tls              | expected --tls or --starttls, got both
          ping --servername a.example --no-sni        | expected --servername or --no-sni
          ping --servername 192.0.2.1                 | expected a DNS name
          ping --pin sha256//short                    | the pin is
          ping --cafile /does/not/exist               | /does/not/exist
          ping --capath /does/not/exist               | /does/not/exist
          ping --cert c.pem                           | expected --key with --cert
          ping --key k.pem                            | expected --cert with --key
          ping --cert c.p12 --key k.pem               | PKCS#12 holds the key
          ping --cert c.p12                           | needs the key's password: give --key-password-env
          ping --cert c.p12 --key-password-env NO_SUCH_VARIABLE | NO_SUCH_VARIABLE, which is not set
          ping --cert c.p12 --key-password-file /does/not/exist | /does/not/exist: no such file
          ping --cert c.p12 --key-password-stdin --key-password-env X | expected one of
          ping --key-password hunter2                 | Unknown option
          ping --color sometimes                      | --color': expected one of auto, always, never, got 'sometimes'
          serve ping                                  | expected --cert FILE with --key FILE, or --self-signed
          serve ping --self-signed --cert c --key k   | got both
          serve ping --write-cert f --cert c --key k  | --write-cert with --self-signed
          serve ping --self-signed --listen a:b:c     | expected brackets
          serve ping --self-signed --max-connections 0 | expected at least 1
          serve ping --self-signed --max-connections many | many
          serve ping --self-signed --client-auth required | trusts no authority
          serve ping --self-signed --write-cert /does/not/exist/x | /does/not/exist/x: no such file or directory
          serve smtpx                                 | smtpx
          smtp localhost:0                            | expected a port from 1 to 65535
          smtp --starttls required --tls              | expected --tls or --starttls, got both
          smtp --stop-after starttls --tls            | there is no STARTTLS then
          smtp x.example --from a@x.example           | got no --to
          smtp x.example --to a@x.example             | got no --from
          smtp --from a --to b@x.example              | --from: 'a' is no address
          smtp x.example --from a@x.example --to b@x.example,c | --to: 'c' is no address
          smtp --from a@x.example --to b@x.example --message m --body x | got both
          smtp --from a@x.example --to b@x.example --body x --body-file y | got both
          smtp --from <> --to b@x.example             | such mail has no author
          smtp --from a@x.example --to b@x.example --message /does/not/exist | cannot read --message /does/not/exist: no such file
          smtp --from a@x.example --to b@x.example --attach / | it is a directory
          smtp --from a@x.example --to b@x.example --stop-after ehlo | got both
          smtp x.example --count 3                    | expected mail to send with --count
          smtp --count 0                              | at least 1 for --count
          smtp --connections 3                        | --connections with --count
          smtp --count 3 -v                           | expected -v or --count
          smtp --count 3 --message -                  | stdin is read once
          smtp --user bob                             | expected a target with --user
          smtp x.example --password-env X             | expected --user
          smtp x.example --user b --password-env X --token-env Y | got both
          smtp x.example --user b --auth NTLM         | expected one of SCRAM-SHA-256-PLUS
          smtp x.example --user b --insecure          | expected --insecure-auth-in-plaintext as well
          smtp x.example --stop-after rcpt            | expected --from and --to with --stop-after
          smtp x.example --stop-after mail --from a@x.example | got no --to
          smtp --stop-after rcpt --count 3            | expected --stop-after, or --count
          smtp x.example --stop-after auth            | expected --user with --stop-after auth
          smtp x.example --password hunter2           | Unknown option
          smtp x.example --mx y.example               | expected a target, or a domain to look up
          smtp --mx x.example --dns no-such-host.invalid | --dns: expected an address
          smtp --dns 127.0.0.1                        | --dns with --mx
          serve smtp --self-signed --fail lunch=550   | --fail: expected one of greeting
          serve smtp --self-signed --fail rcpt=nonsense | --fail: expected a reply code
          serve smtp --self-signed --discard --to-stdout | expected one of --to-stdout
          serve smtp --self-signed --max-size 0       | at least 1 for --max-size
          serve smtp --self-signed --password-env X   | expected --user with a password
          smtp --stop-after lunch                     | expected one of connect, greeting, ehlo, starttls
          smtp --helo a_b!                            | --helo: expected a domain, or an address in brackets
          bogus                                       | bogus
          """)
  void badOption_run_oneLineAndExit2(String commandLine, String expected) {
    Cli run = Cli.run(commandLine.split(" ")).failed(ExitCode.USAGE, expected);

    assertThat(run.out()).isEmpty();
  }

  @Test
  void emptyAuthorityFile_ping_oneLine() throws IOException {
    Path empty = Files.createFile(directory.resolve("empty.pem"));

    Cli.run("ping", "--cafile", empty.toString()).failed(ExitCode.USAGE, empty.toString(), "empty");
  }

  @Test
  void textForAuthorityFile_ping_oneLine() throws IOException {
    Path text = Files.writeString(directory.resolve("text.pem"), "hello\n");

    Cli.run("ping", "--cafile", text.toString()).failed(ExitCode.USAGE, text.toString());
  }

  @Test
  void unreadableKey_ping_oneLine() throws IOException {
    CERTIFICATES.client("me").writePem(directory, "me");
    Path key = Files.createDirectory(directory.resolve("key-that-is-a-directory"));

    Cli.run("ping", "--cert", directory.resolve("me.crt").toString(), "--key", key.toString())
        .failed(ExitCode.USAGE, key.toString());
  }

  @Test
  void directoryForPassword_ping_oneLineWithoutClassName() {
    Cli run =
        Cli.run("ping", "--cert", "c.p12", "--key-password-file", directory.toString())
            .failed(ExitCode.USAGE, directory + ": it is a directory");

    assertThat(run.err()).doesNotContain("Exception");
  }

  @Test
  void sevenDays_timeout_accepted() {
    Cli.run("ping", "--timeout", "10080m").succeeded();
  }

  @Test
  void upperCaseWord_output_accepted() {
    Cli.run("ping", "--output", "JSON").succeeded().json();
  }

  @Test
  void bugWhileReporting_ping_oneLineAndTraceOnlyIfAskedFor() {
    String bug = "upgrade-cli ping: internal error: java.lang.IllegalStateException: broken";

    assertThat(runWithBrokenOutput("ping"))
        .startsWith("1 " + bug)
        .satisfies(err -> assertThat(err.lines()).hasSize(1));
    assertThat(runWithBrokenOutput("ping", "--stacktrace"))
        .startsWith("1 " + bug)
        .contains("\tat io.upgradeable.cli.");
  }

  private static String runWithBrokenOutput(String... args) {
    Writer broken =
        new Writer() {
          @Override
          public void write(char[] buffer, int offset, int length) {
            throw new IllegalStateException("broken");
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    StringWriter err = new StringWriter();
    CommandLine commandLine = UpgradeCli.commandLine(args);
    commandLine.setOut(new PrintWriter(broken)).setErr(new PrintWriter(err, true));
    int code = commandLine.execute(args);
    return code + " " + err;
  }

  @Test
  void encryptedKeyWithoutPassword_ping_saysHowToGiveIt() throws IOException {
    CERTIFICATES.client("me").writePem(directory, "me");
    Path key =
        Files.writeString(
            directory.resolve("locked.key"), "-----BEGIN ENCRYPTED PRIVATE KEY-----\n");

    Cli.run("ping", "--cert", file("me.crt"), "--key", key.toString())
        .failed(ExitCode.USAGE, "locked.key needs the key's password", "--key-password-file");
  }

  @Test
  void keyOfAnother_ping_oneLine() {
    CERTIFICATES.client("me").writePem(directory, "me");
    CERTIFICATES.client("you").writePem(directory, "you");

    Cli.run("ping", "--cert", file("me.crt"), "--key", file("you.key"))
        .failed(ExitCode.USAGE, "you.key", "does not belong to");
  }

  @Test
  void keyOfAnother_serve_oneLine() {
    CERTIFICATES.server("localhost").writePem(directory, "me");
    CERTIFICATES.server("localhost").writePem(directory, "you");

    Cli.run("serve", "ping", "--cert", file("me.crt"), "--key", file("you.key"))
        .failed(ExitCode.USAGE, "you.key", "does not belong to");
  }

  @Test
  void unusableTarget_json_stillADocument() {
    JsonObject json =
        Cli.run("ping", "--output", "json", "localhost:70000").failed(ExitCode.USAGE).json();

    assertThat(json.get("target").getAsString()).isEqualTo("localhost:70000");
    assertThat(json.get("exitCode").getAsInt()).isEqualTo(2);
    assertThat(json.getAsJsonObject("error").get("kind").getAsString()).isEqualTo("Usage");
    assertThat(json.get("path").isJsonNull()).isTrue();
  }

  @Test
  void targetWithEscapes_ping_escaped() {
    Cli run = Cli.run("ping", "local\u001b[2Jhost").failed(ExitCode.USAGE, "\\x1b[2J");

    assertThat(run.err()).doesNotContain("\u001b");
  }

  private String file(String name) {
    return directory.resolve(name).toString();
  }
}
