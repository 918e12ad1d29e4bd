package io.upgradeable.netty;

import io.netty.buffer.ByteBuf;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

/**
 * Reads the key exchange group from a TLS 1.3 ServerHello (RFC 8446, 4.1.3 and 4.2.8) as it passes
 * by: no engine tells it, and operators ask whether it was a post-quantum one. Only looks, never
 * decides: what it does not understand leaves the group unknown.
 */
final class ServerHelloReader {

  private static final int RECORD_HEADER = 5;
  private static final int TYPE_HANDSHAKE = 22;
  private static final int SERVER_HELLO = 2;
  private static final int EXTENSION_KEY_SHARE = 51;

  /** A ServerHello with the largest key share in use, X25519MLKEM768, has 1.2 KiB. */
  private static final int MAX_LENGTH = 4096;

  /** IANA "TLS Supported Groups", those that servers choose. */
  private static final Map<Integer, String> NAMES =
      Map.ofEntries(
          Map.entry(0x0017, "secp256r1"),
          Map.entry(0x0018, "secp384r1"),
          Map.entry(0x0019, "secp521r1"),
          Map.entry(0x001d, "x25519"),
          Map.entry(0x001e, "x448"),
          Map.entry(0x0100, "ffdhe2048"),
          Map.entry(0x0101, "ffdhe3072"),
          Map.entry(0x0102, "ffdhe4096"),
          Map.entry(0x0200, "MLKEM512"),
          Map.entry(0x0201, "MLKEM768"),
          Map.entry(0x0202, "MLKEM1024"),
          Map.entry(0x11eb, "SecP256r1MLKEM768"),
          Map.entry(0x11ec, "X25519MLKEM768"),
          Map.entry(0x11ed, "SecP384r1MLKEM1024"));

  private static final byte[] NOTHING = {};

  private byte[] head = NOTHING;
  private boolean over;
  private Optional<String> group = Optional.empty();

  /** Looks at bytes of the server, which stay where they are. */
  void look(ByteBuf bytes) {
    if (over) {
      return;
    }
    if (head.length == 0 && isWhole(bytes)) { // As it is nearly always: nothing is copied.
      int start = bytes.readerIndex();
      read(bytes.nioBuffer(start, RECORD_HEADER + recordLength(bytes)));
      end();
      return;
    }
    int more = Math.min(bytes.readableBytes(), MAX_LENGTH - head.length);
    int length = head.length;
    head = Arrays.copyOf(head, length + more);
    bytes.getBytes(bytes.readerIndex(), head, length, more);
    if (head.length < RECORD_HEADER) {
      return;
    }
    int recordLength = (head[3] & 0xff) << 8 | (head[4] & 0xff);
    if (head.length >= RECORD_HEADER + recordLength) {
      read(ByteBuffer.wrap(head, 0, RECORD_HEADER + recordLength));
      end();
    } else if (head.length >= MAX_LENGTH) {
      end();
    }
  }

  private static boolean isWhole(ByteBuf bytes) {
    return bytes.readableBytes() >= RECORD_HEADER
        && bytes.readableBytes() >= RECORD_HEADER + recordLength(bytes);
  }

  private static int recordLength(ByteBuf bytes) {
    return bytes.getUnsignedShort(bytes.readerIndex() + 3);
  }

  private void end() {
    over = true;
    head = NOTHING;
  }

  /** The group's name; empty under TLS 1.2, where another message has it, and if it is unknown. */
  Optional<String> group() {
    return group;
  }

  private void read(ByteBuffer record) {
    try {
      if (record.get() != TYPE_HANDSHAKE) {
        return;
      }
      skip(record, RECORD_HEADER - 1);
      if (record.get() != SERVER_HELLO) {
        return;
      }
      skip(record, 3 + 2 + 32); // length, legacy_version, random
      skip(record, record.get() & 0xff); // legacy_session_id_echo
      skip(record, 2 + 1 + 2); // cipher_suite, legacy_compression_method, length of extensions
      while (record.hasRemaining()) {
        int type = record.getShort() & 0xffff;
        int length = record.getShort() & 0xffff;
        if (type == EXTENSION_KEY_SHARE) {
          int id = record.getShort() & 0xffff;
          String name = NAMES.get(id);
          group = Optional.of(name == null ? "0x%04x".formatted(id) : name);
          return;
        }
        skip(record, length);
      }
    } catch (BufferUnderflowException | IllegalArgumentException malformed) {
      group = Optional.empty(); // The engine will have its say about it.
    }
  }

  private static void skip(ByteBuffer buffer, int count) {
    buffer.position(buffer.position() + count);
  }
}
