#!/bin/sh
# run.sh SECONDS [TARGET...]: fuzzes each target (default: all) for so long, beginning with the fixtures.
set -eu
cd "$(dirname "$0")/../.."
seconds=$1
shift
[ $# -gt 0 ] || set -- convert verify

for target in "$@"; do
    corpus=build/fuzz/corpus-$target
    mkdir -p "$corpus" build/fuzz/crashes
    case $target in
    verify) seeds="fixtures/*.expected" ;;
    *) seeds="fixtures/*.legacy" ;;
    esac
    for fixture in $seeds; do
        # The first byte chooses the options (fuzz_*.c).
        { printf '\000'; cat "$fixture"; } >"$corpus/0-$(basename "$fixture")"
        { printf '\001'; cat "$fixture"; } >"$corpus/1-$(basename "$fixture")"
    done
    echo "fuzzing $target for $seconds s"
    build/fuzz/bin/fuzz_"$target" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=512 \
        -max_len=65536 -artifact_prefix=build/fuzz/crashes/ -print_final_stats=1 \
        -verbosity=0 "$corpus" 2>build/fuzz/"$target".log || {
        tail -40 build/fuzz/"$target".log
        exit 1
    }
    grep -E "stat::(number_of_executed_units|average_exec_per_sec|peak_rss_mb)" \
        build/fuzz/"$target".log || true
done
