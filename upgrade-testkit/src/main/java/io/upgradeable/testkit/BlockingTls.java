package io.upgradeable.testkit;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;

/**
 * TLS over a blocking socket by an engine, and not by an {@code SSLSocket}: an engine lets the
 * caller decide what leaves in one segment with the ClientHello.
 */
final class BlockingTls {

  /** Where the records come from. */
  interface Source {
    /** How many bytes were read, or -1 at the end. */
    int read(byte[] buffer) throws IOException;
  }

  private final SSLEngine engine;
  private final Source in;
  private final OutputStream out;
  private final ByteArrayOutputStream flight = new ByteArrayOutputStream();
  private byte[] received;
  private byte[] plaintext = {};

  BlockingTls(SSLEngine engine, Source in, OutputStream out, byte[] received) {
    this.engine = engine;
    this.in = in;
    this.out = out;
    this.received = received;
  }

  /** Shakes hands; the bytes given leave in one write with the first flight. */
  void handshake(byte[] before) throws IOException {
    flight.writeBytes(before);
    engine.beginHandshake();
    while (engine.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING) {
      advance();
    }
    flush();
  }

  private void advance() throws IOException {
    switch (engine.getHandshakeStatus()) {
      case NEED_WRAP -> wrap(new byte[0]);
      case NEED_TASK -> runTasks();
      case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
        flush();
        if (!unwrap()) {
          throw new EOFException("the other side closed in the handshake");
        }
      }
      case FINISHED, NOT_HANDSHAKING -> {}
    }
  }

  private void runTasks() {
    Runnable task = engine.getDelegatedTask();
    while (task != null) {
      task.run();
      task = engine.getDelegatedTask();
    }
  }

  void write(byte[] bytes) throws IOException {
    wrap(bytes);
    flush();
  }

  /** At least one byte, or none at the end. */
  byte[] read() throws IOException {
    while (plaintext.length == 0) {
      HandshakeStatus status = engine.getHandshakeStatus();
      if (status == HandshakeStatus.NEED_WRAP || status == HandshakeStatus.NEED_TASK) {
        advance(); // a key update wants an answer
        flush();
      } else if (engine.isInboundDone() || !unwrap()) {
        return new byte[0];
      }
    }
    byte[] bytes = plaintext;
    plaintext = new byte[0];
    return bytes;
  }

  void closeNotify() throws IOException {
    engine.closeOutbound();
    wrap(new byte[0]);
    flush();
  }

  private void wrap(byte[] bytes) throws SSLException {
    ByteBuffer source = ByteBuffer.wrap(bytes);
    do {
      ByteBuffer record = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
      SSLEngineResult result = engine.wrap(source, record);
      flight.write(record.array(), 0, record.position());
      if (result.getStatus() != Status.OK) {
        return;
      }
      if (result.getHandshakeStatus() == HandshakeStatus.NEED_TASK) {
        runTasks();
      }
    } while (source.hasRemaining());
  }

  /** False at the end of the stream. */
  private boolean unwrap() throws IOException {
    while (true) {
      ByteBuffer source = ByteBuffer.wrap(received);
      ByteBuffer target = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize());
      SSLEngineResult result = engine.unwrap(source, target);
      received = Arrays.copyOfRange(received, source.position(), received.length);
      plaintext = Bytes.join(plaintext, Arrays.copyOf(target.array(), target.position()));
      if (result.getStatus() != Status.BUFFER_UNDERFLOW) {
        return result.getStatus() != Status.CLOSED;
      }
      if (!readSocket()) {
        return false;
      }
    }
  }

  private boolean readSocket() throws IOException {
    byte[] buffer = new byte[16 * 1024];
    int count = in.read(buffer);
    if (count < 0) {
      return false;
    }
    received = Bytes.join(received, Arrays.copyOf(buffer, count));
    return true;
  }

  private void flush() throws IOException {
    if (flight.size() > 0) {
      out.write(flight.toByteArray());
      flight.reset();
    }
  }
}
