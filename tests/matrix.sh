#!/bin/sh
# matrix.sh [gcc|clang|m32|musl|s390x]...: builds and tests with other compilers, libcs and architectures, with all cases of the
# largest loops (./test.sh runs every second one). Takes some minutes for each, half an hour for s390x, which is emulated.
set -eu
cd "$(dirname "$0")/.."
. tests/common.sh
need_packages $BUILD_PACKAGES $TEST_PACKAGES
tests/kit/fetch-xen-utils.sh
mkdir -p build
export CLS_ALL=1

# port NAME PACKAGES COMPILER [FLAG...]: builds a port. CUnit needs the compiler and flags of tests/ports/NAME.cmake.
port() {
    name=$1
    need_packages $2
    shift 2
    tests/ports/cunit.sh "$PWD/build/$name/cunit" "$@"
    build $name -DCUNIT_INCLUDE_DIR="$PWD/build/$name/cunit/include" -DCUNIT_LIBRARY="$PWD/build/$name/cunit/libcunit.a"
}

for name in ${*:-gcc clang m32 musl s390x}; do
    preset=$name
    case $name in
    gcc) preset=release && build release -DBUILD_TESTING=ON ;;
    clang) build clang ;;
    m32) port m32 gcc-12-multilib gcc -m32 -idirafter /usr/include/x86_64-linux-gnu ;;
    musl) port musl musl-tools musl-gcc ;;
    s390x) port s390x "gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user-static" s390x-linux-gnu-gcc ;;
    *) echo "$0: no such port: $name" >&2; exit 2 ;;
    esac
    echo "== $name: $(file -bL "build/$preset/bin/convert-legacy-stream" | cut -d, -f1-4)"
    ctest --preset "$preset" -j "$(nproc)" >"build/$name.log" 2>&1 || { cat "build/$name.log"; exit 1; }
    sed -n '/tests passed/p;/^Total Test time/p' "build/$name.log"
done
