#!/bin/sh
# Builds everything and runs all tests: with sanitizers, as released, and a short fuzz run.
set -eu
cd "$(dirname "$0")"
. tests/common.sh
need_packages $BUILD_PACKAGES $TEST_PACKAGES
tests/kit/fetch-xen-utils.sh

for preset in debug release; do
    build $preset -DBUILD_TESTING=ON
    ctest --preset $preset -j $(($(nproc) + 1)) # some wait for the disk
done
build fuzz
tests/fuzz/run.sh --short
