package io.upgradeable.bench;

import com.unboundid.ldap.sdk.ExtendedResult;
import com.unboundid.ldap.sdk.LDAPConnection;
import com.unboundid.ldap.sdk.ResultCode;
import com.unboundid.ldap.sdk.extensions.StartTLSExtendedRequest;
import com.unboundid.util.ssl.HostNameSSLSocketVerifier;
import com.unboundid.util.ssl.PEMFileTrustManager;
import com.unboundid.util.ssl.SSLUtil;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.apache.directory.ldap.client.api.LdapConnectionConfig;
import org.apache.directory.ldap.client.api.LdapNetworkConnection;

/** UnboundID and Apache's API, which block: a thread for each connection. */
final class LdapLibrary implements Load.Work {

  /** A library that waits for delayed acknowledgements warms up for minutes one at a time. */
  private static final int WARM_UP_AT_ONCE = 16;

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Load load;
  private final Unit unit;
  private boolean warm;

  private interface Unit {
    void run() throws Exception;
  }

  private LdapLibrary(Load load) throws Exception {
    this.load = load;
    TrustManager trust = new PEMFileTrustManager(load.authority().toFile());
    this.unit =
        switch (load.text("--library")) {
          case "unboundid" -> unboundId(load, trust);
          case "apache" -> apache(load, trust);
          default -> throw new IllegalArgumentException("unknown library");
        };
  }

  /**
   * Runs a load.
   *
   * @param args see {@link Load}, and {@code --library unboundid|apache}
   * @throws Exception if it makes no sense to go on
   */
  public static void main(String[] args) throws Exception {
    Load.measure(LdapLibrary::new, args);
  }

  private static Unit unboundId(Load load, TrustManager trust) throws Exception {
    SSLContext tls = new SSLUtil(trust).createSSLContext();
    return () -> {
      try (LDAPConnection connection = new LDAPConnection()) {
        connection
            .getConnectionOptions()
            .setSSLSocketVerifier(new HostNameSSLSocketVerifier(false));
        connection.connect(load.peer().host(), load.peer().port());
        ExtendedResult started =
            connection.processExtendedOperation(new StartTLSExtendedRequest(tls));
        if (!started.getResultCode().equals(ResultCode.SUCCESS)
            || connection.getRootDSE() == null) {
          throw new IOException("no success");
        }
      }
    };
  }

  private static Unit apache(Load load, TrustManager trust) {
    return () -> {
      LdapConnectionConfig config = new LdapConnectionConfig();
      config.setLdapHost(load.peer().host());
      config.setLdapPort(load.peer().port());
      config.setTrustManagers(trust);
      try (LdapNetworkConnection connection = new LdapNetworkConnection(config)) {
        connection.connect();
        connection.startTls();
        if (connection.getRootDse("*", "+") == null) {
          throw new IOException("no root DSE");
        }
      }
    };
  }

  @Override
  public int run(int units) {
    int atOnce = warm ? load.atOnce() : WARM_UP_AT_ONCE;
    warm = true;
    return Lanes.async(units, atOnce, this::one);
  }

  private CompletableFuture<?> one() {
    return CompletableFuture.runAsync(
        () -> {
          try {
            unit.run();
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        },
        threads);
  }

  @Override
  public Map<String, String> facts() {
    return Map.of("engine", "JDK");
  }

  @Override
  public void close() {
    threads.shutdown();
  }
}
