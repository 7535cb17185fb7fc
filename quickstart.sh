#!/bin/sh
# Builds the program and converts a bundled save, showing the result.
set -eu
cd "$(dirname "$0")"
. tests/packages.sh
need_packages $BUILD_PACKAGES

cmake --preset release -DBUILD_TESTING=OFF >build.log 2>&1 && cmake --build --preset release -j "$(nproc)" >>build.log 2>&1 || {
    cat build.log >&2
    exit 1
}
rm -f build.log
program=build/release/bin/convert-legacy-stream
save=fixtures/good-xl-hvm64.legacy
mkdir -p build/quickstart

echo "\$ $program -v -i $save -o build/quickstart/new.save"
$program -v -i $save -o build/quickstart/new.save
echo
echo "The save as it was, and as any Xen since 4.6 restores it (xl restore new.save):"
ls -l $save build/quickstart/new.save
