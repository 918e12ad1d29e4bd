package io.upgradeable.cli;

import io.upgradeable.smtp.SmtpObserver;
import io.upgradeable.smtp.SmtpReply;
import java.util.List;

/** Tells the dialogue of a mail session line by line, and its messages as counts of bytes. */
final class SmtpTranscript implements SmtpObserver {

  private final DialogueRecorder recorder;
  private long content;

  SmtpTranscript(DialogueRecorder recorder) {
    this.recorder = recorder;
  }

  @Override
  public void command(String line) {
    tellContent();
    recorder.said(line);
  }

  @Override
  public void content(long bytes) {
    content += bytes;
  }

  @Override
  public void reply(SmtpReply reply) {
    tellContent();
    List<String> lines = reply.lines();
    for (int i = 0; i < lines.size(); i++) {
      recorder.heard(reply.code() + (i == lines.size() - 1 ? " " : "-") + lines.get(i));
    }
  }

  /** It comes in pieces, whose number is nobody's business. */
  private void tellContent() {
    if (content > 0) {
      recorder.said("(" + content + " bytes of the message)");
      content = 0;
    }
  }
}
