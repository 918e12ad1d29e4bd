package io.upgradeable.cli;

import com.unboundid.asn1.ASN1OctetString;
import com.unboundid.ldap.protocol.BindRequestProtocolOp;
import com.unboundid.ldap.protocol.BindResponseProtocolOp;
import com.unboundid.ldap.protocol.ExtendedRequestProtocolOp;
import com.unboundid.ldap.protocol.ExtendedResponseProtocolOp;
import com.unboundid.ldap.protocol.LDAPMessage;
import com.unboundid.ldap.protocol.ProtocolOp;
import com.unboundid.ldap.protocol.SearchRequestProtocolOp;
import com.unboundid.ldap.protocol.SearchResultDoneProtocolOp;
import com.unboundid.ldap.protocol.SearchResultEntryProtocolOp;
import com.unboundid.ldap.protocol.UnbindRequestProtocolOp;
import com.unboundid.ldap.sdk.Attribute;
import com.unboundid.ldap.sdk.DereferencePolicy;
import com.unboundid.ldap.sdk.Filter;
import com.unboundid.ldap.sdk.ResultCode;
import com.unboundid.ldap.sdk.SearchScope;
import io.upgradeable.testkit.Script;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What LDAP servers hear and say, in the bytes of another implementation. */
final class LdapScripts {

  private static final String START_TLS = "1.3.6.1.4.1.1466.20037";
  private static final String WHO_AM_I = "1.3.6.1.4.1.4203.1.11.3";
  private static final String NOTICE_OF_DISCONNECTION = "1.3.6.1.4.1.1466.20036";

  private LdapScripts() {}

  private static byte[] bytes(int id, ProtocolOp operation) {
    return new LDAPMessage(id, operation).encode().encode();
  }

  /** A client asks for StartTLS. */
  static Script start() {
    return Script.start().expect(bytes(1, new ExtendedRequestProtocolOp(START_TLS, null)));
  }

  /** The server agrees, and what follows is under TLS. */
  static Script startTls() {
    return start().send(startTlsResponse(ResultCode.SUCCESS, "")).startTls();
  }

  static byte[] startTlsResponse(ResultCode code, String words) {
    return extended(1, code, words, null, null);
  }

  static byte[] notice(ResultCode code, String words) {
    return extended(0, code, words, NOTICE_OF_DISCONNECTION, null);
  }

  private static byte[] extended(
      int id, ResultCode code, String words, @Nullable String name, @Nullable String value) {
    return bytes(
        id,
        new ExtendedResponseProtocolOp(
            code.intValue(),
            null,
            words,
            null,
            name,
            value == null ? null : new ASN1OctetString(value)));
  }

  /** A client reads the root DSE. */
  static byte[] rootDseRequest(int id) {
    return bytes(
        id,
        new SearchRequestProtocolOp(
            "",
            SearchScope.BASE,
            DereferencePolicy.NEVER,
            0,
            0,
            false,
            Filter.createPresenceFilter("objectClass"),
            List.of("*", "+")));
  }

  static byte[] entry(int id, Attribute... attributes) {
    return bytes(id, new SearchResultEntryProtocolOp("", Arrays.asList(attributes)));
  }

  static byte[] done(int id, ResultCode code, String words) {
    return bytes(id, new SearchResultDoneProtocolOp(code.intValue(), null, words, null));
  }

  static byte[] bindRequest(int id, String name, String password) {
    return bytes(id, new BindRequestProtocolOp(name, password));
  }

  static byte[] bindResponse(int id, ResultCode code, String words) {
    return bytes(id, new BindResponseProtocolOp(code.intValue(), null, words, null, null));
  }

  static byte[] whoAmIRequest(int id) {
    return bytes(id, new ExtendedRequestProtocolOp(WHO_AM_I, null));
  }

  static byte[] whoAmIResponse(int id, String identity) {
    return extended(id, ResultCode.SUCCESS, "", null, identity);
  }

  static byte[] whoAmIRefusal(int id, ResultCode code, String words) {
    return extended(id, code, words, null, null);
  }

  static byte[] unbind(int id) {
    return bytes(id, new UnbindRequestProtocolOp());
  }
}
