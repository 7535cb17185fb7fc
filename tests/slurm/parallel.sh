#!/bin/bash
# parallel.sh [SMALL [LARGE]]: converts an archive with GNU parallel, as 4 shards and as batches of a list of files. The
# merged report must equal that of a single run. Needs Debian's package parallel.
set -eu
cd "$(dirname "$0")/../.."
small=${1:-1000} large=${2:-4}
command -v parallel >/dev/null || { echo "parallel: skipped: no GNU parallel (package parallel)"; exit 0; }
program=$PWD/build/release/bin/convert-legacy-stream
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

/usr/bin/python3 tests/kit/archive.py "$work/old" --small "$small" --large "$large" --size 16M
"$program" -i "$work/old" -o "$work/single" -q --report "$work/single.xml" 2>/dev/null || [ $? -eq 1 ]

# The commands of docs/batch.md. The status of parallel is ignored: each job has damaged saves, so each fails.
parallel -j 2 "$program" -i "$work/old" -o "$work/shards" -j 1 -q --shard {}/4 --report "$work/shard-{}.jsonl" \
    ::: 1 2 3 4 2>/dev/null || true
"$program" --merge-reports "$work/shards.xml" "$work"/shard-*.jsonl
tests/slurm/compare.py "$work/single.xml" "$work/shards.xml" "$work/single" "$work/shards"

(cd "$work/old" && find . -type f -print0) |
    parallel -0 -j 2 --pipe --recend '\0' -N 100 "$program" -i "$work/old" -o "$work/lists" -j 1 -q --files-from - \
        --report "$work/list-{#}.jsonl" 2>/dev/null || true
"$program" --merge-reports "$work/lists.xml" "$work"/list-*.jsonl
tests/slurm/compare.py "$work/single.xml" "$work/lists.xml" "$work/single" "$work/lists"
