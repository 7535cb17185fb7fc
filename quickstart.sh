#!/bin/sh
# Builds the programs and converts a bundled save, showing the result.
set -eu
cd "$(dirname "$0")"
. tests/common.sh
need_packages $BUILD_PACKAGES

build release -DBUILD_TESTING=OFF
bin=build/release/bin
save=fixtures/good-xl-hvm64.legacy
new=build/new.save

show() {
    echo "\$ $*"
    "$@"
    echo
}

show $bin/convert-legacy-stream -i $save -o $new
show ls -l $save $new
show $bin/verify-stream-v2 -v -i $new
echo "The save, as Xen 4.5 wrote such, is now a v2 stream: on a host with Xen, xl restore takes it."
