/** The command line: {@code upgrade-cli}. */
module io.upgradeable.cli {
  requires com.google.gson;
  requires info.picocli;
  requires io.netty.common;
  requires io.netty.pkitesting;
  requires io.upgradeable.core;
  requires io.upgradeable.ping;
  requires io.upgradeable.sasl;
  requires java.logging;
  requires static org.jspecify;

  // The commands' fields are filled by reflection.
  opens io.upgradeable.cli to
      info.picocli;
}
