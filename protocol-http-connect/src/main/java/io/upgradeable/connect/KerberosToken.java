package io.upgradeable.connect;

import java.io.IOException;
import org.ietf.jgss.GSSContext;
import org.ietf.jgss.GSSException;
import org.ietf.jgss.GSSManager;
import org.ietf.jgss.GSSName;
import org.ietf.jgss.Oid;

/** The only class that needs the JDK's GSS: it is loaded when somebody asks for a token. */
final class KerberosToken {

  /** SPNEGO (RFC 4178). */
  private static final String MECHANISM = "1.3.6.1.5.5.2";

  private KerberosToken() {}

  static byte[] forService(String service) throws IOException {
    try {
      GSSManager manager = GSSManager.getInstance();
      GSSName name = manager.createName(service, GSSName.NT_HOSTBASED_SERVICE);
      GSSContext context =
          manager.createContext(name, new Oid(MECHANISM), null, GSSContext.DEFAULT_LIFETIME);
      try {
        context.requestMutualAuth(false); // One token is all that there is room for.
        return context.initSecContext(new byte[0], 0, 0);
      } finally {
        context.dispose();
      }
    } catch (GSSException e) {
      throw new IOException("no Kerberos token for " + service + ": " + e.getMessage(), e);
    }
  }
}
