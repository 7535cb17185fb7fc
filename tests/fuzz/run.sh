#!/bin/sh
# run.sh SECONDS [TARGET...]: fuzzes each target (default: all) for so long, beginning with the fixtures.
# FUZZ_RUNS=N ends a target after N executions, if that is sooner.
# Build first: cmake --preset fuzz && cmake --build --preset fuzz
set -eu
cd "$(dirname "$0")/../.."
seconds=$1
shift
[ $# -gt 0 ] || set -- config convert delta detect envelope limits reader structured toolstack verify

# The first byte chooses the options of most targets; the others take it as noise.
seed() {
    corpus=$1
    shift
    for fixture in "$@"; do
        for first in 000 001 002 003 200; do
            { printf '\'$first; cat "$fixture"; } >"$corpus/$first-$(basename "$fixture")"
        done
    done
}

for target in "$@"; do
    corpus=build/fuzz/corpus-$target
    log=build/fuzz/$target.log
    mkdir -p "$corpus" build/fuzz/crashes
    case $target in
    verify) seed "$corpus" fixtures/*.expected ;;
    config) # the first byte chooses the form: xend's, text, JSON
        for fixture in fixtures/*xend*.legacy; do
            { printf '\000'; tail -c +21 "$fixture" | head -c 3000; } >"$corpus/$(basename "$fixture")"
        done
        printf '\001name = "x"\nbuilder = "linux"\ndisk = [ "a,backendtype=tap,vdev=hda" ]\nmemory=1\n' >"$corpus/text"
        printf '\002{"c_info":{"type":"hvm"},"b_info":{"tsc_mode":"native_paravirt","type.hvm":{"viridian":"True"}}}' >"$corpus/json"
        ;;
    limits) # the first byte chooses: a HVM context, a qemu record, an extended context, an xsave record; text, JSON
        for part in context qemu extended xsave text json; do
            python3 tests/kit/limits_seeds.py $part >"$corpus/$part"
        done
        ;;
    convert | detect | reader) seed "$corpus" fixtures/*.legacy ;;
    envelope)
        for fixture in fixtures/*xl*.legacy fixtures/*libvirt*.legacy fixtures/*xend*.legacy fixtures/*xapi*; do
            head -c 4096 "$fixture" >"$corpus/$(basename "$fixture")"
        done
        ;;
    esac
    echo "fuzzing $target for $seconds s"
    build/fuzz/bin/fuzz_"$target" -max_total_time="$seconds" ${FUZZ_RUNS:+-runs=$FUZZ_RUNS} -timeout=5 -rss_limit_mb=512 -malloc_limit_mb=1200 \
        -max_len=65536 -artifact_prefix=build/fuzz/crashes/ -print_final_stats=1 \
        "$corpus" >"$log" 2>&1 || {
        tail -40 "$log" >&2
        exit 1
    }
    grep -E "^#[0-9]+.DONE|stat::(number_of_executed_units|peak_rss_mb)" "$log" || true
done
