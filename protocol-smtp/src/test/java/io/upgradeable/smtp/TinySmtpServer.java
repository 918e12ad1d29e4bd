package io.upgradeable.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import io.upgradeable.Endpoint;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntPredicate;

/** A server for tests in which it matters how many connections and messages there are. */
final class TinySmtpServer implements AutoCloseable {

  private final ServerSocket listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private final IntPredicate closesAtMail;
  private final AtomicInteger mails = new AtomicInteger();

  /** What was said apart from mail. */
  final List<String> others = new CopyOnWriteArrayList<>();

  final AtomicInteger accepted = new AtomicInteger();

  private final CountDownLatch noop = new CountDownLatch(1);
  private final CountDownLatch quit = new CountDownLatch(1);

  /** Closes the connection at some MAIL commands, counted from 1 over all connections. */
  TinySmtpServer(IntPredicate closesAtMail) throws IOException {
    this.closesAtMail = closesAtMail;
    run(this::acceptAll);
  }

  Endpoint endpoint() {
    return Endpoint.of("localhost", listening.getLocalPort());
  }

  /** Waits until a client has said QUIT; only a broken test waits for long. */
  void awaitQuit() throws InterruptedException {
    assertThat(quit.await(20, TimeUnit.SECONDS)).as("QUIT was said").isTrue();
  }

  /** Waits until a client has said NOOP; only a broken test waits for long. */
  void awaitNoop() throws InterruptedException {
    assertThat(noop.await(20, TimeUnit.SECONDS)).as("NOOP was said").isTrue();
  }

  int connections() {
    return sockets.size();
  }

  private static void run(Runnable task) {
    Thread thread = new Thread(task, "tiny smtp server");
    thread.setDaemon(true);
    thread.start();
  }

  private void acceptAll() {
    try {
      while (true) {
        Socket socket = listening.accept();
        sockets.add(socket);
        run(() -> serve(socket));
      }
    } catch (IOException e) {
      // closed
    }
  }

  private void serve(Socket socket) {
    try (socket;
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))) {
      OutputStream out = socket.getOutputStream();
      say(out, "220 tiny");
      boolean content = false;
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (content) {
          content = !line.equals(".");
          if (!content) {
            accepted.incrementAndGet();
            say(out, "250 ok");
          }
        } else if (line.startsWith("MAIL") && closesAtMail.test(mails.incrementAndGet())) {
          return;
        } else if (line.equals("DATA")) {
          content = true;
          say(out, "354 go");
        } else if (line.startsWith("EHLO")) {
          say(out, "250-tiny\r\n250 PIPELINING");
        } else {
          if (!line.startsWith("MAIL") && !line.startsWith("RCPT")) {
            others.add(line);
          }
          if (line.equals("NOOP")) {
            noop.countDown();
          } else if (line.equals("QUIT")) {
            quit.countDown();
          }
          say(out, line.equals("QUIT") ? "221 bye" : "250 ok");
        }
      }
    } catch (IOException e) {
      // The client's business.
    }
  }

  private static void say(OutputStream out, String reply) throws IOException {
    out.write((reply + "\r\n").getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void close() throws IOException {
    listening.close();
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}
