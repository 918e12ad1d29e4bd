# shellcheck shell=bash
# Finds the JDK and Maven for ./upgrade-cli and ./test. Sourced, never run.

readonly MAVEN_PACKAGE=maven

# shellcheck source=scripts/jdk.sh
. "${BASH_SOURCE[0]%/*}/jdk.sh"

# Is there a Maven of at least 3.8? Asks with the JDK that was found.
find_maven() {
  local version major minor
  type -P mvn >/dev/null || return 1
  version=$(JAVA_HOME=${JDK_HOME:-${JAVA_HOME:-}} mvn -v 2>/dev/null | sed -n 's/.*Apache Maven \([0-9][0-9.]*\).*/\1/p') || return 1
  IFS=. read -r major minor _ <<<"$version"
  ((${major:-0} > 3 || (${major:-0} == 3 && ${minor:-0} >= 8)))
}

# Checks that this checkout can be built and sets the environment for mvn. $1 is the name that complains, in one line.
require_build_tools() {
  local missing=()
  find_jdk java javac || missing+=("$JDK_PACKAGE")
  # Without any Java mvn cannot even tell its version: then its presence has to do.
  if [[ ${#missing[@]} -gt 0 ]]; then
    type -P mvn >/dev/null || missing+=("$MAVEN_PACKAGE")
  else
    find_maven || missing+=("$MAVEN_PACKAGE")
  fi
  if [[ ${#missing[@]} -gt 0 ]]; then
    local why="a JDK >= $MIN_JDK and Maven >= 3.8 are needed"
    [[ -z ${JAVA_HOME:-} || ${missing[0]} != "$JDK_PACKAGE" ]] || why+=" (JAVA_HOME=$JAVA_HOME is no such JDK)"
    echo "$1: $why: install the Debian package ${missing[*]}" >&2
    return 1
  fi
  export JAVA_HOME=$JDK_HOME
  # Newer JDKs warn about what Maven's own libraries do; that is no news about this project.
  if ((JDK_MAJOR >= 24)); then
    export MAVEN_OPTS="--enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow ${MAVEN_OPTS:-}"
  fi
}
