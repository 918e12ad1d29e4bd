package io.upgradeable.it.mail;

import io.upgradeable.it.PeerContainer;
import io.upgradeable.it.PeerNetwork;
import io.upgradeable.testkit.Certificates;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.testcontainers.containers.ContainerLaunchException;
import org.testcontainers.containers.wait.strategy.AbstractWaitStrategy;
import org.testcontainers.containers.wait.strategy.WaitStrategy;

/**
 * A mail server in a container, for all tests of a class.
 *
 * <p>Its host is {@code localhost}, or {@link #NAME} for those who share a network with it; so are
 * the names in its certificate. Its mailboxes are {@code alice@example.test} and {@code
 * bob@example.test}.
 */
public final class MailServer extends PeerContainer {

  /** What it is called in a network, and what it calls itself. */
  public static final String NAME = "mail.example.test";

  /** The authority of all servers' certificates. */
  public static final Certificates CERTIFICATES = Certificates.create();

  private static final int DELIVERY_SECONDS = 30;

  /** Waits for as many files, and lists them. */
  private static final String AWAIT =
      """
      end=$(($(date +%%s) + %d))
      while [ "$(find "$0" -type f 2>/dev/null | wc -l)" -lt "$1" ] && [ "$(date +%%s)" -lt $end ]; do
        sleep 0.05
      done
      find "$0" -type f
      """
          .formatted(DELIVERY_SECONDS);

  private MailServer(String image, WaitStrategy ready, List<Integer> ports) {
    super(image, MailServer::writeCertificates, ready, ports);
  }

  /**
   * A server that is not started yet.
   *
   * @param image the folder of its image
   * @param ports its ports; the first greets without being waited for
   */
  static MailServer of(String image, Integer... ports) {
    return new MailServer(image, new Greeting(ports[0]), List.of(ports));
  }

  /**
   * A server that only those reach who share a network with it, not started yet.
   *
   * @param image the folder of its image
   * @param ready tells when it serves
   * @param network where it is {@link #NAME}
   */
  static MailServer hidden(String image, WaitStrategy ready, PeerNetwork network) {
    MailServer server = new MailServer(image, ready, List.of());
    server.in(network.place(NAME));
    return server;
  }

  /** A client's policy that trusts the servers' authority. */
  public static TlsPolicy.Builder clientPolicy() {
    return TlsPolicy.client().trust(CERTIFICATES.authorities());
  }

  /**
   * Waits for a message, and takes it out of its mailbox.
   *
   * @param mailbox the local part of its address
   * @return the file, byte for byte: lines end in LF, and the server's trace headers come first
   * @throws AssertionError if none comes, or if there are several
   */
  public byte[] take(String mailbox) throws IOException, InterruptedException {
    return takeAll(mailbox, 1).get(0);
  }

  /**
   * Waits for messages, and takes them out of their mailbox.
   *
   * @param mailbox the local part of their address
   * @param count how many
   * @return the files, byte for byte, in no order
   * @throws AssertionError if fewer come, or if there are more
   */
  List<byte[]> takeAll(String mailbox, int count) throws IOException, InterruptedException {
    List<String> files = run(AWAIT, directory(mailbox), Integer.toString(count)).lines().toList();
    if (files.size() != count) {
      throw new AssertionError(
          "expected %d messages for %s within %d s, got %s"
              .formatted(count, mailbox, DELIVERY_SECONDS, files));
    }
    List<byte[]> messages = copy(directory(mailbox));
    empty(mailbox);
    return messages;
  }

  /** The files of a directory, all in one answer. */
  private List<byte[]> copy(String directory) throws IOException {
    List<byte[]> files = new ArrayList<>();
    try (InputStream answer =
            running()
                .getDockerClient()
                .copyArchiveFromContainerCmd(running().getContainerId(), directory)
                .exec();
        TarArchiveInputStream archive = new TarArchiveInputStream(answer)) {
      for (var entry = archive.getNextEntry(); entry != null; entry = archive.getNextEntry()) {
        if (entry.isFile()) {
          files.add(archive.readAllBytes());
        }
      }
    }
    return files;
  }

  /** The subjects of the messages that are in a mailbox now, which is empty afterwards. */
  List<String> takeSubjects(String mailbox) throws IOException, InterruptedException {
    String fields = run("grep -rhm1 ^Subject: \"$0\" || true", directory(mailbox));
    empty(mailbox);
    return fields.lines().map(field -> field.substring("Subject: ".length())).toList();
  }

  private void empty(String mailbox) throws IOException, InterruptedException {
    run("find \"$0\" -type f -delete", directory(mailbox));
  }

  private static String directory(String mailbox) {
    return "/mail/" + mailbox + "/new";
  }

  /** All that a server of some port may show. */
  private static void writeCertificates(Path directory) {
    CERTIFICATES.writePem(directory);
    CERTIFICATES.server("localhost", NAME).writePem(directory, "good");
    CERTIFICATES.expired("localhost").writePem(directory, "expired");
    CERTIFICATES.server("stranger.test").writePem(directory, "stranger");
  }

  @Override
  protected void clean() throws IOException, InterruptedException {
    running().execInContainer("find", "/mail", "-type", "f", "-delete");
  }

  /** Ready is the server that greets: a port that is mapped accepts connections long before. */
  private static final class Greeting extends AbstractWaitStrategy {

    private static final byte[] READY = "220".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] QUIT = "QUIT\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final int MILLIS_BETWEEN_TRIES = 50;
    private static final int MILLIS_PER_TRY = 5000;

    private final int port;

    Greeting(int port) {
      this.port = port;
    }

    @Override
    protected void waitUntilReady() {
      long deadline = System.nanoTime() + startupTimeout.toNanos();
      while (!greets(waitStrategyTarget.getMappedPort(port))) {
        if (!waitStrategyTarget.isRunning() || System.nanoTime() - deadline > 0) {
          throw new ContainerLaunchException("expected a greeting at port " + port);
        }
        try {
          Thread.sleep(MILLIS_BETWEEN_TRIES);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new ContainerLaunchException("interrupted", e);
        }
      }
    }

    private static boolean greets(int mappedPort) {
      try (Socket socket = new Socket()) {
        socket.connect(new InetSocketAddress("localhost", mappedPort), MILLIS_PER_TRY);
        socket.setSoTimeout(MILLIS_PER_TRY);
        boolean greets = Arrays.equals(socket.getInputStream().readNBytes(READY.length), READY);
        socket.getOutputStream().write(QUIT);
        return greets;
      } catch (IOException notYet) {
        return false;
      }
    }
  }
}
