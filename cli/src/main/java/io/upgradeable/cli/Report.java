package io.upgradeable.cli;

import io.upgradeable.Connection;
import io.upgradeable.Endpoint;
import io.upgradeable.LayerStack;
import io.upgradeable.Security;
import io.upgradeable.UpgradeException.CertificateRejected;
import io.upgradeable.negotiation.TlsFacts;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What became of one connection of a client command. It grows while the command runs, so that a
 * failure is told with all that was known by then.
 */
final class Report {

  private final String command;
  private String target;
  private boolean embedded;
  private Optional<Endpoint> origin = Optional.empty();
  private Optional<LayerStack> stack = Optional.empty();
  private Optional<Security> security = Optional.empty();
  private List<HopFacts> hops = List.of();
  private Optional<TlsFacts> tls = Optional.empty();
  private List<CertificateFacts> certificates = List.of();
  private Optional<ProtocolFacts> protocol = Optional.empty();
  private Optional<Failure> failure = Optional.empty();
  private final List<DialogueEvent> dialogue = new ArrayList<>();

  /**
   * Begins.
   *
   * @param command the command's own name
   * @param target the target as the user typed it
   */
  Report(String command, String target) {
    this.command = command;
    this.target = target;
  }

  void target(Endpoint address, Endpoint name, boolean isEmbedded) {
    target = address.toString();
    origin = Optional.of(name);
    embedded = isEmbedded;
    // What was found out about somebody who was tried before is not about this one.
    security = Optional.empty();
    hops = List.of();
    tls = Optional.empty();
    certificates = List.of();
    protocol = Optional.empty();
  }

  void stack(LayerStack plan) {
    stack = Optional.of(plan);
  }

  /** An event of the dialogue; called on the event loop. */
  synchronized void add(DialogueEvent event) {
    dialogue.add(event);
  }

  void hops(List<HopFacts> facts) {
    hops = facts;
  }

  void tls(TlsFacts facts) {
    tls = Optional.of(facts);
    certificates(facts.peerChain());
  }

  void connected(Connection connection) {
    security = Optional.of(connection.security());
  }

  void protocol(ProtocolFacts facts) {
    protocol = Optional.of(facts);
  }

  void failed(Failure why) {
    failure = Optional.of(why);
    why.upgrade()
        .filter(CertificateRejected.class::isInstance)
        .map(CertificateRejected.class::cast)
        .ifPresent(this::rejected);
  }

  private void rejected(CertificateRejected rejected) {
    if (hops.stream().anyMatch(hop -> hop.isTlsAt(rejected.path()))) {
      hops =
          hops.stream()
              .map(
                  hop ->
                      hop.isTlsAt(rejected.path()) ? hop.withCertificates(rejected.chain()) : hop)
              .toList();
    } else {
      certificates(rejected.chain());
    }
  }

  private void certificates(List<X509Certificate> chain) {
    certificates = chain.stream().map(CertificateFacts::of).toList();
  }

  String command() {
    return command;
  }

  String target() {
    return target;
  }

  boolean embedded() {
    return embedded;
  }

  /** The peer by the name that TLS checks. */
  Optional<Endpoint> origin() {
    return origin;
  }

  /** The chain line of the plan, or of the layer that failed. */
  Optional<String> path() {
    return stack.map(LayerStack::toString);
  }

  /** How far TLS protects the connection; empty unless its layers are up. */
  Optional<Security> security() {
    return security;
  }

  /** The proxies on the way, the nearest first, and how far each came. */
  List<HopFacts> hops() {
    return hops;
  }

  /** The topmost TLS with the target that came up; never a proxy's. */
  Optional<TlsFacts> tls() {
    return tls;
  }

  /** What the peer sent, leaf first, whether or not it was accepted. */
  List<CertificateFacts> certificates() {
    return certificates;
  }

  Optional<ProtocolFacts> protocol() {
    return protocol;
  }

  Optional<Failure> failure() {
    return failure;
  }

  ExitCode exitCode() {
    return failure.map(Failure::exitCode).orElse(ExitCode.OK);
  }

  synchronized List<DialogueEvent> dialogue() {
    return List.copyOf(dialogue);
  }
}
