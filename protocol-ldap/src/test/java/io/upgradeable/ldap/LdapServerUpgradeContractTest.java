package io.upgradeable.ldap;

import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.testkit.Dialogue;
import io.upgradeable.testkit.NegotiationContractTest;

class LdapServerUpgradeContractTest extends NegotiationContractTest<LdapSecured> {

  @Override
  protected Negotiation<LdapSecured> newNegotiation() {
    return LdapServerUpgrade.startTls();
  }

  @Override
  protected Dialogue dialogue() {
    return Dialogue.resource(getClass(), "dialogues/server-good.dialogue");
  }

  @Override
  protected Dialogue plaintextVariant() {
    return Dialogue.resource(getClass(), "dialogues/server-bind-before-tls.dialogue");
  }

  @Override
  protected int longestUnread() {
    return LdapMessageReader.SERVER_PLAINTEXT_BYTES;
  }
}
