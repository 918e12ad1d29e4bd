package io.upgradeable.it;

import com.github.dockerjava.api.command.CreateContainerCmd;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.testcontainers.core.CreateContainerCmdModifier;

/**
 * Marks each container with the run of {@code ./test} that made it, so that the script removes what
 * a killed run left behind and nothing of anybody else's. Testcontainers finds this class as a
 * service.
 */
public final class RunLabel implements CreateContainerCmdModifier {

  /** {@code scripts/docker.sh} looks for the same label. */
  private static final String LABEL = "io.upgradeable.run";

  @Override
  public CreateContainerCmd modify(CreateContainerCmd command) {
    String run = System.getenv("UPGRADEABLE_TEST_RUN");
    if (run == null || run.isEmpty()) {
      return command;
    }
    Map<String, String> labels =
        new HashMap<>(Optional.ofNullable(command.getLabels()).orElse(Map.of()));
    labels.put(LABEL, run);
    return command.withLabels(labels);
  }
}
