package io.upgradeable.netty;

import io.upgradeable.Endpoint;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Finds all addresses of a name with the system's resolver, hosts file and search list included. It
 * blocks, so it has threads of its own: never the event loop's.
 */
final class NameResolver {

  /** Each that asks for a dead name is held for ten seconds and more; they end when idle. */
  private static final int MAX_THREADS = 64;

  private static final int MAX_WAITING = 10_000;

  private final ExecutorService threads;

  NameResolver() {
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            MAX_THREADS,
            MAX_THREADS,
            5,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(MAX_WAITING),
            task -> {
              Thread thread = new Thread(task, "upgradeable-resolver");
              thread.setDaemon(true);
              return thread;
            });
    pool.allowCoreThreadTimeOut(true);
    threads = pool;
  }

  CompletableFuture<List<InetSocketAddress>> resolve(Endpoint endpoint) {
    if (endpoint.isAddress()) {
      return CompletableFuture.completedFuture(lookUp(endpoint)); // Parsed, not looked up.
    }
    return CompletableFuture.supplyAsync(() -> lookUp(endpoint), threads);
  }

  private static List<InetSocketAddress> lookUp(Endpoint endpoint) {
    try {
      return Arrays.stream(InetAddress.getAllByName(endpoint.host()))
          .map(address -> new InetSocketAddress(address, endpoint.port()))
          .toList();
    } catch (UnknownHostException unknown) {
      return List.of();
    }
  }

  void close() {
    threads.shutdownNow();
  }
}
