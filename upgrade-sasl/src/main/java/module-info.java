/** SASL mechanisms for clients and small servers of any protocol. */
module io.upgradeable.sasl {
  requires com.ongres.saslprep;
  requires static transitive org.jspecify;

  exports io.upgradeable.sasl;
}
