package io.upgradeable.bench;

import io.upgradeable.testkit.Certificates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The files of an authority and of a P-256 certificate of it for localhost.
 *
 * @param folder where they are
 */
record TestAuthority(Path folder) {

  /** Makes new ones in a folder of their own. */
  static TestAuthority create() throws IOException {
    Path folder = Files.createTempDirectory("upgradeable-bench");
    Certificates authority = Certificates.create();
    authority.writePem(folder);
    authority.server("localhost", "127.0.0.1").writePem(folder, "server");
    return new TestAuthority(folder);
  }

  String authority() {
    return folder.resolve("ca.crt").toString();
  }

  String certificate() {
    return folder.resolve("server.crt").toString();
  }

  String key() {
    return folder.resolve("server.key").toString();
  }
}
