#!/bin/sh
# Builds everything and runs all tests: with sanitizers, as released, and a short fuzz run.
set -eu
cd "$(dirname "$0")"
. tests/packages.sh
need_packages $BUILD_PACKAGES $TEST_PACKAGES
tests/kit/fetch-xen-utils.sh

jobs=$(nproc)
build() {
    cmake --preset "$1" -DBUILD_TESTING=ON >/dev/null
    cmake --build --preset "$1" -j "$jobs" | grep -v -e "^\[" -e "Built target" || true
    # The filter above hides the status: an up-to-date tree costs nothing to ask again.
    cmake --build --preset "$1" >/dev/null
}

build debug
ctest --preset debug -j "$jobs"
build release
ctest --preset release -j "$jobs"
build fuzz
tests/fuzz/run.sh "${FUZZ_SECONDS:-10}"
