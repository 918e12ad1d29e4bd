package io.upgradeable.it;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.opentest4j.TestAbortedException;
import org.testcontainers.DockerClientFactory;

/**
 * A test that needs a container. The environment variable {@code UPGRADEABLE_CONTAINERS}, which
 * {@code ./test} sets, says what happens:
 *
 * <ul>
 *   <li>{@code required}: the test runs; without Docker it fails, and an assumption that does not
 *       hold fails it too
 *   <li>{@code auto}: it runs where Docker answers and the base image is there, else it is left
 *       out, loudly
 *   <li>{@code off}: it is left out. So it is where the variable is not set, because only {@code
 *       ./test} tells Testcontainers what keeps it from searching a gateway or an image for minutes
 * </ul>
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@Documented
@Tag("container")
@ExtendWith(ContainerTest.Condition.class)
public @interface ContainerTest {

  /** How far a run insists on its container tests. */
  enum Mode {
    REQUIRED,
    AUTO,
    OFF;

    static Mode current() {
      String value = System.getenv("UPGRADEABLE_CONTAINERS");
      return value == null ? OFF : valueOf(value.toUpperCase(Locale.ROOT));
    }
  }

  /** Leaves the test out, or sees to it that it cannot be left out. */
  final class Condition
      implements ExecutionCondition,
          TestExecutionExceptionHandler,
          LifecycleMethodExecutionExceptionHandler {

    /** {@code ./test} counts the tests that were left out by these words. */
    private static final String LEFT_OUT = "container test left out: ";

    private static final AtomicBoolean SAID = new AtomicBoolean();

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      return switch (Mode.current()) {
        case REQUIRED -> ConditionEvaluationResult.enabled("container tests are required");
        case OFF -> leftOut("./test runs them (UPGRADEABLE_CONTAINERS=off)");
        case AUTO -> {
          if (!DockerClientFactory.instance().isDockerAvailable()) {
            yield leftOut("no Docker engine answers");
          }
          if (Images.baseImageId().isEmpty()) {
            yield leftOut("the image " + Images.BASE + " is absent (./test makes it)");
          }
          yield ConditionEvaluationResult.enabled("Docker answers");
        }
      };
    }

    private static ConditionEvaluationResult leftOut(String reason) {
      if (SAID.compareAndSet(false, true)) {
        System.err.println("### Container tests are LEFT OUT: " + reason + " ###");
      }
      return ConditionEvaluationResult.disabled(LEFT_OUT + reason);
    }

    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable thrown)
        throws Throwable {
      throw failure(thrown);
    }

    @Override
    public void handleBeforeAllMethodExecutionException(ExtensionContext context, Throwable thrown)
        throws Throwable {
      throw failure(thrown);
    }

    @Override
    public void handleBeforeEachMethodExecutionException(ExtensionContext context, Throwable thrown)
        throws Throwable {
      throw failure(thrown);
    }

    private static Throwable failure(Throwable thrown) {
      return thrown instanceof TestAbortedException && Mode.current() == Mode.REQUIRED
          ? new AssertionError("container tests are required, but an assumption failed", thrown)
          : thrown;
    }
  }
}
