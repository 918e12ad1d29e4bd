package io.upgradeable.testkit;

import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetectorFactory;
import io.netty.util.ResourceLeakTracker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/** Records what Netty's leak detectors report, and knows when they have had their chance. */
@SuppressWarnings("deprecation") // Netty's factory has one abstract method, a deprecated one
final class LeakRecorder extends ResourceLeakDetectorFactory {

  static final LeakRecorder INSTANCE = new LeakRecorder();

  /** A safety net only: a collection and its report take milliseconds. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static final String SENTINEL_END = " of the leak recorder";

  private final List<Detector<?>> detectors = new CopyOnWriteArrayList<>();
  private final List<String> leaks = new CopyOnWriteArrayList<>();
  private final Set<String> sentinelsSeen = ConcurrentHashMap.newKeySet();
  private final AtomicLong sentinels = new AtomicLong();

  private LeakRecorder() {}

  /** Must run before Netty makes its first buffer. */
  static void install() {
    ResourceLeakDetectorFactory.setResourceLeakDetectorFactory(INSTANCE);
    ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
  }

  @Override
  public <T> ResourceLeakDetector<T> newResourceLeakDetector(
      Class<T> resource, int samplingInterval, long maxActive) {
    Detector<T> detector = new Detector<>(resource, samplingInterval);
    detectors.add(detector);
    return detector;
  }

  @Override
  public <T> ResourceLeakDetector<T> newResourceLeakDetector(
      Class<T> resource, int samplingInterval) {
    return newResourceLeakDetector(resource, samplingInterval, Long.MAX_VALUE);
  }

  /**
   * Forces garbage collections until everything that leaked before this call is reported, and takes
   * the reports.
   *
   * <p>Into each detector an object is leaked on purpose; when the detector reports it, a
   * collection has happened and the detector has heard of it. A second round is needed because what
   * one collection finds is told in no particular order.
   *
   * @throws AssertionError if a detector does not report what was leaked into it
   */
  List<String> collect() {
    for (int round = 0; round < 2; round++) {
      Map<Detector<?>, String> awaited = new HashMap<>();
      for (Detector<?> detector : detectors) {
        awaited.put(detector, leakInto(detector));
      }
      await(awaited);
    }
    List<String> reported = new ArrayList<>(leaks);
    leaks.removeAll(reported);
    return reported;
  }

  private String leakInto(Detector<?> detector) {
    String sentinel = "sentinel " + sentinels.incrementAndGet() + SENTINEL_END;
    if (!detector.leakOnPurpose(sentinel)) {
      throw new AssertionError(
          "expected a leak detector that watches everything, got one that somebody turned off");
    }
    return sentinel;
  }

  private void await(Map<Detector<?>, String> awaited) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!awaited.isEmpty()) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError(
            "expected the leak detectors to report " + awaited.values() + ", got nothing");
      }
      System.gc();
      awaited.keySet().forEach(Detector::reportNow);
      awaited.values().removeIf(sentinelsSeen::remove);
    }
  }

  private void onReport(String resourceType, String records) {
    int at = records.indexOf("sentinel ");
    int end = records.indexOf(SENTINEL_END);
    if (at >= 0 && end > at) {
      sentinelsSeen.add(records.substring(at, end) + SENTINEL_END);
    } else {
      leaks.add("LEAK of " + resourceType + ", created or last touched:" + records);
    }
  }

  private final class Detector<T> extends ResourceLeakDetector<T> {

    Detector(Class<T> resource, int samplingInterval) {
      super(resource, samplingInterval);
    }

    /** The detector does not care what it watches, whatever its type says. */
    @SuppressWarnings("unchecked")
    private ResourceLeakTracker<T> watch(Object object) {
      return track((T) object);
    }

    /** False if the detector is off. */
    boolean leakOnPurpose(String sentinel) {
      ResourceLeakTracker<T> tracker = watch(new Object());
      if (tracker == null) {
        return false;
      }
      tracker.record(sentinel);
      return true;
    }

    /** A detector reports only when it is asked to watch something more. */
    @SuppressWarnings("unchecked")
    void reportNow() {
      Object object = new Object();
      ResourceLeakTracker<T> tracker = watch(object);
      if (tracker != null) {
        tracker.close((T) object);
      }
    }

    @Override
    protected boolean needReport() {
      return true;
    }

    @Override
    protected void reportTracedLeak(String resourceType, String records) {
      onReport(resourceType, records);
    }

    @Override
    protected void reportUntracedLeak(String resourceType) {
      onReport(resourceType, " nobody knows where");
    }
  }
}
