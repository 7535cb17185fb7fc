#!/bin/sh
# coverage.sh [-v] [TARGET...]: measures how much of the code under test each target (default: all) reaches with the inputs
# that run.sh collected in build/fuzz/corpus-TARGET*, in clang's regions. -v: by file.
set -eu
cd "$(dirname "$0")/../.."
out=build/fuzz-coverage
verbose=
[ "${1:-}" != -v ] || { verbose=1; shift; }
[ $# -gt 0 ] || set -- config convert delta detect differential envelope limits reader structured toolstack v2 verify

own() {
    case $1 in
    config) ls src/config/*.c | grep -v /facts.c ;;
    delta | detect | toolstack) echo "legacy/$1.c" ;;
    envelope) ls src/envelope/*.c | grep -v compression.c ;;    # which program uncompresses what
    limits) ls src/config/facts.c src/limits/*.c | grep -vE 'host.c|hold.c' ;;   # the host's files; data that is still in the input
    reader) ls legacy/*.c | grep -v detect.c ;;
    v2 | verify) echo v2/verify*.c src/convert/verify.c ;;
    *) ls legacy/*.c v2/writer*.c v2/record.c src/convert/run.c ;; # containers are those of the target envelope
    esac
}

cmake -S . -B $out -G "Unix Makefiles" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER=clang -DCLS_FUZZ=ON -DCLS_SANDBOX=OFF \
    -DCMAKE_C_FLAGS="-O1 -fprofile-instr-generate -fcoverage-mapping" >/dev/null
cmake --build $out -j "$(nproc)" --target $(printf 'fuzz_%s ' "$@") >$out/build.log 2>&1 || { tail -20 $out/build.log >&2; exit 1; }
for target in "$@"; do
    rm -f $out/"$target"-*.profraw
    for corpus in build/fuzz/corpus-"$target" build/fuzz/corpus-"$target"-*; do
        [ -d "$corpus" ] || continue
        part=${corpus#build/fuzz/corpus-"$target"}
        FUZZ_PART=${part#-} LLVM_PROFILE_FILE=$out/$target-${part#-}.profraw \
            $out/bin/fuzz_"$target" -runs=0 -timeout=60 -max_len=65536 "$corpus" >$out/"$target".log 2>&1
    done
    llvm-profdata merge -o $out/"$target".profdata $out/"$target"-*.profraw
    llvm-cov report $out/bin/fuzz_"$target" -instr-profile=$out/"$target".profdata >$out/"$target".txt 2>/dev/null
    own "$target" | tr ' ' '\n' | awk -v target="$target" -v verbose="$verbose" '
        NR == FNR { own[$1 = "/" $1] = 1; next }
        { for (file in own) if (index($1, file) && substr($1, length($1) - length(file) + 1) == file) {
            regions += $2; missed += $3
            if (verbose) printf "%-40s %5d of %5d %s\n", file, $2 - $3, $2, $4 } }
        END { printf "%s: %d of %d regions, %.1f %%\n", target, regions - missed, regions, 100 * (regions - missed) / regions }
        ' - $out/"$target".txt
done
