package io.upgradeable.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.util.ReferenceCounted;
import java.lang.reflect.Proxy;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtensionContext;

class LeakDetectionExtensionTest {

  private final LeakDetectionExtension extension = new LeakDetectionExtension();

  @Test
  void bufferLeaked_classEnds_failsOnceWithItsOrigin() throws Exception {
    leakBuffer();

    assertThatThrownBy(() -> extension.afterAll(testClass()))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("TestClass leaked 1 object(s)")
        .hasMessageContaining("ByteBuf")
        .hasMessageContaining("LeakDetectionExtensionTest.leakBuffer");
    assertThatCode(() -> extension.afterAll(testClass())).doesNotThrowAnyException();
  }

  @Test
  void bufferReleased_classEnds_passes() throws Exception {
    ((ReferenceCounted) newBuffer()).release();

    assertThatCode(() -> extension.afterAll(testClass())).doesNotThrowAnyException();
  }

  /** By reflection: the test kit does not read Netty's buffers, and need not. */
  private static Object newBuffer() throws ReflectiveOperationException {
    return Class.forName("io.netty.buffer.Unpooled")
        .getMethod("directBuffer", int.class)
        .invoke(null, 16);
  }

  private static void leakBuffer() throws ReflectiveOperationException {
    assertThat(newBuffer()).isNotNull();
  }

  private static ExtensionContext testClass() {
    return (ExtensionContext)
        Proxy.newProxyInstance(
            LeakDetectionExtensionTest.class.getClassLoader(),
            new Class<?>[] {ExtensionContext.class},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "getEnclosingTestClasses" -> List.of();
                  case "getDisplayName" -> "TestClass";
                  default -> throw new UnsupportedOperationException(method.getName());
                });
  }
}
