package io.upgradeable.ldap;

import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.testkit.Dialogue;
import io.upgradeable.testkit.NegotiationContractTest;

class LdapUpgradeContractTest extends NegotiationContractTest<LdapSecured> {

  @Override
  protected Negotiation<LdapSecured> newNegotiation() {
    return LdapUpgrade.startTls();
  }

  @Override
  protected Dialogue dialogue() {
    return Dialogue.resource(getClass(), "dialogues/client-good.dialogue");
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
