package io.upgradeable.tls;

import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * A policy that can be replaced while a server runs, for instance when its certificate was renewed.
 * Connections that are there keep theirs; the next one gets the new policy. A policy that cannot be
 * loaded changes nothing.
 *
 * <pre>{@code
 * var policy = ReloadableTlsPolicy.of(
 *     () -> TlsPolicy.server().identity(TlsIdentity.pem(certificate, key)).build());
 * ...
 * policy.reload();
 * }</pre>
 *
 * <p>Safe for use by several threads.
 */
public final class ReloadableTlsPolicy implements Supplier<TlsPolicy> {

  private final Callable<TlsPolicy> loader;
  // A lock and not a monitor: loading reads files, and a virtual thread may be waiting here.
  private final ReentrantLock reloading = new ReentrantLock();
  private volatile TlsPolicy current;

  private ReloadableTlsPolicy(Callable<TlsPolicy> loader) {
    this.loader = loader;
    this.current = load(loader);
  }

  /**
   * Loads the policy now, and again at each {@link #reload()}.
   *
   * @param loader reads the files and builds the policy
   * @return the policy in force
   * @throws InvalidTlsConfigurationException if the policy cannot be loaded
   */
  public static ReloadableTlsPolicy of(Callable<TlsPolicy> loader) {
    return new ReloadableTlsPolicy(Objects.requireNonNull(loader, "loader"));
  }

  /**
   * The policy in force. Never blocks.
   *
   * @return the policy that was loaded last
   */
  @Override
  public TlsPolicy get() {
    return current;
  }

  /**
   * Loads the policy anew, on the caller's thread, and puts it in force.
   *
   * @throws InvalidTlsConfigurationException if it cannot be loaded; the old one stays in force
   */
  public void reload() {
    reloading.lock();
    try {
      TlsPolicy loaded = load(loader);
      if (loaded.role() != current.role()) {
        throw new InvalidTlsConfigurationException(
            "the reloaded TLS policy is one for %s, expected one for %s"
                .formatted(TlsPolicy.text(loaded.role()), TlsPolicy.text(current.role())));
      }
      current = loaded;
    } finally {
      reloading.unlock();
    }
  }

  private static TlsPolicy load(Callable<TlsPolicy> loader) {
    try {
      return Objects.requireNonNull(loader.call(), "the loader returned no policy");
    } catch (InvalidTlsConfigurationException e) {
      throw e;
    } catch (Exception e) {
      if (e instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      throw new InvalidTlsConfigurationException("cannot load the TLS policy: " + e, e);
    }
  }
}
