package io.upgradeable.it;

import com.github.dockerjava.api.exception.NotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.images.builder.ImageFromDockerfile;
import org.testcontainers.utility.DockerImageName;

/**
 * The images of the peers: Dockerfiles in the folders below {@code docker/} of the test resources,
 * all on {@link #BASE}.
 *
 * <p>An image is named for what it was made from, so it is built once and then found until its
 * folder or the base image changes. Nothing is ever pulled: {@code ./test} makes the base image
 * available.
 */
public final class Images {

  /** The only image that may come from elsewhere; {@code scripts/docker.sh} names the same. */
  static final String BASE = "debian:bookworm-slim";

  private Images() {}

  /**
   * Returns the image made from the folder {@code docker/<name>}, building it first where that is
   * needed.
   *
   * @throws IllegalStateException if there is no such folder or the base image is absent
   */
  public static synchronized DockerImageName of(String name) {
    Path folder = folder(name);
    String base =
        baseImageId()
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        BASE + " is absent and tests pull nothing; ./test makes it available"));
    String image = "upgradeable-test/" + name + ":" + digest(base, folder);
    if (id(image).isEmpty()) {
      new ImageFromDockerfile(image, false).withFileFromPath(".", folder).get();
    }
    return DockerImageName.parse(image);
  }

  /** Returns the id of the base image, empty if the engine does not have it. */
  static Optional<String> baseImageId() {
    return id(BASE);
  }

  private static Optional<String> id(String image) {
    try {
      return Optional.ofNullable(
          DockerClientFactory.lazyClient().inspectImageCmd(image).exec().getId());
    } catch (NotFoundException absent) {
      return Optional.empty();
    }
  }

  private static Path folder(String name) {
    URL dockerfile = Images.class.getResource("/docker/" + name + "/Dockerfile");
    if (dockerfile == null) {
      throw new IllegalStateException("no test resource docker/" + name + "/Dockerfile");
    }
    try {
      return Path.of(dockerfile.toURI()).resolveSibling("");
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String digest(String base, Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(base.getBytes(StandardCharsets.UTF_8));
      List<Path> sorted = files.filter(Files::isRegularFile).sorted().toList();
      for (Path file : sorted) {
        byte[] content = Files.readAllBytes(file);
        String heading = "\n" + folder.relativize(file) + " " + content.length + "\n";
        digest.update(heading.getBytes(StandardCharsets.UTF_8));
        digest.update(content);
      }
      return HexFormat.of().formatHex(digest.digest(), 0, 8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
