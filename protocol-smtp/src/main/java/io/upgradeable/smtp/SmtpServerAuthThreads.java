package io.upgradeable.smtp;

import io.upgradeable.internal.ComputingThreads;
import java.util.concurrent.ThreadPoolExecutor;

/**
 * Threads that check passwords for all servers. Who finds their queue full is told to come again.
 */
final class SmtpServerAuthThreads {

  static final ThreadPoolExecutor POOL = ComputingThreads.ofServers("upgradeable-smtp-server-auth");

  private SmtpServerAuthThreads() {}
}
