package io.upgradeable.cli;

import io.upgradeable.sasl.SaslUsers;
import io.upgradeable.sasl.Secret;
import io.upgradeable.sasl.StoredSecret;
import io.upgradeable.sasl.UserFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Whom a server knows. */
final class UserOptions {

  @Option(
      names = "--user",
      paramLabel = "NAME",
      description =
          "Know this user, by a password, which is asked for on the terminal if none is given:"
              + " stdin and stdout have to be it. Nobody is known unless one is given.")
  private @Nullable String name;

  @Mixin private final PasswordOption password = new PasswordOption();

  @Option(
      names = "--users",
      paramLabel = "FILE",
      description =
          "Know the users of this file, one a line, as --print-user makes them and PostgreSQL keeps"
              + " them.")
  private @Nullable Path file;

  @Option(
      names = "--print-user",
      description = "Print a line for a --users file, made of --user and its password, and end.")
  private boolean printsUser;

  /**
   * Prints a user's line, if that was asked for.
   *
   * @param out where to
   * @return whether it was, and there is nothing else to do
   */
  boolean print(PrintWriter out) throws IOException {
    if (!printsUser) {
      return false;
    }
    String only = name;
    if (only == null) {
      throw new UsageException("expected --user with --print-user");
    }
    try (Secret secret = password.read(only)) {
      out.println(UserFile.line(only, secret));
    } catch (IllegalArgumentException e) {
      throw unusable(e);
    }
    return true;
  }

  /** The users, asking for a password if it must be; empty if none was given. */
  Optional<SaslUsers> users() throws IOException {
    String only = name;
    Path listed = file;
    if (only == null && password.isGiven()) {
      throw new UsageException("expected --user with a password");
    } else if (only != null && listed != null) {
      throw new UsageException("expected --users or --user, got both");
    } else if (listed != null) {
      return Optional.of(read(listed));
    }
    return only == null ? Optional.empty() : Optional.of(single(only));
  }

  private SaslUsers single(String user) throws IOException {
    try (Secret secret = password.read(user)) {
      return SaslUsers.of(Map.of(user, StoredSecret.of(secret)));
    } catch (IllegalArgumentException e) {
      throw unusable(e);
    }
  }

  private static UsageException unusable(IllegalArgumentException e) {
    return e instanceof UsageException usage
        ? usage
        : new UsageException("cannot take the user: " + e.getMessage(), e);
  }

  private static SaslUsers read(Path users) {
    try {
      return UserFile.read(users);
    } catch (IOException e) {
      throw new UsageException(
          "cannot read --users %s: %s".formatted(users, FileProblem.why(users, e)), e);
    } catch (IllegalArgumentException e) {
      throw new UsageException("--users %s: %s".formatted(users, e.getMessage()), e);
    }
  }
}
