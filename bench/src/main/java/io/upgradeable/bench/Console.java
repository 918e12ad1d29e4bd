package io.upgradeable.bench;

import io.upgradeable.Endpoint;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;

/**
 * How a process of ours talks to the one that started it: it prints its endpoint, answers each line
 * of stdin with a line, and ends with stdin.
 */
final class Console {

  /** Asks how many bytes of heap are in use when all garbage is gone. */
  static final String HEAP = "heap";

  /** Followed by a number: asks to open so many connections, and is told how many failed. */
  static final String OPEN = "open";

  private static final int COLLECTIONS = 4; // cleaners need one, and what they release another

  private Console() {}

  /** Opens connections that stay open. */
  interface Opener {

    /** Opens so many and returns how many failed. */
    int open(int count) throws Exception;
  }

  /** Talks until stdin ends. */
  static void serve(Endpoint endpoint) throws Exception {
    serve(
        endpoint,
        count -> {
          throw new IllegalArgumentException("a server opens nothing");
        });
  }

  /** Talks until stdin ends. */
  static void serve(Endpoint endpoint, Opener opener) throws Exception {
    System.out.println(endpoint);
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      System.out.println(
          line.equals(HEAP)
              ? heap()
              : opener.open(Integer.parseInt(line.substring(OPEN.length()).strip())));
    }
  }

  private static long heap() throws IOException, InterruptedException {
    for (int i = 0; i < COLLECTIONS; i++) {
      System.gc();
      Thread.sleep(100); // for the cleaner's thread
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }
}
