package io.upgradeable.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.upgradeable.UpgradeException;
import io.upgradeable.UpgradeException.CertificateRejected;
import io.upgradeable.UpgradeException.ConnectFailed;
import io.upgradeable.UpgradeException.LayerTimedOut;
import io.upgradeable.UpgradeException.PeerClosed;
import io.upgradeable.UpgradeException.PeerMisbehaved;
import io.upgradeable.UpgradeException.PeerRefused;
import io.upgradeable.UpgradeException.PlaintextInjected;
import io.upgradeable.UpgradeException.TlsFailed;
import io.upgradeable.UpgradeException.TlsNotOffered;
import io.upgradeable.UpgradeException.Where;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The table of exit codes is a promise. */
class ExitCodeTest {

  private static final Where WHERE = new Where("tcp(a:1)", "a:1", "x");

  @Test
  void eachFailureKind_of_hasItsNumber() {
    List<UpgradeException> failures =
        List.of(
            new ConnectFailed(WHERE, "y", null),
            new LayerTimedOut(WHERE, Duration.ofSeconds(1)),
            new TlsNotOffered(WHERE, "STARTTLS"),
            new PeerRefused(WHERE, "454", "no"),
            new TlsFailed(WHERE, "y", null),
            new CertificateRejected(WHERE, "y", List.of(), null),
            new PeerMisbehaved(WHERE, "y"),
            new PlaintextInjected(WHERE, 1),
            new PeerClosed(WHERE, "y", null));

    assertThat(failures.stream().map(failure -> ExitCode.of(failure).code()))
        .containsExactly(3, 4, 5, 6, 7, 8, 9, 10, 11);
    assertThat(failures.stream().map(failure -> (Object) failure.getClass()))
        .as("a new kind of failure needs an exit code")
        .containsExactlyInAnyOrder((Object[]) UpgradeException.class.getPermittedSubclasses());
  }

  @Test
  void allCodes_numbers_areDistinct() {
    assertThat(Arrays.stream(ExitCode.values()).map(ExitCode::code)).doesNotHaveDuplicates();
    assertThat(ExitCode.OK.code()).isZero();
    assertThat(ExitCode.OTHER.code()).isEqualTo(1);
    assertThat(ExitCode.USAGE.code()).isEqualTo(2);
  }

  @Test
  void bug_failureOf_oneLineExit1() {
    Failure failure = Failure.of(new IllegalStateException("a\nb\u001b"));

    assertThat(failure.exitCode()).isEqualTo(ExitCode.OTHER);
    assertThat(failure.message()).startsWith("internal error: ").contains("a\\nb\\x1b");
  }
}
