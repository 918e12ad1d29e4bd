package io.upgradeable.connect;

import io.upgradeable.Endpoint;
import io.upgradeable.negotiation.Message;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.negotiation.Reason;
import io.upgradeable.negotiation.Step;
import io.upgradeable.negotiation.TlsFacts;
import io.upgradeable.sasl.Secret;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * The client of SOCKS 5 (RFC 1928) with a user and a password (RFC 1929). A name goes to the proxy
 * as a name. It speaks only when nothing is unread: a proxy that plays ahead does not listen.
 */
public final class Socks5Upgrade implements Negotiation<SocksResult> {

  private static final int VERSION = 5;
  private static final int PASSWORD_VERSION = 1;
  private static final int NO_AUTHENTICATION = 0;
  private static final int PASSWORD = 2;
  private static final int NO_METHOD = 0xff;
  private static final int CONNECT = 1;
  private static final int IPV4 = 1;
  private static final int NAME = 3;
  private static final int IPV6 = 4;
  private static final int MAX_TEXT = 255;

  private static final String[] REFUSALS = {
    "",
    "general failure",
    "not allowed by the rules",
    "network unreachable",
    "host unreachable",
    "connection refused",
    "time to live expired",
    "command not supported",
    "address type not supported"
  };

  /** In the order in which they are passed. */
  private enum State {
    NEW("the start"),
    AWAITING_METHOD("the proxy's choice of a method"),
    AWAITING_PASSWORD_ANSWER("the proxy's answer to the password"),
    AWAITING_ANSWER("the proxy's answer to CONNECT"),
    OVER("the end");

    private final String awaited;

    State(String awaited) {
      this.awaited = awaited;
    }
  }

  private final Endpoint target;
  private final Optional<ProxyCredentials> credentials;
  private State state = State.NEW;

  Socks5Upgrade(Endpoint target, Optional<ProxyCredentials> credentials) {
    this.target = target;
    this.credentials = credentials;
  }

  static void requireUsable(ProxyCredentials credentials) {
    int user = credentials.user().orElse("").getBytes(StandardCharsets.UTF_8).length;
    int password = encoded(credentials).length;
    if (user < 1 || user > MAX_TEXT || password < 1 || password > MAX_TEXT) {
      throw new IllegalArgumentException(
          "expected a user and a password of 1 to 255 bytes each (RFC 1929)");
    }
    if (!credentials.mayLeaveInPlaintext()) {
      throw new IllegalArgumentException(
          "SOCKS shows the password to everybody on the way: expected credentials that may leave"
              + " in plaintext");
    }
  }

  private static byte[] encoded(ProxyCredentials credentials) {
    return Utf8.encode(credentials.password().map(Secret::value).orElse(new char[0]));
  }

  @Override
  public Step<SocksResult> begin() {
    moveTo(State.AWAITING_METHOD);
    byte[] greeting =
        credentials.isPresent()
            ? new byte[] {VERSION, 2, NO_AUTHENTICATION, PASSWORD}
            : new byte[] {VERSION, 1, NO_AUTHENTICATION};
    return send(
        greeting,
        credentials.isPresent()
            ? "SOCKS5 hello, without or with a password"
            : "SOCKS5 hello, without a password");
  }

  @Override
  public Step<SocksResult> receive(ByteBuffer input) {
    return switch (state) {
      case AWAITING_METHOD -> onMethod(input);
      case AWAITING_PASSWORD_ANSWER -> onPasswordAnswer(input);
      case AWAITING_ANSWER -> onAnswer(input);
      default -> throw new IllegalStateException("nothing is awaited at " + state.awaited);
    };
  }

  private Step<SocksResult> onMethod(ByteBuffer input) {
    if (at(input, 0) != VERSION) {
      return misbehaved("version " + at(input, 0));
    } else if (input.remaining() < 2) {
      return await();
    }
    int method = at(input, 1);
    input.position(input.position() + 2);
    if (method == NO_METHOD) {
      return fail(Reason.refused("255", "no method of authentication that we have"));
    }
    boolean offered =
        method == NO_AUTHENTICATION || (method == PASSWORD && credentials.isPresent());
    if (!offered) {
      return misbehaved("method " + method + ", which was not offered");
    } else if (input.hasRemaining()) {
      return misbehaved("more than that");
    }
    return method == PASSWORD ? sendPassword(credentials.orElseThrow()) : sendConnect();
  }

  private Step<SocksResult> sendPassword(ProxyCredentials who) {
    moveTo(State.AWAITING_PASSWORD_ANSWER);
    String user = who.user().orElseThrow();
    byte[] name = user.getBytes(StandardCharsets.UTF_8);
    byte[] password = encoded(who);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(PASSWORD_VERSION);
    out.write(name.length);
    out.writeBytes(name);
    out.write(password.length);
    out.writeBytes(password);
    Arrays.fill(password, (byte) 0);
    return send(out.toByteArray(), "SOCKS5 user " + user + ", password <redacted>");
  }

  private Step<SocksResult> onPasswordAnswer(ByteBuffer input) {
    if (at(input, 0) != PASSWORD_VERSION) {
      return misbehaved("version " + at(input, 0));
    } else if (input.remaining() < 2) {
      return await();
    }
    int status = at(input, 1);
    input.position(input.position() + 2);
    if (status != 0) {
      return fail(Reason.refused(String.valueOf(status), "the password was not accepted"));
    }
    return input.hasRemaining() ? misbehaved("more than that") : sendConnect();
  }

  private Step<SocksResult> sendConnect() {
    moveTo(State.AWAITING_ANSWER);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(VERSION);
    out.write(CONNECT);
    out.write(0);
    if (target.isAddress()) {
      byte[] address = AddressBytes.bytes(target);
      out.write(address.length == 4 ? IPV4 : IPV6);
      out.writeBytes(address);
    } else {
      byte[] name = target.host().getBytes(StandardCharsets.US_ASCII);
      out.write(NAME);
      out.write(name.length);
      out.writeBytes(name);
    }
    out.write(target.port() >> 8);
    out.write(target.port());
    return send(out.toByteArray(), "SOCKS5 CONNECT " + target);
  }

  private Step<SocksResult> onAnswer(ByteBuffer input) {
    int have = input.remaining();
    if (at(input, 0) != VERSION) {
      return misbehaved("version " + at(input, 0));
    } else if (have >= 3 && at(input, 2) != 0) {
      return misbehaved("a reserved byte of " + at(input, 2));
    } else if (have >= 4 && addressLength(input) < 0) {
      return misbehaved("an address of type " + at(input, 3));
    } else if (have < 5 || have < 4 + addressLength(input) + 2) {
      return await();
    }
    int length = addressLength(input);
    int reply = at(input, 1);
    byte[] bytes = new byte[4 + length + 2];
    input.get(bytes);
    if (reply != 0) {
      String text = reply < REFUSALS.length ? REFUSALS[reply] : "unknown reason";
      return fail(Reason.refused(String.valueOf(reply), text));
    }
    int port = (bytes[bytes.length - 2] & 0xff) << 8 | (bytes[bytes.length - 1] & 0xff);
    moveTo(State.OVER);
    return Step.done(new SocksResult(host(bytes, length), port));
  }

  private static String host(byte[] answer, int length) {
    return answer[3] == NAME
        ? new String(answer, 5, length - 1, StandardCharsets.ISO_8859_1)
        : AddressBytes.text(Arrays.copyOfRange(answer, 4, 4 + length));
  }

  /** The length of the address, with the length of a name; -1 for an unknown type. */
  private static int addressLength(ByteBuffer input) {
    return switch (at(input, 3)) {
      case IPV4 -> 4;
      case IPV6 -> 16;
      case NAME -> input.remaining() > 4 ? 1 + at(input, 4) : 1;
      default -> -1;
    };
  }

  private static int at(ByteBuffer input, int index) {
    return input.get(input.position() + index) & 0xff;
  }

  @Override
  public Step<SocksResult> secured(TlsFacts facts) {
    throw new IllegalStateException("no TLS starts in this dialogue");
  }

  @Override
  public Step<SocksResult> inputClosed() {
    return fail(Reason.closed());
  }

  private Step<SocksResult> send(byte[] bytes, String shown) {
    return Step.send(Message.shownAs(bytes, shown), state.awaited);
  }

  private Step<SocksResult> await() {
    return Step.await(state.awaited);
  }

  private Step<SocksResult> misbehaved(String got) {
    return fail(Reason.misbehaved(state.awaited + " (SOCKS 5)", got));
  }

  private Step<SocksResult> fail(Reason reason) {
    moveTo(State.OVER);
    return Step.fail(reason);
  }

  private void moveTo(State next) {
    if (next.compareTo(state) <= 0) {
      throw new IllegalStateException("expected a step onward from " + state + ", got " + next);
    }
    state = next;
  }
}
