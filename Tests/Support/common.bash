# Shared by the scripts of this folder; sourced, not run.
#
# Everything that is installed for tests lives in one cache folder, outside the repository:
#   $HARECAST_CACHE/rabbitmq-trixie   a Debian root file system with rabbitmq-server (rabbitmq-install)
#   $HARECAST_CACHE/reference         Prometheus, promtool and Alertmanager (reference-install)
# Clusters live inside the first, in srv/NAME.

support=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${HARECAST_CACHE:-$HOME/.cache/harecast}

say() { echo "${0##*/}: $*" >&2; }

fail() {
  say "$*"
  exit 1
}

# Runs the calling script again as root, if it is not; "$@" are its arguments.
require_root() {
  [ "$(id -u)" = 0 ] && return
  command -v sudo >/dev/null || fail "needs root (chroot, mount) and there is no sudo here"
  exec sudo -n env "HARECAST_CACHE=$cache" "PATH=$PATH" "$0" "$@"
}

# The Debian mirror: this machine's own on Debian, the public one elsewhere.
debian_mirror() {
  if [ -n "${HARECAST_DEBIAN_MIRROR:-}" ]; then
    echo "$HARECAST_DEBIAN_MIRROR"
    return
  fi
  local found=
  if grep -qx 'ID=debian' /etc/os-release; then
    found=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources 2>/dev/null | awk '
      /^URIs:/ { print $2; exit }
      /^deb / { for (i = 2; i <= NF; i++) if ($i ~ /^https?:/) { print $i; exit } }' || true)
  fi
  echo "${found:-http://deb.debian.org/debian}"
}

debian_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# Holds an exclusive lock named $1 while the command after it runs. The lock is on descriptor 9:
# daemons must be started with 9>&-, or they would keep it.
with_lock() {
  mkdir -p "$cache"
  exec 9>"$cache/.$1.lock"
  shift
  flock 9
  "$@"
  exec 9>&-
}

rabbitmq_root() { echo "$cache/rabbitmq-$1"; }

# The folder of the cluster named $1, in whichever root it is.
cluster_folder() {
  local folder
  for folder in "$cache"/rabbitmq-*/srv/"$1"; do
    if [ -d "$folder" ]; then
      echo "$folder"
      return
    fi
  done
  fail "there is no cluster named $1 in $cache"
}

# The process ids of the cluster in folder $1: those whose root is the cluster's root file system
# and whose HOME is the cluster's folder in it. Nothing else can have both.
cluster_pids() {
  local root=${1%/srv/*} name=${1##*/} entry
  root=$(readlink -f "$root")
  for entry in /proc/[0-9]*; do
    [ "$(readlink "$entry/root" 2>/dev/null)" = "$root" ] || continue
    if tr '\0' '\n' 2>/dev/null <"$entry/environ" | grep -qx "HOME=/srv/$name"; then echo "${entry#/proc/}"; fi
  done
}

# The process id of node $2 of the cluster in folder $1, or nothing.
node_pid() {
  local pid
  pid=$(cat "$1/n$2/beam.pid" 2>/dev/null) || return 0
  [ -n "$pid" ] && [ "$(readlink "/proc/$pid/root" 2>/dev/null)" = "$(readlink -f "${1%/srv/*}")" ] || return 0
  tr '\0' '\n' 2>/dev/null <"/proc/$pid/environ" | grep -qx "HOME=/srv/${1##*/}" && echo "$pid" || true
}

# Runs a command of the chroot as the broker's user, with the environment of node $2 of the cluster
# in folder $1 and no other.
in_cluster() {
  local folder=$1 node=$2 line environment=()
  shift 2
  while IFS= read -r line; do environment+=("$line"); done <"$folder/n$node/environment"
  exec chroot --userspec="$(stat -c %u:%g "$folder/n$node")" "${folder%/srv/*}" env -i "${environment[@]}" "$@"
}

# Starts node $2 of the cluster in folder $1 in a session of its own and returns at once.
start_node() {
  local folder=$1 node=$2
  ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)"
  export -f in_cluster
  rm -f "$folder/n$node/beam.pid"
  (
    cd /
    exec setsid bash -c 'in_cluster "$@"' - "$folder" "$node" /usr/bin/env \
      "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=$(cat "$folder/n$node/erlang-arguments")" \
      /usr/lib/rabbitmq/bin/rabbitmq-server >>"$folder/n$node/log/stdout" 2>&1 </dev/null 9>&-
  ) &
  echo $! >"$folder/n$node/launcher.pid"
}

# Waits until each of the nodes of the cluster in folder $1 sees all of them running and serves its
# metrics, for at most $2 seconds; gives up at once if one of them ends.
wait_for_cluster() {
  local folder=$1 deadline=$((SECONDS + $2)) pid node amqp management prometheus total ready
  total=$(wc -l <"$folder/nodes")
  while [ $SECONDS -lt $deadline ]; do
    ready=0
    for pid in $(cat "$folder"/n*/launcher.pid); do [ -d "/proc/$pid" ] || return 1; done
    while read -r node amqp management prometheus; do
      [ "$(curl -s -m 2 -u guest:guest "http://127.0.0.1:$management/api/nodes?columns=name,running" |
        grep -o '"running":true' | wc -l)" = "$total" ] || break
      curl -sf -m 2 -o /dev/null "http://127.0.0.1:$prometheus/metrics" || break
      ready=$((ready + 1))
    done <"$folder/nodes"
    [ "$ready" = "$total" ] && return 0
    sleep 0.3
  done
  return 1
}
