/** Proxies and clients of proxies that others wrote, in containers. */
@org.jspecify.annotations.NullMarked
package io.upgradeable.it.proxy;
