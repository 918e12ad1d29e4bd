package io.upgradeable.testkit;

import java.util.ArrayList;
import java.util.List;

/** All ways of cutting a stream that a test should try. */
public final class SplitPoints {

  private static final int RANDOM_SPLITS = 16;

  private SplitPoints() {}

  /**
   * One cut, at every index inside the stream.
   *
   * @param length the stream's length in bytes
   * @return {@code length - 1} splits
   */
  public static List<Split> inTwo(int length) {
    List<Split> splits = new ArrayList<>();
    for (int index = 1; index < length; index++) {
      splits.add(Split.at(index));
    }
    return splits;
  }

  /**
   * Random cuts.
   *
   * @param count how many splits
   * @param seed the first one's seed; the others follow
   * @return the splits, each named with its seed
   */
  public static List<Split> random(int count, long seed) {
    List<Split> splits = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      splits.add(Split.random(seed + i));
    }
    return splits;
  }

  /**
   * Everything at once, byte by byte, one cut at every index, and some random cuts. Their seed is
   * in their name; {@code -Dupgradeable.seed=N} sets it.
   *
   * @param length the stream's length in bytes
   * @return the splits
   */
  public static List<Split> all(int length) {
    List<Split> splits = new ArrayList<>();
    splits.add(Split.whole());
    splits.add(Split.everyByte());
    splits.addAll(inTwo(length));
    splits.addAll(random(RANDOM_SPLITS, Seed.next()));
    return splits;
  }
}
