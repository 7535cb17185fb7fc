#!/bin/sh
# coverage.sh [SUITE...]: measures which lines and branches the tests reach. Builds with clang's counters, runs the suites (default: all,
# half an hour) and prints a table by floor. Example: tests/coverage.sh unit-body e2e-cli
#
# Each process maps the file of counters shared (%c), so that sandboxed, forked and killed processes count as well.
set -eu
cd "$(dirname "$0")/.."
. tests/common.sh
need_packages $BUILD_PACKAGES $TEST_PACKAGES llvm
tests/kit/fetch-xen-utils.sh
build coverage -DBUILD_TESTING=ON
exec /usr/bin/python3 tests/kit/coverage.py "$@"
