package io.upgradeable.bench;

/**
 * One measured run of one contestant against one server.
 *
 * @param outcome what the client measured
 * @param serverSeconds the server's processor time meanwhile
 */
record ClientRun(Outcome outcome, double serverSeconds) {}
