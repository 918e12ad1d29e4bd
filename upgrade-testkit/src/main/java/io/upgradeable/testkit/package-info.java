/**
 * What a protocol needs to prove itself.
 *
 * <ul>
 *   <li>{@link io.upgradeable.testkit.NegotiationContractTest}: extend it once per role; it asks of
 *       a negotiation everything that the SPI promises, in memory and through the real driver.
 *   <li>{@link io.upgradeable.testkit.Dialogue}: tests as data, in {@code .dialogue} files.
 *   <li>{@link io.upgradeable.testkit.Wire}: a client and a server machine that talk in memory.
 *   <li>{@link io.upgradeable.testkit.Split}, {@link io.upgradeable.testkit.SplitPoints}: how bytes
 *       are cut into segments.
 *   <li>{@link io.upgradeable.testkit.ScriptedPeer}, {@link io.upgradeable.testkit.Script}, {@link
 *       io.upgradeable.testkit.Fault}: a peer on a real socket that knows no protocol.
 *   <li>{@link io.upgradeable.testkit.Certificates}: throw-away authorities and certificates, good
 *       and bad.
 *   <li>{@link io.upgradeable.testkit.LeakDetectionExtension}: a leaked buffer fails the test
 *       class.
 * </ul>
 */
@NullMarked
package io.upgradeable.testkit;

import org.jspecify.annotations.NullMarked;
