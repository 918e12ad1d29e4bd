package io.upgradeable.bench;

import io.upgradeable.Endpoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Postfix in a container, from the image of the integration tests, on loopback. It takes mail for
 * the tests' mailboxes and throws it away.
 */
final class Postfix {

  private static final Path IMAGE =
      Path.of("integration-tests/src/test/resources/docker/postfix").toAbsolutePath();
  private static final String TAG = "upgradeable-bench/postfix";

  private Postfix() {}

  /**
   * Builds the image where it is missing and starts the server.
   *
   * @throws IOException if no Docker engine does that
   */
  static ServerProcess start(TestAuthority authority) throws IOException {
    Endpoint endpoint = Endpoint.of("127.0.0.1", ServerProcess.freePort());
    Path folder = authority.folder().resolve("postfix");
    Files.createDirectories(folder);
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    copy(authority.certificate(), folder.resolve("good.crt"));
    copy(authority.key(), folder.resolve("good.key"));
    Files.writeString(folder.resolve("master.cf"), services(endpoint));
    docker("build", "-q", "-t", TAG, IMAGE.toString());
    String container =
        docker(
            "run",
            "-d",
            "--rm",
            "--network=host",
            "--volume=" + folder + ":/certificates:ro",
            "--volume=" + folder.resolve("master.cf") + ":/etc/postfix/master.cf:ro",
            TAG,
            "sh",
            "-c",
            "postconf -e virtual_transport=discard: && exec postfix start-fg");
    long pid = Long.parseLong(docker("inspect", "--format={{.State.Pid}}", container));
    return ServerProcess.foreign(pid, endpoint, () -> docker("rm", "-fv", container));
  }

  /** The services of the tests' image, with one port instead of theirs. */
  private static String services(Endpoint endpoint) throws IOException {
    // Options in lines of their own belong to the ports that go.
    return Files.readAllLines(IMAGE.resolve("master.cf"), StandardCharsets.UTF_8).stream()
        .filter(line -> !line.matches("[0-9]+ +inet .*|  *-o .*"))
        .collect(
            Collectors.joining(
                "\n",
                "%s:%d inet n - n - - smtpd\n".formatted(endpoint.host(), endpoint.port()),
                "\n"));
  }

  private static void copy(String from, Path to) throws IOException {
    Files.copy(Path.of(from), to, StandardCopyOption.REPLACE_EXISTING);
  }

  private static String docker(String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of("docker"));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    try {
      if (process.waitFor() == 0) {
        return output;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw new IOException(String.join(" ", command) + ": " + output);
  }
}
