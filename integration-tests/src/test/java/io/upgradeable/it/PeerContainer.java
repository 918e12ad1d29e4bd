package io.upgradeable.it;

import io.upgradeable.Endpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.testcontainers.containers.Container.ExecResult;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.WaitStrategy;
import org.testcontainers.utility.MountableFile;

/**
 * A server in a container, for all tests of a class: registered as an extension in a static field,
 * it is started before the first of them and removed after the last. A test that fails shows what
 * the server logged meanwhile, as a suppressed exception.
 *
 * <p>The host of the ports that it publishes is {@code localhost}.
 */
public class PeerContainer
    implements BeforeAllCallback,
        BeforeEachCallback,
        TestExecutionExceptionHandler,
        AfterAllCallback {

  private final String image;
  private final Consumer<Path> certificates;
  private final WaitStrategy ready;
  private final List<Integer> ports;
  private Optional<PeerNetwork.Place> place = Optional.empty();
  private @Nullable GenericContainer<?> container;
  private int logged;

  /**
   * A server that is not started yet.
   *
   * @param image the folder of its image
   * @param certificates writes what the server finds in {@code /certificates}
   * @param ready tells when it serves
   * @param ports those that it publishes
   */
  public PeerContainer(
      String image, Consumer<Path> certificates, WaitStrategy ready, List<Integer> ports) {
    this.image = image;
    this.certificates = certificates;
    this.ready = ready;
    this.ports = ports;
  }

  /**
   * Puts the server into a network.
   *
   * @param where its place there
   * @return this
   */
  public PeerContainer in(PeerNetwork.Place where) {
    place = Optional.of(where);
    return this;
  }

  /**
   * Where a port is published.
   *
   * @param port the server's port
   * @return its place
   */
  public final Endpoint endpoint(int port) {
    return Endpoint.of("localhost", running().getMappedPort(port));
  }

  /**
   * The address of the container in its network.
   *
   * @return an IPv4 address
   */
  public final String address() {
    return running().getContainerInfo().getNetworkSettings().getNetworks().values().stream()
        .map(network -> Objects.requireNonNull(network.getIpAddress(), "address"))
        .findFirst()
        .orElseThrow();
  }

  /**
   * Runs a script in the container.
   *
   * @param script for its shell
   * @param arguments from {@code $0} on
   * @return what it printed
   * @throws AssertionError if it fails
   */
  public final String run(String script, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("sh", "-c", script));
    command.addAll(List.of(arguments));
    ExecResult ran = running().execInContainer(command.toArray(String[]::new));
    if (ran.getExitCode() != 0) {
      throw new AssertionError("expected '%s' to run, got %s".formatted(script, ran));
    }
    return ran.getStdout();
  }

  /**
   * The container.
   *
   * @return what was started
   * @throws NullPointerException if nothing was
   */
  protected final GenericContainer<?> running() {
    return Objects.requireNonNull(container, "expected a server that was started");
  }

  @Override
  public final void beforeAll(ExtensionContext context) throws IOException {
    Path directory = Files.createTempDirectory("certificates");
    try {
      certificates.accept(directory);
      container = start(directory);
    } finally {
      delete(directory);
    }
  }

  private GenericContainer<?> start(Path directory) {
    GenericContainer<?> made =
        new GenericContainer<>(Images.of(image))
            .withExposedPorts(ports.toArray(Integer[]::new))
            .withCopyFileToContainer(MountableFile.forHostPath(directory, 0755), "/certificates")
            // Nobody answers there, at once: no name of a test is asked of the world.
            .withCreateContainerCmdModifier(
                command ->
                    Objects.requireNonNull(command.getHostConfig(), "hostConfig")
                        .withDns("127.0.0.1"))
            .waitingFor(ready);
    place.ifPresent(where -> made.withNetwork(where.network()).withNetworkAliases(where.name()));
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
  public final void beforeEach(ExtensionContext context) {
    logged = running().getLogs().length();
  }

  @Override
  public final void handleTestExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    String log = running().getLogs();
    clean();
    if (log.length() > logged) {
      failure.addSuppressed(new ServerLog(image, log.substring(logged)));
    }
    throw failure;
  }

  /** Removes what a test that failed has left, so that the next one does not find it. */
  protected void clean() throws IOException, InterruptedException {
    // Most servers keep nothing.
  }

  @Override
  public final void afterAll(ExtensionContext context) {
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
}
