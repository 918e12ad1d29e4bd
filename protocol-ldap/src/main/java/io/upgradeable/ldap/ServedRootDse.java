package io.upgradeable.ldap;

import java.util.List;
import java.util.Locale;

/** The root DSE of the small server (RFC 4512, 5.1). */
final class ServedRootDse {

  /** All operational attributes by the name {@code +} (RFC 3673). */
  private static final String ALL_OPERATIONAL_FEATURE = "1.3.6.1.4.1.4203.1.5.1";

  private static final String ALL_USER = "*";
  private static final String ALL_OPERATIONAL = "+";

  private ServedRootDse() {}

  static BerWriter entry(
      int id, SearchRequest request, List<String> extensions, List<String> mechanisms) {
    List<LdapAttribute> operational =
        List.of(
            LdapAttribute.of("supportedLDAPVersion", "3"),
            new LdapAttribute("supportedExtension", extensions),
            LdapAttribute.of("supportedFeatures", ALL_OPERATIONAL_FEATURE),
            new LdapAttribute("supportedSASLMechanisms", mechanisms),
            LdapAttribute.of("vendorName", "Upgradeable"));
    List<String> wanted = request.attributes();
    boolean allUser = wanted.isEmpty() || wanted.contains(ALL_USER);
    boolean allOperational = wanted.contains(ALL_OPERATIONAL);
    LdapAttribute objectClass = LdapAttribute.of("objectClass", "top");
    return LdapMessage.write(
        id,
        LdapOperation.SEARCH_RESULT_ENTRY,
        content ->
            content
                .text(Ber.OCTET_STRING, "")
                .nested(
                    Ber.SEQUENCE,
                    list -> {
                      if (allUser || isNamed(objectClass, wanted)) {
                        objectClass.write(list, request.namesOnly());
                      }
                      for (LdapAttribute attribute : operational) {
                        if (allOperational || isNamed(attribute, wanted)) {
                          attribute.write(list, request.namesOnly());
                        }
                      }
                    }));
  }

  private static boolean isNamed(LdapAttribute attribute, List<String> wanted) {
    String name = attribute.name().toLowerCase(Locale.ROOT);
    return wanted.stream().anyMatch(each -> each.toLowerCase(Locale.ROOT).equals(name));
  }
}
