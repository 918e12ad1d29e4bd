package io.upgradeable.cli;

import io.upgradeable.ldap.LdapObserver;

/** Tells the dialogue of an LDAP session message by message. */
record LdapTranscript(DialogueRecorder recorder) implements LdapObserver {

  @Override
  public void sent(String line) {
    recorder.said(line);
  }

  @Override
  public void received(String line) {
    recorder.heard(line);
  }
}
