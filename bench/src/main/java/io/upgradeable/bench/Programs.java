package io.upgradeable.bench;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Where the programs are that take part. */
final class Programs {

  private Programs() {}

  /** The program by this name: from {@code bench/peers}, or else of this machine. */
  static Optional<String> find(String name) {
    List<Path> folders = new ArrayList<>();
    Path peers = Path.of(System.getProperty("upgradeable.bench.peers", "bench/target/peers/bin"));
    folders.add(peers);
    for (String folder :
        (System.getenv("PATH") + ":/usr/sbin:/sbin").split(File.pathSeparator, -1)) {
      folders.add(Path.of(folder));
    }
    return folders.stream()
        .map(folder -> folder.resolve(name).toAbsolutePath())
        .filter(Files::isExecutable)
        .map(Path::toString)
        .findFirst();
  }

  /** A JVM like this one that runs the class with our class path. */
  static List<String> java(Class<?> main, List<String> args) {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    command.add("-Dio.netty.leakDetection.level=disabled");
    int feature = Runtime.version().feature();
    if (feature >= 22) {
      command.add("--enable-native-access=ALL-UNNAMED");
    }
    if (feature >= 23) {
      command.add("--sun-misc-unsafe-memory-access=allow");
    }
    // For instance -Xmx64m: every program in Java gets it, the peers' as well as ours.
    String more = System.getenv().getOrDefault("BENCH_JAVA_OPTS", "").strip();
    if (!more.isEmpty()) {
      command.addAll(List.of(more.split(" +", -1)));
    }
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(main.getName());
    command.addAll(args);
    return command;
  }

  /** A file of this package's resources, where another program can read it. */
  static Path resource(String name) {
    try (InputStream bytes = Programs.class.getResourceAsStream(name)) {
      if (bytes == null) {
        throw new IllegalArgumentException("no resource " + name);
      }
      Path file = Files.createTempDirectory("upgradeable-bench").resolve(name);
      Files.copy(bytes, file, StandardCopyOption.REPLACE_EXISTING);
      file.toFile().deleteOnExit();
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
