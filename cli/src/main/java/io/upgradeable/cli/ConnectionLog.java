package io.upgradeable.cli;

import io.upgradeable.Connection;
import io.upgradeable.UpgradeException;
import io.upgradeable.UpgradeException.CertificateRejected;
import io.upgradeable.UpgradeObserver;
import io.upgradeable.ldap.LdapResult;
import io.upgradeable.ldap.LdapServerObserver;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.smtp.ReceivedEnvelope;
import io.upgradeable.smtp.SmtpServerPeer;
import java.nio.channels.ClosedChannelException;
import java.util.function.Consumer;

/** One line for each connection of a server: who it was, and what became of it. */
final class ConnectionLog implements UpgradeObserver, LdapServerObserver {

  private final Consumer<String> log;

  /**
   * Begins.
   *
   * @param log is told each line, on event loops
   */
  ConnectionLog(Consumer<String> log) {
    this.log = log;
  }

  /** All layers came up and the protocol's part is done. */
  void completed(Connection connection, String result) {
    log.accept("%s: done: %s under %s".formatted(connection.peer(), result, tls(connection)));
  }

  private static String tls(Connection connection) {
    return connection.tls().map(ConnectionLog::text).orElse("plaintext");
  }

  @Override
  public void bound(Connection connection, String authorizationId) {
    String who = authorizationId.isEmpty() ? "nobody" : authorizationId;
    log.accept(
        Printable.line(
            "%s: bound as %s under %s".formatted(connection.peer(), who, tls(connection))));
  }

  @Override
  public void bindRefused(Connection connection, LdapResult result) {
    log.accept(Printable.line("%s: bind refused: %s".formatted(connection.peer(), result)));
  }

  /** A message is about to come. */
  void mail(ReceivedEnvelope envelope) {
    log.accept(
        Printable.line(
            "%s: mail from %s to %s"
                .formatted(text(envelope.peer()), envelope.sender(), envelope.recipients())));
  }

  /** Who sends mail, and how. */
  static String text(SmtpServerPeer peer) {
    String address = peer.address().toString();
    String user = peer.user().map(name -> " as " + name).orElse("");
    String tls = peer.tls().map(facts -> " under " + text(facts)).orElse(" in plaintext");
    return peer.name() + " at " + address.substring(address.indexOf('/') + 1) + user + tls;
  }

  private static String text(TlsFacts facts) {
    String text = facts.protocol() + " " + facts.cipherSuite();
    return facts.peerChain().isEmpty()
        ? text
        : text
            + " with client certificate "
            + CertificateFacts.of(facts.peerChain().get(0)).subject();
  }

  @Override
  public void layerFailed(String path, Throwable cause) {
    if (cause instanceof UpgradeException upgrade) {
      String kind = upgrade.getClass().getSimpleName();
      String client =
          upgrade instanceof CertificateRejected rejected && !rejected.chain().isEmpty()
              ? " (" + CertificateFacts.of(rejected.chain().get(0)).subject() + ")"
              : "";
      log.accept(
          Printable.line(
              "%s: failed: %s%s: expected %s, got %s"
                  .formatted(upgrade.peer(), kind, client, upgrade.awaited(), upgrade.got())));
    } else if (cause instanceof ClosedChannelException) {
      log.accept(Printable.line(path + ": closed by this side before it was up"));
    } else {
      log.accept(Printable.line("failed: " + cause));
    }
  }
}
