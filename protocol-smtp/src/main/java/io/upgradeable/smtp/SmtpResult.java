package io.upgradeable.smtp;

import java.util.Objects;

/**
 * What a client has to tell once its connection is under TLS: only what was heard under TLS. What
 * was learned in plaintext never gets into this type; see {@link SmtpOpportunisticResult}.
 *
 * @param serverName what the server calls itself in its reply to EHLO; empty if it does not say
 * @param capabilities what the server offers under TLS
 */
public record SmtpResult(String serverName, SmtpCapabilities capabilities) {

  /** Checks the components. */
  public SmtpResult {
    Objects.requireNonNull(serverName, "serverName");
    Objects.requireNonNull(capabilities, "capabilities");
  }
}
