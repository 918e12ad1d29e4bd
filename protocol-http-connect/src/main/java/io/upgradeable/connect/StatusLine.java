package io.upgradeable.connect;

/**
 * The first line of an answer (RFC 9112, 4), which {@link HttpHeadReader} has checked.
 *
 * @param minorVersion 0 or 1
 * @param code three digits
 * @param reason what stands behind them, perhaps empty
 */
record StatusLine(int minorVersion, int code, String reason) {

  static StatusLine of(HttpHead head) {
    String line = head.startLine();
    return new StatusLine(
        line.charAt(7) - '0',
        Integer.parseInt(line.substring(9, 12)),
        line.length() > 13 ? line.substring(13).strip() : "");
  }
}
