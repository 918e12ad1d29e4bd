package io.upgradeable.cli;

import java.util.List;
import java.util.Map;

/**
 * What a protocol has to tell of its own.
 *
 * @param name the protocol's short name, also its field in JSON
 * @param rows the same for people
 * @param fields for programs, in order: by name a string, a number, a boolean, a list or a map of
 *     such, or an {@code Optional}, which is null in JSON where it is empty
 */
record ProtocolFacts(String name, List<Row> rows, Map<String, Object> fields) {

  /**
   * A line for people.
   *
   * @param label what it is about
   * @param text printable
   */
  record Row(String label, String text) {}

  /** Facts that people read as one sentence. */
  static ProtocolFacts of(String name, String sentence, Map<String, Object> fields) {
    return new ProtocolFacts(name, List.of(new Row(name, sentence)), fields);
  }
}
