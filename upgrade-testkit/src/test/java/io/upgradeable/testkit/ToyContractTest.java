package io.upgradeable.testkit;

import io.upgradeable.negotiation.Negotiation;

/** A sound negotiation passes the contract. {@link ContractDefectsTest} shows that others don't. */
class ToyContractTest extends NegotiationContractTest<ToyNegotiation.Result> {

  @Override
  protected Negotiation<ToyNegotiation.Result> newNegotiation() {
    return new ToyNegotiation();
  }

  @Override
  protected Dialogue dialogue() {
    return Dialogue.parse("toy", ToyNegotiation.DIALOGUE);
  }

  @Override
  protected Dialogue plaintextVariant() {
    return Dialogue.parse("variant", ToyNegotiation.DIALOGUE.replace("READY 1", "READY 2"));
  }

  @Override
  protected int longestUnread() {
    return ToyNegotiation.MAX_LINE;
  }
}
