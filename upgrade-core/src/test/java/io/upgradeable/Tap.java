package io.upgradeable;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Stands between one client and its server, passes bytes on in both directions, and keeps what the
 * client sent. On demand it holds back what follows the ClientHello, to send it all in one segment.
 */
public final class Tap implements AutoCloseable {

  private final ServerSocket listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
  private final Socket server;
  private final ByteArrayOutputStream fromClient = new ByteArrayOutputStream();
  private final CompletableFuture<byte[]> all = new CompletableFuture<>();
  private final CompletableFuture<Socket> client = new CompletableFuture<>();
  private volatile int holdBytes;
  private volatile boolean holdAnswers;

  public Tap(Endpoint target) throws IOException {
    server = new Socket(InetAddress.getLoopbackAddress(), target.port());
    server.setTcpNoDelay(true);
    Thread thread = new Thread(this::run, "tap");
    thread.setDaemon(true);
    thread.start();
  }

  public Endpoint endpoint() {
    return Endpoint.of("127.0.0.1", listening.getLocalPort());
  }

  /** Lets one more write of the client pass, and then waits for so many bytes. */
  public void holdBehindNextWrite(int bytes) {
    holdBytes = bytes;
  }

  /** Passes on what the server says from now on when it has said all, in one segment. */
  public void holdAnswersUntilTheEnd() {
    holdAnswers = true;
  }

  /** Breaks the client's connection off. */
  public void resetClient() throws Exception {
    Socket socket = client.get(20, TimeUnit.SECONDS);
    socket.setSoLinger(true, 0);
    socket.close();
  }

  /** All that the client has sent, when it has closed. */
  public byte[] sentByClient() throws Exception {
    return all.get(20, TimeUnit.SECONDS);
  }

  private void run() {
    try (Socket accepted = listening.accept()) {
      client.complete(accepted);
      Thread back = new Thread(() -> answer(accepted), "tap-back");
      back.setDaemon(true);
      back.start();
      pass(accepted.getInputStream(), server.getOutputStream());
      server.shutdownOutput();
      back.join();
    } catch (IOException | InterruptedException e) {
      all.completeExceptionally(e);
    }
  }

  private void answer(Socket to) {
    ByteArrayOutputStream held = new ByteArrayOutputStream();
    try {
      byte[] buffer = new byte[64 * 1024];
      InputStream from = server.getInputStream();
      for (int n = from.read(buffer); n >= 0; n = from.read(buffer)) {
        (holdAnswers ? held : to.getOutputStream()).write(buffer, 0, n);
      }
      held.writeTo(to.getOutputStream());
      to.shutdownOutput();
    } catch (IOException gone) {
      return;
    }
  }

  /** A client that closes over bytes that it did not read resets: an end like any other here. */
  private static int read(InputStream from, byte[] buffer) throws IOException {
    try {
      return from.read(buffer);
    } catch (SocketException reset) {
      return -1;
    }
  }

  private void pass(InputStream from, OutputStream to) throws IOException {
    byte[] buffer = new byte[64 * 1024];
    for (int n = read(from, buffer); n >= 0; n = read(from, buffer)) {
      int hold = holdBytes;
      to.write(buffer, 0, n);
      fromClient.write(buffer, 0, n);
      if (hold > 0) {
        holdBytes = 0;
        byte[] held = from.readNBytes(hold);
        to.write(held);
        fromClient.write(held, 0, held.length);
      }
    }
    all.complete(fromClient.toByteArray());
  }

  /**
   * Reads bytes as TLS records.
   *
   * @return how many records of application data there are
   * @throws AssertionError if they are anything else but whole TLS records
   */
  public static int applicationDataRecords(byte[] bytes) {
    int count = 0;
    int at = 0;
    while (at < bytes.length) {
      boolean header = bytes.length - at >= 5 && bytes[at] >= 20 && bytes[at] <= 23;
      if (!header || bytes[at + 1] != 3) {
        throw new AssertionError(
            "expected a TLS record at byte "
                + at
                + ", got "
                + Arrays.toString(Arrays.copyOfRange(bytes, at, Math.min(at + 8, bytes.length))));
      }
      count += bytes[at] == 23 ? 1 : 0;
      at += 5 + ((bytes[at + 3] & 0xff) << 8 | (bytes[at + 4] & 0xff));
    }
    if (at != bytes.length) {
      throw new AssertionError("expected whole TLS records, got one cut short");
    }
    return count;
  }

  @Override
  public void close() throws IOException {
    listening.close();
    server.close();
  }
}
