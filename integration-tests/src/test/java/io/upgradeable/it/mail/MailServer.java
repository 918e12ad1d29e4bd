package io.upgradeable.it.mail;

import io.upgradeable.Endpoint;
import io.upgradeable.it.Images;
import io.upgradeable.testkit.Certificates;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.testcontainers.containers.Container.ExecResult;
import org.testcontainers.containers.ContainerLaunchException;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.AbstractWaitStrategy;
import org.testcontainers.utility.MountableFile;

/**
 * A mail server in a container, for all tests of a class: registered as an extension in a static
 * field, it is started before the first of them and removed after the last. A test that fails shows
 * what the server logged meanwhile, as a suppressed exception.
 *
 * <p>Its host is {@code localhost}, so is the name in its certificate, and its mailboxes are {@code
 * alice@example.test} and {@code bob@example.test}.
 */
final class MailServer
    implements BeforeAllCallback,
        BeforeEachCallback,
        TestExecutionExceptionHandler,
        AfterAllCallback {

  /** The authority of all servers' certificates. */
  static final Certificates CERTIFICATES = Certificates.create();

  private static final int DELIVERY_SECONDS = 30;

  private final String image;
  private final List<Integer> ports;
  private @Nullable GenericContainer<?> container;
  private int logged;

  private MailServer(String image, List<Integer> ports) {
    this.image = image;
    this.ports = ports;
  }

  /**
   * A server that is not started yet.
   *
   * @param image the folder of its image
   * @param ports its ports; the first greets without being waited for
   */
  static MailServer of(String image, Integer... ports) {
    return new MailServer(image, List.of(ports));
  }

  /** A client's policy that trusts the servers' authority. */
  static TlsPolicy.Builder clientPolicy() {
    return TlsPolicy.client().trust(CERTIFICATES.authorities());
  }

  /** The place of a port, by the name that the certificate carries. */
  Endpoint endpoint(int port) {
    return Endpoint.of("localhost", running().getMappedPort(port));
  }

  /**
   * Waits for a message, and takes it out of its mailbox.
   *
   * @param mailbox the local part of its address
   * @return the file, byte for byte: lines end in LF, and the server's trace headers come first
   * @throws AssertionError if none comes, or if there are several
   */
  byte[] take(String mailbox) throws IOException, InterruptedException {
    String script = "until ls -d \"$0\"/* 2>/dev/null; do sleep 0.05; done";
    ExecResult waited =
        running()
            .execInContainer(
                "timeout",
                Integer.toString(DELIVERY_SECONDS),
                "sh",
                "-c",
                script,
                "/mail/" + mailbox + "/new");
    List<String> files = waited.getStdout().lines().toList();
    if (files.size() != 1) {
      throw new AssertionError(
          "expected one message for %s within %d s, got %s"
              .formatted(mailbox, DELIVERY_SECONDS, files));
    }
    byte[] message = running().copyFileFromContainer(files.get(0), InputStream::readAllBytes);
    running().execInContainer("rm", files.get(0));
    return message;
  }

  private GenericContainer<?> running() {
    return Objects.requireNonNull(container, "expected a server that was started");
  }

  @Override
  public void beforeAll(ExtensionContext context) throws IOException {
    Path certificates = Files.createTempDirectory("certificates");
    try {
      writeCertificates(certificates);
      container = start(certificates);
    } finally {
      delete(certificates);
    }
  }

  /** All that a server of some port may show. */
  private static void writeCertificates(Path directory) {
    CERTIFICATES.writePem(directory);
    CERTIFICATES.server("localhost").writePem(directory, "good");
    CERTIFICATES.rsaServer("localhost").writePem(directory, "rsa");
    CERTIFICATES.expired("localhost").writePem(directory, "expired");
    CERTIFICATES.server("stranger.test").writePem(directory, "stranger");
  }

  private GenericContainer<?> start(Path certificates) {
    GenericContainer<?> made =
        new GenericContainer<>(Images.of(image))
            .withExposedPorts(ports.toArray(Integer[]::new))
            .withCopyFileToContainer(MountableFile.forHostPath(certificates, 0755), "/certificates")
            // Nobody answers there, at once: no name of a test is asked of the world.
            .withCreateContainerCmdModifier(
                command ->
                    Objects.requireNonNull(command.getHostConfig(), "hostConfig")
                        .withDns("127.0.0.1"))
            .waitingFor(new Greeting(ports.get(0)));
    made.start();
    return made;
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(directory);
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    logged = running().getLogs().length();
  }

  @Override
  public void handleTestExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    String log = running().getLogs();
    if (log.length() > logged) {
      failure.addSuppressed(new ServerLog(image, log.substring(logged)));
    }
    throw failure;
  }

  @Override
  public void afterAll(ExtensionContext context) {
    if (container != null) {
      container.stop();
    }
  }

  /** What the server logged, where the one who looks at a failed test will see it. */
  private static final class ServerLog extends Exception {

    private static final long serialVersionUID = 1L;

    ServerLog(String image, String log) {
      super("the log of " + image + ":\n" + log, null, false, false);
    }
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
