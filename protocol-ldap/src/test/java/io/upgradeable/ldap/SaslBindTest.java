package io.upgradeable.ldap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.upgradeable.Endpoint;
import io.upgradeable.LayerStack;
import io.upgradeable.UpgradeException.PeerMisbehaved;
import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.ldap.LdapMessageReader.Whole;
import io.upgradeable.netty.NettyConnector;
import io.upgradeable.sasl.SaslChannel;
import io.upgradeable.sasl.SaslCredentials;
import io.upgradeable.sasl.SaslMechanism;
import io.upgradeable.sasl.SaslPreference;
import io.upgradeable.sasl.SaslServer;
import io.upgradeable.sasl.SaslServerExchange;
import io.upgradeable.sasl.SaslServerStep;
import io.upgradeable.sasl.SaslUsers;
import io.upgradeable.sasl.Secret;
import io.upgradeable.sasl.StoredSecret;
import io.upgradeable.testkit.Certificates;
import io.upgradeable.tls.ImplicitTls;
import io.upgradeable.tls.TlsPolicy;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A client's SASL bind against servers that read each request before they answer it, or lie. Their
 * answers come whole, or each byte in a TLS record of its own.
 */
@Timeout(60)
class SaslBindTest {

  private static final Certificates CERTIFICATES = Certificates.create();
  private static final TlsPolicy CLIENT =
      TlsPolicy.client().trust(CERTIFICATES.authorities()).build();
  private static final SSLContext SERVER = context(CERTIFICATES.server("localhost", "127.0.0.1"));
  private static final NettyConnector CONNECTOR = NettyConnector.builder().threads(1).build();
  private static final SaslServer KNOWS_ANNA =
      new SaslServer(SaslUsers.of(Map.of("anna", StoredSecret.of(secret("anna's")))))
          .withDataOnSuccess();
  private static final LdapResult IN_PROGRESS =
      LdapResult.of(LdapResultCode.SASL_BIND_IN_PROGRESS, "");
  private static final LdapMessageReader READER =
      new LdapMessageReader(LdapMessageReader.SESSION_BYTES);

  @AfterAll
  static void closeConnector() {
    CONNECTOR.close();
  }

  private static SSLContext context(Certificates.Issued identity) {
    try {
      KeyStore keys = KeyStore.getInstance("PKCS12");
      keys.load(null, null);
      keys.setKeyEntry(
          "server", identity.key(), new char[0], identity.chain().toArray(Certificate[]::new));
      KeyManagerFactory showing = KeyManagerFactory.getInstance("PKIX");
      showing.init(keys, new char[0]);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(showing.getKeyManagers(), null, null);
      return context;
    } catch (Exception e) {
      throw new IllegalStateException("no TLS", e);
    }
  }

  private static Secret secret(String text) {
    return new Secret(text.toCharArray());
  }

  // ---- The server

  private interface Part {
    void play(Wire wire) throws Exception;
  }

  private interface Check {
    void on(LdapSession session) throws Exception;
  }

  /** One connection of a server that does what the test says. */
  private record Wire(SSLSocket socket, boolean drips) {

    LdapMessage request(int id, LdapOperation operation) throws IOException {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      while (true) {
        int next = socket.getInputStream().read();
        if (next < 0) {
          throw new EOFException("expected " + operation + ", got the end");
        }
        bytes.write(next);
        if (READER.read(ByteBuffer.wrap(bytes.toByteArray())) instanceof Whole whole) {
          assertThat(whole.message()).hasToString(operation + " #" + id);
          return whole.message();
        }
      }
    }

    byte[] bind(int id, String mechanism) throws Exception {
      BindRequest request = BindRequest.read(request(id, LdapOperation.BIND_REQUEST).reader());
      assertThat(request.mechanism()).contains(mechanism);
      return request.credentials().orElse(new byte[0]);
    }

    /** All in one TLS record, or each byte in one. */
    void send(byte[]... messages) throws IOException {
      byte[] all = joined(messages);
      for (int from = 0; from < all.length; from += drips ? 1 : all.length) {
        socket.getOutputStream().write(all, from, drips ? 1 : all.length);
        socket.getOutputStream().flush();
      }
    }

    void offer(String... mechanisms) throws IOException {
      request(1, LdapOperation.SEARCH_REQUEST);
      send(offers(mechanisms));
    }

    /** SCRAM up to the client's proof; returns the server's signature. */
    byte[] scram() throws Exception {
      offer("SCRAM-SHA-256");
      return scramBind("y,,"); // A client that could bind the channel says so.
    }

    byte[] scramBind(String gs2Header) throws Exception {
      SaslServerExchange scram = KNOWS_ANNA.start(SaslMechanism.SCRAM_SHA_256, SaslChannel.tls());
      byte[] first = bind(2, "SCRAM-SHA-256");
      assertThat(new String(first, StandardCharsets.UTF_8)).startsWith(gs2Header);
      send(bindResponse(2, IN_PROGRESS, challenge(scram, first)));
      SaslServerStep last = scram.receive(bind(3, "SCRAM-SHA-256"));
      ByteBuffer data = ((SaslServerStep.Granted) last).data().orElseThrow();
      byte[] signature = new byte[data.remaining()];
      data.get(signature);
      return signature;
    }
  }

  private static byte[] challenge(SaslServerExchange exchange, byte[] response) {
    return ((SaslServerStep.Challenge) exchange.receive(response)).bytes();
  }

  private static byte[] joined(byte[]... messages) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] message : messages) {
      all.writeBytes(message);
    }
    return all.toByteArray();
  }

  private static byte[] offers(String... mechanisms) {
    return joined(
        Answers.entry(1, "", LdapAttribute.of("supportedSASLMechanisms", mechanisms)),
        Answers.done(1, Answers.SUCCESS));
  }

  private static byte[] bindResponse(int id, LdapResult result, byte[] credentials) {
    return new BindResponse(result, Optional.of(credentials)).write(id).toByteArray();
  }

  private static byte[] otherSignature() {
    return ("v=" + Base64.getEncoder().encodeToString(new byte[32]))
        .getBytes(StandardCharsets.US_ASCII);
  }

  private static void against(boolean drips, Part part, Check check) throws Exception {
    against(drips, LdapSessionOptions.DEFAULTS, part, check);
  }

  private static void against(boolean drips, LdapSessionOptions options, Part part, Check check)
      throws Exception {
    try (SSLServerSocket listening =
        (SSLServerSocket)
            SERVER
                .getServerSocketFactory()
                .createServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      CompletableFuture<Void> played = new CompletableFuture<>();
      Thread server = new Thread(() -> serve(listening, drips, part, played), "lying-server");
      server.setDaemon(true);
      server.start();
      Endpoint peer = Endpoint.of("localhost", listening.getLocalPort());
      LayerStack stack =
          LayerStack.tcp(peer).then(ImplicitTls.client(peer, CLIENT)).then(Ldap.clientOverTls());
      try (LdapSession session = LdapSession.connect(CONNECTOR, stack, options)) {
        check.on(session);
      }
      played.get(20, TimeUnit.SECONDS);
    }
  }

  private static void serve(
      SSLServerSocket listening, boolean drips, Part part, CompletableFuture<Void> played) {
    try (SSLSocket socket = (SSLSocket) listening.accept()) {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(20_000);
      part.play(new Wire(socket, drips));
      while (socket.getInputStream().read() >= 0) {
        // Until the client closes.
      }
      played.complete(null);
    } catch (IOException e) {
      played.complete(null); // A client that has heard enough closes before the rest is sent.
    } catch (Throwable e) {
      played.completeExceptionally(e);
    }
  }

  private static SaslMechanism authenticate(LdapSession session, SaslMechanism mechanism)
      throws IOException {
    return session.authenticate(
        SaslCredentials.password("anna", secret("anna's")), SaslPreference.only(mechanism));
  }

  private static void assertNotBelieved(boolean drips, SaslMechanism mechanism, Part lie)
      throws Exception {
    against(
        drips,
        lie,
        session -> {
          assertThatThrownBy(() -> authenticate(session, mechanism))
              .isInstanceOf(PeerMisbehaved.class);
          assertThat(session.isOpen()).isFalse();
        });
  }

  // ---- As it should be

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void scram_signatureWithSuccess_bound(boolean drips) throws Exception {
    against(
        drips,
        wire -> {
          byte[] signature = wire.scram();
          wire.send(bindResponse(3, Answers.SUCCESS, signature));
          wire.request(4, LdapOperation.EXTENDED_REQUEST);
          wire.send(Answers.whoAmI(4, "u:anna"));
        },
        session -> {
          assertThat(authenticate(session, SaslMechanism.SCRAM_SHA_256))
              .isEqualTo(SaslMechanism.SCRAM_SHA_256);
          assertThat(session.whoAmI()).isEqualTo("u:anna");
        });
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void scram_signatureAsAChallenge_answeredWithNothingAndBound(boolean drips) throws Exception {
    against(
        drips,
        wire -> {
          byte[] signature = wire.scram();
          wire.send(bindResponse(3, IN_PROGRESS, signature));
          assertThat(wire.bind(4, "SCRAM-SHA-256")).isEmpty();
          wire.send(Answers.bind(4, Answers.SUCCESS));
        },
        session ->
            assertThat(authenticate(session, SaslMechanism.SCRAM_SHA_256))
                .isEqualTo(SaslMechanism.SCRAM_SHA_256));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void cheapMechanism_challenged_answered(boolean drips) throws Exception {
    against(
        drips,
        wire -> {
          wire.offer("CRAM-MD5");
          assertThat(wire.bind(2, "CRAM-MD5")).isEmpty();
          wire.send(
              bindResponse(2, IN_PROGRESS, "<1@example.net>".getBytes(StandardCharsets.UTF_8)));
          assertThat(new String(wire.bind(3, "CRAM-MD5"), StandardCharsets.UTF_8))
              .startsWith("anna ");
          wire.send(Answers.bind(3, Answers.SUCCESS));
        },
        session ->
            assertThat(authenticate(session, SaslMechanism.CRAM_MD5))
                .isEqualTo(SaslMechanism.CRAM_MD5));
  }

  /** The challenge is answered only when all that came with it was read. */
  @Test
  void challenged_cancelledBeforeItsAnswerIsSent_sessionClosed() throws Exception {
    CompletableFuture<CompletableFuture<SaslMechanism>> bind = new CompletableFuture<>();
    LdapSessionOptions cancelling =
        LdapSessionOptions.DEFAULTS.withObserver(
            new LdapObserver() {
              @Override
              public void received(String line) {
                if (line.contains("#0")) {
                  bind.join().cancel(false);
                }
              }
            });
    against(
        false,
        cancelling,
        wire -> {
          wire.offer("CRAM-MD5");
          wire.bind(2, "CRAM-MD5");
          wire.send(
              bindResponse(2, IN_PROGRESS, "<1@example.net>".getBytes(StandardCharsets.UTF_8)),
              Answers.extended(0, Answers.SUCCESS));
          assertThat(wire.socket().getInputStream().read()).isEqualTo(-1);
        },
        session -> {
          bind.complete(
              session.authenticateAsync(
                  SaslCredentials.password("anna", secret("anna's")),
                  SaslPreference.only(SaslMechanism.CRAM_MD5)));

          assertThatThrownBy(() -> session.whoAmI()).isInstanceOf(ClosedChannelException.class);
          assertThat(bind.join()).isCancelled();
        });
  }

  // ---- Servers that do not tell what they offer

  @Test
  void offers_refusedOrEmpty_scramTriedWithoutChannelBinding() throws Exception {
    for (byte[] untold :
        List.of(
            Answers.done(1, LdapResult.of(LdapResultCode.INSUFFICIENT_ACCESS_RIGHTS, "bind first")),
            Answers.done(1, Answers.SUCCESS),
            joined(
                Answers.entry(1, "", LdapAttribute.of("objectClass", "top")),
                Answers.done(1, Answers.SUCCESS)))) {
      for (SaslPreference preference :
          List.of(SaslPreference.strongest(), SaslPreference.only(SaslMechanism.SCRAM_SHA_256))) {
        against(
            false,
            wire -> {
              wire.request(1, LdapOperation.SEARCH_REQUEST);
              wire.send(untold);
              byte[] signature = wire.scramBind("n,,");
              wire.send(bindResponse(3, Answers.SUCCESS, signature));
            },
            session ->
                assertThat(
                        session.authenticate(
                            SaslCredentials.password("anna", secret("anna's")), preference))
                    .isEqualTo(SaslMechanism.SCRAM_SHA_256));
      }
    }
  }

  @Test
  void offers_refused_theOneMechanismAskedForTried() throws Exception {
    LdapResult unknown = LdapResult.of(LdapResultCode.AUTH_METHOD_NOT_SUPPORTED, "not here");
    against(
        false,
        wire -> {
          wire.request(1, LdapOperation.SEARCH_REQUEST);
          wire.send(Answers.done(1, LdapResult.of(LdapResultCode.OPERATIONS_ERROR, "bind first")));
          assertThat(wire.bind(2, "PLAIN")).isNotEmpty();
          wire.send(Answers.bind(2, unknown));
        },
        session -> {
          assertThatThrownBy(() -> authenticate(session, SaslMechanism.PLAIN))
              .isInstanceOf(PeerRefused.class)
              .hasMessageContaining("the response to the bind")
              .hasMessageContaining("authMethodNotSupported");
          assertThat(session.isOpen()).isTrue();
        });
  }

  @Test
  void offers_refusedAndSeveralThatShowThePassword_noneTried() throws Exception {
    against(
        false,
        wire -> {
          wire.request(1, LdapOperation.SEARCH_REQUEST);
          wire.send(Answers.done(1, LdapResult.of(LdapResultCode.OPERATIONS_ERROR, "bind first")));
          wire.request(2, LdapOperation.EXTENDED_REQUEST);
          wire.send(Answers.whoAmI(2, ""));
        },
        session -> {
          assertThatThrownBy(
                  () ->
                      session.authenticate(
                          SaslCredentials.password("anna", secret("anna's")),
                          SaslPreference.only(SaslMechanism.PLAIN, SaslMechanism.LOGIN)))
              .isInstanceOf(PeerRefused.class)
              .hasMessageContaining("the SASL mechanisms that the server offers")
              .hasMessageContaining("operationsError");
          assertThat(session.whoAmI()).isEmpty();
        });
  }

  /** An element behind the result that is longer than what contains it. */
  private static byte[] malformedDone() {
    byte[] done =
        LdapMessage.write(
                1,
                LdapOperation.SEARCH_RESULT_DONE,
                content -> {
                  Answers.SUCCESS.write(content);
                  content.octets(Ber.OCTET_STRING, new byte[1]);
                })
            .toByteArray();
    done[done.length - 2]++;
    return done;
  }

  // ---- Servers that lie

  @Test
  void searchDone_malformedBehindTheResult_misbehaved() throws Exception {
    Part lie =
        wire -> {
          wire.request(1, LdapOperation.SEARCH_REQUEST);
          wire.send(malformedDone());
        };
    assertNotBelieved(false, SaslMechanism.PLAIN, lie);
    against(
        false,
        lie,
        session -> assertThatThrownBy(session::rootDse).isInstanceOf(PeerMisbehaved.class));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void scram_successWithoutSignature_notBelieved(boolean drips) throws Exception {
    assertNotBelieved(
        drips,
        SaslMechanism.SCRAM_SHA_256,
        wire -> {
          wire.scram();
          wire.send(Answers.bind(3, Answers.SUCCESS));
        });
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void scram_successWithAnotherSignature_notBelieved(boolean drips) throws Exception {
    assertNotBelieved(
        drips,
        SaslMechanism.SCRAM_SHA_256,
        wire -> {
          wire.scram();
          wire.send(bindResponse(3, Answers.SUCCESS, otherSignature()));
        });
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void scram_anotherSignatureAsAChallenge_notBelieved(boolean drips) throws Exception {
    assertNotBelieved(
        drips,
        SaslMechanism.SCRAM_SHA_256,
        wire -> {
          wire.scram();
          wire.send(bindResponse(3, IN_PROGRESS, otherSignature()));
        });
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void scram_successInsteadOfTheFirstMessage_notBelieved(boolean drips) throws Exception {
    assertNotBelieved(
        drips,
        SaslMechanism.SCRAM_SHA_256,
        wire -> {
          wire.offer("SCRAM-SHA-256");
          wire.bind(2, "SCRAM-SHA-256");
          wire.send(bindResponse(2, Answers.SUCCESS, otherSignature()));
        });
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void scram_challengeWhileTheClientComputes_misbehaved(boolean drips) throws Exception {
    assertNotBelieved(
        drips,
        SaslMechanism.SCRAM_SHA_256,
        wire -> {
          wire.offer("SCRAM-SHA-256");
          SaslServerExchange scram =
              KNOWS_ANNA.start(SaslMechanism.SCRAM_SHA_256, SaslChannel.tls());
          byte[] first =
              bindResponse(2, IN_PROGRESS, challenge(scram, wire.bind(2, "SCRAM-SHA-256")));
          wire.send(first, first);
        });
  }

  /** Each mechanism knows how often it is asked; the bound of the bind stands behind them. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void challenges_moreThanTheMechanismHas_misbehaved(boolean drips) throws Exception {
    assertNotBelieved(
        drips,
        SaslMechanism.SCRAM_SHA_256,
        wire -> {
          byte[] signature = wire.scram();
          wire.send(bindResponse(3, IN_PROGRESS, signature));
          wire.bind(4, "SCRAM-SHA-256");
          wire.send(bindResponse(4, IN_PROGRESS, signature));
        });
    assertNotBelieved(
        drips,
        SaslMechanism.PLAIN,
        wire -> {
          wire.offer("PLAIN");
          wire.bind(2, "PLAIN");
          wire.send(bindResponse(2, IN_PROGRESS, new byte[0]));
        });
  }

  /** Each in one record with what came before it, as it can be told from an answer only there. */
  @Test
  void bindResponse_beforeItsRequest_notBelieved() throws Exception {
    byte[] success = Answers.bind(2, Answers.SUCCESS);
    for (int length = 1; length <= success.length; length += success.length - 1) {
      byte[] ahead = Arrays.copyOf(success, length);
      assertNotBelieved(
          false,
          SaslMechanism.PLAIN,
          wire -> {
            wire.request(1, LdapOperation.SEARCH_REQUEST);
            wire.send(offers("PLAIN"), ahead);
          });
    }
    byte[] challenge = "<1@example.net>".getBytes(StandardCharsets.UTF_8);
    assertNotBelieved(
        false,
        SaslMechanism.CRAM_MD5,
        wire -> {
          wire.offer("CRAM-MD5");
          wire.bind(2, "CRAM-MD5");
          wire.send(bindResponse(2, IN_PROGRESS, challenge), Answers.bind(3, Answers.SUCCESS));
        });
  }

  // ---- Whoever asks while an answer is read

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void observer_asksWhileAnAnswerIsRead_sentBehindIt(boolean drips) throws Exception {
    CompletableFuture<LdapSession> asked = new CompletableFuture<>();
    CompletableFuture<String> identity = new CompletableFuture<>();
    LdapObserver observer =
        new LdapObserver() {
          private boolean heard;

          @Override
          public void received(String line) {
            if (!heard) {
              heard = true;
              asked
                  .join()
                  .whoAmIAsync()
                  .thenAccept(identity::complete)
                  .exceptionally(
                      error -> {
                        identity.completeExceptionally(error);
                        return null;
                      });
            }
          }
        };
    against(
        drips,
        LdapSessionOptions.DEFAULTS.withObserver(observer),
        wire -> {
          wire.request(1, LdapOperation.BIND_REQUEST);
          wire.send(Answers.bind(1, Answers.SUCCESS));
          wire.request(2, LdapOperation.EXTENDED_REQUEST);
          wire.send(Answers.whoAmI(2, "u:anna"));
        },
        session -> {
          asked.complete(session);
          session.bindAnonymously();
          assertThat(identity.get(20, TimeUnit.SECONDS)).isEqualTo("u:anna");
        });
  }
}
