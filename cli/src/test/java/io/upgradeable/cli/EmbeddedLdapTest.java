package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The newcomer's first directory server. */
class EmbeddedLdapTest {

  @Test
  void noTarget_ldap_showsWholeDialogue() {
    Cli run = Cli.run("ldap").succeeded();

    assertThat(run.out())
        .containsSubsequence(
            "embedded server on 127.0.0.1:",
            "plain C: ExtendedRequest #1 StartTLS",
            "plain S: ExtendedResponse #1 success",
            "TLS handshake",
            "TLS is on: TLSv1.3 TLS_",
            "tls   C: SearchRequest #1",
            "tls   S: SearchResultEntry #1",
            "tls   S: SearchResultDone #1 success",
            "tls   C: BindRequest #2 simple <redacted>",
            "tls   S: BindResponse #2 success",
            "tls   C: ExtendedRequest #3 Who am I?",
            "tls   S: ExtendedResponse #3 success",
            "tls   C: UnbindRequest #4",
            "> ldap+tls(localhost)",
            "security     TLS reaches localhost",
            "certificate  CN=upgrade-cli throw-away certificate",
            "hours left",
            "root DSE     LDAPv3, Upgradeable",
            "  sasl       SCRAM-SHA-256-PLUS, SCRAM-SHA-256, PLAIN",
            "  extensions Who am I?, StartTLS",
            "  features   All Operational Attributes",
            "bound        by name and password (simple bind)",
            "who am I     dn:uid=alice,dc=example,dc=org",
            "ldap         answers under TLS");
  }

  @Test
  void noTarget_implicitTls_nothingInPlaintext() {
    Cli run = Cli.run("ldap", "--tls").succeeded();

    assertThat(run.out())
        .contains("> tls(localhost) > ldap", "tls   C: BindRequest #2", "  extensions Who am I?\n")
        .doesNotContain("plain ", "StartTLS");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--starttls=required", "--starttls=opportunistic", "--tls"})
  void noTarget_insecure_bindsAllTheSame(String way) {
    Cli run = Cli.run("ldap", "--insecure", way);

    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.err()).contains("warning: --insecure accepts any certificate");
    assertThat(run.out()).contains("who am I     dn:uid=alice,dc=example,dc=org");
  }

  @Test
  void noTarget_json_whatTheServerTellsAndWhoWeAre() {
    JsonObject json = Cli.run("ldap", "--output", "json").succeeded().json();

    assertThat(json.get("command").getAsString()).isEqualTo("ldap");
    assertThat(json.get("security").getAsString()).isEqualTo("origin");
    JsonObject ldap = json.getAsJsonObject("ldap");
    assertThat(ldap.keySet())
        .containsExactly("startTlsRefusal", "rootDse", "rootDseRefusal", "boundBy", "whoAmI");
    assertThat(ldap.get("startTlsRefusal").isJsonNull()).isTrue();
    assertThat(ldap.get("rootDseRefusal").isJsonNull()).isTrue();
    assertThat(ldap.get("boundBy").getAsString()).isEqualTo("simple");
    assertThat(ldap.get("whoAmI").getAsString()).isEqualTo("dn:uid=alice,dc=example,dc=org");
    JsonObject rootDse = ldap.getAsJsonObject("rootDse");
    assertThat(rootDse.keySet())
        .containsExactly(
            "ldapVersions",
            "vendorName",
            "vendorVersion",
            "namingContexts",
            "saslMechanisms",
            "extensions",
            "controls",
            "features",
            "attributes");
    assertThat(rootDse.get("ldapVersions").toString()).isEqualTo("[3]");
    assertThat(rootDse.get("vendorName").getAsString()).isEqualTo("Upgradeable");
    assertThat(rootDse.get("vendorVersion").isJsonNull()).isTrue();
    assertThat(rootDse.get("extensions").toString())
        .isEqualTo(
            "[{\"oid\":\"1.3.6.1.4.1.4203.1.11.3\",\"name\":\"Who am I?\"},"
                + "{\"oid\":\"1.3.6.1.4.1.1466.20037\",\"name\":\"StartTLS\"}]");
    assertThat(rootDse.getAsJsonObject("attributes").get("objectClass").toString())
        .isEqualTo("[\"top\"]");
    assertThat(json.getAsJsonArray("dialogue").toString()).contains("BindRequest #2");
  }
}
