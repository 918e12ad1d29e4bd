package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;

/**
 * One run of the command line within the test's own JVM.
 *
 * @param exitCode what the shell would get
 * @param out what went to stdout
 * @param err what went to stderr
 */
record Cli(int exitCode, String out, String err) {

  static Cli run(String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code = new Program(new PrintWriter(out, true), new PrintWriter(err, true)).run(args);
    return new Cli(code, out.toString(), err.toString());
  }

  JsonObject json() {
    return JsonParser.parseString(out).getAsJsonObject();
  }

  /** It worked, and there was nothing to complain about. */
  Cli succeeded() {
    assertThat(err).isEmpty();
    assertThat(exitCode).isZero();
    return this;
  }

  /** It ended with this code and one line on stderr, which has all these words. */
  Cli failed(ExitCode code, String... words) {
    assertThat(err).startsWith("upgrade-cli").endsWith(System.lineSeparator());
    assertThat(List.of(words)).allSatisfy(word -> assertThat(err).contains(word));
    assertThat(err.lines()).as("one line, no stack trace: " + err).hasSize(1);
    assertThat(exitCode).as(err).isEqualTo(code.code());
    return this;
  }
}
