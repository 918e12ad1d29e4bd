package io.upgradeable.cli;

import io.upgradeable.cli.ProtocolFacts.Row;
import io.upgradeable.ldap.RootDse;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What an LDAP server tells of itself, summed up for people and whole for programs.
 *
 * @param rootDse as it came
 */
record RootDseFacts(RootDse rootDse) {

  /** For people. */
  List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    rows.add(new Row("root DSE", Printable.line(heading())));
    add(rows, "  contexts", rootDse.namingContexts());
    add(rows, "  sasl", rootDse.supportedSaslMechanisms());
    add(rows, "  extensions", named(rootDse.supportedExtensions()));
    add(rows, "  controls", named(rootDse.supportedControls()));
    add(rows, "  features", named(rootDse.supportedFeatures()));
    return rows;
  }

  private String heading() {
    String versions =
        rootDse.supportedLdapVersions().stream()
            .map(version -> "LDAPv" + version)
            .collect(Collectors.joining(", "));
    String maker =
        Stream.of(rootDse.vendorName(), rootDse.vendorVersion())
            .flatMap(Optional::stream)
            .collect(Collectors.joining(" "));
    return Stream.of(versions, maker)
        .filter(text -> !text.isEmpty())
        .reduce((first, second) -> first + ", " + second)
        .orElse("of an unnamed server");
  }

  private static void add(List<Row> rows, String label, List<String> values) {
    if (!values.isEmpty()) {
      rows.add(new Row(label, Printable.some(values.stream().map(Printable::line).toList())));
    }
  }

  private static List<String> named(List<String> oids) {
    return oids.stream().map(oid -> LdapOids.nameOf(oid).orElse(oid)).toList();
  }

  /** For programs. */
  Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("ldapVersions", rootDse.supportedLdapVersions());
    fields.put("vendorName", rootDse.vendorName());
    fields.put("vendorVersion", rootDse.vendorVersion());
    fields.put("namingContexts", rootDse.namingContexts());
    fields.put("saslMechanisms", rootDse.supportedSaslMechanisms());
    fields.put("extensions", described(rootDse.supportedExtensions()));
    fields.put("controls", described(rootDse.supportedControls()));
    fields.put("features", described(rootDse.supportedFeatures()));
    Map<String, Object> attributes = new LinkedHashMap<>();
    rootDse.attributes().forEach((name, values) -> attributes.put(Printable.of(name), values));
    fields.put("attributes", attributes);
    return fields;
  }

  private static List<Map<String, Object>> described(List<String> oids) {
    List<Map<String, Object>> all = new ArrayList<>();
    for (String oid : oids) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("oid", oid);
      one.put("name", LdapOids.nameOf(oid));
      all.add(one);
    }
    return all;
  }
}
