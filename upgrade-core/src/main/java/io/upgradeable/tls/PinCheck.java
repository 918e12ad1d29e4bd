package io.upgradeable.tls;

import io.upgradeable.tls.CertificateProblem.Kind;
import java.security.cert.X509Certificate;
import java.util.List;

/** Whether the peer's own key is one of those that were pinned. */
final class PinCheck {

  private PinCheck() {}

  static void check(List<X509Certificate> chain, List<PublicKeyPin> pins)
      throws CertificateProblem {
    if (pins.isEmpty()) {
      return;
    }
    PublicKeyPin actual = PublicKeyPin.of(chain.get(0));
    if (!pins.contains(actual)) {
      throw new CertificateProblem(
          Kind.PIN_MISMATCH,
          "the certificate's key is %s, expected %s"
              .formatted(
                  actual, pins.size() == 1 ? pins.get(0) : "one of " + pins.size() + " other pins"),
          chain);
    }
  }
}
