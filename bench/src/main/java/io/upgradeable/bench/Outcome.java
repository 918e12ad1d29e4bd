package io.upgradeable.bench;

import java.util.Map;

/**
 * What a client measured.
 *
 * @param units what was done, failures included
 * @param seconds how long it took
 * @param cpuSeconds the client's processor time
 * @param failures how many of the units failed
 * @param facts such as the TLS group
 */
record Outcome(
    int units, double seconds, double cpuSeconds, int failures, Map<String, String> facts) {}
