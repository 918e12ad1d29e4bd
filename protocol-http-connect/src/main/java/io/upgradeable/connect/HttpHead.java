package io.upgradeable.connect;

import java.util.List;

/**
 * The head of an HTTP/1.1 message.
 *
 * @param startLine the request line or the status line, without its end
 * @param fields the header fields, in order
 */
record HttpHead(String startLine, List<HttpField> fields) {

  HttpHead {
    fields = List.copyOf(fields);
  }
}
