package io.upgradeable.connect;

import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.upgradeable.Endpoint;
import io.upgradeable.negotiation.Negotiation;
import io.upgradeable.sasl.Secret;
import io.upgradeable.testkit.Dialogue;
import io.upgradeable.testkit.Split;
import io.upgradeable.testkit.SplitPoints;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** SOCKS 5 and 4a, byte for byte, at every split point. */
class SocksTest {

  private static final Endpoint MAIL = Endpoint.parse("mail.example.net:587");

  @TestFactory
  Stream<DynamicTest> anyState_dialogue_asWritten() {
    String bound = "S- \\x05\\x00\\x00\\x01\\xc0\\x00\\x02\\x07\\x10\\x92\n";
    String done = "=DONE= SocksResult[boundHost=192.0.2.7, boundPort=4242]\n";
    String connect = "C- \\x05\\x01\\x00\\x03\\x10mail.example.net\\x02\\x4b\n";
    String hello = "C- \\x05\\x01\\x00\nS- \\x05\\x00\n" + connect;
    String asked = "C- \\x05\\x02\\x00\\x02\nS- \\x05\\x02\nC- \\x01\\x03bob\\x02pw\n";
    String request4 = "C- \\x04\\x01\\x02\\x4b\\x00\\x00\\x00\\x01bob\\x00mail.example.net\\x00\n";
    return Stream.of(
        play("a name", this::plain, hello + bound + done),
        play("a password", this::bob, asked + "S- \\x01\\x00\n" + connect + bound + done),
        play(
            "a password that is not asked for",
            this::bob,
            "C- \\x05\\x02\\x00\\x02\nS- \\x05\\x00\n" + connect + bound + done),
        play(
            "a wrong password",
            this::bob,
            asked + "S- \\x01\\x01\n! Refused the password was not accepted\n"),
        play("no method", this::plain, "C- \\x05\\x01\\x00\nS- \\x05\\xff\n! Refused no method\n"),
        play(
            "a method that was not offered",
            this::plain,
            "C- \\x05\\x01\\x00\nS- \\x05\\x02\n! Misbehaved method 2\n"),
        play(
            "played ahead in one segment",
            this::plain,
            "C- \\x05\\x01\\x00\nS- \\x05\\x00\\x05\n! Misbehaved\n"),
        play(
            "refused",
            this::plain,
            hello
                + "S- \\x05\\x05\\x00\\x01\\x00\\x00\\x00\\x00\\x00\\x00\n"
                + "! Refused connection refused\n"),
        play(
            "bound to a name",
            this::plain,
            hello
                + "S- \\x05\\x00\\x00\\x03\\x01p\\x10\\x92\n"
                + "=DONE= SocksResult[boundHost=p, boundPort=4242]\n"),
        play(
            "bound to IPv6",
            this::plain,
            hello
                + "S- \\x05\\x00\\x00\\x04\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\n"
                + "S- \\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x01\\x10\\x92\n"
                + "=DONE= SocksResult[boundHost=0:0:0:0:0:0:0:1, boundPort=4242]\n"),
        play(
            "an unknown kind of address",
            this::plain,
            hello + "S- \\x05\\x00\\x00\\x02\n! Misbehaved an address of type 2\n"),
        play(
            "closed within the answer",
            this::plain,
            hello + "S- \\x05\\x00\\x00\nS closes\n! Closed\n"),
        play(
            "an HTTP proxy",
            this::plain,
            "C- \\x05\\x01\\x00\nS- HTTP/1.1 400\n! Misbehaved version 72\n"),
        play(
            "an IPv4 address",
            () -> new Socks5Upgrade(Endpoint.parse("192.0.2.7:25"), Optional.empty()),
            "C- \\x05\\x01\\x00\nS- \\x05\\x00\n"
                + "C- \\x05\\x01\\x00\\x01\\xc0\\x00\\x02\\x07\\x00\\x19\n"
                + bound
                + done),
        play(
            "4a: a name",
            this::version4,
            request4 + "S- \\x00\\x5a\\x10\\x92\\xc0\\x00\\x02\\x07\n" + done),
        play(
            "4a: refused",
            this::version4,
            request4
                + "S- \\x00\\x5b\\x00\\x00\\x00\\x00\\x00\\x00\n! Refused rejected or failed\n"),
        play(
            "4a: another version", this::version4, request4 + "S- \\x05\n! Misbehaved version 5\n"),
        play(
            "4a: an unknown code",
            this::version4,
            request4 + "S- \\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\n! Misbehaved code 0\n"),
        play(
            "4a: closed within the answer",
            this::version4,
            request4 + "S- \\x00\\x5a\nS closes\n! Closed\n"));
  }

  private Negotiation<?> plain() {
    return new Socks5Upgrade(MAIL, Optional.empty());
  }

  private Negotiation<?> bob() {
    return new Socks5Upgrade(
        MAIL,
        Optional.of(
            ProxyCredentials.password("bob", new Secret("pw".toCharArray())).evenInPlaintext()));
  }

  private Negotiation<?> version4() {
    return new Socks4aUpgrade(MAIL, "bob");
  }

  private static DynamicTest play(String name, Supplier<Negotiation<?>> machine, String text) {
    Dialogue dialogue = Dialogue.parse(name, "dialogue client NONE\n" + text);
    return dynamicTest(
        name,
        () -> {
          boolean whole = name.endsWith("in one segment");
          for (Split split :
              whole ? List.of(Split.whole()) : SplitPoints.all(dialogue.peerBytes())) {
            dialogue.play(machine.get(), split);
          }
        });
  }
}
