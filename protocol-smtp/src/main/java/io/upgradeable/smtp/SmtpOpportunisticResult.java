package io.upgradeable.smtp;

import java.util.Objects;
import java.util.Optional;

/**
 * How an opportunistic upgrade went. The two ways share nothing on purpose: nothing that was heard
 * in plaintext can be taken for an {@link SmtpResult}.
 */
public sealed interface SmtpOpportunisticResult {

  /**
   * What the server offers, under TLS or in plaintext: a session can be held with it, but who would
   * know what it is worth asks which of the two it is.
   *
   * @return the capabilities of the last reply to EHLO
   */
  SmtpCapabilities capabilities();

  /**
   * The connection is under TLS.
   *
   * @param result what was heard under TLS
   */
  record Secured(SmtpResult result) implements SmtpOpportunisticResult {
    /** Checks the component. */
    public Secured {
      Objects.requireNonNull(result, "result");
    }

    @Override
    public SmtpCapabilities capabilities() {
      return result.capabilities();
    }
  }

  /**
   * The connection is in plaintext: everybody on the way may read and change what goes over it, and
   * may have changed this.
   *
   * @param serverName what the server calls itself; empty if it does not say
   * @param capabilities what the server seems to offer
   * @param refusal the server's refusal of STARTTLS; empty if it did not offer it
   */
  record InPlaintext(String serverName, SmtpCapabilities capabilities, Optional<SmtpReply> refusal)
      implements SmtpOpportunisticResult {
    /** Checks the components. */
    public InPlaintext {
      Objects.requireNonNull(serverName, "serverName");
      Objects.requireNonNull(capabilities, "capabilities");
      Objects.requireNonNull(refusal, "refusal");
    }
  }
}
