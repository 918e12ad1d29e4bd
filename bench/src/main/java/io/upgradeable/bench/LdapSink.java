package io.upgradeable.bench;

import io.upgradeable.Endpoint;
import io.upgradeable.UpgradeObserver;
import io.upgradeable.ldap.LdapServer;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.tls.TlsIdentity;
import io.upgradeable.tls.TlsPolicy;
import java.io.IOException;
import java.nio.file.Path;

/** The server of all: our LDAP server on one thread. It keeps no sessions, so none is resumed. */
final class LdapSink {

  private LdapSink() {}

  /**
   * Prints where it listens and serves until stdin ends.
   *
   * @param args certificate, key, and the file to which the group of the last handshake goes: not
   *     every client can tell it
   * @throws IOException if it cannot listen
   */
  public static void main(String[] args) throws IOException {
    TlsIdentity identity = TlsIdentity.pem(Path.of(args[0]), Path.of(args[1]));
    TlsPolicy policy = TlsPolicy.server().identity(identity).build();
    try (LdapServer server =
        LdapServer.builder()
            .listen(Endpoint.of("127.0.0.1", 0))
            .tls(() -> policy)
            .threads(1)
            .observer(new Groups(Path.of(args[2])))
            .start()) {
      System.out.println(server.endpoint());
      while (System.in.read() >= 0) {
        // Nothing is said here; only the end counts.
      }
    }
  }

  /** On the one event loop. */
  private static final class Groups implements UpgradeObserver {
    private final Path file;
    private String told = "";

    Groups(Path file) {
      this.file = file;
    }

    @Override
    public void handshakeCompleted(String path, TlsFacts facts) {
      String group = facts.group().orElse("?");
      if (!group.equals(told)) {
        told = group;
        Programs.written(file, group);
      }
    }
  }
}
