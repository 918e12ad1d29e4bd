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
          ping ho:1 st:x                              | expected a port from 0 to 65535, got 'x'
          ping ho --at-once 2                         | expected --at-once with several targets
          ping --at-once 2                            | expected --at-once with several targets
          ping a b --at-once 0                        | expected 1 to 256 for --at-once, got 0
          ping a b --at-once 257                      | expected 1 to 256 for --at-once, got 257
          ping a b -v                                 | expected --output json with -v and several targets
          ping a b --show-certs                       | expected --output json with --show-certs and several targets
          ping a b --no-sni --engine openssl          | expected the JDK engine for TLS without SNI
          ping a b --cafile /does/not/exist           | /does/not/exist
          ping --targets /does/not/exist              | cannot read --targets /does/not/exist: no such file
          ping --targets /                            | cannot read --targets /: it is a directory
          ping --targets /dev/null                    | expected at least one target
          smtp a b --from a@x.example --to b@x.example | expected one target for mail, got several
          smtp a b --count 3                          | expected mail to send with --count
          smtp a b --mx x.example                     | expected targets, or a domain to look up, got both
          smtp a b --user u --password-env NO_SUCH_VARIABLE | NO_SUCH_VARIABLE, which is not set
          smtp --targets - --user u --password-stdin  | expected --password-stdin or --targets -, got both
          ldap a b --bind-dn cn=a --password-file /dev/null | cannot bind: expected a password
          connect a:1 b:1                             | expected --via URL or --proxy-env
          connect a b:1 --via http://p:1              | expected HOST:PORT
          connect a:1 b:1 --via http://p:1 --stdio    | expected one target with --stdio and --listen, got several
          connect a:1 b:1 --via http://p:1 --listen 1 | expected one target with --stdio and --listen, got several
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
          serve smtp --self-signed --user a --users x | expected --users or --user, got both
          serve ldap --self-signed --users /does/not/exist | cannot read --users /does/not/exist: no such file
          serve ldap --self-signed --user a --password-env NO_SUCH_VARIABLE | NO_SUCH_VARIABLE, which is not set
          serve ldap --self-signed --max-connections 0 | expected at least 1
          ldap localhost:0                            | expected a port from 1 to 65535
          ldap --starttls required --tls              | expected --tls or --starttls, got both
          ldap --bind-dn cn=a                         | expected a target to bind to
          ldap --sasl-external                        | expected a target to bind to
          ldap --bind-dn= x.example                   | expected a name for --bind-dn, got an empty one
          ldap --bind-dn cn=a --user b x.example      | expected one of --bind-dn
          ldap --bind-dn cn=a --sasl-external x.example | expected one of --bind-dn
          ldap --bind-dn cn=a --auth PLAIN x.example  | expected one of --bind-dn
          ldap --bind-dn cn=a --insecure x.example    | expected --insecure-auth-in-plaintext as well
          ldap --user a --insecure x.example          | expected --insecure-auth-in-plaintext as well
          ldap --bind-dn cn=a x.example --password-env NO_SUCH_VARIABLE | NO_SUCH_VARIABLE, which is not set
          ldap --sasl-external --password-env X x.example | expected --sasl-external alone
          ldap --password-env X x.example             | expected --bind-dn or --user with a password
          ldap --insecure-auth-in-plaintext x.example | expected --bind-dn or --user with a password
          ldap --auth PLAIN x.example                 | expected --user
          ldap --password hunter2 x.example           | Unknown option
          smtp --stop-after lunch                     | expected one of connect, greeting, ehlo, starttls
          smtp --helo a_b!                            | --helo: expected a domain, or an address in brackets
          ping --via http://p:1                       | expected a target with --via
          ping --proxy-env                            | expected a target with --via
          ping x.example --via p:1                    | --via: expected http://HOST:PORT
          ping x.example --via http://p               | got another host or port
          ping x.example --via ftp://p:21             | got another scheme
          ping x.example --via http://p:1 --proxy-env | expected --via or --proxy-env, got both
          ping x.example --proxy-user bob             | expected --via or --proxy-env with the options of a proxy
          ping x.example --proxy-insecure             | expected --via or --proxy-env with the options of a proxy
          ping x.example --via http://p:1 --proxy-cafile f | expected an https proxy
          ping x.example --via https://p:1 --proxy-cert f | expected --proxy-cert with --proxy-key
          ping x.example --via https://p:1 --proxy-cafile /does/not/exist | /does/not/exist
          ping x.example --via http://a@p:1 --proxy-user bob | expected one proxy whose URL names no user for --proxy-user, got 0
          ping x.example --via http://p:1 --via http://q:1 --proxy-user bob | --proxy-user, got 2
          ping x.example --via http://p:1 --proxy-password-env X | expected one proxy with a user and without a password
          ping x.example --via http://p:1 --proxy-user bob --proxy-password-env NO_SUCH_VARIABLE | NO_SUCH_VARIABLE, which is not set
          ping x.example --via http://bob@p:1         | bob at p:1 needs the proxy's password: give --proxy-password-env
          ping x.example --via http://p:1 --proxy-password hunter2 | Unknown option
          ping x.example --via socks5://bob:x@p       | expected --proxy-insecure-auth-in-plaintext as well
          ping x.example --via https://bob:x@p:1 --proxy-insecure | with --proxy-insecure anybody may get the password
          ping [::1] --via socks4a://p                | no way through the proxies
          connect x.example:1                         | expected --via URL or --proxy-env
          connect x.example --via http://p:1          | expected HOST:PORT
          connect --stdio --via http://p:1            | expected a target with --stdio
          connect --via http://p:1                    | expected a target with --via
          connect --listen 1                          | expected a target with --stdio and --listen
          connect x:1 --via http://p:1 --stdio --listen 1 | expected --stdio or --listen, got both
          connect x:1 --via http://p:1 --stdio --output json | expected --output json without
          connect x:1 --via http://p:1 --listen a:b:c | --listen: expected brackets
          connect x:1 --via http://p:1 --listen 70000 | --listen: expected a port
          connect x:1 --via http://p:1 --listen 1 --max-connections 0 | at least 1 for --max-connections
          connect x:1 --via http://p:1 --tls --no-tls | expected --tls or --no-tls, got both
          connect x:1 --via http://p:1 --starttls required | --starttls makes no sense for connect
          connect x:1 --via http://b@p:1 --stdio --proxy-password-stdin | expected --proxy-password-stdin or --stdio
          connect x:1 --via http://p:1 --stdio --tls --cert c.p12 --key-password-stdin | expected --key-password-stdin or --stdio
          connect x:1 --via http://b@p:1 --cert c.p12 --key-password-stdin --proxy-password-stdin | expected one secret on stdin, got --key-password-stdin and --proxy-password-stdin
          smtp x:1 --user u --password-stdin --cert c.p12 --key-password-stdin | expected one secret on stdin
          connect x:1 --via http://p:1 --listen 0 --tls --engine openssl --no-sni | expected the JDK engine for TLS without SNI
          serve connect --allow 1                     | --allow: expected HOST:PORT
          serve connect --allow-port 80               | expected --allow-public with --allow-port
          serve connect --allow-public --allow-port 0 | expected a port from 1 to 65535
          serve connect --allow a:1 --listen 0.0.0.0:0 | expected --users for a proxy that others can reach
          serve connect --allow a:1 --self-signed     | expected --tls with --self-signed
          serve connect --allow a:1 --tls             | expected --cert FILE with --key FILE, or --self-signed
          serve connect --print-user                  | expected --user with --print-user
          serve connect --users /does/not/exist       | cannot read --users /does/not/exist: no such file
          serve connect --users f --user b --password-env X | expected --users or --user, got both
          serve connect --password-env X              | expected --user with a password
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
    int code = new Program(new PrintWriter(broken), new PrintWriter(err, true)).run(args);
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
