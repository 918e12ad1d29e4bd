package io.upgradeable.ldap;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;

/**
 * The envelope of every request and response (LDAPMessage, RFC 4511, 4.1.1).
 *
 * @param id the message id, 0 for what a server says unasked
 * @param operation what kind of request or response
 * @param content the operation's content, not looked into yet; a view of the bytes that the message
 *     was read from, and valid as long
 * @param controls what was sent along
 */
record LdapMessage(
    int id, LdapOperation operation, ByteBuffer content, List<LdapControl> controls) {

  /** The id of what nobody asked for (RFC 4511, 4.4). */
  static final int UNSOLICITED = 0;

  private static final int CONTROLS = Ber.constructed(0);

  /** Reads the content of the outermost SEQUENCE. */
  static LdapMessage read(ByteBuffer envelope) throws BerException {
    BerReader reader = BerReader.of(envelope);
    int id = reader.naturalNumber(Ber.INTEGER);
    int tag = reader.nextTag();
    LdapOperation operation =
        LdapOperation.tagged(tag)
            .orElseThrow(() -> new BerException("no operation of LDAP, " + Ber.tagText(tag)));
    ByteBuffer content = reader.content(tag);
    List<LdapControl> controls =
        reader.isNext(CONTROLS) ? LdapControl.readAll(reader.nested(CONTROLS)) : List.of();
    reader.skipRest();
    return new LdapMessage(id, operation, content, controls);
  }

  /** The content, one element after the other. */
  BerReader reader() {
    return BerReader.of(content);
  }

  boolean hasCriticalControl() {
    return controls.stream().anyMatch(LdapControl::critical);
  }

  /** Writes a message without controls. */
  static BerWriter write(int id, LdapOperation operation, Consumer<BerWriter> content) {
    return new BerWriter()
        .nested(
            Ber.SEQUENCE,
            message -> message.integer(Ber.INTEGER, id).nested(operation.tag(), content));
  }

  /** What it is, without its content: fit for a trace. */
  @Override
  public String toString() {
    return operation + " #" + id;
  }
}
