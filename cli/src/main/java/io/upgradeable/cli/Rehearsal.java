package io.upgradeable.cli;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.CertificateBuilder.ExtendedKeyUsage;
import io.netty.pkitesting.CertificateBuilder.KeyUsage;
import io.netty.pkitesting.X509Bundle;
import io.upgradeable.tls.TlsIdentity;
import io.upgradeable.tls.TlsPolicy;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Runs what most starts have in common and ends, so that a JVM that was told to take notes ({@code
 * -XX:DumpLoadedClassList}) knows the classes to archive. Whether the commands succeed does not
 * matter. The servers that they talk to run in another JVM: what is in the archive and not used
 * makes every start slower.
 */
final class Rehearsal {

  private static final List<ClientCommand> PROTOCOLS =
      List.of(new SmtpCommand(), new LdapCommand(), new PingCommand());

  private Rehearsal() {}

  /**
   * Begins.
   *
   * @param args nothing, or for the JVM with the servers where to write their certificate
   */
  public static void main(String[] args) throws Exception {
    if (args.length > 0) {
      serve(Path.of(args[0]));
    } else {
      rehearse();
    }
    System.exit(ExitCode.OK.code());
  }

  private static void rehearse() throws IOException {
    Path certificate = Files.createTempFile("upgrade-cli", ".pem");
    Process servers =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Rehearsal.class.getName(),
                certificate.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try (BufferedReader addresses = servers.inputReader()) {
      for (String name : List.of("smtp", "ldap", "ping")) {
        String address = addresses.readLine();
        if (address == null) {
          throw new IOException("the servers are gone");
        }
        Main.run(name, address, "--cafile", certificate.toString());
      }
    } finally {
      servers.destroy();
      Files.delete(certificate);
    }
    Main.run("smtp", "--no-such-option");
    Main.run("smtp", "--help");
  }

  /** Until the other JVM ends, which closes stdin. */
  private static void serve(Path certificate) throws Exception {
    NettySettings.apply();
    TlsIdentity identity = issued(certificate);
    TlsPolicy policy = TlsPolicy.server().identity(identity).build();
    for (ClientCommand protocol : PROTOCOLS) {
      System.out.println(protocol.startServer(policy, false).name());
    }
    while (System.in.read() >= 0) {
      // nobody says anything
    }
  }

  /** An identity with a chain as servers have it, with both kinds of keys, for both are checked. */
  private static TlsIdentity issued(Path authorityFile) throws Exception {
    CertificateBuilder builder = new CertificateBuilder().setIsCertificateAuthority(true);
    X509Bundle authority = builder.ecp256().subject("CN=authority").buildSelfSigned();
    X509Bundle issuer = builder.rsa2048().subject("CN=issuer").buildIssuedBy(authority);
    X509Bundle server =
        builder
            .ecp256()
            .subject("CN=localhost")
            .setIsCertificateAuthority(false)
            .setKeyUsage(true, KeyUsage.digitalSignature)
            .addExtendedKeyUsage(ExtendedKeyUsage.PKIX_KP_SERVER_AUTH)
            .addSanDnsName("localhost")
            .addSanIpAddress("127.0.0.1")
            .buildIssuedBy(issuer);
    Files.writeString(authorityFile, CertificateFacts.of(authority.getCertificate()).pem());
    return TlsIdentity.of(
        server.getKeyPair().getPrivate(),
        List.of(server.getCertificate(), issuer.getCertificate()));
  }
}
