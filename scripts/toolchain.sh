# shellcheck shell=bash
# Finds the JDK and Maven for ./upgrade-cli and ./test. Sourced, never run.

readonly MIN_JDK=17
readonly JDK_PACKAGE=openjdk-17-jdk-headless
readonly MAVEN_PACKAGE=maven

# Sets JDK_MAJOR to the feature release of the Java installation in $1.
# The "release" file that every JDK carries is read because starting a JVM to ask costs 40 ms on each run.
read_jdk_major() {
  local line version=
  JDK_MAJOR=0
  if [[ -r $1/release ]]; then
    while IFS= read -r line; do
      [[ $line == JAVA_VERSION=* ]] && version=${line#*=}
    done <"$1/release"
  else
    version=$("$1/bin/java" -version 2>&1 | sed -n '1s/.*version "\([^"]*\)".*/\1/p') || version=
  fi
  version=${version//\"/}
  version=${version#1.}
  version=${version%%[!0-9]*}
  [[ -z $version ]] || JDK_MAJOR=$version
}

# Sets JDK_HOME and JDK_MAJOR to a Java installation that is new enough and has the programs named in "$@".
# JAVA_HOME decides alone where it is set; else the java on the PATH, then what lies where distributions put JDKs.
find_jdk() {
  local candidate program java
  local candidates=()
  if [[ -n ${JAVA_HOME:-} ]]; then
    candidates=("$JAVA_HOME")
  else
    if java=$(type -P java); then
      java=$(readlink -f -- "$java")
      candidates+=("${java%/bin/java}")
    fi
    candidates+=(/usr/lib/jvm/*)
  fi
  for candidate in "${candidates[@]}"; do
    for program in "$@"; do
      [[ -x $candidate/bin/$program ]] || continue 2
    done
    read_jdk_major "$candidate"
    if ((JDK_MAJOR >= MIN_JDK)); then
      JDK_HOME=$candidate
      return 0
    fi
  done
  return 1
}

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
