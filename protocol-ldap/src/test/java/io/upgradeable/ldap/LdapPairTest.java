package io.upgradeable.ldap;

import static org.assertj.core.api.Assertions.assertThat;

import io.upgradeable.testkit.Outcome;
import io.upgradeable.testkit.Split;
import io.upgradeable.testkit.SplitPoints;
import io.upgradeable.testkit.Wire;
import org.junit.jupiter.api.Test;

/** The two machines talk to each other, with their bytes cut at every split point. */
class LdapPairTest {

  /** More than either side says. */
  private static final int LONGEST_STREAM = 64;

  private static final Outcome<LdapSecured> SECURED = new Outcome.Done<>(new LdapSecured(), 0);

  @Test
  void plaintext_bothUpgrade_sameDialogueAtEverySplitPoint() {
    for (Split split : SplitPoints.all(LONGEST_STREAM)) {
      Wire.Talk<LdapSecured, LdapSecured> talk =
          Wire.talk(LdapUpgrade.startTls(), LdapServerUpgrade.startTls(), split);

      assertThat(talk.client()).as("%s", split).isEqualTo(SECURED);
      assertThat(talk.server()).as("%s", split).isEqualTo(SECURED);
      assertThat(talk.transcript()).as("%s", split).hasSize(3).endsWith("=TLS=");
    }
  }

  @Test
  void plaintext_opportunisticClient_securedAtEverySplitPoint() {
    for (Split split : SplitPoints.all(LONGEST_STREAM)) {
      Wire.Talk<LdapOpportunisticResult, LdapSecured> talk =
          Wire.talk(LdapUpgrade.opportunistic(), LdapServerUpgrade.startTls(), split);

      assertThat(talk.client()).as("%s", split).isEqualTo(SECURED);
      assertThat(talk.server()).as("%s", split).isEqualTo(SECURED);
    }
  }

  @Test
  void underTls_bothOverTls_nothingIsSaid() {
    Wire.Talk<LdapSecured, LdapSecured> talk =
        Wire.talk(LdapUpgrade.overTls(), LdapServerUpgrade.overTls(), Split.whole());

    assertThat(talk.client()).isEqualTo(SECURED);
    assertThat(talk.server()).isEqualTo(SECURED);
    assertThat(talk.transcript()).isEmpty();
  }
}
