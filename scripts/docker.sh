# shellcheck shell=bash
# The Docker engine, the base image and the Testcontainers settings for ./test. Sourced, never run.

readonly BASE_IMAGE=debian:bookworm-slim
readonly BASE_SUITE=bookworm
# The image of Testcontainers' cleaner, as Testcontainers 2.0.5 names it in its RyukContainer class.
readonly RYUK_IMAGE=testcontainers/ryuk:0.14.0
# Label of the containers of one run; RunLabel in integration-tests sets it.
readonly RUN_LABEL=io.upgradeable.run

readonly ENGINE_START_SECONDS=60
readonly ENGINE_STOP_SECONDS=30
readonly PULL_SECONDS=30

ENGINE_PID=            # of the dockerd that this run has started, else empty
ENGINE_PROBLEM=        # why no engine answers, in one line
REGISTRY_ANSWERS=yes   # until a pull fails

# Root's PATH lacks sbin after a plain "su", and the engine lives there.
PATH=$PATH:/usr/sbin:/sbin

say() { echo "test: $*" >&2; }

docker_answers() {
  local answer
  if ! type -P docker >/dev/null; then
    ENGINE_PROBLEM="there is no docker command"
    return 1
  fi
  # Asking for the server's version fails without a server; the last line says why.
  if answer=$(timeout 20 docker version --format '{{.Server.Version}}' 2>&1); then
    return 0
  fi
  ENGINE_PROBLEM=${answer##*$'\n'}
  ENGINE_PROBLEM=${ENGINE_PROBLEM:-no answer within 20 s}
  return 1
}

apt_install() {
  local log
  if ! type -P apt-get >/dev/null || ((EUID != 0)); then
    say "cannot install $*: that needs root and apt-get"
    return 1
  fi
  log=$(mktemp "${TMPDIR:-/tmp}/upgradeable-apt.XXXXXX")
  say "installing from the distribution's packages: $*"
  export DEBIAN_FRONTEND=noninteractive
  # A third-party source that fails to update is no reason to stop; a package that is missing is.
  apt-get -o DPkg::Lock::Timeout=120 update >"$log" 2>&1 || true
  if ! apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "$@" >>"$log" 2>&1; then
    tail -n 20 "$log" >&2
    say "installing failed; the whole output is in $log"
    return 1
  fi
  rm -f "$log"
}

# Makes an engine answer: installs what is missing, starts dockerd, waits until it answers.
start_engine() {
  local log deadline
  if ((EUID != 0)); then
    say "no Docker engine answers ($ENGINE_PROBLEM) and starting one needs root"
    return 1
  fi
  if ! type -P dockerd >/dev/null || ! type -P docker >/dev/null || ! type -P iptables >/dev/null; then
    local packages=(docker.io iptables ca-certificates)
    apt_install "${packages[@]}" || return 1
    # From Debian 13 on the client is a package of its own.
    type -P docker >/dev/null || apt_install docker-cli || return 1
  fi
  # Where services are managed the package has started the engine, or the manager does it better than we.
  if [[ -d /run/systemd/system ]]; then
    systemctl start docker || true
  fi
  if docker_answers; then
    return 0
  fi

  log=$(mktemp "${TMPDIR:-/tmp}/upgradeable-dockerd.XXXXXX")
  # A session of its own: Ctrl-C ends the tests, and then the engine is stopped in order.
  setsid dockerd >"$log" 2>&1 </dev/null &
  ENGINE_PID=$!
  say "started dockerd (pid $ENGINE_PID, log $log)"
  deadline=$((SECONDS + ENGINE_START_SECONDS))
  until docker_answers; do
    if ! kill -0 "$ENGINE_PID" 2>/dev/null || ((SECONDS >= deadline)); then
      tail -n 10 "$log" >&2
      say "dockerd did not come up; its log is $log"
      stop_engine
      return 1
    fi
    sleep 0.3
  done
  # An engine that an init script had begun to start may have won; then ours has ended and is not ours to stop.
  kill -0 "$ENGINE_PID" 2>/dev/null || ENGINE_PID=
}

# Stops the engine that start_engine started, and no other.
stop_engine() {
  local pid=$ENGINE_PID deadline=$((SECONDS + ENGINE_STOP_SECONDS))
  [[ -n $pid ]] || return 0
  ENGINE_PID=
  kill "$pid" 2>/dev/null || return 0
  while kill -0 "$pid" 2>/dev/null && ((SECONDS < deadline)); do
    sleep 0.2
  done
  if kill -0 "$pid" 2>/dev/null; then
    say "dockerd (pid $pid) has not stopped after $ENGINE_STOP_SECONDS s; left as it is"
  fi
}

have_image() { docker image inspect "$1" >/dev/null 2>&1; }

# One failed pull is answer enough for the run: a machine without a registry would make each of them wait.
pull_image() {
  [[ $REGISTRY_ANSWERS == yes ]] || return 1
  if timeout "$PULL_SECONDS" docker pull -q "$1" >/dev/null 2>&1; then
    return 0
  fi
  REGISTRY_ANSWERS=no
  return 1
}

# Makes the base image of all test images available. With "install" as $1 it may install debootstrap.
ensure_base_image() {
  have_image "$BASE_IMAGE" && return
  say "getting the base image $BASE_IMAGE"
  pull_image "$BASE_IMAGE" && return
  if ((EUID != 0)); then
    say "no registry gives $BASE_IMAGE and making it from Debian's packages needs root"
    return 1
  fi
  if ! type -P debootstrap >/dev/null; then
    [[ ${1:-} == install ]] || return 1
    apt_install debootstrap debian-archive-keyring || return 1
  fi
  bootstrap_base_image
}

# The base image from Debian's packages, with the settings that make the official one fit for building images on.
bootstrap_base_image() {
  local work root status=0
  say "no registry answers: making $BASE_IMAGE with debootstrap"
  # Not /tmp, which is often mounted without devices and programs, and debootstrap needs both.
  work=$(mktemp -d /var/tmp/upgradeable-base.XXXXXX)
  root=$work/root
  if ! debootstrap --variant=minbase "$BASE_SUITE" "$root" >"$work/log" 2>&1; then
    tail -n 10 "$work/log" >&2
    say "debootstrap failed; its log is $work/log"
    rm -rf "$root"
    return 1
  fi
  # Packages must not start their services while an image is built.
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod +x "$root/usr/sbin/policy-rc.d"
  # An image that is thrown away on failure needs no sync after each file, and no manuals.
  echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/docker"
  printf 'path-exclude /usr/share/%s/*\n' doc man info locale >>"$root/etc/dpkg/dpkg.cfg.d/docker"
  rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb \
    "$root"/usr/share/{doc,man,info,locale}/* "$root"/etc/{resolv.conf,hostname}
  tar -C "$root" --exclude='./dev/*' -c . |
    docker import --change 'CMD ["bash"]' --message "debootstrap $BASE_SUITE" - "$BASE_IMAGE" >/dev/null || status=1
  rm -rf "$work"
  ((status == 0)) || say "docker import of $BASE_IMAGE failed"
  return "$status"
}

# Does the engine run among the processes that we see? Then its published ports are on our own loopback.
engine_is_a_neighbour() {
  [[ ${DOCKER_HOST:-unix://} == unix://* ]] && grep -qsx dockerd /proc/[0-9]*/comm
}

# Tells Testcontainers what it cannot find out by itself, and only then; what the user has set stays.
set_testcontainers_env() {
  # A stray /.dockerenv makes it believe that it runs in a container and search a gateway for minutes.
  if [[ -e /.dockerenv ]] && engine_is_a_neighbour; then
    export TESTCONTAINERS_HOST_OVERRIDE=${TESTCONTAINERS_HOST_OVERRIDE:-localhost}
  fi
  # Without its cleaner's image it would fail; then remove_leftovers cleans instead.
  if [[ -z ${TESTCONTAINERS_RYUK_DISABLED:-} ]] && ! have_image "$RYUK_IMAGE" && ! pull_image "$RYUK_IMAGE"; then
    export TESTCONTAINERS_RYUK_DISABLED=true
  fi
}

# Removes what the run $1 has left behind: its containers by its own label, their networks by their sessions.
remove_leftovers() {
  local ids id sessions session networks
  ids=$(docker ps -aq --no-trunc --filter "label=$RUN_LABEL=$1" 2>/dev/null) || return 0
  [[ -n $ids ]] || return 0
  sessions=$(
    for id in $ids; do
      docker inspect --format '{{index .Config.Labels "org.testcontainers.sessionId"}}' "$id" 2>/dev/null || true
    done | sort -u
  )
  for id in $ids; do
    docker rm -fv "$id" >/dev/null 2>&1 || true
  done
  for session in $sessions; do
    networks=$(docker network ls -q --filter "label=org.testcontainers.sessionId=$session") || continue
    for id in $networks; do
      docker network rm "$id" >/dev/null 2>&1 || true
    done
  done
  say "removed leftover containers of this run: $(wc -w <<<"$ids")"
}
