package io.upgradeable.bench;

import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.Callable;

/** Angus Mail (the reference implementation of Jakarta Mail): a thread and a transport each. */
final class AngusSmtp implements Load.Work {

  private final List<Transport> transports = new ArrayList<>();
  private final Session session;
  private final byte[] text;

  private AngusSmtp(Load load) throws Exception {
    Properties properties = new Properties();
    properties.put("mail.smtp.host", "localhost");
    properties.put("mail.smtp.port", String.valueOf(load.peer().port()));
    properties.put("mail.smtp.starttls.enable", "true");
    properties.put("mail.smtp.starttls.required", "true");
    properties.put(
        "mail.smtp.ssl.socketFactory", Trust.context(load.authority()).getSocketFactory());
    session = Session.getInstance(properties);
    text =
        BenchMessage.text(Long.parseLong(load.text("--size"))).getBytes(StandardCharsets.US_ASCII);
    for (int i = 0; i < load.atOnce(); i++) {
      Transport transport = session.getTransport("smtp");
      transport.connect();
      transports.add(transport);
    }
  }

  /**
   * Runs a load.
   *
   * @param args see {@link Load}, and {@code --size}
   * @throws Exception if the server cannot be reached
   */
  public static void main(String[] args) throws Exception {
    Load.measure(AngusSmtp::new, args);
  }

  @Override
  public int run(int units) throws Exception {
    List<Callable<Boolean>> lanes = new ArrayList<>();
    for (Transport transport : transports) {
      MimeMessage message = new MimeMessage(session, new ByteArrayInputStream(text));
      InternetAddress[] to = {new InternetAddress(BenchMessage.TO)};
      message.setFrom(new InternetAddress(BenchMessage.FROM));
      message.setRecipients(Message.RecipientType.TO, to);
      message.saveChanges();
      lanes.add(
          () -> {
            transport.sendMessage(message, to);
            return true;
          });
    }
    return Lanes.blocking(units, lanes);
  }

  @Override
  public void close() throws MessagingException {
    for (Transport transport : transports) {
      transport.close();
    }
  }
}
