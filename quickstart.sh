#!/bin/sh
# Builds the programs and converts a bundled save, showing the result.
set -eu
cd "$(dirname "$0")"
. tests/packages.sh
need_packages $BUILD_PACKAGES

mkdir -p build/quickstart
log=build/quickstart/build.log
{ cmake --preset release -DBUILD_TESTING=OFF && cmake --build --preset release -j "$(nproc)"; } >$log 2>&1 || {
    cat $log >&2
    exit 1
}
bin=build/release/bin
save=fixtures/good-xl-hvm64.legacy
new=build/quickstart/new.save

show() {
    echo "\$ $*"
    "$@"
    echo
}

show $bin/convert-legacy-stream -i $save -o $new
show ls -l $save $new
show $bin/verify-stream-v2 -v -i $new
echo "The save, as Xen 4.5 wrote such, is now a v2 stream: on a host with Xen, xl restore takes it."
