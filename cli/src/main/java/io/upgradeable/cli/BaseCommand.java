package io.upgradeable.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * What all commands that do something have in common: whatever goes wrong becomes one line on
 * stderr and an {@link ExitCode}, and the user may end the command at any time.
 */
@Command(
    mixinStandardHelpOptions = true,
    versionProvider = UpgradeCli.Version.class,
    abbreviateSynopsis = true,
    sortOptions = false)
abstract class BaseCommand implements Callable<Integer> {

  protected static final String OUTPUT_LOST = "cannot write to stdout";

  @Mixin private final DiagnosticOptions diagnostics = new DiagnosticOptions();

  private @Nullable Invocation invocation;

  private volatile boolean outputStuck;

  /** Does the work; returning means success. */
  protected abstract void execute(Interruption interruption) throws Exception;

  /** Whether the command can return this, for its help. */
  protected abstract boolean canEndWith(ExitCode code);

  /** Is told of a failure before the line on stderr is printed. */
  protected void failed(Failure failure) {}

  /** Is told who calls, before {@link #call}. */
  final void begin(Invocation by) {
    invocation = by;
  }

  @Override
  public final Integer call() {
    try (Interruption interruption = Interruption.ofThisThread(this::tellOfInterruption)) {
      ExitCode code = run(interruption);
      if (isOutputLost() && code == ExitCode.OK) {
        diagnose(OUTPUT_LOST);
        code = ExitCode.OTHER;
      }
      err().flush();
      interruption.endsWith(code);
      return code.code();
    } catch (InterruptedException e) {
      return tell(Failure.of(e)).code();
    }
  }

  private void tellOfInterruption(boolean behindPrompt) {
    if (behindPrompt) {
      err().println(); // The cursor stands there, for it was not answered.
    }
    diagnose(Failure.INTERRUPTED);
  }

  private ExitCode run(Interruption interruption) {
    Failure failure;
    try {
      requireOneSecretOnStdin();
      execute(interruption);
      return ExitCode.OK;
    } catch (Exception e) {
      failure = Failure.of(e);
    }
    failed(failure);
    if (!outputStuck) {
      out().flush();
    }
    return tell(failure);
  }

  /** Each would read the other's line. */
  private void requireOneSecretOnStdin() {
    List<String> given = secretsOnStdin();
    if (given.size() > 1) {
      throw new UsageException("expected one secret on stdin, got " + String.join(" and ", given));
    }
  }

  /** The options that were given and take a secret from stdin. */
  protected final List<String> secretsOnStdin() {
    return invocation().secretsOnStdin();
  }

  /** Tells on stderr why the command fails. */
  final ExitCode tell(Failure failure) {
    diagnose(failure.message());
    if (diagnostics.stackTrace()) {
      failure.cause().printStackTrace(err());
      err().flush();
    }
    return failure.exitCode();
  }

  /** Flushes stdout; the writer does not hear of what the stream beneath it could not do. */
  protected final boolean isOutputLost() {
    return outputStuck || out().checkError() || System.out.checkError();
  }

  /** Says that another thread is stuck in writing to stdout, and whoever touches it would be. */
  protected final void giveUpOutput() {
    outputStuck = true;
  }

  /** Prints one line on stderr that begins with the command's name. */
  protected final void diagnose(String message) {
    err().println(name() + ": " + message);
    err().flush();
  }

  protected final DiagnosticOptions diagnostics() {
    return diagnostics;
  }

  /** The command as the user typed it, for instance {@code upgrade-cli serve ping}. */
  protected final String name() {
    return invocation().name();
  }

  protected final PrintWriter out() {
    return invocation().out();
  }

  protected final PrintWriter err() {
    return invocation().err();
  }

  protected final Invocation invocation() {
    return Objects.requireNonNull(invocation, "invocation");
  }
}
