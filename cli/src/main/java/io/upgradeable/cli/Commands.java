package io.upgradeable.cli;

import java.util.List;
import java.util.Optional;

/** The commands that do something, by what the user types for them. */
final class Commands {

  /** What begins the names of the servers. */
  static final String SERVE = "serve";

  /** All of them. */
  static final List<String> NAMES =
      List.of(
          "ping",
          "smtp",
          "ldap",
          "connect",
          "serve ping",
          "serve smtp",
          "serve ldap",
          "serve connect");

  private Commands() {}

  /** The name that a command line begins with, of one word or of two; empty if of none. */
  static String nameIn(String... args) {
    if (args.length == 0 || !isWord(args[0])) {
      return "";
    }
    boolean serves = args.length > 1 && args[0].equals(SERVE) && isWord(args[1]);
    return serves ? SERVE + ' ' + args[1] : args[0];
  }

  /** Whether an argument is one word: two in one argument name no command. */
  static boolean isWord(String argument) {
    return !argument.isEmpty() && argument.indexOf(' ') < 0;
  }

  /** A new command with the defaults of its options; empty if there is none of this name. */
  static Optional<BaseCommand> create(String name) {
    return switch (name) {
      case "ping" -> Optional.of(new PingCommand());
      case "smtp" -> Optional.of(new SmtpCommand());
      case "ldap" -> Optional.of(new LdapCommand());
      case "connect" -> Optional.of(new ConnectCommand());
      case "serve ping" -> Optional.of(new ServePingCommand());
      case "serve smtp" -> Optional.of(new ServeSmtpCommand());
      case "serve ldap" -> Optional.of(new ServeLdapCommand());
      case "serve connect" -> Optional.of(new ServeConnectCommand());
      default -> Optional.empty();
    };
  }
}
