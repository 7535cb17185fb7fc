#!/bin/sh
# valgrind.sh [-n N] [SUITE...]: runs end-to-end tests (tests/e2e/test_SUITE.py) with the released programs under valgrind's memcheck, and
# prints what it finds. -n N: only one in N runs of a program, chosen at random; all runs of all suites take hours. Without the
# sandbox, which does not allow the system calls of valgrind. A suite may fail where a test checks the sandbox, times or system calls:
# only memcheck's errors count.
set -eu
cd "$(dirname "$0")/.."
. tests/common.sh
every=1
if [ "${1:-}" = -n ]; then
    every=$2
    shift 2
fi
need_packages $BUILD_PACKAGES $TEST_PACKAGES valgrind
build release -DBUILD_TESTING=ON
[ $# -gt 0 ] || set -- fixtures envelopes toolstacks inspect remus config write_config limits given_back cli transport bad_input verify \
    verify_cli verify_fields replace compressed read_back
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
wrapper() {
    cat >"$work/$1" <<W
#!/bin/sh
[ \$((\$(od -An -N2 -tu2 /dev/urandom) % $every)) = 0 ] || exec $PWD/build/release/bin/$1 "\$@"
exec valgrind -q --leak-check=full --show-leak-kinds=definite,possible --trace-children=no --error-exitcode=0 \\
    --log-file=$work/log.%p $PWD/build/release/bin/$1 "\$@" --no-sandbox
W
    chmod +x "$work/$1"
}
wrapper convert-legacy-stream
wrapper verify-stream-v2
for suite in "$@"; do
    echo "$suite: $(CLS_TIMEOUT=600 CLS_CONVERT=$work/convert-legacy-stream CLS_VERIFY=$work/verify-stream-v2 \
        timeout 1800 /usr/bin/python3 "tests/e2e/test_$suite.py" 2>&1 </dev/null | tail -n 1), $(find "$work" -name 'log.*' | wc -l) runs so far"
done
# Other messages are about valgrind itself, such as system calls that it does not know, or a limit that a test sets.
if grep -rlE 'Invalid|uninitialised|lost in loss record|Mismatched|overlap' "$work" | grep 'log\.' | xargs -r cat | grep .; then
    exit 1
fi
echo "no error of memcheck"
