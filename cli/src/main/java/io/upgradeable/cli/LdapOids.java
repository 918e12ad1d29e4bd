package io.upgradeable.cli;

import java.util.Map;
import java.util.Optional;

/** What people call the extensions, controls and features that directories commonly have. */
final class LdapOids {

  private static final Map<String, String> NAMES =
      Map.ofEntries(
          // Extended operations.
          Map.entry("1.3.6.1.4.1.1466.20037", "StartTLS"), // RFC 4511
          Map.entry("1.3.6.1.4.1.4203.1.11.1", "Modify Password"), // RFC 3062
          Map.entry("1.3.6.1.4.1.4203.1.11.3", "Who am I?"), // RFC 4532
          Map.entry("1.3.6.1.1.8", "Cancel"), // RFC 3909
          Map.entry("1.3.6.1.4.1.1466.101.119.1", "Refresh"), // RFC 2589
          Map.entry("1.3.6.1.1.21.1", "Start Transaction"), // RFC 5805
          Map.entry("1.3.6.1.1.21.3", "End Transaction"), // RFC 5805
          Map.entry("1.2.840.113556.1.4.1781", "Fast Concurrent Bind"), // Active Directory
          // Controls.
          Map.entry("1.2.840.113556.1.4.319", "Paged Results"), // RFC 2696
          Map.entry("1.2.840.113556.1.4.473", "Sort Request"), // RFC 2891
          Map.entry("1.2.840.113556.1.4.474", "Sort Response"), // RFC 2891
          Map.entry("1.2.840.113556.1.4.805", "Tree Delete"), // Active Directory
          Map.entry("1.2.826.0.1.3344810.2.3", "Matched Values"), // RFC 3876
          Map.entry("1.3.6.1.1.12", "Assertion"), // RFC 4528
          Map.entry("1.3.6.1.1.13.1", "Pre-Read"), // RFC 4527
          Map.entry("1.3.6.1.1.13.2", "Post-Read"), // RFC 4527
          Map.entry("1.3.6.1.1.21.2", "Transaction Specification"), // RFC 5805
          Map.entry("1.3.6.1.1.22", "Don't Use Copy"), // RFC 6171
          Map.entry("1.3.6.1.4.1.4203.1.9.1.1", "Sync Request"), // RFC 4533
          Map.entry("1.3.6.1.4.1.4203.1.10.1", "Subentries"), // RFC 3672
          Map.entry("2.16.840.1.113730.3.4.2", "ManageDsaIT"), // RFC 3296
          Map.entry("2.16.840.1.113730.3.4.9", "Virtual List View"), // a draft
          Map.entry("2.16.840.1.113730.3.4.18", "Proxied Authorization"), // RFC 4370
          // Features.
          Map.entry("1.3.6.1.1.14", "Modify-Increment"), // RFC 4525
          Map.entry("1.3.6.1.4.1.4203.1.5.1", "All Operational Attributes"), // RFC 3673
          Map.entry("1.3.6.1.4.1.4203.1.5.2", "Attributes by Object Class"), // RFC 4529
          Map.entry("1.3.6.1.4.1.4203.1.5.3", "True/False Filters"), // RFC 4526
          Map.entry("1.3.6.1.4.1.4203.1.5.4", "Language Tags"), // RFC 3866
          Map.entry("1.3.6.1.4.1.4203.1.5.5", "Language Ranges")); // RFC 3866

  private LdapOids() {}

  /** A name, if the object identifier has one that is known here. */
  static Optional<String> nameOf(String oid) {
    return Optional.ofNullable(NAMES.get(oid));
  }
}
