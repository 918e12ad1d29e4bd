package io.upgradeable.smtp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SmtpServerArgumentsTest {

  private static final long SEED = Long.getLong("seed", System.nanoTime());

  private static final Set<String> ALL =
      Set.of("SIZE", "8BITMIME", "SMTPUTF8", "DSN", "AUTH", "REQUIRETLS");

  private static SmtpReply refusal(String argument, Set<String> offered) {
    SmtpServerRefusal refusal =
        catchThrowableOfType(
            SmtpServerRefusal.class, () -> SmtpServerArguments.sender(argument, offered));
    assertThat(refusal).as(argument).isNotNull();
    return refusal.reply();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      textBlock =
          """
          FROM:<>                              |
          from:<a@b>                           | a@b
          FROM:<a.b+c=d@x-y.example>           | a.b+c=d@x-y.example
          FROM:<"a b>@\\"c"@example.org>       | "a b>@\\"c"@example.org
          FROM:<@one.example,@two:a@b>         | a@b
          FROM:<a@[192.0.2.1]>                 | a@[192.0.2.1]
          FROM:<a@[IPv6:2001:db8::1]>          | a@[IPv6:2001:db8::1]
          FROM:<Postmaster>                    | Postmaster
          FROM:<größe@exämple.net> SMTPUTF8    | größe@exämple.net
          """)
  void mail_path_read(String argument, String address) throws SmtpServerRefusal {
    assertThat(SmtpServerArguments.sender(argument, ALL).address())
        .isEqualTo(address == null ? "" : address);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "FROM",
        "FROM:",
        "FROM: <a@b>",
        "FROM :<a@b>",
        "FROM:a@b",
        "TO:<a@b>",
        "FROM:<a@b",
        "FROM:<a>",
        "FROM:<@b>",
        "FROM:<a@>",
        "FROM:<a@@b>",
        "FROM:<a b@c>",
        "FROM:<\"a@b>",
        "FROM:<\"a\\\"@b>",
        "FROM:<a@b>x",
        "FROM:<a@b> ",
        "FROM:<a@b>  SIZE=1",
        "FROM:<a@.b>",
        "FROM:<a@b c>",
        "FROM:<a@[b>",
        "FROM:<@a@b>",
        "FROM:<@:>",
        "FROM:<a\u00a0@b> SMTPUTF8",
        "FROM:<a@b\u2028> SMTPUTF8",
        "FROM:<a\u0085@b> SMTPUTF8",
        "FROM:<a@b> SIZE",
        "FROM:<a@b> SIZE=",
        "FROM:<a@b> SIZE=-1",
        "FROM:<a@b> SIZE=1234567890123456789",
        "FROM:<a@b> SIZE=1 SIZE=1",
        "FROM:<a@b> SMTPUTF8=1",
        "FROM:<a@b> BODY=BINARYMIME",
        "FROM:<a@b> RET=ALL",
        "FROM:<a@b> ENVID=+0d+0a",
        "FROM:<a@b> ENVID=a=b",
        "FROM:<a@b> =1",
        "FROM:<a@b> -A=1"
      })
  void mail_malformed_501(String argument) {
    assertThat(refusal(argument, ALL).code()).isEqualTo(501);
  }

  @Test
  void mail_longParts_bounded() throws SmtpServerRefusal {
    String longest = "x".repeat(64) + "@" + "y".repeat(189);
    assertThat(SmtpServerArguments.sender("FROM:<" + longest + ">", ALL).address())
        .isEqualTo(longest);
    assertThat(refusal("FROM:<" + longest + "y>", ALL).code()).isEqualTo(501);
    assertThat(refusal("FROM:<" + "x".repeat(65) + "@y>", ALL).code()).isEqualTo(501);
    assertThat(refusal("FROM:<" + "ä".repeat(33) + "@y> SMTPUTF8", ALL).code()).isEqualTo(501);
  }

  @Test
  void mail_parameters_asOffered() throws SmtpServerRefusal {
    String argument =
        "FROM:<a@b> size=17 BODY=8bitmime SMTPUTF8 RET=HDRS ENVID=a+2Bb AUTH=<> REQUIRETLS";

    ReceivedSender sender = SmtpServerArguments.sender(argument, ALL);

    assertThat(sender.parameters())
        .isEqualTo(
            Map.of(
                "SIZE", "17",
                "BODY", "8bitmime",
                "SMTPUTF8", "",
                "RET", "HDRS",
                "ENVID", "a+2Bb",
                "AUTH", "<>",
                "REQUIRETLS", ""));
    assertThat(sender.declaredSize()).hasValue(17);
    assertThat(sender.isSmtpUtf8()).isTrue();
    assertThat(sender.isTlsRequired()).isTrue();
    for (String parameter : sender.parameters().keySet()) {
      String value = sender.parameters().get(parameter);
      String alone = "FROM:<a@b> " + parameter + (value.isEmpty() ? "" : "=" + value);
      assertThat(refusal(alone, Set.of()).code()).as(alone).isEqualTo(555);
    }
  }

  @Test
  void mail_beyondAscii_onlyWithSmtpUtf8() {
    assertThat(refusal("FROM:<ä@b>", ALL).toString()).startsWith("553 5.6.7 ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          TO:<a@b>                                         | 0
          TO:<POSTMASTER>                                  | 0
          TO:<a@b> NOTIFY=NEVER                            | 1
          TO:<a@b> notify=success,failure ORCPT=rfc822;a@b | 2
          """)
  void rcpt_argument_read(String argument, int parameters) throws SmtpServerRefusal {
    assertThat(SmtpServerArguments.recipient(argument, ALL, false).parameters())
        .hasSize(parameters);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "TO:<>",
        "TO:<a>",
        "TO:<a@b> NOTIFY=NEVER,SUCCESS",
        "TO:<a@b> NOTIFY=",
        "TO:<a@b> ORCPT=a@b"
      })
  void rcpt_malformed_501(String argument) {
    SmtpServerRefusal refusal =
        catchThrowableOfType(
            SmtpServerRefusal.class, () -> SmtpServerArguments.recipient(argument, ALL, false));
    assertThat(refusal.reply().code()).isEqualTo(501);
  }

  @ParameterizedTest
  @CsvSource({"0, 0, false", "17 LAST, 17, true", "17  last, 17, true"})
  void bdat_argument_read(String argument, long size, boolean last) {
    assertThat(SmtpServerArguments.chunk(argument))
        .hasValue(new SmtpServerArguments.Chunk(size, last));
  }

  /** Whatever is said, the reader answers, and nothing that it accepts can end a line. */
  @Test
  void anyArgument_random_readOrRefused() {
    Random random = new Random(SEED);
    String[] pieces = {
      "FROM:<",
      "TO:<",
      ">",
      "@",
      "a",
      "\"",
      "\\",
      " ",
      "SIZE=",
      "1",
      "ORCPT=",
      ";",
      ":",
      "[",
      "]",
      "ä",
      "\u202e",
      "\u0085",
      "=",
      ",",
      ".",
      "+",
      "AUTH=",
      "SMTPUTF8",
      "NOTIFY=NEVER"
    };
    for (int round = 0; round < 50_000; round++) {
      StringBuilder argument = new StringBuilder(round % 2 == 0 ? "FROM:<" : "TO:<");
      for (int i = random.nextInt(12); i >= 0; i--) {
        argument.append(pieces[random.nextInt(pieces.length)]);
      }
      try {
        String address =
            round % 2 == 0
                ? SmtpServerArguments.sender(argument.toString(), ALL).address()
                : SmtpServerArguments.recipient(argument.toString(), ALL, true).address();
        assertThat(address)
            .as("seed %d: %s", SEED, argument)
            .doesNotContainPattern("[\\x00-\\x1f\\x7f-\\x9f]");
      } catch (SmtpServerRefusal refusal) {
        assertThat(refusal.reply().isPermanentFailure()).isTrue();
      }
    }
  }
}
