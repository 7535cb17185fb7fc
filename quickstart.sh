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
echo "The save of Xen 4.5 is now a v2 stream. On a Xen host, restore it with: xl restore $new"
