#!/bin/bash
# Tocsin in one command: installs what is missing, builds, starts Tocsin with a sandbox of ServiceNow, Jira, PagerDuty
# and a mail box on this machine, sends a signed CloudWatch alarm and shows what becomes of it. Then it stays up.
#
#   examples/quickstart.sh [--once] [--port N] [--program FILE] [--folder DIR]
#
#   --once          tell the story, exit 0 when all of it happened, leave nothing behind
#   --port N        where Tocsin listens, 1024 to 65535, or 0 for a free one; default: 8080, or a free one when that is taken
#   --program FILE  use this tocsin: install nothing, build nothing
#   --folder DIR    where everything is kept; default: data/quickstart beside this repository's README
#
# Everything it writes lies in that folder and in build/release. Nothing listens on any address but 127.0.0.1.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd) || exit 1
is_once=no
program=
folder=
port=8080
sandbox_pid=
tocsin_pid=
is_made=no
is_up=no

usage() {
    sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"
    exit 2
}

say() {
    printf '\n== %s\n' "$*"
}

fail() {
    printf '\nquickstart: %s\n' "$*" >&2
    exit 1
}

# Wrong words on the command line: nothing was begun.
misuse() {
    printf 'quickstart: %s\n' "$*" >&2
    exit 2
}

choose_port() { # choose_port WORD
    if [ "$1" != 0 ] && { ! [[ $1 =~ ^[1-9][0-9]{3,4}$ ]] || [ "$1" -lt 1024 ] || [ "$1" -gt 65535 ]; }; then
        misuse "--port takes a number from 1024 to 65535, or 0 for a free port, not \"$1\""
    fi
    port=$1
}

# -- the end: every process by its id, the folder only when it was made for --once ------------------------------

stop() { # stop PID NAME
    [ -n "$1" ] || return 0
    kill -TERM "$1" 2>/dev/null || return 0
    wait "$1" 2>/dev/null
}

show_logs() {
    local log

    for log in sandbox.log tocsin.log; do
        [ ! -s "$folder/$log" ] || printf -- '--- %s\n%s\n' "$folder/$log" "$(tail -n 20 "$folder/$log")" >&2
    done
}

finish() {
    local status=$?

    trap - EXIT INT TERM HUP
    stop "$tocsin_pid"
    stop "$sandbox_pid"
    if [ $is_made = no ]; then
        exit $status
    elif [ $is_up = yes ]; then
        printf '\nstopped. What it wrote: %s\n' "$folder"
    elif [ $is_once = yes ] && [ $status -eq 0 ]; then
        rm -rf "$folder"
    else
        show_logs
        printf '\nquickstart: what happened is in %s\n' "$folder" >&2
    fi
    exit $status
}

# -- packages and build -----------------------------------------------------------------------------------------

build() {
    local began=$SECONDS

    say "packages"
    "$root/tests/install-packages.sh" build run sandbox || fail "packages are missing; see above"
    say "build (build/release)"
    # Without the tests, which want packages of their own.
    (cd "$root" && cmake --preset release -DBUILD_TESTING=OFF >/dev/null) ||
        fail "cmake failed; try: cd $root && cmake --preset release -DBUILD_TESTING=OFF"
    cmake --build "$root/build/release" --target tocsin || fail "the build failed; see above"
    program=$root/build/release/tocsin
    echo "built in $((SECONDS - began)) s"
}

# -- processes --------------------------------------------------------------------------------------------------

new_secret() { # new_secret NAME [VALUE]
    printf '%s\n' "${2:-$(openssl rand -hex 24)}" >"$folder/secrets/$1"
}

# Before the build: who has to remove something first should not wait for it.
choose_folder() {
    local pid

    [ $is_once = no ] || [ -n "$folder" ] || return 0
    folder=${folder:-$root/data/quickstart}
    [ -e "$folder" ] || return 0
    pid=$(cat "$folder/tocsin.pid" 2>/dev/null)
    if [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; then
        fail "a quickstart runs in $folder (its tocsin is process $pid); press Ctrl-C in its terminal, or use --folder DIR"
    fi
    fail "$folder is there already, from an earlier run; remove it: rm -rf $folder"
}

make_folder() {
    [ -n "$folder" ] || folder=$(mktemp -d "${TMPDIR:-/tmp}/tocsin-quickstart.XXXXXX") || fail "cannot make a folder"
    is_made=yes
    umask 077
    mkdir -p "$folder/secrets" "$folder/keys" || fail "cannot write $folder"
    new_secret api-token
    new_secret alertmanager-token
    new_secret servicenow sandbox-password
    new_secret jira sandbox-token
    new_secret pagerduty sandbox-pd-key
}

# The example configuration with the ports of this run, and env files for people and for story.py.
write_config() {
    /usr/bin/python3 - "$root/examples/quickstart" "$folder" "$port" <<'PYTHON'
import json, pathlib, socket, sys

example, folder = map(pathlib.Path, sys.argv[1:3])
sys.path.insert(0, str(example))
from cloudwatch import Topic

urls = json.loads((folder / "sandbox.json").read_text())
Topic(folder / "keys")


def free_port(wanted: int) -> int:
    for port in (wanted, 0):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
                return s.getsockname()[1]
            except OSError:
                continue
    raise SystemExit("no free port")


listen = f"127.0.0.1:{free_port(int(sys.argv[3]))}"
text = (example / "tocsin.json").read_text().replace("127.0.0.1:8080", listen)
for written, vendor in (("http://127.0.0.1:7100", "servicenow"), ("http://127.0.0.1:7101", "jira"),
                        ("http://127.0.0.1:7102", "pagerduty"), ("smtp://127.0.0.1:7105", "smtp")):
    text = text.replace(written, urls[vendor])
(folder / "tocsin.json").write_text(text)
env = {"tocsin": f"http://{listen}", **urls}
(folder / "env.json").write_text(json.dumps(env, indent=2) + "\n")
token = (folder / "secrets/api-token").read_text().strip()
(folder / "env").write_text(f"URL=http://{listen}\nSANDBOX={urls['admin']}\nTOKEN={token}\n")
PYTHON
}

await() { # await WHAT PID COMMAND...: until the command succeeds; the process must live
    local end=$((SECONDS + 20)) what=$1 pid=$2
    shift 2
    until "$@" 2>/dev/null; do
        kill -0 "$pid" 2>/dev/null || fail "$what ended; its last words are below"
        [ $SECONDS -lt $end ] || fail "$what is not ready after 20 s"
        sleep 0.1
    done
}

start_sandbox() {
    /usr/bin/python3 -B "$root/tests/sandbox/sandbox.py" --port-base 0 >"$folder/sandbox.json" 2>"$folder/sandbox.log" &
    sandbox_pid=$!
    await "the sandbox" "$sandbox_pid" test -s "$folder/sandbox.json"
}

start_tocsin() {
    (cd "$folder" && exec "$program" serve --config tocsin.json --data data) 2>>"$folder/tocsin.log" &
    tocsin_pid=$!
    echo "$tocsin_pid" >"$folder/tocsin.pid"
    await Tocsin "$tocsin_pid" is_ready
}

is_ready() {
    local status

    (
        . "$folder/env"
        exec 3<>"/dev/tcp/127.0.0.1/${URL##*:}" || exit 1
        printf 'GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
        read -r _ status _ <&3 && [ "$status" = 200 ]
    )
}

# -- after the story --------------------------------------------------------------------------------------------

show_next() {
    local here=${folder#"$PWD"/}

    cat <<TEXT

== it stays up until you press Ctrl-C

  tickets and mails    $SANDBOX/          (the sandbox's page; change a ticket there)
  the API              . $here/env; curl -H "Authorization: Bearer \$TOKEN" \$URL/v1/incidents
  another alarm        examples/quickstart/cloudwatch.py --keys $here/keys --url $URL/sources/cloudwatch disk-full ALARM
  and its end          the same with OK
  kill it              kill -9 \$(cat $here/tocsin.pid)     it is started again; nothing is lost, nobody is paged twice
  a configuration      (cd $here && $program check --config tocsin.json)
  numbers              curl $URL/metrics
  your own             examples/minimal/, examples/recipes/ and the README

  Everything it wrote is in $here (and the build in build/release). To remove it: Ctrl-C, then rm -rf $here
TEXT
}

# Starts Tocsin again when it was killed, as systemd would.
stay_up() {
    local status

    is_up=yes
    while true; do
        wait "$tocsin_pid" 2>/dev/null
        status=$?
        say "Tocsin ended with $status; it is started again"
        start_tocsin
        echo "ready again, process $tocsin_pid"
    done
}

tell_story() {
    local pace_s=0

    # A person in front of a terminal gets time to read between the acts.
    [ $is_once = yes ] || [ ! -t 1 ] || pace_s=4
    say "story"
    /usr/bin/python3 -B "$root/examples/quickstart/story.py" "$folder" checkout-5xx $pace_s || exit 1
}

while [ $# -gt 0 ]; do
    case $1 in
    --once) is_once=yes ;;
    --port) choose_port "${2-}" && shift ;;
    --program) program=$(realpath "${2:?--program needs a file}") && shift ;;
    --folder) folder=$(realpath -m "${2:?--folder needs a folder}") && shift ;;
    *) usage ;;
    esac
    shift
done

trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

[ -z "$program" ] || [ -x "$program" ] || fail "$program is no program"
choose_folder
[ -n "$program" ] || build
command -v openssl >/dev/null && /usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null ||
    fail "packages for the sandbox are missing; run: $root/tests/install-packages.sh sandbox"
make_folder
say "sandbox and Tocsin"
start_sandbox
write_config || fail "cannot write the configuration"
start_tocsin
. "$folder/env"
echo "Tocsin $URL, process $tocsin_pid; ServiceNow, Jira, PagerDuty and mails $SANDBOX/; everything in $folder"
tell_story
[ $is_once = yes ] && exit 0
show_next
stay_up
