#!/usr/bin/env bash
# weft.sh start|stop|wait: Weft as one engine of a side-by-side benchmark, served as `npm start` does, with a process for each core
# (WEFT_PROCESSES).
# Data, log and pid file live under $PEERS_DIR (default: <temp folder>/peers), as those of the other engines do.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
dir=${PEERS_DIR:-${TMPDIR:-/tmp}/peers}
port=${WEFT_PORT:-18040}
echo_port=${ECHO_PORT:-18099}
pid_file="$dir/run/weft.pid"
mkdir -p "$dir"/{run,log,data}
export PATH="$root/node_modules/.bin:$PATH"

start() {
  if [ -f "$pid_file" ] && kill -0 "$(cat "$pid_file")" 2>/dev/null; then
    echo "weft runs already"
    return
  fi
  cd "$root"
  WEFT_PROCESSES=${WEFT_PROCESSES:-$(getconf _NPROCESSORS_ONLN)} HOST=127.0.0.1 PORT=$port WEFT_DATA="$dir/data/weft" WEFT_EGRESS_ALLOW="127.0.0.1:$echo_port" \
    setsid node cli/start.ts > "$dir/log/weft.log" 2>&1 < /dev/null &
  echo $! > "$pid_file"
}

stop() {
  [ -f "$pid_file" ] || return 0
  local pid
  pid=$(cat "$pid_file")
  kill -TERM "$pid" 2>/dev/null || true
  for _ in $(seq 150); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
  kill -KILL "$pid" 2>/dev/null || true
  rm -f "$pid_file"
}

ready() {
  for _ in $(seq 600); do
    if curl -sf -m 2 -o /dev/null "http://127.0.0.1:$port/ready"; then echo "weft ready"; return; fi
    sleep 0.2
  done
  echo "weft is not ready; last log lines:"
  tail -20 "$dir/log/weft.log"
  return 1
}

case ${1:-} in
  start) start ;;
  stop) stop ;;
  wait) ready ;;
  *) echo "usage: weft.sh start|stop|wait"; exit 2 ;;
esac
