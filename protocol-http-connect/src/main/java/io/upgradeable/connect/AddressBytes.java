package io.upgradeable.connect;

import io.upgradeable.Endpoint;
import java.net.InetAddress;
import java.net.UnknownHostException;

/** Addresses as bytes and back, without asking anybody. */
final class AddressBytes {

  private AddressBytes() {}

  /** The 4 or 16 bytes of an address. */
  static byte[] bytes(Endpoint address) {
    if (!address.isAddress()) {
      throw new IllegalArgumentException("expected an address, got " + address);
    }
    try {
      return InetAddress.getByName(address.host()).getAddress(); // Parsed, not looked up.
    } catch (UnknownHostException e) {
      throw new IllegalStateException(e);
    }
  }

  static String text(byte[] address) {
    try {
      return InetAddress.getByAddress(address).getHostAddress();
    } catch (UnknownHostException e) {
      throw new IllegalStateException(e); // 4 or 16 bytes, always.
    }
  }
}
