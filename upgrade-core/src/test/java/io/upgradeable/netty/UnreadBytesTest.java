package io.upgradeable.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class UnreadBytesTest {

  private final UnreadBytes unread = new UnreadBytes();

  private static byte[] remaining(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  @Test
  void fresh_isEmpty() {
    assertThat(unread.isEmpty()).isTrue();
    assertThat(unread.length()).isZero();
    assertThat(unread.view().hasRemaining()).isFalse();
    assertThat(unread.takeAll()).isEmpty();
  }

  @Test
  void append_copiesAndLeavesTheBufferToTheCaller() {
    ByteBuf buffer = Unpooled.wrappedBuffer(new byte[] {0, 1, 2, 3}).skipBytes(1);
    unread.append(buffer);
    assertThat(buffer.isReadable()).isFalse();
    assertThat(buffer.refCnt()).isEqualTo(1);
    buffer.setByte(1, 9);
    assertThat(remaining(unread.view())).containsExactly(1, 2, 3);
    buffer.release();
  }

  @Test
  void view_isReadOnlyFromZeroAndConsumesNothing() {
    unread.append(ByteBuffer.wrap(new byte[] {1, 2, 3}));
    unread.consume(1);
    ByteBuffer view = unread.view();
    assertThat(view.position()).isZero();
    assertThat(view.limit()).isEqualTo(2);
    assertThat(view.capacity()).isEqualTo(2);
    assertThat(view.isReadOnly()).isTrue();
    assertThat(remaining(view)).containsExactly(2, 3);
    assertThatThrownBy(() -> view.put(0, (byte) 0)).isInstanceOf(ReadOnlyBufferException.class);
    assertThat(unread.length()).isEqualTo(2);
  }

  @Test
  void takeAll_takesOnlyWhatWasNotConsumed() {
    unread.append(ByteBuffer.wrap(new byte[] {1, 2, 3}));
    unread.consume(1);
    assertThat(unread.takeAll()).containsExactly(2, 3);
    assertThat(unread.isEmpty()).isTrue();
    unread.append(ByteBuffer.wrap(new byte[] {4}));
    assertThat(unread.takeAll()).containsExactly(4);
  }

  @Test
  void clear_forgetsEverything() {
    unread.append(ByteBuffer.wrap(new byte[1000]));
    unread.clear();
    assertThat(unread.isEmpty()).isTrue();
    unread.append(ByteBuffer.wrap(new byte[] {7}));
    assertThat(unread.takeAll()).containsExactly(7);
  }

  @Test
  void clearedView_neverShowsWhatCameLater() {
    unread.append(ByteBuffer.wrap(new byte[] {1, 2, 3}));
    ByteBuffer kept = unread.view();
    unread.clear();
    unread.append(ByteBuffer.wrap(new byte[] {4, 5, 6}));
    assertThat(remaining(kept)).containsExactly(1, 2, 3);
  }

  @Test
  void anyMixOfCalls_behavesLikeAPlainQueue() {
    Random random = new Random(20240607);
    for (int round = 0; round < 50; round++) {
      UnreadBytes tried = new UnreadBytes();
      ByteArrayOutputStream expected = new ByteArrayOutputStream();
      for (int i = 0; i < 200; i++) {
        byte[] more = new byte[random.nextInt(round % 10 == 0 ? 5000 : 40)];
        random.nextBytes(more);
        if (random.nextBoolean()) {
          tried.append(ByteBuffer.wrap(more));
        } else {
          tried.append(Unpooled.wrappedBuffer(more));
        }
        expected.writeBytes(more);
        byte[] all = expected.toByteArray();
        assertThat(tried.length()).isEqualTo(all.length);
        int count = random.nextInt(all.length + 1);
        assertThat(remaining(tried.view())).isEqualTo(all);
        tried.consume(count);
        expected.reset();
        expected.write(all, count, all.length - count);
      }
      assertThat(tried.takeAll()).isEqualTo(expected.toByteArray());
    }
  }
}
