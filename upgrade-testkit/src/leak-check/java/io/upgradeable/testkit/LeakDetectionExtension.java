package io.upgradeable.testkit;

import java.util.List;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test class if one of Netty's buffers, or anything else that Netty's leak detector
 * watches, was garbage collected without being released.
 *
 * <p>It is found by the service loader: a module with the test kit on its test path needs only
 * {@code junit.jupiter.extensions.autodetection.enabled=true} in its {@code
 * junit-platform.properties}. It turns the detector to its highest level, paranoid, so that every
 * object is watched; for that it must be there before Netty makes its first buffer, which
 * registration by the service loader sees to.
 *
 * <p>After each top-level test class it forces garbage collections until the detector has proven to
 * see one; a leak is therefore told by the class that made it, unless something still running held
 * the buffer.
 */
public final class LeakDetectionExtension implements BeforeAllCallback, AfterAllCallback {

  static {
    LeakRecorder.install();
  }

  /** Installs the recorder of leaks; called by JUnit through the service loader. */
  public LeakDetectionExtension() {}

  @Override
  public void beforeAll(ExtensionContext context) {
    // Nothing: loading this class installed the recorder.
  }

  @Override
  public void afterAll(ExtensionContext context) {
    if (!context.getEnclosingTestClasses().isEmpty()) {
      return;
    }
    List<String> leaks = LeakRecorder.INSTANCE.collect();
    if (!leaks.isEmpty()) {
      throw new AssertionError(
          "%s leaked %d object(s):%n%s"
              .formatted(context.getDisplayName(), leaks.size(), String.join("\n", leaks)));
    }
  }
}
