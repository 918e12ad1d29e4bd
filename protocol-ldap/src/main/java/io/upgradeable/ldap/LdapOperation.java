package io.upgradeable.ldap;

import java.util.Arrays;
import java.util.Optional;

/** The protocol operations and their tags (RFC 4511, 4.2 to 4.13). */
enum LdapOperation {
  BIND_REQUEST(0x60, "BindRequest"),
  BIND_RESPONSE(0x61, "BindResponse"),
  UNBIND_REQUEST(0x42, "UnbindRequest"),
  SEARCH_REQUEST(0x63, "SearchRequest"),
  SEARCH_RESULT_ENTRY(0x64, "SearchResultEntry"),
  SEARCH_RESULT_DONE(0x65, "SearchResultDone"),
  MODIFY_REQUEST(0x66, "ModifyRequest"),
  MODIFY_RESPONSE(0x67, "ModifyResponse"),
  ADD_REQUEST(0x68, "AddRequest"),
  ADD_RESPONSE(0x69, "AddResponse"),
  DEL_REQUEST(0x4a, "DelRequest"),
  DEL_RESPONSE(0x6b, "DelResponse"),
  MODIFY_DN_REQUEST(0x6c, "ModifyDNRequest"),
  MODIFY_DN_RESPONSE(0x6d, "ModifyDNResponse"),
  COMPARE_REQUEST(0x6e, "CompareRequest"),
  COMPARE_RESPONSE(0x6f, "CompareResponse"),
  ABANDON_REQUEST(0x50, "AbandonRequest"),
  SEARCH_RESULT_REFERENCE(0x73, "SearchResultReference"),
  EXTENDED_REQUEST(0x77, "ExtendedRequest"),
  EXTENDED_RESPONSE(0x78, "ExtendedResponse"),
  INTERMEDIATE_RESPONSE(0x79, "IntermediateResponse");

  private final int tag;
  private final String rfcName;

  LdapOperation(int tag, String rfcName) {
    this.tag = tag;
    this.rfcName = rfcName;
  }

  int tag() {
    return tag;
  }

  /** The operation with a tag, if LDAP has one. */
  static Optional<LdapOperation> tagged(int tag) {
    return Arrays.stream(values()).filter(operation -> operation.tag == tag).findFirst();
  }

  /** The response that carries the result of this request; none for responses, unbind, abandon. */
  Optional<LdapOperation> response() {
    return switch (this) {
      case BIND_REQUEST -> Optional.of(BIND_RESPONSE);
      case SEARCH_REQUEST -> Optional.of(SEARCH_RESULT_DONE);
      case MODIFY_REQUEST -> Optional.of(MODIFY_RESPONSE);
      case ADD_REQUEST -> Optional.of(ADD_RESPONSE);
      case DEL_REQUEST -> Optional.of(DEL_RESPONSE);
      case MODIFY_DN_REQUEST -> Optional.of(MODIFY_DN_RESPONSE);
      case COMPARE_REQUEST -> Optional.of(COMPARE_RESPONSE);
      case EXTENDED_REQUEST -> Optional.of(EXTENDED_RESPONSE);
      default -> Optional.empty();
    };
  }

  boolean isRequest() {
    return this == UNBIND_REQUEST || this == ABANDON_REQUEST || response().isPresent();
  }

  /** The name in RFC 4511. */
  @Override
  public String toString() {
    return rfcName;
  }
}
