# shellcheck shell=bash
# Finds a JDK, in a checkout as well as where upgrade-cli is installed. Sourced, never run.

readonly MIN_JDK=17
readonly JDK_PACKAGE=openjdk-17-jdk-headless

# Sets JDK_MAJOR to the feature release of the Java installation in $1, and JDK_BUILD to what tells it from others.
# The "release" file that every JDK carries is read because starting a JVM to ask costs 40 ms on each run.
read_jdk_major() {
  local line version=
  JDK_MAJOR=0
  JDK_BUILD=
  if [[ -r $1/release ]]; then
    while IFS= read -r line; do
      case $line in
        JAVA_VERSION=*) version=${line#*=} ;;
        JAVA_RUNTIME_VERSION=*) JDK_BUILD=${line#*=} ;;
      esac
      [[ -z $version || -z $JDK_BUILD ]] || break
    done <"$1/release"
  else
    version=$("$1/bin/java" -version 2>&1 | sed -n '1s/.*version "\([^"]*\)".*/\1/p') || version=
  fi
  version=${version//\"/}
  JDK_BUILD=${JDK_BUILD//\"/}
  JDK_BUILD=${JDK_BUILD:-$version}
  version=${version#1.}
  version=${version%%[!0-9]*}
  [[ -z $version ]] || JDK_MAJOR=$version
}

# Sets JDK_FOUND to the installation that the java on the PATH belongs to. A process, as for readlink or "$(type -P java)",
# is started only where nothing else will do: it costs as much as the rest of this file.
find_jdk_on_path() {
  local folder folders candidate java=
  IFS=: read -r -a folders <<<"$PATH"
  for folder in "${folders[@]}"; do
    if [[ -f $folder/java && -x $folder/java ]]; then
      java=$folder/java
      break
    fi
  done
  [[ -n $java ]] || return 1
  for candidate in /usr/lib/jvm/*; do
    if [[ ! -L $candidate && $java -ef $candidate/bin/java ]]; then
      JDK_FOUND=$candidate
      return 0
    fi
  done
  java=$(readlink -f -- "$java")
  JDK_FOUND=${java%/bin/java}
}

# Sets JDK_HOME and JDK_MAJOR to a Java installation that is new enough and has the programs named in "$@".
# JAVA_HOME decides alone where it is set; else the java on the PATH, then what lies where distributions put JDKs.
find_jdk() {
  local candidate program
  local candidates=()
  if [[ -n ${JAVA_HOME:-} ]]; then
    candidates=("$JAVA_HOME")
  else
    if find_jdk_on_path; then
      candidates+=("$JDK_FOUND")
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
