package io.upgradeable.dns;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.dns.DefaultDnsRecordDecoder;
import io.netty.handler.codec.dns.DnsRawRecord;
import io.netty.handler.codec.dns.DnsRecord;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponse;
import io.netty.handler.codec.dns.DnsResponseCode;
import io.netty.handler.codec.dns.DnsSection;
import io.upgradeable.smtp.MailExchanger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What a name server's response says about the mail exchangers of a name. */
sealed interface MxAnswer {

  /** There are some, in no order. */
  record Found(List<MailExchanger> exchangers) implements MxAnswer {}

  /** The name is another one's alias, about which the response says nothing. */
  record Alias(String target) implements MxAnswer {}

  /** The name exists and has none. */
  record NoExchangers() implements MxAnswer {}

  /** The domain says that it takes no mail (RFC 7505). */
  record TakesNoMail() implements MxAnswer {}

  /** There is no such name. */
  record NoSuchName() implements MxAnswer {}

  /** The domain's records make no sense; every server would give them. */
  record Broken(String got) implements MxAnswer {}

  /** This server has no answer; another one may have. */
  record Unanswered(String got) implements MxAnswer {}

  /** The longest chain of aliases that is followed. */
  int MAX_ALIASES = 8;

  /** The name of which nothing is left. */
  String ROOT = ".";

  /** In front of the exchanger's name. */
  int PREFERENCE_BYTES = 2;

  /**
   * Reads a response.
   *
   * @param asked the name in the question, lower case, without the root's dot
   */
  static MxAnswer of(DnsResponse response, String asked) {
    if (response.isTruncated()) {
      return new Unanswered("a truncated answer");
    } else if (response.code().equals(DnsResponseCode.NXDOMAIN)) {
      return new NoSuchName();
    } else if (!response.code().equals(DnsResponseCode.NOERROR)) {
      return new Unanswered(response.code().toString().toUpperCase(Locale.ROOT));
    } else if (isReferral(response)) {
      return new Unanswered("a referral");
    }
    Map<String, String> aliases = new HashMap<>();
    Map<String, List<DnsRawRecord>> exchangers = new HashMap<>();
    for (int i = 0; i < response.count(DnsSection.ANSWER); i++) {
      if (response.recordAt(DnsSection.ANSWER, i) instanceof DnsRawRecord record
          && record.dnsClass() == DnsRecord.CLASS_IN) {
        String owner = withoutRootDot(record.name()).toLowerCase(Locale.ROOT);
        if (record.type().equals(DnsRecordType.CNAME)) {
          aliases.put(owner, DefaultDnsRecordDecoder.decodeName(record.content().duplicate()));
        } else if (record.type().equals(DnsRecordType.MX)) {
          exchangers.computeIfAbsent(owner, name -> new ArrayList<>()).add(record);
        }
      }
    }
    return of(aliases, exchangers, asked);
  }

  private static MxAnswer of(
      Map<String, String> aliases, Map<String, List<DnsRawRecord>> exchangers, String asked) {
    String name = asked;
    for (int followed = 0; aliases.containsKey(name); followed++) {
      if (followed == MAX_ALIASES) {
        return new Broken("more than " + MAX_ALIASES + " aliases");
      }
      String target = HostName.of(aliases.getOrDefault(name, ROOT)).orElse(ROOT);
      if (target.equals(ROOT)) {
        return new Broken("an alias of no host name");
      }
      name = target;
    }
    List<DnsRawRecord> records = exchangers.getOrDefault(name, List.of());
    if (!records.isEmpty()) {
      return of(records);
    }
    return name.equals(asked) ? new NoExchangers() : new Alias(name);
  }

  private static MxAnswer of(List<DnsRawRecord> records) {
    List<MailExchanger> found = new ArrayList<>();
    for (DnsRawRecord record : records) {
      ByteBuf content = record.content().duplicate();
      if (content.readableBytes() <= PREFERENCE_BYTES) {
        continue;
      }
      int preference = content.readUnsignedShort();
      String name = DefaultDnsRecordDecoder.decodeName(content);
      if (name.equals(ROOT) && records.size() == 1) {
        return new TakesNoMail();
      }
      // Nothing else may become a word of a command, a log or a TLS handshake.
      HostName.of(name).ifPresent(host -> found.add(new MailExchanger(host, preference)));
    }
    return found.isEmpty()
        ? new Broken("mail exchangers of which none is a host name")
        : new Found(found);
  }

  /** A server that does not recurse names others; that is no word about the exchangers. */
  private static boolean isReferral(DnsResponse response) {
    boolean others = false;
    for (int i = 0; i < response.count(DnsSection.AUTHORITY); i++) {
      DnsRecordType type = response.recordAt(DnsSection.AUTHORITY, i).type();
      if (type.equals(DnsRecordType.SOA)) {
        return false;
      }
      others |= type.equals(DnsRecordType.NS);
    }
    return others && response.count(DnsSection.ANSWER) == 0 && !response.isAuthoritativeAnswer();
  }

  private static String withoutRootDot(String name) {
    return name.endsWith(ROOT) ? name.substring(0, name.length() - 1) : name;
  }
}
