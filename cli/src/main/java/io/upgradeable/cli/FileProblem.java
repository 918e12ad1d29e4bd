package io.upgradeable.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Why a file cannot be used, in words: the JDK's own message is often the path alone. */
final class FileProblem {

  private FileProblem() {}

  static String why(Path file, IOException e) {
    return Files.isDirectory(file) ? "it is a directory" : why(e);
  }

  static String why(IOException e) {
    if (e instanceof NoSuchFileException) {
      return "no such file or directory";
    } else if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    String reason = e instanceof FileSystemException system ? system.getReason() : e.getMessage();
    return reason == null || reason.isEmpty() ? "input or output error" : reason;
  }
}
