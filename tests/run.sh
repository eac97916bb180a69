#!/bin/bash
# The one test command: installs what is missing, builds, runs every test, sums up.
#
#   tests/run.sh [--preset NAME]... [--label NAME]... [--deep] [--list]
#
#   --preset NAME   build this preset of CMakePresets.json and run every test of it; default: dev for checks, units and what
#                   says little about memory, asan for the rest and units again, tsan for what has threads
#   --label NAME    only tests with this label (check unit scenario contract ...)
#   --deep          every test of every preset, those labelled deep too
#   --list          name the tests and their labels, run nothing
#
# TOCSIN_JOBS: parallel jobs, default is the number of processors. One more of units, some of which wait; of tests that wait
# more than they work, three times as many.
# Says what each phase took and ends with a line "N passed, N failed"; the exit status is 0 only when none failed and a
# full run had at least as many tests as tests/MINIMUM says.
set -uo pipefail

cd "$(dirname "$0")/.." || exit 1
jobs=${TOCSIN_JOBS:-$(nproc)}
presets=()
labels=()
deep=no
list=no
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
export TOCSIN_POSTGRES_TEMPLATE=$results/postgres # see tests/postgres.py

usage() {
    sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"
    exit 2
}

while [ $# -gt 0 ]; do
    case $1 in
    --preset) presets+=("${2:?--preset needs a name}") && shift ;;
    --label) labels+=("${2:?--label needs a name}") && shift ;;
    --deep) deep=yes ;;
    --list) list=yes ;;
    *) usage ;;
    esac
    shift
done

is_full=yes
[ ${#presets[@]} -eq 0 ] && [ ${#labels[@]} -eq 0 ] || is_full=no
if [ ${#presets[@]} -eq 0 ]; then
    presets=(dev asan)
    [ $deep = no ] || presets+=(tsan release)
fi

say() {
    printf '== %s\n' "$*"
}

# phase WORDS: what follows is that phase, until the next one.
phases=()
phase() {
    phases+=("$SECONDS $*")
    say "$*"
}

say_phases() {
    local i next

    phases+=("$SECONDS end")
    for ((i = 0; i + 1 < ${#phases[@]}; i++)); do
        next=${phases[i + 1]%% *}
        printf '%5d s  %s\n' $((next - ${phases[i]%% *})) "${phases[i]#* }"
    done
}

fail_early() {
    say "$*"
    echo "0 passed, 1 failed"
    exit 1
}

# The proxy of the contract tests, which need the vendors' documents to say anything; npm ci only when its list has
# changed.
install_node_modules() {
    local lock=tests/contract/package-lock.json stamp=tests/contract/node_modules/.package-lock.json

    [ -n "${TOCSIN_OPENAPI:-}" ] || return 0
    [ -e $lock ] || return 0
    [ $lock -nt $stamp ] || return 0
    say "npm ci in tests/contract"
    (cd tests/contract && npm ci --no-audit --no-fund) && touch $stamp
}

configure() {
    cmake --preset "$1" >"$results/configure.log" 2>&1 || {
        cat "$results/configure.log"
        return 1
    }
}

# A regular expression for -L of exactly these labels.
any_of() {
    local IFS='|'
    echo "^($*)\$"
}

# run_tests PRESET PART FILTER...: the results go to PRESET.PART.xml. Fails only when CTest itself did (8: some test
# failed, which the results say).
run_tests() {
    local preset=$1 part=$2 status=0 at_once=$((jobs + 1))
    shift 2
    [ "$part" != rest ] || at_once=$((3 * jobs))
    ctest --test-dir "build/$preset" --output-on-failure --no-tests=ignore -j "$at_once" \
        --output-junit "$results/$preset.$part.xml" "$@" || status=$?
    [ $status -eq 0 ] || [ $status -eq 8 ]
}

# What is about the sandbox, documents and speeds more than about the memory of Tocsin, and what runs under sanitizers on the
# other store: they would only slow it down.
indifferent=(sandbox contract bench again)

# Of a full run: the sources are checked once, units run as gcc and as clang build them, the simulator too (fewer seeds
# under sanitizers), the rest under sanitizers, and what has a PostgreSQL server of its own there alone.
test_once() {
    local preset=$1
    shift
    if [ "$preset" = dev ]; then
        run_tests dev fast -L "$(any_of check unit)" -LE "$(any_of deep postgres)" || return 1
        run_tests dev rest -L "$(any_of sim "${indifferent[@]}")" "$@"
        return
    fi
    run_tests "$preset" fast -L "$(any_of unit)" "$@" || return 1
    run_tests "$preset" rest -LE "$(any_of check unit deep "${indifferent[@]}")"
}

# Fast ones first: a wrong include is known in seconds.
test_preset() {
    local preset=$1 without=()

    [ $deep = yes ] || [[ " ${labels[*]} " = *" deep "* ]] || without=(-LE '^deep$')
    ctest --test-dir "build/$preset" --show-only=json-v1 >"$results/$preset.tests.json" || return 1
    if [ ${#labels[@]} -gt 0 ]; then
        run_tests "$preset" chosen -L "$(any_of "${labels[@]}")" "${without[@]}"
        return
    fi
    if [ $is_full = yes ] && [ $deep = no ]; then
        test_once "$preset" "${without[@]}"
        return
    fi
    run_tests "$preset" fast -L "$(any_of check unit)" "${without[@]}" || return 1
    if [ $deep = yes ]; then
        run_tests "$preset" rest -LE "$(any_of check unit)"
    else
        run_tests "$preset" rest -LE "$(any_of check unit deep)"
    fi
}

export PYTHONDONTWRITEBYTECODE=1
# Freed memory is kept back up to that much: the default, 256 MiB, costs more in page faults than the tests themselves. So do
# frames that were left: 256 KiB of each size are kept (2^18 bytes) instead of 1 MiB, in each thread.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1:quarantine_size_mb=16:max_uar_stack_size_log=18}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1:second_deadlock_stack=1}
[ $deep = no ] || export TOCSIN_DEEP=1
# Without a run of the preprocessor for each file, which costs an empty cache half of what the compiler takes: what a file
# includes is told by the compiler.
! command -v ccache >/dev/null || export CMAKE_C_COMPILER_LAUNCHER=ccache CCACHE_DEPEND=${CCACHE_DEPEND-1}

tests/install-packages.sh || fail_early "packages are missing"
install_node_modules || fail_early "npm ci failed"

if [ $list = yes ]; then
    for preset in "${presets[@]}"; do
        configure "$preset" || fail_early "configuring $preset failed"
        ctest --test-dir "build/$preset" --show-only=json-v1 >"$results/$preset.tests.json"
    done
    exec /usr/bin/python3 tests/summary.py --list "$results"
fi

for input in TOCSIN_OPENAPI TOCSIN_JSON_SUITE TOCSIN_SAMPLES TOCSIN_HTTP_HOSTILE; do
    [ -n "${!input:-}" ] || say "$input is not set: the tests that need it say that they skip"
done

broken=()
for preset in "${presets[@]}"; do
    phase "$preset: build"
    if configure "$preset" && cmake --build "build/$preset" -j "$jobs"; then
        phase "$preset: test"
        test_preset "$preset" || broken+=(--broken "$preset")
    else
        broken+=(--broken "$preset")
    fi
done

# Most of the suite has one thread; what has several runs under the thread sanitizer as well.
if [ $is_full = yes ] && [ $deep = no ]; then
    phase "tsan: build of what has threads"
    if configure tsan && cmake --build build/tsan -j "$jobs" --target threaded &&
        ctest --test-dir build/tsan --show-only=json-v1 >"$results/tsan.tests.json"; then
        phase "tsan: test of what has threads"
        run_tests tsan threads -L '^threads$' || broken+=(--broken tsan)
    else
        broken+=(--broken tsan)
    fi
fi

say_phases
minimum=()
[ $is_full = no ] || minimum=(--minimum tests/MINIMUM)
/usr/bin/python3 tests/summary.py "${broken[@]}" "${minimum[@]}" "$results"
