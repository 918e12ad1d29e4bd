/** Mail servers and mail clients that others wrote, in containers. */
@org.jspecify.annotations.NullMarked
package io.upgradeable.it.mail;
