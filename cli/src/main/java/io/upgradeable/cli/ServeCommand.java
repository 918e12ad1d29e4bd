package io.upgradeable.cli;

import picocli.CommandLine.Command;

/** {@code upgrade-cli serve}: the servers. */
@Command(
    name = "serve",
    description = "Run a small server for demonstrations and tests.",
    mixinStandardHelpOptions = true,
    versionProvider = UpgradeCli.Version.class,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      ServePingCommand.class,
      ServeSmtpCommand.class,
      ServeLdapCommand.class,
      ServeConnectCommand.class
    },
    footer = {
      "%nExamples:",
      "  upgrade-cli serve ping --self-signed",
      "  upgrade-cli serve smtp --self-signed",
      "  upgrade-cli serve ldap --self-signed",
      "  upgrade-cli serve connect --allow 127.0.0.1:10001"
    })
final class ServeCommand {}
