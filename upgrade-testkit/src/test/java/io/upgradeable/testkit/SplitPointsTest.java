package io.upgradeable.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class SplitPointsTest {

  private static final byte[] BYTES = {1, 2, 3, 4};

  @Test
  void whole_cut_isOneSegment() {
    assertThat(Split.whole().cut(BYTES)).containsExactly(BYTES);
  }

  @Test
  void everyByte_cut_isOneSegmentEach() {
    assertThat(Split.everyByte().cut(BYTES))
        .containsExactly(new byte[] {1}, new byte[] {2}, new byte[] {3}, new byte[] {4});
  }

  @Test
  void inTwo_cut_hasEachIndexOnce() {
    List<Split> splits = SplitPoints.inTwo(BYTES.length);

    assertThat(splits).hasSize(3);
    assertThat(splits.get(0).cut(BYTES)).containsExactly(new byte[] {1}, new byte[] {2, 3, 4});
    assertThat(splits.get(2).cut(BYTES)).containsExactly(new byte[] {1, 2, 3}, new byte[] {4});
  }

  @Test
  void random_cut_losesNothingAndRepeats() {
    for (Split split : SplitPoints.random(50, 7)) {
      List<byte[]> segments = split.cut(BYTES);

      assertThat(Bytes.join(segments.toArray(new byte[0][]))).as("%s", split).isEqualTo(BYTES);
      assertThat(split.cut(BYTES)).as("%s", split).containsExactlyElementsOf(segments);
      assertThat(split.toString()).contains("seed ");
    }
    assertThat(SplitPoints.random(50, 7).stream().map(s -> s.cut(BYTES).size()).distinct())
        .as("random splits differ")
        .hasSizeGreaterThan(1);
  }

  @Test
  void brokenSplit_cut_refused() {
    assertThatThrownBy(() -> Split.named("broken", (offset, available) -> 0).cut(BYTES))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("broken");
  }
}
