package io.upgradeable.connect;

import java.util.List;

/**
 * A tunnel that is open.
 *
 * @param status the proxy's status, 200 to 299
 * @param reason the text behind it, perhaps empty
 * @param fields the header fields of the answer; Content-Length and Transfer-Encoding mean nothing
 *     here (RFC 9110, 9.3.6)
 */
public record ConnectResult(int status, String reason, List<HttpField> fields) {

  /** Copies the list. */
  public ConnectResult {
    fields = List.copyOf(fields);
  }
}
