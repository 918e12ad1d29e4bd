package io.upgradeable.cli;

import picocli.CommandLine.Option;

/** What a client command prints on stdout. */
final class OutputOptions {

  /** The form of the report. */
  enum Format {
    TEXT,
    JSON
  }

  @Option(
      names = "--output",
      paramLabel = "FORMAT",
      converter = WordConverter.Output.class,
      completionCandidates = WordConverter.Output.class,
      description =
          "text (the default) or json: one JSON document, for failures too; with several targets"
              + " one in a line for each.")
  private Format format = Format.TEXT;

  @Option(names = "--show-certs", description = "Print the peer's certificates in PEM as well.")
  private boolean showCertificates;

  boolean json() {
    return format == Format.JSON;
  }

  boolean showCertificates() {
    return showCertificates;
  }
}
