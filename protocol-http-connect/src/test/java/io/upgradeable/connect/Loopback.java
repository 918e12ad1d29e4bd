package io.upgradeable.connect;

import io.upgradeable.Endpoint;
import io.upgradeable.sasl.SaslUsers;
import io.upgradeable.sasl.Secret;
import io.upgradeable.sasl.UserFile;
import io.upgradeable.testkit.Certificates;
import io.upgradeable.testkit.Certificates.Issued;
import io.upgradeable.tls.TlsPolicy;
import java.util.List;

/** What the tests over loopback share. */
final class Loopback {

  static final Certificates CERTIFICATES = Certificates.create();
  static final Issued ISSUED = CERTIFICATES.server("localhost", "127.0.0.1");
  static final TlsPolicy CLIENT = TlsPolicy.client().trust(CERTIFICATES.authorities()).build();
  static final TlsPolicy SERVER = TlsPolicy.server().identity(ISSUED.identity()).build();
  static final Endpoint ANY_PORT = Endpoint.of("127.0.0.1", 0);
  static final SaslUsers USERS =
      UserFile.parse(List.of("# users", "", UserFile.line("alice", secret("s\u00e9same: open"))));

  private Loopback() {}

  static Secret secret(String text) {
    return new Secret(text.toCharArray());
  }

  /** A proxy for targets on this machine. */
  static ConnectProxy.Builder proxy() {
    return ConnectProxy.builder().listen(ANY_PORT).allow("127.0.0.0/8:*");
  }

  static ConnectProxy.Builder proxy(boolean tls) {
    return tls ? proxy().tls(() -> SERVER) : proxy();
  }

  static ProxyHop hop(Endpoint proxy, boolean tls) {
    return tls
        ? ProxyHop.parse("https://" + proxy).withTls(CLIENT)
        : ProxyHop.parse("http://" + proxy);
  }
}
