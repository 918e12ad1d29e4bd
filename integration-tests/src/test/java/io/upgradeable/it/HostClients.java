package io.upgradeable.it.mail;

import io.upgradeable.it.Images;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.testcontainers.containers.Container.ExecResult;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.images.builder.Transferable;

/**
 * A container with mail clients, for all tests of a class. It shares the network of its host, so
 * that {@code localhost} is where the tests' servers listen, and it trusts the authority of {@link
 * MailServer#CERTIFICATES}.
 *
 * <p>Each {@link TestMessage} is there as {@code /messages/NAME}, with CRLF, and as {@code
 * /texts/NAME}, with LF.
 */
final class MailClients implements BeforeAllCallback, AfterAllCallback {

  private final String image;
  private @Nullable GenericContainer<?> container;

  /**
   * Clients that are not there yet.
   *
   * @param image the folder of their image
   */
  MailClients(String image) {
    this.image = image;
  }

  @Override
  public void beforeAll(ExtensionContext context) throws IOException {
    Path directory = Files.createTempDirectory("authority");
    GenericContainer<?> made = new GenericContainer<>(Images.of(image)).withNetworkMode("host");
    try {
      MailServer.CERTIFICATES.writePem(directory);
      Path authority = directory.resolve("ca.crt");
      made.withCopyToContainer(
          Transferable.of(Files.readAllBytes(authority)), "/certificates/ca.crt");
      Files.delete(authority);
    } finally {
      Files.delete(directory);
    }
    for (TestMessage message : TestMessage.values()) {
      made.withCopyToContainer(Transferable.of(message.canonical()), "/messages/" + message)
          .withCopyToContainer(Transferable.of(message.stored()), "/texts/" + message);
    }
    container = made.withCommand("sleep", "infinity");
    container.start();
  }

  /**
   * Runs a command.
   *
   * @return what it printed
   * @throws AssertionError if it fails
   */
  String run(String... command) throws IOException, InterruptedException {
    ExecResult ran = tryToRun(command);
    if (ran.getExitCode() != 0) {
      throw new AssertionError("expected '%s' to run, got %s".formatted(command[0], ran));
    }
    return ran.getStdout();
  }

  /** Runs a command, with whatever result. */
  ExecResult tryToRun(String... command) throws IOException, InterruptedException {
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
