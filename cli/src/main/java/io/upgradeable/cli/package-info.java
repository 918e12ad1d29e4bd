/**
 * The command line {@code upgrade-cli}. {@link io.upgradeable.cli.UpgradeCli} puts the commands
 * together; a command extends {@link io.upgradeable.cli.BaseCommand}, which turns failures into one
 * line and an {@link io.upgradeable.cli.ExitCode}; options that several commands share are mixins,
 * one file each ({@code *Options}).
 *
 * <p>A client command runs so: {@code ClientCommand} finds the target (or starts an {@code
 * EmbeddedServer}), the command builds its layers, a {@code DialogueRecorder} listens, and what
 * became of it is collected in a {@code Report}, which {@code TextReport} or {@code JsonReport}
 * prints.
 *
 * <p>A start is short because it does without what takes long: {@code PlainReader} reads command
 * lines from tables that the build asked picocli for ({@code PrebuiltTexts}), {@code HeadStart}
 * starts the JDK's TLS on another processor, {@code LazyLoggers} and {@code NettySettings} leave
 * the JDK's log alone, and the launcher archives the classes that {@code Rehearsal} loads.
 */
@NullMarked
package io.upgradeable.cli;

import org.jspecify.annotations.NullMarked;
