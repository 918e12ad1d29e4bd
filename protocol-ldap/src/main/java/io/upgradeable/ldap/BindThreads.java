package io.upgradeable.ldap;

import io.upgradeable.internal.ComputingThreads;
import java.util.concurrent.ThreadPoolExecutor;

/** Threads that derive keys from passwords, shared by all sessions of one kind. */
final class BindThreads {

  private BindThreads() {}

  /** A client's: each session has but one bind, whose time limit holds in the queue, too. */
  static final class Client {
    static final ThreadPoolExecutor POOL = ComputingThreads.ofClients("upgradeable-ldap-bind");

    private Client() {}
  }

  /** A server's: who finds the queue full is told that the server is busy. */
  static final class Server {
    static final ThreadPoolExecutor POOL =
        ComputingThreads.ofServers("upgradeable-ldap-server-bind");

    private Server() {}
  }
}
