package io.upgradeable.negotiation;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;

/**
 * What a finished TLS handshake negotiated.
 *
 * @param protocol the version as the JDK names it, for instance {@code TLSv1.3}
 * @param cipherSuite the suite as the JDK names it, for instance {@code TLS_AES_128_GCM_SHA256}
 * @param group the key exchange group, for instance {@code x25519}, where it is known
 * @param applicationProtocol the protocol chosen by ALPN, if one was
 * @param peerChain the peer's certificates as it sent them, leaf first; empty if it sent none
 * @param localChain our own certificates as this handshake sent them, leaf first; empty if it sent
 *     none. A policy may have others by now
 * @param verification how the peer was verified
 * @param serverName the name sent in SNI by the client, if one was
 * @param engine the TLS implementation, {@code JDK} or {@code OpenSSL}
 */
public record TlsFacts(
    String protocol,
    String cipherSuite,
    Optional<String> group,
    Optional<String> applicationProtocol,
    List<X509Certificate> peerChain,
    List<X509Certificate> localChain,
    Verification verification,
    Optional<String> serverName,
    String engine) {

  /** How the peer's certificate was verified. */
  public enum Verification {
    /** The chain leads to a trusted authority and the certificate carries the expected name. */
    CHAIN_AND_NAME,
    /** The chain leads to a trusted authority; no name was asked for (a client's certificate). */
    CHAIN,
    /** The peer showed no certificate and none was demanded (a server's usual view of a client). */
    NO_CERTIFICATE,
    /** The policy said not to verify: anybody may be at the other end. */
    NOT_VERIFIED
  }

  /** Copies the lists. */
  public TlsFacts {
    peerChain = List.copyOf(peerChain);
    localChain = List.copyOf(localChain);
  }
}
