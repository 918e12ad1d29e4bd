package io.upgradeable.ldap;

import static org.assertj.core.api.Assertions.assertThat;

import io.upgradeable.Connection;
import io.upgradeable.Layer;
import io.upgradeable.LayerFacts;
import io.upgradeable.UpgradeException;
import io.upgradeable.negotiation.Reason;
import io.upgradeable.sasl.SaslChannel;
import io.upgradeable.sasl.SaslServer;
import io.upgradeable.sasl.SaslUsers;
import io.upgradeable.session.SessionContext;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** A server's session where the way out is blocked at will, as no socket can be. */
class LdapServerSessionTest {

  private final Narrow narrow = new Narrow();
  private final LdapServerSession session =
      new LdapServerSession(
          new LdapServerBinder(
              new SaslServer(SaslUsers.of(Map.of())), SaslChannel.tls(), narrow.connection()),
          LdapServerLimits.DEFAULTS,
          true,
          LdapServerObserver.NONE,
          Runnable::run,
          opened -> {},
          closed -> {});

  @Test
  void pipelinedRequests_wayBlocked_answeredOneByOneAsItBecomesFree() {
    session.opened(narrow);
    assertThat(narrow.wanted).isEqualTo(1);
    ByteArrayOutputStream three = new ByteArrayOutputStream();
    for (int id = 1; id <= 3; id++) {
      three.writeBytes(ExtendedRequest.write(id, Oid.WHO_AM_I).toByteArray());
    }

    session.receive(ByteBuffer.wrap(three.toByteArray()));
    for (int id = 1; id <= 3; id++) {
      assertThat(narrow.written).hasSize(id).last().isEqualTo(Answers.whoAmI(id, ""));
      assertThat(narrow.wanted).isEqualTo(1); // Nothing more is asked of such a client.
      narrow.writable = true;
      session.writabilityChanged(true);
    }

    assertThat(narrow.written).hasSize(3);
    assertThat(narrow.wanted).isEqualTo(2);
  }

  /** Each write blocks the way. */
  private static final class Narrow implements SessionContext {

    private final List<byte[]> written = new ArrayList<>();
    private boolean writable = true;
    private int wanted;

    @Override
    public CompletableFuture<Void> write(ByteBuffer bytes) {
      byte[] copy = new byte[bytes.remaining()];
      bytes.get(copy);
      written.add(copy);
      writable = false;
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public boolean isWritable() {
      return writable;
    }

    @Override
    public void requestInput() {
      wanted++;
    }

    @Override
    public Future<?> schedule(Duration delay, Runnable task) {
      return new CompletableFuture<Void>();
    }

    @Override
    public Connection connection() {
      return new Connection() {
        @Override
        public List<LayerFacts> layers() {
          return List.of();
        }

        @Override
        public String path() {
          return "tcp";
        }

        @Override
        public String peer() {
          return "client";
        }

        @Override
        public SocketAddress remoteAddress() {
          return InetSocketAddress.createUnresolved("client", 1);
        }

        @Override
        public SocketAddress localAddress() {
          return InetSocketAddress.createUnresolved("server", 1);
        }

        @Override
        public CompletableFuture<Void> closeAsync() {
          throw new UnsupportedOperationException();
        }

        @Override
        public void close() {
          throw new UnsupportedOperationException();
        }
      };
    }

    @Override
    public Executor executor() {
      return Runnable::run;
    }

    @Override
    public void executeInOrder(Runnable task) {
      task.run();
    }

    @Override
    public boolean isOnEventLoop() {
      return true;
    }

    @Override
    public void redeliver() {
      throw new UnsupportedOperationException();
    }

    @Override
    public <R> CompletableFuture<R> negotiate(Layer<R> layer) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletableFuture<Void> shutdownOutput() {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletableFuture<Void> close() {
      throw new UnsupportedOperationException();
    }

    @Override
    public void fail(UpgradeException cause) {
      throw new UnsupportedOperationException();
    }

    @Override
    public UpgradeException timeout(String awaited, Duration limit) {
      throw new UnsupportedOperationException();
    }

    @Override
    public UpgradeException truncated(String awaited) {
      throw new UnsupportedOperationException();
    }

    @Override
    public UpgradeException failure(Reason reason, String awaited) {
      throw new UnsupportedOperationException();
    }
  }
}
