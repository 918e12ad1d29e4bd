package io.upgradeable.it;

import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.testcontainers.containers.Network;

/**
 * A network of containers that find each other by name, for all tests of a class. It has to be
 * registered before the containers that are in it, so that it is removed after them ({@code
 * org.junit.jupiter.api.Order}).
 */
public final class PeerNetwork implements AfterAllCallback {

  /**
   * A place in a network.
   *
   * @param network the network
   * @param name what the others in it call the one who is there
   */
  public record Place(Network network, String name) {}

  private final Network network = Network.newNetwork();

  /**
   * A place in this network.
   *
   * @param name what the others call the one who is there
   * @return the place, for one container
   */
  public Place place(String name) {
    return new Place(network, name);
  }

  @Override
  public void afterAll(ExtensionContext context) {
    network.close();
  }
}
