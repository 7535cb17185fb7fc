#!/bin/sh
# run.sh SECONDS [TARGET...]: fuzzes each target (default: all) for that time, starting with the fixtures and the
#   corpus of earlier runs. FUZZ_RUNS=N ends a target after N executions, if that is sooner.
# run.sh --short [TARGET...]: runs the same executions each time, some two seconds for each target, with a fixed
#   seed, a fixed number of executions, and without the corpus of earlier runs.
# TARGET-PART, such as limits-qemu or config-json, fuzzes only one parser of a target (tests/fuzz/part.h).
# Inputs that once failed, in tests/fuzz/finds/TARGET/, are tried first. A failure ends the run; its input is printed if it is small.
# Build first: cmake --preset fuzz && cmake --build --preset fuzz
set -eu
cd "$(dirname "$0")/../.."
seconds=$1
shift
[ $# -gt 0 ] || set -- config convert delta detect differential envelope limits reader structured toolstack v2 verify
crashes=build/fuzz/crashes
# libFuzzer traces comparisons, also of pointers, so reproducible executions need fixed addresses.
fixed="setarch $(uname -m) -R"
[ "$seconds" = --short ] && $fixed true 2>/dev/null || fixed=
mkdir -p $crashes

# seed CORPUS "FIRST..." FIXTURE...: adds fixtures with each first byte, which selects the options in most targets.
seed() {
    corpus=$1 bytes=$2
    shift 2
    for fixture in "$@"; do
        for first in $bytes; do
            { printf '\'$first; cat "$fixture"; } >"$corpus/$first-$(basename "$fixture")"
        done
    done
}

# Seeds of targets that build a stream from the input: options, shape, number of chunks, then zeros (valid choices).
seed_choices() {
    corpus=$1
    shift
    for options in "$@"; do
        for shape in 000 001 002 003 004 005 010 012 030 032 310 330 314 354 350; do
            { printf "$options"'\'$shape'\000\030'; head -c 100 /dev/zero; } >"$corpus/$(printf '%s' "$options" | tr -d '\\')-$shape"
        done
    done
}

make_corpus() {
    mkdir -p "$2"
    case $1 in
    verify) seed "$2" "000 001 002 003 004" fixtures/*.expected ;;
    config)
        for seed in xend-hvm xend-pv xend-more text json json-pv json-iomem; do
            python3 tests/kit/config_seeds.py $seed >"$2/$seed"
        done
        ;;
    limits)
        for seed in context qemu extended xsave text json params names; do
            python3 tests/kit/limits_seeds.py $seed >"$2/$seed"
        done
        ;;
    convert)
        seed "$2" "000 001 002 003 200" fixtures/*.legacy
        for seed in $(python3 tests/kit/envelope_seeds.py); do
            { printf '\001'; python3 tests/kit/envelope_seeds.py "$seed"; } >"$2/$seed"
        done
        ;;
    detect) seed "$2" "000 001 002 003 005 012" fixtures/*.legacy ;;
    reader) # width, guest; checkpoints, of a pipe, compact
        seed "$2" "000 001 002 003 020 021 022 023 041 143 160 161 163 221 223" fixtures/*.legacy ;;
    envelope)
        for fixture in fixtures/*xl*.legacy fixtures/*libvirt* fixtures/*xend*.legacy fixtures/*xapi*; do
            head -c 4096 "$fixture" >"$2/$(basename "$fixture")"
        done
        for seed in $(python3 tests/kit/envelope_seeds.py); do
            python3 tests/kit/envelope_seeds.py "$seed" >"$2/$seed"
        done
        ;;
    v2) # format, guest, version; then all valid
        for bits in 000 001 002 003 004 005 010 014 016 020 021 027 041 061; do
            { printf '\'$bits; head -c 100 /dev/zero; } >"$2/$bits"
        done
        ;;
    structured) seed_choices "$2" '\000' '\001' '\002' '\003' '\200' ;;
    differential) seed_choices "$2" '\000\000' '\001\001' '\002\002' '\003\003' '\200\010' '\201\013' ;;
    esac
}

# The dictionary consists of the strings in the parsers' sources.
make_dictionary() {
    [ -d "src/$1" ] && grep -ohE '"[A-Za-z_(<][A-Za-z0-9_.:/>-]{2,40}"' "src/$1"/*.c | sort -u >"build/fuzz/$1.dict"
}

short_runs() {
    case $1 in
    delta) echo 400000 ;;
    toolstack | limits) echo 40000 ;;
    config | envelope) echo 20000 ;;
    detect) echo 10000 ;;
    reader | verify) echo 3000 ;;
    *) echo 1000 ;;
    esac
}

show_finds() {
    for find in $crashes/"$1"-*; do
        [ -f "$find" ] || continue
        echo "find: $find, $(wc -c <"$find") bytes" >&2
        [ "$(wc -c <"$find")" -gt 4096 ] || base64 "$find" >&2
    done
}

for target in "$@"; do
    name=${target%%-*}
    part=${target#"$name"}
    log=build/fuzz/$target.log
    corpus=build/fuzz/corpus-$target
    fuzz() {
        FUZZ_PART=${part#-} $fixed build/fuzz/bin/fuzz_"$name" -timeout=5 -rss_limit_mb=512 -malloc_limit_mb=1200 -max_len=65536 \
            -artifact_prefix=$crashes/"$target"- -print_final_stats=1 "$@" >"$log" 2>&1 || {
            tail -40 "$log" >&2
            show_finds "$target"
            exit 1
        }
    }
    rm -f $crashes/"$target"-*
    make_dictionary "$name" && dictionary=-dict=build/fuzz/$name.dict || dictionary=
    [ ! -d tests/fuzz/finds/"$name" ] || fuzz tests/fuzz/finds/"$name"/*
    # Do not grow lengths slowly: these inputs are short, and each byte matters.
    case $name in structured | differential | v2) lengths=-len_control=0 ;; *) lengths= ;; esac
    if [ "$seconds" = --short ]; then
        echo "fuzzing $target, $(short_runs "$name") times"
        corpus=build/fuzz/seeds-$target
        rm -rf "$corpus"
        make_corpus "$name" "$corpus"
        ls -d "$corpus"/* 2>/dev/null | LC_ALL=C sort | paste -s -d , >"$corpus.list"
        [ -s "$corpus.list" ] && seeds=-seed_inputs=@$corpus.list || seeds=
        # json-c seeds its hash tables at random, so its comparisons are not reproducible.
        [ "$name" = config ] && lengths=-use_cmp=0
        fuzz -seed=1 -runs="$(short_runs "$name")" -max_total_time=60 $lengths $dictionary $seeds
    else
        echo "fuzzing $target for $seconds s"
        make_corpus "$name" "$corpus"
        fuzz -max_total_time="$seconds" ${FUZZ_RUNS:+-runs=$FUZZ_RUNS} $lengths $dictionary "$corpus"
    fi
    grep -E "^#[0-9]+.DONE|stat::(number_of_executed_units|peak_rss_mb)" "$log" || true
done
