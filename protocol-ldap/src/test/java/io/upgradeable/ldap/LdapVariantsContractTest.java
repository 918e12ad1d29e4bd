package io.upgradeable.ldap;

import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.testkit.Dialogue;
import io.upgradeable.testkit.NegotiationContractTest;
import org.junit.jupiter.api.Nested;

/** The opportunistic client, and the machines over implicit TLS, which have nothing to say. */
class LdapVariantsContractTest {

  @Nested
  class OpportunisticSecured extends NegotiationContractTest<LdapOpportunisticResult> {

    @Override
    protected Negotiation<LdapOpportunisticResult> newNegotiation() {
      return LdapUpgrade.opportunistic();
    }

    @Override
    protected Dialogue dialogue() {
      return Dialogue.resource(getClass(), "dialogues/client-opportunistic-secured.dialogue");
    }

    @Override
    protected Dialogue plaintextVariant() {
      return Dialogue.resource(getClass(), "dialogues/client-good-long-lengths.dialogue");
    }

    @Override
    protected int longestUnread() {
      return LdapMessageReader.CLIENT_PLAINTEXT_BYTES;
    }
  }

  @Nested
  class OpportunisticInPlaintext extends NegotiationContractTest<LdapOpportunisticResult> {

    @Override
    protected Negotiation<LdapOpportunisticResult> newNegotiation() {
      return LdapUpgrade.opportunistic();
    }

    @Override
    protected Dialogue dialogue() {
      return Dialogue.resource(getClass(), "dialogues/client-opportunistic-no-words.dialogue");
    }

    @Override
    protected int longestUnread() {
      return LdapMessageReader.CLIENT_PLAINTEXT_BYTES;
    }
  }

  @Nested
  class ClientOverTls extends NegotiationContractTest<LdapSecured> {

    @Override
    protected Negotiation<LdapSecured> newNegotiation() {
      return LdapUpgrade.overTls();
    }

    @Override
    protected Dialogue dialogue() {
      return Dialogue.parse(
          "nothing",
          """
          dialogue client NONE
          =DONE= LdapSecured[]
          """);
    }
  }

  @Nested
  class ServerOverTls extends NegotiationContractTest<LdapSecured> {

    @Override
    protected Negotiation<LdapSecured> newNegotiation() {
      return LdapServerUpgrade.overTls();
    }

    @Override
    protected Dialogue dialogue() {
      return Dialogue.parse(
          "nothing",
          """
          dialogue server NONE
          =DONE= LdapSecured[]
          """);
    }
  }
}
