/** The command line: {@code upgrade-cli}. */
module io.upgradeable.cli {
  requires HdrHistogram;
  requires com.google.gson;
  requires info.picocli;
  requires io.netty.common;
  requires io.netty.pkitesting;
  requires io.upgradeable.connect;
  requires io.upgradeable.core;
  requires io.upgradeable.dns;
  requires io.upgradeable.ldap;
  requires io.upgradeable.ping;
  requires io.upgradeable.sasl;
  requires io.upgradeable.smtp;
  requires jakarta.activation;
  requires jakarta.mail;
  requires java.logging;
  requires me.tongfei.progressbar;
  requires static org.jspecify;

  provides System.LoggerFinder with
      io.upgradeable.cli.LazyLoggers;

  // The commands' fields are filled by reflection.
  opens io.upgradeable.cli to
      info.picocli;
}
