package io.upgradeable.it.ldap;

import static org.assertj.core.api.Assertions.assertThat;

import io.upgradeable.Connection;
import io.upgradeable.Endpoint;
import io.upgradeable.it.ContainerTest;
import io.upgradeable.it.HostClients;
import io.upgradeable.ldap.LdapServer;
import io.upgradeable.ldap.LdapServerObserver;
import io.upgradeable.sasl.SaslUsers;
import io.upgradeable.sasl.Secret;
import io.upgradeable.sasl.StoredSecret;
import io.upgradeable.testkit.Certificates;
import io.upgradeable.testkit.Certificates.Issued;
import io.upgradeable.tls.ClientAuthentication;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.testcontainers.containers.Container.ExecResult;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.images.builder.Transferable;

/** Our server, and OpenLDAP's clients, which insist on TLS ({@code -ZZ}) and on its name. */
@ContainerTest
@Timeout(60)
final class LdapClientsIT {

  /** OpenLDAP's clients look for another name than {@code localhost} in certificates. */
  private static final String NAME = "ldap.example.test";

  private static final String ANNA = "uid=anna,dc=example,dc=net";
  private static final String PASSWORD = "correct horse";
  private static final Certificates CERTIFICATES = Certificates.create();
  private static final int CONFIDENTIALITY_REQUIRED = 13;
  private static final int INVALID_CREDENTIALS = 49;

  @RegisterExtension
  private static final HostClients CLIENTS =
      new HostClients("slapd", CERTIFICATES, LdapClientsIT::prepare);

  private static void prepare(GenericContainer<?> container) {
    container
        .withExtraHost(NAME, "127.0.0.1")
        .withEnv("LDAPTLS_CACERT", "/certificates/ca.crt")
        .withEnv("LDAPTLS_REQSAN", "demand");
    Issued berta = CERTIFICATES.client("berta");
    try {
      Path directory = Files.createTempDirectory("identity");
      berta.writePem(directory, "berta");
      for (String name : List.of("berta.crt", "berta.key")) {
        Path file = directory.resolve(name);
        container.withCopyToContainer(
            Transferable.of(Files.readAllBytes(file)), "/certificates/" + name);
        Files.delete(file);
      }
      Files.delete(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static LdapServer.Builder server(Certificates certificates, String name) {
    TlsPolicy policy =
        TlsPolicy.server()
            .identity(certificates.server(name).identity())
            .trust(CERTIFICATES.authorities())
            .clientAuthentication(ClientAuthentication.OPTIONAL)
            .build();
    StoredSecret stored = StoredSecret.of(new Secret(PASSWORD.toCharArray()));
    return LdapServer.builder()
        .listen(Endpoint.of("127.0.0.1", 0))
        .threads(1)
        .tls(() -> policy)
        .users(SaslUsers.of(Map.of(ANNA, stored, "anna", stored)));
  }

  private static LdapServer.Builder server() {
    return server(CERTIFICATES, NAME);
  }

  private static String[] command(LdapServer server, String program, String... more) {
    List<String> command =
        new ArrayList<>(
            List.of(program, "-H", "ldap://%s:%d".formatted(NAME, server.endpoint().port())));
    command.addAll(List.of(more));
    return command.toArray(String[]::new);
  }

  @Test
  void ldapSearch_startTls_readsTheRootDse() throws Exception {
    try (LdapServer server = server().start()) {
      String entry =
          CLIENTS.run(
              command(server, "ldapsearch", "-ZZ", "-x", "-LLL", "-s", "base", "-b", "", "*", "+"));

      assertThat(entry.lines())
          .contains(
              "dn:",
              "objectClass: top",
              "supportedLDAPVersion: 3",
              "supportedExtension: 1.3.6.1.4.1.4203.1.11.3",
              "supportedExtension: 1.3.6.1.4.1.1466.20037",
              "supportedSASLMechanisms: SCRAM-SHA-256",
              "vendorName: Upgradeable");
    }
  }

  @Test
  void ldapSearch_implicitTls_readsTheRootDse() throws Exception {
    try (LdapServer server = server().implicitTls().start()) {
      String entry =
          CLIENTS.run(
              "ldapsearch",
              "-H",
              "ldaps://%s:%d".formatted(NAME, server.endpoint().port()),
              "-x",
              "-LLL",
              "-s",
              "base",
              "-b",
              "",
              "vendorName");

      assertThat(entry.strip().lines()).containsExactly("dn:", "vendorName: Upgradeable");
    }
  }

  @Test
  void ldapSearch_withoutStartTls_confidentialityRequired() throws Exception {
    try (LdapServer server = server().start()) {
      ExecResult ran =
          CLIENTS.tryToRun(command(server, "ldapsearch", "-x", "-s", "base", "-b", ""));

      assertThat(ran.getExitCode()).isEqualTo(CONFIDENTIALITY_REQUIRED);
      assertThat(ran.getStderr()).contains("Expected StartTLS first");
    }
  }

  @ParameterizedTest
  @CsvSource({"SCRAM-SHA-256, u:anna", "PLAIN, u:anna"})
  void ldapWhoAmI_sasl_bound(String mechanism, String identity) throws Exception {
    try (LdapServer server = server().start()) {
      assertThat(
              CLIENTS.run(
                  command(
                      server, "ldapwhoami", "-ZZ", "-Y", mechanism, "-U", "anna", "-w", PASSWORD)))
          .isEqualTo(identity + "\n");
    }
  }

  @ParameterizedTest
  @CsvSource({"-x -D " + ANNA, "-Y SCRAM-SHA-256 -U anna"})
  void ldapWhoAmI_wrongPassword_invalidCredentials(String how) throws Exception {
    List<String> more = new ArrayList<>(List.of("-ZZ", "-w", "wrong"));
    more.addAll(List.of(how.split(" ")));
    try (LdapServer server = server().start()) {
      ExecResult ran = CLIENTS.tryToRun(command(server, "ldapwhoami", more.toArray(String[]::new)));

      assertThat(ran.getExitCode()).as(ran.toString()).isEqualTo(INVALID_CREDENTIALS);
    }
  }

  @Test
  void ldapWhoAmI_simpleBindAndNoBind_boundAndAnonymous() throws Exception {
    try (LdapServer server = server().start()) {
      assertThat(
              CLIENTS.run(command(server, "ldapwhoami", "-ZZ", "-x", "-D", ANNA, "-w", PASSWORD)))
          .isEqualTo("dn:" + ANNA + "\n");
      assertThat(CLIENTS.run(command(server, "ldapwhoami", "-ZZ", "-x"))).isEqualTo("anonymous\n");
    }
  }

  @Test
  void ldapWhoAmI_clientCertificate_external() throws Exception {
    try (LdapServer server = server().start()) {
      List<String> command =
          new ArrayList<>(
              List.of(
                  "env",
                  "LDAPTLS_CERT=/certificates/berta.crt",
                  "LDAPTLS_KEY=/certificates/berta.key"));
      command.addAll(List.of(command(server, "ldapwhoami", "-ZZ", "-Y", "EXTERNAL")));

      assertThat(CLIENTS.run(command.toArray(String[]::new))).isEqualTo("dn:CN=berta\n");
    }
  }

  @Test
  void certificateOfAStrangerOrForAnother_clientSaysNothing() throws Exception {
    List<LdapServer.Builder> builders =
        List.of(server(Certificates.create(), NAME), server(CERTIFICATES, "stranger.test"));
    List<String> binds = new CopyOnWriteArrayList<>();
    LdapServerObserver observer =
        new LdapServerObserver() {
          @Override
          public void bound(Connection connection, String authorizationId) {
            binds.add(authorizationId);
          }
        };
    for (LdapServer.Builder builder : builders) {
      try (LdapServer server = builder.bindObserver(observer).start()) {
        ExecResult ran =
            CLIENTS.tryToRun(
                command(server, "ldapwhoami", "-ZZ", "-x", "-D", ANNA, "-w", PASSWORD));

        assertThat(ran.getExitCode()).isNotZero();
        assertThat(ran.getStderr()).contains("ldap_start_tls: Connect error");
      }
    }
    assertThat(binds).isEmpty();
  }
}
