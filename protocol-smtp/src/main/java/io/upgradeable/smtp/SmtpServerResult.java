package io.upgradeable.smtp;

import java.util.Objects;

/**
 * What a server has to tell once its client said EHLO under TLS: only what was heard under TLS.
 *
 * @param clientName what the client calls itself, in one word of printable ASCII; nobody checked it
 * @param extended whether the client said EHLO (or LHLO): after HELO it must be spared extensions
 */
public record SmtpServerResult(String clientName, boolean extended) {

  /** Checks the component. */
  public SmtpServerResult {
    Objects.requireNonNull(clientName, "clientName");
  }
}
