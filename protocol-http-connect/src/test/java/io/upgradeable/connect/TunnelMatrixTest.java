package io.upgradeable.connect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.upgradeable.Connection;
import io.upgradeable.Endpoint;
import io.upgradeable.LayerStack;
import io.upgradeable.Security;
import io.upgradeable.UpgradeException;
import io.upgradeable.UpgradeException.LayerTimedOut;
import io.upgradeable.UpgradeException.PeerClosed;
import io.upgradeable.UpgradeException.PeerMisbehaved;
import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.UpgradeException.PlaintextInjected;
import io.upgradeable.netty.NettyAcceptor;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.smtp.Smtp;
import io.upgradeable.smtp.SmtpOptions;
import io.upgradeable.smtp.SmtpServerOptions;
import io.upgradeable.testkit.Script;
import io.upgradeable.testkit.ScriptedPeer;
import io.upgradeable.tls.ImplicitTls;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;

/**
 * Stacks above a tunnel, times proxies with and without TLS, times one and two of them, times what
 * can happen at the last one: each with the kind of its failure, and the line of the layers.
 */
@Timeout(120)
class TunnelMatrixTest {

  /** What stands on the tunnel. */
  private enum Top {
    NOTHING,
    STARTTLS,
    TLS
  }

  /** What the last proxy does. */
  private enum Event {
    SUCCESS,
    REFUSAL,
    HANG,
    EXTRA_BYTES,
    EARLY_CLOSE
  }

  private record Case(Top top, boolean tls, int hops, Event event) {
    @Override
    public String toString() {
      return "%s over %d %s, %s".formatted(top, hops, tls ? "TLS" : "plain", event);
    }
  }

  @TestFactory
  Stream<DynamicTest> tunnel_anyStackAndProxy_asItShouldEnd() {
    List<DynamicTest> tests = new ArrayList<>();
    for (Top top : Top.values()) {
      for (boolean tls : new boolean[] {false, true}) {
        for (int hops = 1; hops <= 2; hops++) {
          for (Event event : Event.values()) {
            Case test = new Case(top, tls, hops, event);
            tests.add(dynamicTest(test.toString(), () -> run(test)));
          }
        }
      }
    }
    return tests.stream();
  }

  private static void run(Case test) throws IOException {
    switch (test.event()) {
      case SUCCESS -> succeeds(test);
      case REFUSAL -> refused(test);
      default -> scripted(test);
    }
  }

  private static NettyAcceptor target(Top top) throws IOException {
    NettyAcceptor.Builder builder = NettyAcceptor.builder().listen(Loopback.ANY_PORT);
    SmtpServerOptions options = SmtpServerOptions.DEFAULTS;
    return top == Top.TLS
        ? builder
            .layer(ImplicitTls.server(Loopback.SERVER))
            .layer(Smtp.serverOverTls(options))
            .start()
        : builder.layer(Smtp.server(() -> Loopback.SERVER, options)).start();
  }

  private static LayerStack withTop(LayerStack stack, Top top, Endpoint target) {
    return switch (top) {
      case NOTHING -> stack;
      case STARTTLS -> stack.then(Smtp.client(target, Loopback.CLIENT));
      case TLS ->
          stack
              .then(ImplicitTls.client(target, Loopback.CLIENT))
              .then(Smtp.clientOverTls(SmtpOptions.DEFAULTS));
    };
  }

  /** The line of the layers up to the tunnel through the last of the proxies. */
  private static String line(Case test, Endpoint first, Endpoint last, Endpoint target) {
    String tls = test.tls() ? " > tls(%s)" : "";
    String line = "tcp(" + first + ")" + tls.formatted(first.host());
    if (test.hops() == 2) {
      line += " > connect(" + last + ")" + tls.formatted(last.host());
    }
    return line + " > connect(" + target + ")";
  }

  private static NettyConnector connector(Case test) {
    // Only a proxy that hangs is waited for in full.
    Duration patience =
        test.event() == Event.HANG ? Duration.ofMillis(700) : Duration.ofSeconds(60);
    return NettyConnector.builder().timeout(patience).build();
  }

  private static List<ProxyHop> hops(Case test, Endpoint first, Endpoint last) {
    return test.hops() == 1
        ? List.of(Loopback.hop(last, test.tls()))
        : List.of(Loopback.hop(first, test.tls()), Loopback.hop(last, test.tls()));
  }

  private static void succeeds(Case test) throws IOException {
    try (NettyAcceptor server = target(test.top());
        ConnectProxy first = Loopback.proxy(test.tls()).start();
        ConnectProxy last = Loopback.proxy(test.tls()).start();
        NettyConnector connector = connector(test)) {
      Endpoint target = server.endpoint();
      Endpoint nearest = test.hops() == 1 ? last.endpoint() : first.endpoint();
      LayerStack stack =
          withTop(
              ProxyHop.stack(hops(test, first.endpoint(), last.endpoint()), target),
              test.top(),
              target);
      try (Connection connection = connector.connect(stack)) {
        String top =
            switch (test.top()) {
              case NOTHING -> "";
              case STARTTLS -> " > smtp+tls(127.0.0.1)";
              case TLS -> " > tls(127.0.0.1) > smtp";
            };
        assertThat(connection.path()).isEqualTo(line(test, nearest, last.endpoint(), target) + top);
        Security without = test.tls() ? Security.HOP_ONLY : Security.PLAINTEXT;
        assertThat(connection.security())
            .isEqualTo(test.top() == Top.NOTHING ? without : Security.ORIGIN);
      }
    }
  }

  private static void refused(Case test) throws IOException {
    Endpoint target = Endpoint.parse("192.0.2.1:25");
    try (ConnectProxy first = Loopback.proxy(test.tls()).start();
        ConnectProxy last = Loopback.proxy(test.tls()).start();
        NettyConnector connector = connector(test)) {
      Endpoint nearest = test.hops() == 1 ? last.endpoint() : first.endpoint();
      LayerStack stack =
          withTop(
              ProxyHop.stack(hops(test, first.endpoint(), last.endpoint()), target),
              test.top(),
              target);
      UpgradeException failure = failureOf(connector, stack);
      assertThat(failure).isInstanceOf(PeerRefused.class);
      assertThat(((PeerRefused) failure).code()).isEqualTo("403");
      assertThat(((PeerRefused) failure).text()).isEqualTo("Forbidden");
      assertThat(failure.path()).isEqualTo(line(test, nearest, last.endpoint(), target));
    }
  }

  private static void scripted(Case test) throws IOException {
    Endpoint target = Endpoint.parse("mail.example.net:587");
    try (ConnectProxy first = Loopback.proxy(test.tls()).start();
        ScriptedPeer last = ScriptedPeer.server(script(test, target), Loopback.ISSUED);
        NettyConnector connector = connector(test)) {
      Endpoint nearest = test.hops() == 1 ? last.endpoint() : first.endpoint();
      LayerStack stack =
          withTop(
              ProxyHop.stack(hops(test, first.endpoint(), last.endpoint()), target),
              test.top(),
              target);
      String line = line(test, nearest, last.endpoint(), target);
      if (test.event() == Event.EXTRA_BYTES && test.top() == Top.NOTHING) {
        try (Connection connection = connector.connect(stack)) {
          assertThat(connection.path()).isEqualTo(line);
        }
        return;
      }
      UpgradeException failure = failureOf(connector, stack);
      assertThat(failure).isInstanceOf(kind(test));
      String path =
          test.event() == Event.EXTRA_BYTES
              ? line + (test.top() == Top.TLS ? " > tls" : " > smtp+tls") + "(mail.example.net)"
              : line;
      assertThat(failure.path()).isEqualTo(path);
    }
  }

  private static Class<? extends UpgradeException> kind(Case test) {
    return switch (test.event()) {
      case HANG -> LayerTimedOut.class;
      case EARLY_CLOSE -> PeerClosed.class;
      default -> test.top() == Top.TLS ? PlaintextInjected.class : PeerMisbehaved.class;
    };
  }

  private static Script script(Case test, Endpoint target) {
    Script script = test.tls() ? Script.start().startTls() : Script.start();
    script = script.expect("CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n".formatted(target, target));
    return switch (test.event()) {
      case HANG -> script.send("HTTP/1.1 20").discard();
      case EARLY_CLOSE -> script.send("HTTP/1.1 20").close();
      default -> script.send("HTTP/1.1 200 OK\r\n\r\n250 not a greeting\r\n").discard();
    };
  }

  private static UpgradeException failureOf(NettyConnector connector, LayerStack stack) {
    return catchThrowableOfType(UpgradeException.class, () -> connector.connect(stack));
  }
}
