package io.upgradeable;

import java.time.Duration;

/**
 * How a stream treats its peer.
 *
 * @param timeout how long one read or write may take
 * @param maxLineBytes how long a line may be, without its end
 */
record StreamOptions(Duration timeout, int maxLineBytes) {}
