package io.upgradeable.cli;

import io.upgradeable.sasl.Secret;
import io.upgradeable.tls.TlsIdentity;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Who this side is: a certificate and its private key. */
final class IdentityOptions {

  private static final String ENCRYPTED_KEY = "-----BEGIN ENCRYPTED PRIVATE KEY-----";
  private static final long MAX_KEY_BYTES = 1024 * 1024;

  @Option(
      names = "--cert",
      paramLabel = "FILE",
      description = "Our certificate chain in PEM, or chain and key in PKCS#12 (.p12, .pfx).")
  private @Nullable Path certificate;

  @Option(
      names = "--key",
      paramLabel = "FILE",
      description = "The private key of --cert in PEM; not with PKCS#12.")
  private @Nullable Path key;

  @Mixin private final KeyPasswordOption password = new KeyPasswordOption();

  boolean isGiven() {
    return certificate != null || key != null;
  }

  /** The files that hold the identity, to be watched. */
  List<Path> files() {
    List<Path> files = new ArrayList<>();
    if (certificate != null) {
      files.add(certificate);
    }
    if (key != null) {
      files.add(key);
    }
    return files;
  }

  /**
   * Reads the identity, and asks for the password where one is needed.
   *
   * @throws UsageException if an option is missing or too many
   */
  TlsIdentity load() throws IOException {
    try (Secret secret = readPassword()) {
      return load(secret);
    }
  }

  /** The same, for an identity that is read with a password that was asked for before. */
  TlsIdentity load(Secret secret) {
    Path chain = chain();
    Path privateKey = key;
    return privateKey == null
        ? TlsIdentity.pkcs12(chain, secret.value())
        : TlsIdentity.pem(chain, privateKey, secret.value());
  }

  /**
   * Asks for the password where one is needed.
   *
   * @return the password, perhaps an empty one
   * @throws UsageException if an option is missing or too many
   */
  Secret readPassword() throws IOException {
    Path chain = chain();
    Path privateKey = key;
    if (isPkcs12(chain)) {
      if (privateKey != null) {
        throw new UsageException("expected --cert alone, for PKCS#12 holds the key, got --key too");
      }
      return password.read(chain.toString());
    }
    if (privateKey == null) {
      throw new UsageException("expected --key with --cert, got --cert alone");
    }
    return password.isGiven() || isEncrypted(privateKey)
        ? password.read(privateKey.toString())
        : Secret.none();
  }

  private Path chain() {
    Path chain = certificate;
    if (chain == null) {
      throw new UsageException("expected --cert with --key, got --key alone");
    }
    return chain;
  }

  private static boolean isPkcs12(Path file) {
    String name = file.toString().toLowerCase(Locale.ROOT);
    return name.endsWith(".p12") || name.endsWith(".pfx");
  }

  private static boolean isEncrypted(Path file) {
    try {
      return Files.size(file) <= MAX_KEY_BYTES
          && Files.readString(file, StandardCharsets.ISO_8859_1).contains(ENCRYPTED_KEY);
    } catch (IOException unreadable) {
      return false; // Whoever loads the key says so in better words.
    }
  }
}
