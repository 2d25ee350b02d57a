# Shared by the benchmarks; sourced, not run.

benchmarks=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$benchmarks/.." && pwd)
support=$root/Tests/Support
work=$(mktemp -d "${TMPDIR:-/tmp}/harecast-bench.XXXXXX")
harecast=${HARECAST:-$root/.build/release/harecast}
ticks_per_second=$(getconf CLK_TCK)
running=()
load=$(cut -d' ' -f1 /proc/loadavg)

say() { echo "$*" >&2; }

fail() {
  say "${0##*/}: $*"
  exit 1
}

stop_all() {
  local pid
  for pid in "${running[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${running[@]}"; do wait "$pid" 2>/dev/null || true; done
  running=()
}

clean_up() {
  stop_all
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

[ -x "$harecast" ] || fail "$harecast is missing: run 'make run' or 'make bench' first"

# Starts a program in the background, with its output in $work/NAME.log, and sets `pid`.
start() { # NAME PROGRAM ARGUMENT...
  local name=$1
  shift
  "$@" >"$work/$name.log" 2>&1 </dev/null &
  pid=$!
  running+=("$pid")
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Waits until the URL $1 is answered with 200, or the process $2 has ended.
wait_for() {
  local tenth
  for ((tenth = 0; tenth < 600; tenth++)); do
    ! curl -sf -o /dev/null -m 2 "$1" || return 0
    [ -d "/proc/$2" ] || break
    sleep 0.1
  done
  tail -n 20 "$work"/*.log >&2
  fail "no answer from $1"
}

# The CPU time of a process so far, user and system, all its threads, in clock ticks.
cpu_ticks() { sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'; }

resident_mebibytes() { awk '/^VmRSS:/ { printf "%.1f", $2 / 1024 }' "/proc/$1/status"; }

median() { sort -g | awk '{ v[NR] = $1 } END { print (NR % 2) ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

machine() {
  echo "Measured on $(date -u +%Y-%m-%d): $(nproc) x $(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo)," \
    "load $load at the start."
}

# Starts the server of generated documents with the given flags; sets `documents_port` and `samples`.
start_documents() {
  documents_port=$(free_port)
  start documents python3 "$benchmarks/documents" --port "$documents_port" "$@"
  documents_pid=$pid
  wait_for "http://127.0.0.1:$documents_port/samples" "$pid"
  samples=$(curl -s "http://127.0.0.1:$documents_port/samples")
}

# The number of scrapes that $1 has made.
scrapes_of() { curl -s "http://127.0.0.1:$documents_port/count?who=$1"; }

# A scrape configuration for NAME with the interval given, for all three programs.
scrape_configuration() { # NAME INTERVAL [RULE_FILE]
  cat <<EOF
global:
  scrape_interval: $2
  scrape_timeout: $2
scrape_configs:
  - job_name: bench
    metrics_path: /metrics
    params: { who: [$1] }
    static_configs:
      - targets: ["127.0.0.1:$documents_port"]
EOF
  # Without a rule file of its own Harecast would predict by the shipped rules.
  if [ "$1" != victoria-metrics ]; then
    echo "groups: []" >"$work/no-rules.yml"
    echo "rule_files: [${3:-$work/no-rules.yml}]"
  fi
}

# Starts one of the three programs with the configuration on standard input; sets `pid` and `url`.
start_program() { # prometheus|victoria-metrics|harecast
  local name=$1 port
  port=$(free_port)
  url=http://127.0.0.1:$port
  cat >"$work/$name.yml"
  case $name in
    prometheus)
      start "$name" "$("$support/reference-install")/prometheus" --config.file="$work/$name.yml" \
        --storage.tsdb.path="$work/$name" --web.listen-address="127.0.0.1:$port"
      wait_for "$url/-/ready" "$pid"
      ;;
    victoria-metrics)
      start "$name" "$("$support/reference-install" victoria-metrics)/victoria-metrics" \
        -promscrape.config="$work/$name.yml" -storageDataPath="$work/$name" -httpListenAddr="127.0.0.1:$port" \
        -promscrape.maxScrapeSize=256MB
      wait_for "$url/health" "$pid"
      ;;
    harecast)
      start "$name" "$harecast" serve --config.file="$work/$name.yml" --storage.path="$work/$name" \
        --web.listen-address="127.0.0.1:$port"
      wait_for "$url/-/healthy" "$pid"
      ;;
  esac
}

version_of() { # prometheus|victoria-metrics|harecast
  case $1 in
    prometheus) "$("$support/reference-install")/prometheus" --version | awk 'NR == 1 { print "Prometheus " $3 }' ;;
    victoria-metrics)
      awk '{ print "VictoriaMetrics " $2 }' "$("$support/reference-install" victoria-metrics)/../../../versions"
      ;;
    harecast) echo "Harecast" ;;
  esac
}

# Waits until NAME has made this many scrapes; fails if it stops making any.
wait_for_scrapes() { # NAME COUNT INTERVAL_SECONDS
  local count=-1 newest deadline=$((SECONDS + 30 + 10 * $3))
  while [ "$count" -lt "$2" ]; do
    newest=$(scrapes_of "$1")
    if [ "$newest" != "$count" ]; then deadline=$((SECONDS + 30 + 10 * $3)); fi
    count=$newest
    if [ $SECONDS -gt $deadline ]; then
      tail -n 20 "$work/$1.log" >&2
      fail "$1 has stopped scraping"
    fi
    sleep 0.1
  done
}

# Lets NAME scrape, and appends to $work/results: its name and version, the CPU seconds per scrape
# (median, smallest and largest of the windows), and its resident MiB at the end.
run_scrapes() { # NAME INTERVAL_SECONDS WARM_UP_SCRAPES WINDOWS SCRAPES_PER_WINDOW
  local name=$1 interval=$2 warm_up=$3 windows=$4 per_window=$5 window first last before after
  start_program "$name" < <(scrape_configuration "$name" "${interval}s")
  say "$name: warming up for $warm_up scrapes, then $windows windows of $per_window"
  wait_for_scrapes "$name" "$warm_up" "$interval"
  : >"$work/windows"
  for ((window = 0; window < windows; window++)); do
    first=$(scrapes_of "$name")
    before=$(cpu_ticks "$pid")
    wait_for_scrapes "$name" $((first + per_window)) "$interval"
    last=$(scrapes_of "$name")
    after=$(cpu_ticks "$pid")
    awk -v t=$((after - before)) -v n=$((last - first)) -v hz="$ticks_per_second" 'BEGIN { print t / hz / n }' \
      >>"$work/windows"
  done
  echo "$(version_of "$name")|$(median <"$work/windows")|$(sort -g "$work/windows" | head -n 1)|$(
    sort -g "$work/windows" | tail -n 1)|$(resident_mebibytes "$pid")" >>"$work/results"
  kill "$pid"
  wait "$pid" 2>/dev/null || true
}

# Prints $work/results as a table; the first column of figures is the CPU time times the factor $2.
print_results() { # FIGURE_TITLE FACTOR
  echo
  machine
  echo
  awk -F'|' -v title="$1" -v factor="$2" '
    { name[NR] = $1; cpu[NR] = $2; low[NR] = $3; high[NR] = $4; memory[NR] = $5; if ($1 == "Harecast") own = $2 }
    END {
      printf "| program | %s | windows from .. to | against Harecast | resident MiB |\n", title
      print "| --- | ---: | ---: | ---: | ---: |"
      for (i = 1; i <= NR; i++)
        printf "| %s | %.3f | %.3f .. %.3f | %s | %s |\n", name[i], cpu[i] * factor, low[i] * factor, high[i] * factor,
          own ? sprintf("%.2f", cpu[i] / own) : "-", memory[i]
    }' "$work/results"
}
