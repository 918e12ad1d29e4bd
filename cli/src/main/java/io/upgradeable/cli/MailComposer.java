package io.upgradeable.cli;

import io.upgradeable.smtp.MailContent;
import jakarta.activation.DataHandler;
import jakarta.activation.FileDataSource;
import jakarta.mail.Message.RecipientType;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeBodyPart;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.internet.MimeMultipart;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.IDN;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Makes a message of the pieces that a user gave. All of Jakarta Mail is behind this class, so that
 * it is loaded for nothing else: of the libraries it is the one that writes file names beyond ASCII
 * as RFC 2231 wants them, and the lightest in jars.
 */
final class MailComposer {

  /**
   * The header's part of what the user gave.
   *
   * @param from who writes
   * @param to to whom
   * @param cc to whom a copy goes
   * @param subject what about
   */
  record Header(MailAddress from, List<MailAddress> to, List<MailAddress> cc, String subject) {
    Header {
      // A line end here would let the subject begin a header field of its own.
      if (subject.chars().anyMatch(Character::isISOControl)) {
        throw new UsageException("--subject: expected text without control characters");
      }
    }
  }

  /** RFC 5322, 3.3. */
  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("EEE, d MMM yyyy HH:mm:ss Z", Locale.ENGLISH);

  private static final String UTF_8 = StandardCharsets.UTF_8.name();

  private final Header header;
  private final String text;
  private final List<Path> attachments;

  MailComposer(Header header, String text, List<Path> attachments) {
    this.header = header;
    this.text = text;
    this.attachments = attachments;
  }

  /** The message: in memory, or, as attachments have any size, in a file that goes with the JVM. */
  MailContent compose() throws IOException {
    try {
      MimeMessage message = message();
      if (attachments.isEmpty()) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        message.writeTo(bytes);
        return MailContent.of(bytes.toByteArray());
      }
      Path file = Files.createTempFile("upgrade-cli-", ".eml");
      file.toFile().deleteOnExit();
      try (OutputStream out = Files.newOutputStream(file)) {
        message.writeTo(out);
      }
      return MailContent.of(file);
    } catch (MessagingException e) {
      throw new IOException("the message cannot be composed: " + e.getMessage(), e);
    }
  }

  private MimeMessage message() throws MessagingException, IOException {
    MimeMessage message = new IdentifiedMessage();
    message.setFrom(address(header.from()));
    message.setRecipients(RecipientType.TO, addresses(header.to()));
    message.setRecipients(RecipientType.CC, addresses(header.cc()));
    message.setSubject(header.subject(), UTF_8);
    message.setHeader("Date", DATE.format(OffsetDateTime.now(ZoneOffset.UTC)));
    if (attachments.isEmpty()) {
      message.setText(lines(), UTF_8);
    } else {
      message.setContent(parts());
    }
    message.saveChanges();
    return message;
  }

  private MimeMultipart parts() throws MessagingException {
    MimeMultipart parts = new MimeMultipart();
    MimeBodyPart first = new MimeBodyPart();
    first.setText(lines(), UTF_8);
    parts.addBodyPart(first);
    for (Path file : attachments) {
      MimeBodyPart part = new MimeBodyPart();
      part.setDataHandler(new DataHandler(new FileDataSource(file.toFile())));
      part.setFileName(name(file));
      part.setDisposition(MimeBodyPart.ATTACHMENT);
      // Text as well: a file arrives as it is, line ends included.
      part.setHeader("Content-Transfer-Encoding", "base64");
      parts.addBodyPart(part);
    }
    return parts;
  }

  private static String name(Path file) {
    String name = String.valueOf(file.getFileName());
    if (name.chars().anyMatch(Character::isISOControl)) {
      throw new UsageException("--attach: expected a file name without control characters");
    }
    return name;
  }

  private String lines() {
    return text.lines().map(line -> line + "\r\n").collect(Collectors.joining());
  }

  private static InternetAddress[] addresses(List<MailAddress> addresses) throws IOException {
    List<InternetAddress> all = new ArrayList<>();
    for (MailAddress address : addresses) {
      all.add(address(address));
    }
    return all.toArray(InternetAddress[]::new);
  }

  private static InternetAddress address(MailAddress address) throws IOException {
    String mailbox = address.mailbox().localPart() + "@" + domain(address);
    return address.name().isEmpty()
        ? new InternetAddress(mailbox, null)
        : new InternetAddress(mailbox, address.name(), UTF_8);
  }

  /** A domain has a form in ASCII; a local part has none, and takes a header in UTF-8. */
  private static String domain(MailAddress address) {
    return IDN.toASCII(address.mailbox().domain(), IDN.ALLOW_UNASSIGNED);
  }

  private Properties properties() {
    Properties properties = new Properties();
    boolean utf8 =
        Stream.of(List.of(header.from()), header.to(), header.cc())
            .flatMap(List::stream)
            .anyMatch(address -> address.mailbox().needsSmtpUtf8());
    properties.setProperty("mail.mime.allowutf8", String.valueOf(utf8));
    return properties;
  }

  /** Its id tells neither this machine's name nor its user's, as the library's own would. */
  private final class IdentifiedMessage extends MimeMessage {

    IdentifiedMessage() {
      super(Session.getInstance(properties()));
    }

    @Override
    protected void updateMessageID() throws MessagingException {
      setHeader("Message-ID", "<%s@%s>".formatted(UUID.randomUUID(), domain(header.from())));
    }
  }
}
