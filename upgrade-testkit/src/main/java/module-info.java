/**
 * The test kit for negotiations: contract test, scripted peer, wire pair, dialogues, certificates.
 */
module io.upgradeable.testkit {
  requires transitive io.upgradeable.core;
  requires transitive org.junit.jupiter.api;
  requires io.netty.common;
  requires io.netty.pkitesting;
  requires org.bouncycastle.pkix;
  requires org.bouncycastle.provider;
  requires static transitive org.jspecify;

  exports io.upgradeable.testkit;

  // JUnit calls the contract's test methods, which are package-private as test methods are.
  opens io.upgradeable.testkit to
      org.junit.platform.commons;

  provides org.junit.jupiter.api.extension.Extension with
      io.upgradeable.testkit.LeakDetectionExtension;
}
