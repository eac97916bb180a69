#!/bin/sh
# Installs the Debian packages of tests/packages.txt that are missing: install-packages.sh [build] [run] [sandbox] [test]
# Without a group: all of them. Needs root (or sudo) and a network only when something is missing.
set -eu

list=$(dirname "$0")/packages.txt

# Packages of one group, one a line.
packages_of() {
    awk -v group="[$1]" '{ sub(/#.*/, "") } /^\[/ { inside = ($1 == group); found = found || inside; next }
        inside && NF { print $1 } END { exit !found }' "$list" || {
        echo "install-packages.sh: there is no group $1 in $list; use build, run, sandbox or test" >&2
        exit 2
    }
}

# Node.js often comes from elsewhere than Debian; what matters is that it works.
is_provided() {
    case $1 in
    nodejs)
        major=$(node --version 2>/dev/null | sed -n 's/^v\([0-9][0-9]*\)\..*/\1/p')
        [ "${major:-0}" -ge 18 ]
        ;;
    npm) npm --version >/dev/null 2>&1 ;;
    *) false ;;
    esac
}

is_installed() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "install-packages.sh: not root and no sudo; run as root: $*" >&2
        exit 1
    fi
}

[ $# -gt 0 ] || set -- build run sandbox test
wanted=
for group in "$@"; do
    names=$(packages_of "$group")
    wanted="$wanted $names"
done

missing=
count=0
for name in $wanted; do
    count=$((count + 1))
    is_installed "$name" || is_provided "$name" || missing="$missing $name"
done

if [ -z "$missing" ]; then
    echo "packages ($*): all $count are there"
    exit 0
fi
echo "packages ($*): installing$missing"
as_root apt-get update -q
# shellcheck disable=SC2086 # a list of names
as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
