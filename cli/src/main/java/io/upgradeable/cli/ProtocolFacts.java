package io.upgradeable.cli;

import java.util.Map;

/**
 * What a protocol has to tell of its own.
 *
 * @param name the protocol's short name, also its field in JSON
 * @param sentence the same for people
 * @param fields for programs: strings, numbers and booleans by name, in order
 */
record ProtocolFacts(String name, String sentence, Map<String, Object> fields) {}
