#!/bin/sh
# Builds the Debian packages for Debian 11 and later, with the libc of Debian 11, in build/packages-oldest. Then tests them with the xen-utils of
# Debian 11, 12 and 13 (xen.sh). Needs root. Arguments are passed to cmake.
set -eu
cd "$(dirname "$0")/../.."
. tests/common.sh
need_packages $BUILD_PACKAGES dpkg-dev file debootstrap
mkdir -p build
SUITE=bullseye
. tests/package/chroot.sh

work=$PWD/build/oldest
rm -rf "$work" build/packages-oldest
mkdir -p "$work/headers"
# The libraries of Debian 11 with this system's kernel headers, since those of Debian 11 lack some system calls.
cp -a "$chroot" "$work/sysroot"
chroot=$work/sysroot
inside sh -c 'apt-get -qq update && apt-get -qq -y --no-install-recommends install libc6-dev libxml2-dev libjson-c-dev nettle-dev' >build/apt.log 2>&1 ||
    { cat build/apt.log >&2; exit 1; }
find "$work/sysroot/usr" -type l -lname '/*' -printf '%p %l\n' | while read -r link target; do ln -sfn "$work/sysroot$target" "$link"; done
cp -r /usr/include/linux /usr/include/asm-generic /usr/include/x86_64-linux-gnu/asm "$work/headers"
sed -n 's/^#define __NR_\([a-z0-9_]*\) .*/#define SYS_\1 __NR_\1/p' "$work/headers/asm/unistd_64.h" >"$work/headers/calls.h"
cat >"$work/toolchain.cmake" <<END
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_C_COMPILER gcc)
set(CMAKE_SYSROOT $work/sysroot)
set(CMAKE_C_FLAGS_INIT "-isystem $work/headers -include calls.h -B$work/sysroot/usr/lib/x86_64-linux-gnu -L$work/sysroot/usr/lib/x86_64-linux-gnu")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(ENV{PKG_CONFIG_SYSROOT_DIR} $work/sysroot)
set(ENV{PKG_CONFIG_LIBDIR} $work/sysroot/usr/lib/x86_64-linux-gnu/pkgconfig:$work/sysroot/usr/share/pkgconfig)
END
{ cmake -S . -B "$work/build" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DBUILD_TESTING=OFF -DCMAKE_TOOLCHAIN_FILE="$work/toolchain.cmake" "$@" &&
    cmake --build "$work/build" -j "$(nproc)"; } >build/oldest.log 2>&1 || { cat build/oldest.log >&2; exit 1; }
(cd "$work/build" && cpack -G DEB -B "$PWD/../../packages-oldest") >build/cpack.log 2>&1 || { cat build/cpack.log >&2; exit 1; }
for deb in build/packages-oldest/*.deb; do
    dpkg-deb --show --showformat '${Package}: ${Depends}\n' "$deb"
done
for suite in bullseye bookworm trixie; do
    SUITE=$suite tests/package/xen.sh build/packages-oldest/*.deb
done
rm -rf "$work"
