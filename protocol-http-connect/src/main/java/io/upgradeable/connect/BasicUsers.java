package io.upgradeable.connect;

import io.upgradeable.sasl.SaslServer;
import io.upgradeable.sasl.SaslUsers;
import io.upgradeable.sasl.Secret;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Checks the credentials of the scheme Basic (RFC 7617) against hashed passwords, on a thread of
 * its own, because a hash worth its name takes milliseconds. An unknown user takes as long as a
 * wrong password. What was right is remembered for a while, by a keyed hash: a client that opens
 * many tunnels is checked once.
 */
final class BasicUsers {

  /** More checks wait for no one: the proxy is being tried. */
  private static final int MAX_WAITING = 256;

  private static final int MAX_REMEMBERED = 1000;
  private static final long REMEMBERED_NANOS = TimeUnit.MINUTES.toNanos(5);
  private static final String PREFIX = "basic ";

  private record Known(String user, long until) {}

  private final SaslServer server;
  private final ThreadPoolExecutor threads;
  private final SecretKeySpec key;
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private volatile boolean closed;
  private final Map<String, Known> remembered =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Known> eldest) {
          return size() > MAX_REMEMBERED;
        }
      };

  BasicUsers(SaslUsers users) {
    server = new SaslServer(users);
    threads =
        new ThreadPoolExecutor(
            1,
            1,
            5,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(MAX_WAITING),
            task -> {
              Thread thread = new Thread(task, "upgradeable-proxy-passwords");
              thread.setDaemon(true);
              return thread;
            }) {
          @Override
          protected void terminated() {
            ended.complete(null);
          }
        };
    threads.allowCoreThreadTimeOut(true);
    byte[] random = new byte[32];
    new SecureRandom().nextBytes(random);
    key = new SecretKeySpec(random, "HmacSHA256");
  }

  /**
   * Checks.
   *
   * @return completes with the user, or with nothing if there is none such
   * @throws RejectedExecutionException if too many checks wait
   */
  CompletableFuture<Optional<String>> check(ConnectRequest.Presented presented) {
    String value = presented.value();
    if (!value.toLowerCase(Locale.ROOT).startsWith(PREFIX)) {
      return CompletableFuture.completedFuture(Optional.empty());
    }
    String seal = seal(value);
    Optional<String> known = recall(seal);
    if (known.isPresent()) {
      return CompletableFuture.completedFuture(known);
    }
    return CompletableFuture.supplyAsync(
        () -> {
          Optional<String> user =
              closed ? Optional.empty() : verify(value.substring(PREFIX.length()).strip());
          user.ifPresent(name -> remember(seal, name));
          return user;
        },
        threads);
  }

  private Optional<String> verify(String base64) {
    byte[] bytes;
    try {
      bytes = Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException noBase64) {
      return Optional.empty();
    }
    CharBuffer text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
    } catch (CharacterCodingException noUtf8) {
      return Optional.empty();
    } finally {
      Arrays.fill(bytes, (byte) 0);
    }
    char[] both = text.array();
    int colon = 0;
    while (colon < text.limit() && both[colon] != ':') {
      colon++;
    }
    if (colon == text.limit()) {
      return Optional.empty();
    }
    try (Secret password = new Secret(Arrays.copyOfRange(both, colon + 1, text.limit()))) {
      return server.verify(new String(both, 0, colon), password);
    } finally {
      Arrays.fill(both, '\0');
    }
  }

  private String seal(String value) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(key);
      byte[] sealed = mac.doFinal(value.getBytes(StandardCharsets.ISO_8859_1));
      return Base64.getEncoder().encodeToString(sealed);
    } catch (NoSuchAlgorithmException | InvalidKeyException e) {
      throw new IllegalStateException(e); // Every JDK has it.
    }
  }

  private synchronized Optional<String> recall(String seal) {
    Known known = remembered.get(seal);
    if (known == null || known.until() - System.nanoTime() < 0) {
      remembered.remove(seal);
      return Optional.empty();
    }
    return Optional.of(known.user());
  }

  private synchronized void remember(String seal, String user) {
    remembered.put(seal, new Known(user, System.nanoTime() + REMEMBERED_NANOS));
  }

  /**
   * Ends the checks that wait, each with a no.
   *
   * @return completes when none is under way any more
   */
  CompletableFuture<Void> closeAsync() {
    closed = true;
    threads.shutdown();
    return ended;
  }
}
