package io.upgradeable.cli;

import io.upgradeable.Layer;
import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.ldap.Ldap;
import io.upgradeable.ldap.LdapOpportunisticResult;
import io.upgradeable.ldap.LdapOpportunisticResult.InPlaintext;
import io.upgradeable.ldap.LdapResult;
import io.upgradeable.ldap.LdapSession;
import io.upgradeable.ldap.LdapSessionOptions;
import io.upgradeable.tls.TlsRequirement;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** Asks an LDAP server what it is, and binds if that is wanted. */
final class LdapInquiry {

  private final Client client;
  private final LdapFindings findings;
  private final Optional<LdapBind> bind;
  private final Consumer<LdapResult> warning;

  /**
   * Begins.
   *
   * @param client whom to talk to
   * @param findings is told what comes of it
   * @param bind how to bind, if at all
   * @param warning is told the refusal of StartTLS when the session comes up in plaintext
   */
  LdapInquiry(
      Client client, LdapFindings findings, Optional<LdapBind> bind, Consumer<LdapResult> warning) {
    this.client = client;
    this.findings = findings;
    this.bind = bind;
    this.warning = warning;
  }

  /**
   * Connects, asks, and says goodbye.
   *
   * @param whoAmI whether to ask whom the server takes us for
   */
  void ask(boolean whoAmI) throws IOException {
    try (LdapSession session = open()) {
      readRootDse(session);
      if (bind.isPresent()) {
        bind(session, bind.get());
        if (!findings.hasRootDse()) {
          readRootDse(session);
        }
      }
      if (whoAmI) {
        findings.whoAmI(await(session.whoAmIAsync(), "the response to Who am I?"));
      }
      await(session.unbindAsync(), "the end of the connection");
      findings.complete();
    }
  }

  private LdapSession open() throws IOException {
    Client.Peer peer = client.peer();
    if (peer.implicitTls()) {
      return open(client.limited(Ldap.clientOverTls()));
    } else if (peer.startTls() == TlsRequirement.REQUIRED) {
      return open(client.limited(Ldap.client(peer.name(), peer.policy())));
    }
    Layer<LdapOpportunisticResult> layer =
        client.limited(Ldap.opportunisticClient(peer.name(), peer.policy()));
    LdapSession session = open(layer);
    if (session.connection().result(layer) instanceof InPlaintext plaintext) {
      findings.inPlaintext(plaintext.refusal());
      warning.accept(plaintext.refusal());
    }
    return session;
  }

  private LdapSession open(Layer<?> layer) throws IOException {
    try {
      LdapSession session =
          LdapSession.connect(client.connector(), client.plan(layer), sessionOptions());
      client.report().connected(session.connection());
      return session;
    } finally {
      client.reportTls();
    }
  }

  private LdapSessionOptions sessionOptions() {
    LdapSessionOptions options =
        LdapSessionOptions.DEFAULTS.withObserver(new LdapTranscript(client.recorder()));
    if (bind.isPresent() && bind.get().isInsecure()) {
      options = options.exposingSecretsWithoutVerifiedTls();
    }
    Optional<Duration> step = client.times().stepTimeout();
    return step.isPresent() ? options.withOperationTimeout(step.get()) : options;
  }

  /** A server may keep it to itself, or from strangers; that says nothing of the upgrade. */
  private void readRootDse(LdapSession session) throws IOException {
    try {
      findings.rootDse(await(session.rootDseAsync(), "the root DSE"));
    } catch (PeerRefused refused) {
      if (!session.isOpen()) {
        throw refused; // It did not only refuse to tell, but to go on.
      }
      findings.rootDseRefused(refused);
    }
  }

  private void bind(LdapSession session, LdapBind ready) throws IOException {
    if (!ready.isFitFor(session.connection().security())) {
      await(session.unbindAsync(), "the end of the connection");
      throw AuthOptions.willNotInPlaintext();
    }
    try {
      findings.bound(await(ready.on(session), "the response to the bind"));
    } catch (UsageException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      throw new UsageException("cannot bind: " + e.getMessage(), e);
    }
  }

  /** Waits for an operation, and no longer than for the whole command. */
  private <T> T await(CompletableFuture<T> operation, String awaited) throws IOException {
    try {
      return operation.get(client.timeLeft().toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      operation.cancel(true);
      throw new InterruptedIOException();
    } catch (ExecutionException e) {
      throw Futures.rethrown(e);
    } catch (TimeoutException e) {
      operation.cancel(true);
      throw client.outOfTime(awaited);
    }
  }
}
