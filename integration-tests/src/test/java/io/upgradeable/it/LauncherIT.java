package io.upgradeable.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The distribution as a user has it: unpacked somewhere, with the Java that runs the tests. */
final class LauncherIT {

  private static final String PREPARING = "preparing for fast starts";
  private static final long PATIENCE_SECONDS = 120;

  @TempDir private Path directory;
  private Path home;

  private record Run(int exitCode, String out, String err) {}

  @BeforeEach
  void unpack() throws Exception {
    Path target = Path.of("../cli/target");
    List<Path> archives;
    try (Stream<Path> files = Files.list(target)) {
      archives = files.filter(file -> file.toString().endsWith(".tar.gz")).toList();
    }
    assertThat(archives)
        .as("the distribution, which mvn package -pl cli -am leaves in cli/target")
        .hasSize(1);
    Path archive = archives.get(0).toRealPath();
    run(List.of("tar", "-xzf", archive.toString(), "-C", directory.toString()));
    String name = archive.getFileName().toString();
    home = directory.resolve(name.substring(0, name.length() - ".tar.gz".length()));
  }

  private Run start(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(home.resolve("bin/upgrade-cli").toString()));
    command.addAll(List.of(arguments));
    return run(command);
  }

  private Run run(List<String> command) throws Exception {
    Path out = directory.resolve("out");
    Path err = directory.resolve("err");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    Process process = builder.start();
    process.getOutputStream().close();
    assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).as("it ends").isTrue();
    return new Run(process.exitValue(), Files.readString(out), Files.readString(err));
  }

  private List<Path> archives() throws IOException {
    try (Stream<Path> files = Files.list(home.resolve("archives"))) {
      return files.filter(file -> file.toString().endsWith(".jsa")).toList();
    }
  }

  @Test
  void starts_firstMakesTheArchive_othersUseItSilently() throws Exception {
    Run first = start("--version");
    assertThat(first.exitCode()).isZero();
    assertThat(first.out()).startsWith("upgrade-cli ").endsWith(")\n").hasLineCount(1);
    assertThat(first.err()).contains(PREPARING).hasLineCount(1);
    assertThat(archives()).singleElement().satisfies(file -> assertThat(file).isNotEmptyFile());

    Run second = start("ping");
    assertThat(second.exitCode()).isZero();
    assertThat(second.out()).contains("1 PONG under TLS", "engine OpenSSL");
    assertThat(second.err()).isEmpty();
    assertThat(start("-XX:no").exitCode()).isEqualTo(2);
  }

  @Test
  void archive_damaged_startsWithoutAWord() throws Exception {
    Run right = start("--version");
    Path archive = archives().get(0);
    assertThat(archive.toFile().setWritable(true)).isTrue();
    Files.writeString(
        archive, "nothing that a JVM would map", StandardOpenOption.TRUNCATE_EXISTING);

    Run damaged = start("--version");

    assertThat(damaged).isEqualTo(new Run(0, right.out(), ""));
  }

  @Test
  void jar_gone_archiveDoesNotHideIt() throws Exception {
    start("--version");
    try (Stream<Path> jars = Files.list(home.resolve("lib"))) {
      for (Path jar : jars.filter(jar -> jar.toString().endsWith(".jar")).toList()) {
        Files.delete(jar);
      }
    }

    Run run = start("--version");

    assertThat(run.exitCode()).isNotZero();
    assertThat(run.err()).contains("io.upgradeable.cli.Main");
  }

  @Test
  void distribution_moved_makesAnArchiveForItsNewPlace() throws Exception {
    start("--version");
    Path before = archives().get(0);
    home = Files.move(home, directory.resolve("moved"));

    Run first = start("--version");
    Run second = start("--version");

    assertThat(first.err()).contains(PREPARING);
    assertThat(second.err()).isEmpty();
    assertThat(archives())
        .filteredOn(file -> !file.getFileName().equals(before.getFileName()))
        .singleElement()
        .satisfies(file -> assertThat(file).isNotEmptyFile());
  }

  @Test
  void archive_made_isOneThatTheJvmTakes() throws Exception {
    start("--version");
    String orNothing = Runtime.version().feature() < 25 ? "-Xshare:on" : "-XX:AOTMode=on";
    String launcher = home.resolve("bin/upgrade-cli").toString();

    Run run = run(List.of("env", "UPGRADE_CLI_JAVA_OPTS=" + orNothing, launcher, "--version"));

    assertThat(run.exitCode()).as(run.out() + run.err()).isZero();
  }

  @Test
  void place_notWritable_startsWithoutAnArchive() throws Exception {
    Path file = home.resolve("archives");
    Files.write(file, "a file in the folder's place".getBytes(StandardCharsets.US_ASCII));

    Run run = start("--version");

    assertThat(run.exitCode()).isZero();
    assertThat(run.err()).isEmpty();
  }
}
