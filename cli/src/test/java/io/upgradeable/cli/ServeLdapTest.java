package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.unboundid.ldap.sdk.ResultCode;
import io.upgradeable.sasl.Secret;
import io.upgradeable.sasl.UserFile;
import io.upgradeable.testkit.Certificates;
import io.upgradeable.testkit.Script;
import io.upgradeable.testkit.ScriptedPeer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The server command, and the client command that binds to it. */
class ServeLdapTest {

  /** The request of RFC 4511, 4.14.1, in BER: message 1, extended request, OID. */
  private static final byte[] START_TLS =
      "0\u001d\u0002\u0001\u0001w\u0018\u0080\u00161.3.6.1.4.1.1466.20037"
          .getBytes(StandardCharsets.ISO_8859_1);

  private static final Certificates CERTIFICATES = Certificates.create();
  private static final String ANNA = "uid=anna,dc=example,dc=net";
  private static final String PASSWORD = "hunter2 and more";

  @TempDir private Path directory;

  @BeforeEach
  void writeFiles() throws IOException {
    CERTIFICATES.writePem(directory);
    CERTIFICATES.server("localhost").writePem(directory, "server");
    CERTIFICATES.client("berta").writePem(directory, "berta");
    Files.writeString(directory.resolve("password"), PASSWORD + "\n");
    Files.writeString(directory.resolve("wrong"), "wrong\n");
    Files.writeString(directory.resolve("empty"), "\n");
    try (Secret secret = new Secret(PASSWORD.toCharArray())) {
      Files.write(
          directory.resolve("users"),
          List.of("# users", UserFile.line(ANNA, secret), UserFile.line("anna", secret)));
    }
  }

  private String file(String name) {
    return directory.resolve(name).toString();
  }

  private RunningServer serve(String... more) {
    List<String> options =
        new ArrayList<>(List.of("--cert", file("server.crt"), "--key", file("server.key")));
    options.addAll(List.of(more));
    return RunningServer.ldap(options.toArray(String[]::new));
  }

  private Cli ldap(RunningServer server, String... more) {
    List<String> args =
        new ArrayList<>(List.of("ldap", "--cafile", file("ca.crt"), server.target()));
    args.addAll(List.of(more));
    return Cli.run(args.toArray(String[]::new));
  }

  @Test
  void noBind_ldap_briefReportOfAnAnonymousClient() {
    try (RunningServer server = serve()) {
      Cli run = ldap(server, "--whoami").succeeded();

      assertThat(run.out())
          .startsWith("path         tcp(%s) > ldap+tls(localhost)".formatted(server.target()))
          .contains(
              "names      localhost", "29 days left", "root DSE     LDAPv3", "who am I     nobody")
          .doesNotContain("SearchRequest", "bound");
    }
  }

  @Test
  void halfARequestUnderTls_stepTimeout_disconnected() {
    Script script =
        Script.start()
            .startTls()
            .send(Arrays.copyOf(LdapScripts.whoAmIRequest(1), 5))
            .expect(LdapScripts.notice(ResultCode.UNAVAILABLE, "Nothing complete in time, goodbye"))
            .expectClose();
    try (RunningServer server = serve("--tls", "--step-timeout", Patience.BEHIND_A_HANDSHAKE);
        ScriptedPeer client =
            ScriptedPeer.client(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()), script)) {
      client.awaitPlayed(); // It is not so patient as the server's default.
    }
  }

  @Test
  void simpleBind_verbose_boundAndNoSecretAnywhere() {
    try (RunningServer server = serve("--users", file("users"), "-v")) {
      Cli run =
          ldap(server, "-v", "--bind-dn", ANNA, "--password-file", file("password"), "--whoami")
              .succeeded();

      assertThat(run.out())
          .contains(
              "tls   C: BindRequest #2 simple <redacted>",
              "bound        by name and password (simple bind)",
              "who am I     dn:" + ANNA)
          .doesNotContain(PASSWORD, "hunter2");
      assertThat(server.err().await("bound as"))
          .contains(": bound as dn:" + ANNA + " under TLSv1.3 TLS_");
    }
  }

  @Test
  void simpleBind_json_noSecretAnywhere() {
    try (RunningServer server = serve("--user", ANNA, "--password-file", file("password"))) {
      Cli run =
          ldap(
                  server,
                  "-v",
                  "--output",
                  "json",
                  "--bind-dn",
                  ANNA,
                  "--password-file",
                  file("password"))
              .succeeded();

      assertThat(run.out()).doesNotContain("hunter2");
      JsonObject ldap = run.json().getAsJsonObject("ldap");
      assertThat(ldap.get("boundBy").getAsString()).isEqualTo("simple");
      assertThat(ldap.get("whoAmI").isJsonNull()).as("not asked").isTrue();
    }
  }

  @Test
  void wrongPassword_ldap_refusedAndTheRestIsReported() {
    try (RunningServer server = serve("--users", file("users"), "-v")) {
      Cli run =
          ldap(server, "--bind-dn", ANNA, "--password-file", file("wrong"), "--whoami")
              .failed(ExitCode.REFUSED, "expected the response to the bind", "invalidCredentials");

      assertThat(run.out())
          .contains("security     TLS reaches localhost", "root DSE     LDAPv3, Upgradeable")
          .doesNotContain("bound", "who am I", "answers");
      assertThat(server.err().await("bind refused")).contains("invalidCredentials (49)");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'',                  SCRAM-SHA-256-PLUS",
    "--auth=SCRAM-SHA-256, SCRAM-SHA-256",
    "--auth=PLAIN,         PLAIN"
  })
  void user_saslBind_strongestOrAsAsked(String auth, String mechanism) {
    try (RunningServer server = serve("--users", file("users"))) {
      List<String> options =
          new ArrayList<>(
              List.of("-v", "--user", "anna", "--password-file", file("password"), "--whoami"));
      if (!auth.isEmpty()) {
        options.add(auth);
      }
      Cli run = ldap(server, options.toArray(String[]::new)).succeeded();

      assertThat(run.out())
          .contains(
              "BindRequest #3 SASL " + mechanism + "\n",
              "bound        by SASL, " + mechanism + "\n",
              "who am I     u:anna")
          .doesNotContain("hunter2");
    }
  }

  @Test
  void mechanismNotOffered_ldap_refused() {
    try (RunningServer server = serve("--users", file("users"))) {
      ldap(server, "--user", "anna", "--password-file", file("password"), "--auth", "CRAM-MD5")
          .failed(ExitCode.REFUSED, "supportedSASLMechanisms", "none is fit");
    }
  }

  @Test
  void clientCertificate_external_itsSubject() {
    try (RunningServer server =
        serve("--cafile", file("ca.crt"), "--client-auth", "optional", "-v")) {
      Cli run =
          ldap(
                  server,
                  "--cert",
                  file("berta.crt"),
                  "--key",
                  file("berta.key"),
                  "--sasl-external",
                  "--whoami")
              .succeeded();

      assertThat(run.out())
          .contains("  sasl       EXTERNAL,", "bound        by SASL, EXTERNAL", "dn:CN=berta");
      assertThat(server.err().await("bound as")).contains("with client certificate CN=berta");
    }
  }

  @Test
  void noClientCertificate_external_refused() {
    try (RunningServer server = serve()) {
      ldap(server, "--sasl-external").failed(ExitCode.REFUSED, "authMethodNotSupported");
    }
  }

  @Test
  void emptyPassword_ldap_usageAndNothingIsSent() {
    try (RunningServer server = serve("-v")) {
      Cli run =
          ldap(server, "--bind-dn", ANNA, "--password-file", file("empty"))
              .failed(ExitCode.USAGE, "expected a password, got an empty one");

      assertThat(run.out()).isEmpty();
    }
  }

  @Test
  void prohibitedCharacter_ldap_usage() throws IOException {
    Files.writeString(directory.resolve("bell"), "be\u0007ll\n");
    try (RunningServer server = serve()) {
      ldap(server, "--bind-dn", "cn=a\tb\u0000", "--password-file", file("password"))
          .failed(ExitCode.USAGE, "cannot bind");
      ldap(server, "--user", "anna", "--password-file", file("bell"))
          .failed(ExitCode.USAGE, "cannot authenticate");
    }
  }

  @Test
  void insecure_bindNamedRisk_bound() {
    try (RunningServer server = serve("--users", file("users"))) {
      Cli run =
          Cli.run(
              "ldap",
              "--insecure",
              "--insecure-auth-in-plaintext",
              "--bind-dn",
              ANNA,
              "--password-file",
              file("password"),
              server.target());

      assertThat(run.exitCode()).as(run.err()).isZero();
      assertThat(run.err().lines()).hasSize(1);
      assertThat(run.out()).contains("bound        by name and password");
    }
  }

  @Test
  void implicitTls_ldap_bound() {
    try (RunningServer server = serve("--tls", "--users", file("users"))) {
      assertThat(
              ldap(server, "--tls", "--bind-dn", ANNA, "--password-file", file("password"))
                  .succeeded()
                  .out())
          .contains("> tls(localhost) > ldap", "bound        by name");
    }
  }

  @Test
  void tooManyConnections_second_refusedWithTheNotice() throws IOException {
    try (RunningServer server = serve("--max-connections", "1");
        Socket first = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      // An answer says that it is counted: each connection is, by the event loop that it came to.
      first.getOutputStream().write(START_TLS);
      assertThat(first.getInputStream().read()).isEqualTo(START_TLS[0]);
      ldap(server)
          .failed(ExitCode.REFUSED, "busy", "Notice of Disconnection: Too many connections");
    }
  }

  @Test
  void usersFileBroken_serve_usageWithLineNumber() throws IOException {
    Files.writeString(directory.resolve("broken"), "anna:hunter2\n");

    Cli run =
        Cli.run("serve", "ldap", "--self-signed", "--users", file("broken"))
            .failed(ExitCode.USAGE, "broken: line 1: expected SCRAM-SHA-256$");
    assertThat(run.err()).doesNotContain("hunter2");
  }

  @Test
  void printUser_serve_lineThatServes() throws IOException {
    Cli run =
        Cli.run(
                "serve",
                "ldap",
                "--user",
                ANNA,
                "--password-file",
                file("password"),
                "--print-user")
            .succeeded();
    assertThat(run.out()).startsWith(ANNA + ":SCRAM-SHA-256$").doesNotContain("hunter2");
    Files.writeString(directory.resolve("printed"), run.out());

    try (RunningServer server = serve("--users", file("printed"))) {
      ldap(server, "--bind-dn", ANNA, "--password-file", file("password")).succeeded();
    }
  }

  @Test
  void ended_serve_exits0() {
    try (RunningServer server = serve()) {
      assertThat(server.stop()).isZero();
    }
  }
}
