#!/bin/sh
# coverage.sh [SUITE...]: which lines and branches do the tests reach? Builds with clang's counters, runs the suites (default: all, half
# an hour) and prints a table of the floors: tests/coverage.sh unit-body e2e-cli
#
# The counters lie in a file that each process maps shared (%c): what the sandbox holds, a forked process, and one that is killed are counted.
set -eu
cd "$(dirname "$0")/.."
. tests/common.sh
need_packages $BUILD_PACKAGES $TEST_PACKAGES llvm
tests/kit/fetch-xen-utils.sh
build coverage -DBUILD_TESTING=ON
exec /usr/bin/python3 tests/kit/coverage.py "$@"
