package io.upgradeable.bench;

import com.sun.management.OperatingSystemMXBean;
import io.upgradeable.Endpoint;
import io.upgradeable.Layer;
import io.upgradeable.LayerStack;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.smtp.ContentTransfer;
import io.upgradeable.smtp.DeliveryReport;
import io.upgradeable.smtp.Envelope;
import io.upgradeable.smtp.MailContent;
import io.upgradeable.smtp.Smtp;
import io.upgradeable.smtp.SmtpResult;
import io.upgradeable.smtp.SmtpSession;
import io.upgradeable.smtp.SmtpSessionOptions;
import io.upgradeable.testkit.Certificates;
import io.upgradeable.tls.TlsEngine;
import io.upgradeable.tls.TlsPolicy;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicLong;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Submission over STARTTLS: messages per second, and what they cost each side. */
@Command(
    name = "smtp",
    description = "Sends messages over STARTTLS to a sink in another process that answers at once.",
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class SmtpWorkload implements Callable<Integer> {

  private static final String LINE =
      "All work and no play makes a dull benchmark, said the postman and rang twice.\r\n";
  private static final int STREAMED_FROM = 16 * 1024 * 1024;

  @Option(names = "--messages", description = "Messages of one measured run.")
  private int messages = 20_000;

  @Option(names = "--warm-up", description = "Messages before it that do not count.")
  private int warmUp = 20_000;

  @Option(names = "--connections", split = ",", description = "How many at a time; several runs.")
  private List<Integer> connections = List.of(1, 4);

  @Option(names = "--size", split = ",", description = "Bytes of a message; several runs.")
  private List<Long> sizes = List.of(10_240L);

  @Option(names = "--in-flight", description = "Messages given to a session ahead of its reports.")
  private int inFlight = 2;

  @Option(names = "--transfer", split = ",", description = "DATA, BDAT or AUTO; several runs.")
  private List<ContentTransfer> transfers = List.of(ContentTransfer.DATA, ContentTransfer.BDAT);

  @Option(names = "--engine", split = ",", description = "OPENSSL, JDK or AUTO; several runs.")
  private List<TlsEngine> engines = List.of(TlsEngine.AUTO);

  @Option(names = "--rounds", description = "How often to go through all runs; medians are told.")
  private int rounds = 3;

  @Option(names = "--json", description = "Also writes the table to this file, as JSON.")
  private Path json = Path.of("bench/target/smtp.json");

  @Override
  public Integer call() throws Exception {
    Path folder = Files.createTempDirectory("upgradeable-bench");
    Certificates authority = Certificates.create();
    authority.server("localhost", "127.0.0.1").writePem(folder, "server");
    Table table =
        new Table(
            List.of("engine", "group", "transfer", "size", "connections"),
            List.of(
                "messages/s",
                "MB/s",
                "client CPU-s/1000",
                "server CPU-s/1000",
                "failures",
                "peak heap MiB"));
    try (ServerProcess sink =
        ServerProcess.start(
            SmtpSink.class,
            folder.resolve("server.crt").toString(),
            folder.resolve("server.key").toString())) {
      for (int round = 0; round < rounds; round++) {
        for (TlsEngine engine : engines) {
          for (long size : sizes) {
            for (ContentTransfer transfer : transfers) {
              for (int count : connections) {
                run(new Run(engine, size, transfer, count), authority, sink, table);
              }
            }
          }
        }
      }
    }
    table.print(System.out);
    table.write(json);
    return table.total("failures") == 0 ? 0 : 1;
  }

  private record Run(TlsEngine engine, long size, ContentTransfer transfer, int connections) {}

  private void run(Run run, Certificates authority, ServerProcess sink, Table table)
      throws Exception {
    TlsPolicy policy =
        TlsPolicy.client().trust(authority.authorities()).engine(run.engine()).build();
    Endpoint peer = Endpoint.of("localhost", sink.endpoint().port());
    Layer<SmtpResult> layer = Smtp.client(peer, policy);
    SmtpSessionOptions options = SmtpSessionOptions.DEFAULTS.withTransfer(run.transfer());
    MailContent content = content(run.size());
    try (NettyConnector connector = NettyConnector.builder().threads(1).build()) {
      List<SmtpSession> sessions = new ArrayList<>();
      for (int i = 0; i < run.connections(); i++) {
        LayerStack stack = LayerStack.tcp(sink.endpoint()).then(layer);
        sessions.add(SmtpSession.connect(connector, stack, layer, options));
      }
      AtomicLong failures = new AtomicLong();
      send(sessions, content, warmUp, failures);
      resetPeak();
      Duration server = sink.cpuTime();
      long client = cpuNanos();
      long start = System.nanoTime();
      send(sessions, content, messages, failures);
      double seconds = (System.nanoTime() - start) / 1e9;
      double clientSeconds = (cpuNanos() - client) / 1e9;
      double serverSeconds = sink.cpuTime().minus(server).toMillis() / 1e3;
      var tls = sessions.get(0).connection().tls().orElseThrow();
      for (SmtpSession session : sessions) {
        session.quit();
      }
      Map<String, Object> key = new LinkedHashMap<>();
      key.put("engine", tls.engine());
      key.put("group", tls.group().orElse("?"));
      key.put("transfer", run.transfer().name());
      key.put("size", run.size());
      key.put("connections", run.connections());
      Map<String, Double> values = new LinkedHashMap<>();
      values.put("messages/s", messages / seconds);
      values.put("MB/s", messages * run.size() / seconds / 1e6);
      values.put("client CPU-s/1000", clientSeconds * 1000 / messages);
      values.put("server CPU-s/1000", serverSeconds * 1000 / messages);
      values.put("failures", (double) failures.get());
      values.put("peak heap MiB", peakHeap() / 1024.0 / 1024.0);
      table.add(key, values);
    }
  }

  /** Keeps so many messages in flight on each session until all are reported. */
  private void send(
      List<SmtpSession> sessions, MailContent content, int count, AtomicLong failures) {
    Envelope envelope = Envelope.of("bench@example.test", "sink@example.test");
    AtomicLong left = new AtomicLong(count);
    List<CompletableFuture<Void>> lanes = new ArrayList<>();
    for (SmtpSession session : sessions) {
      for (int i = 0; i < inFlight; i++) {
        CompletableFuture<Void> lane = new CompletableFuture<>();
        lanes.add(lane);
        next(session, envelope, content, left, failures, lane);
      }
    }
    CompletableFuture.allOf(lanes.toArray(CompletableFuture[]::new)).join();
  }

  private static void next(
      SmtpSession session,
      Envelope envelope,
      MailContent content,
      AtomicLong left,
      AtomicLong failures,
      CompletableFuture<Void> lane) {
    if (left.getAndDecrement() <= 0) {
      lane.complete(null);
      return;
    }
    session
        .sendAsync(envelope, content)
        .whenComplete(
            (DeliveryReport report, Throwable error) -> {
              if (error != null) {
                lane.completeExceptionally(new CompletionException(error));
                return;
              }
              if (!report.isAcceptedForAll()) {
                failures.incrementAndGet();
              }
              next(session, envelope, content, left, failures, lane);
            });
  }

  private static MailContent content(long size) {
    if (size >= STREAMED_FROM) {
      long whole = size / LINE.length() * LINE.length(); // ends with a line
      return MailContent.ofStream(() -> new Repeated(whole)).withSize(whole);
    }
    StringBuilder text = new StringBuilder("Subject: benchmark\r\n\r\n");
    while (text.length() + LINE.length() <= size) {
      text.append(LINE);
    }
    return MailContent.of(text.toString());
  }

  /** A message of any size that is nowhere as a whole. */
  private static final class Repeated extends InputStream {
    private static final byte[] BYTES = LINE.getBytes(StandardCharsets.US_ASCII);
    private long left;
    private int at;

    Repeated(long size) {
      left = size;
    }

    @Override
    public int read() {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0];
    }

    @Override
    public int read(byte[] target, int offset, int length) {
      if (left == 0) {
        return -1;
      }
      int wanted = (int) Math.min(length, left);
      for (int done = 0; done < wanted; ) {
        int more = Math.min(wanted - done, BYTES.length - at);
        System.arraycopy(BYTES, at, target, offset + done, more);
        at = (at + more) % BYTES.length;
        done += more;
      }
      left -= wanted;
      return wanted;
    }
  }

  private static long cpuNanos() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  private static void resetPeak() {
    heapPools().forEach(MemoryPoolMXBean::resetPeakUsage);
  }

  private static long peakHeap() {
    return heapPools().stream().mapToLong(pool -> pool.getPeakUsage().getUsed()).sum();
  }

  private static List<MemoryPoolMXBean> heapPools() {
    return ManagementFactory.getMemoryPoolMXBeans().stream()
        .filter(pool -> pool.getType() == MemoryType.HEAP)
        .toList();
  }
}
