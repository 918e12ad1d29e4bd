package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.upgradeable.Connection;
import io.upgradeable.session.SessionContext;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What no peer can be made to do at will: its bytes and its end come in one read. */
@Timeout(60)
class StdioSessionTest {

  private final ExecutorService loop = Executors.newSingleThreadExecutor();

  @AfterEach
  void endLoop() {
    loop.shutdownNow();
  }

  /** Answers the calls that have an answer here. */
  private static <T> T answering(Class<T> type, Map<String, Supplier<?>> answers) {
    Object proxy =
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (self, method, args) ->
                answers.getOrDefault(method.getName(), CompletableFuture::new).get());
    return type.cast(proxy);
  }

  @Test
  void endBeforeBytesThatWereNotAskedFor_stdoutHasThemBeforeItsEnd() throws Exception {
    CountDownLatch reading = new CountDownLatch(1);
    ByteArrayOutputStream written = new ByteArrayOutputStream();
    OutputStream stdout =
        new OutputStream() {
          @Override
          public void write(int b) {
            try {
              reading.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
            written.write(b);
          }
        };
    StdioSession session =
        new StdioSession(InputStream.nullInputStream(), stdout, Duration.ofMinutes(1));
    Connection connection = answering(Connection.class, Map.of("tls", Optional::empty));
    CountDownLatch delivered = new CountDownLatch(1);
    SessionContext context =
        answering(
            SessionContext.class,
            Map.of(
                "connection",
                () -> connection,
                "executor",
                () -> (Executor) loop,
                "shutdownOutput",
                () -> CompletableFuture.completedFuture(null),
                "requestInput",
                () -> Optional.empty(),
                "redeliver",
                () -> {
                  if (delivered.getCount() > 0) {
                    delivered.countDown();
                    session.receive(bytes("rest"));
                  }
                  return Optional.empty();
                }));
    loop.submit(
            () -> {
              session.opened(context);
              session.receive(bytes("asked for, "));
              session.inputClosed(false);
            })
        .get();
    reading.countDown();

    session.over().get(30, TimeUnit.SECONDS);
    assertThat(written.toString(StandardCharsets.UTF_8)).isEqualTo("asked for, rest");
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }
}
