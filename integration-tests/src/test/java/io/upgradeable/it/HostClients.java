package io.upgradeable.it;

import io.upgradeable.testkit.Certificates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.testcontainers.containers.Container.ExecResult;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.images.builder.Transferable;

/**
 * A container with clients, for all tests of a class. It shares the network of its host, so that
 * {@code localhost} is where the tests' servers listen, and it trusts an authority, {@code
 * /certificates/ca.crt}.
 */
public final class HostClients implements BeforeAllCallback, AfterAllCallback {

  private final String image;
  private final Certificates trusted;
  private final Consumer<GenericContainer<?>> preparation;
  private @Nullable GenericContainer<?> container;

  /**
   * Clients that are not there yet.
   *
   * @param image the folder of their image
   * @param trusted the authority
   * @param preparation adds what else they find there
   */
  public HostClients(
      String image, Certificates trusted, Consumer<GenericContainer<?>> preparation) {
    this.image = image;
    this.trusted = trusted;
    this.preparation = preparation;
  }

  @Override
  public void beforeAll(ExtensionContext context) throws IOException {
    Path directory = Files.createTempDirectory("authority");
    GenericContainer<?> made = new GenericContainer<>(Images.of(image)).withNetworkMode("host");
    try {
      trusted.writePem(directory);
      Path authority = directory.resolve("ca.crt");
      made.withCopyToContainer(
          Transferable.of(Files.readAllBytes(authority)), "/certificates/ca.crt");
      Files.delete(authority);
    } finally {
      Files.delete(directory);
    }
    preparation.accept(made);
    container = made.withCommand("sleep", "infinity");
    container.start();
  }

  /**
   * Runs a command.
   *
   * @return what it printed
   * @throws AssertionError if it fails
   */
  public String run(String... command) throws IOException, InterruptedException {
    ExecResult ran = tryToRun(command);
    if (ran.getExitCode() != 0) {
      throw new AssertionError("expected '%s' to run, got %s".formatted(command[0], ran));
    }
    return ran.getStdout();
  }

  /** Runs a command, with whatever result. */
  public ExecResult tryToRun(String... command) throws IOException, InterruptedException {
    return Objects.requireNonNull(container, "expected clients that were started")
        .execInContainer(command);
  }

  @Override
  public void afterAll(ExtensionContext context) {
    if (container != null) {
      container.stop();
    }
  }
}
