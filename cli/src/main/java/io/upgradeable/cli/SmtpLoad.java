package io.upgradeable.cli;

import io.upgradeable.smtp.DeliveryReport;
import io.upgradeable.smtp.SmtpClient;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/** Sends a message many times over several connections, one after the other on each of them. */
final class SmtpLoad {

  private static final long GLANCE_MILLIS = 100;

  private final SmtpClient client;
  private final Mail mail;
  private final LoadFacts facts;
  private final AtomicInteger left;

  SmtpLoad(SmtpClient client, Mail mail, int count, LoadFacts facts) {
    this.client = client;
    this.mail = mail;
    this.facts = facts;
    this.left = new AtomicInteger(count);
  }

  /**
   * Sends the first message alone: if there is no way to the server, one attempt shows it.
   *
   * @return whether it makes sense to go on
   */
  boolean sendFirst() throws IOException {
    left.decrementAndGet();
    long start = System.nanoTime();
    DeliveryReport report = client.send(mail.envelope(), mail.content());
    facts.ended(report, System.nanoTime() - start);
    return report.failure().isEmpty();
  }

  /** Sends the others, and waits for them. */
  void sendOthers(int lanes, boolean showProgress) throws IOException {
    List<CompletableFuture<Void>> all = new ArrayList<>();
    for (int i = 0; i < lanes; i++) {
      CompletableFuture<Void> lane = new CompletableFuture<>();
      all.add(lane);
      sendNext(lane);
    }
    await(
        CompletableFuture.allOf(all.toArray(CompletableFuture<?>[]::new)),
        showProgress ? Optional.of(new Progress("sending", left.get())) : Optional.empty());
  }

  private void sendNext(CompletableFuture<Void> lane) {
    if (left.getAndDecrement() <= 0) {
      lane.complete(null);
      return;
    }
    long start = System.nanoTime();
    client
        .sendAsync(mail.envelope(), mail.content())
        .whenComplete(
            (report, error) -> {
              if (error != null) {
                lane.completeExceptionally(error);
                return;
              }
              facts.ended(report, System.nanoTime() - start);
              sendNext(lane);
            });
  }

  private void await(CompletableFuture<Void> all, Optional<Progress> progress) throws IOException {
    try {
      while (!isOver(all)) {
        progress.ifPresent(bar -> bar.at(facts.endedCount()));
      }
    } catch (InterruptedException e) {
      left.set(0);
      throw new InterruptedIOException();
    } finally {
      progress.ifPresent(
          bar -> {
            bar.at(facts.endedCount());
            bar.close();
          });
    }
  }

  private static boolean isOver(CompletableFuture<Void> all)
      throws IOException, InterruptedException {
    try {
      all.get(GLANCE_MILLIS, TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException notYet) {
      return false;
    } catch (ExecutionException e) {
      throw Futures.rethrown(e);
    }
  }
}
