package io.upgradeable.cli;

import java.io.FilterWriter;
import java.io.IOException;
import java.io.Writer;

/** Writes JSON in ASCII, so that it is right whatever encoding the terminal or pipe has. */
final class AsciiWriter extends FilterWriter {

  AsciiWriter(Writer out) {
    super(out);
  }

  @Override
  public void write(int c) throws IOException {
    // Outside its strings JSON is ASCII anyhow, and inside them this escape is always allowed.
    if (c > '~') {
      out.write("\\u%04x".formatted(c));
    } else {
      out.write(c);
    }
  }

  @Override
  public void write(char[] buffer, int offset, int length) throws IOException {
    for (int i = offset; i < offset + length; i++) {
      write(buffer[i]);
    }
  }

  @Override
  public void write(String text, int offset, int length) throws IOException {
    for (int i = offset; i < offset + length; i++) {
      write(text.charAt(i));
    }
  }
}
