#!/bin/sh
# Builds the Debian packages and the RPM package; installs, runs and removes each on a minimal Debian 12. Needs root. Arguments are passed
# to cmake.
set -eu
cd "$(dirname "$0")/../.."
. tests/common.sh
need_packages $BUILD_PACKAGES dpkg-dev file rpm lintian debootstrap
mkdir -p build
. tests/package/chroot.sh

build release -DBUILD_TESTING=OFF "$@"
rm -rf build/packages
for generator in DEB RPM; do
    (cd build/release && cpack -G $generator -B ../packages) >build/cpack.log 2>&1 || { cat build/cpack.log >&2; exit 1; }
done
deb=$(ls build/packages/convert-legacy-stream_*.deb)
rpm=$(ls build/packages/*.rpm)
version=$(build/release/bin/convert-legacy-stream --version)

files() {
    (cd "$chroot" && find . -xdev \( -path ./var -o -path ./proc -o -path ./dev -o -path ./tmp -o -path ./root \
        -o -path ./etc/ld.so.cache -o -path ./etc/resolv.conf \) -prune -o -print) | sort
}

# try: tests the installed programs.
try() {
    [ "$(inside convert-legacy-stream --version)" = "$version" ]
    inside rm -f /root/new.save
    inside convert-legacy-stream -i /usr/share/doc/convert-legacy-stream/examples/good-xl-hvm64.legacy -o /root/new.save
    inside verify-stream-v2 -v -i /root/new.save | tail -n 1
    inside ls /usr/share/man/man1 /usr/share/man/man5 | grep -E 'stream|legacy'
    # A minimal Debian has no libxml2.
    status=0
    said=$(inside convert-legacy-stream -i /root/new.save --inspect=xml 2>&1) || status=$?
    echo "--inspect=xml: status $status, $said"
    case $status$said in *3*"(package libxml2)"*) ;; *) exit 1 ;; esac
}

# gone: checks that all files were removed.
gone() {
    files >build/files.after
    diff build/files.before build/files.after
    echo "removed: nothing is left"
}

echo "== $(basename "$deb")"
dpkg-deb --show --showformat 'Depends: ${Depends}\nRecommends: ${Recommends}\n' "$deb"
lintian --allow-root --fail-on warning build/packages/*.deb
files >build/files.before
cp "$deb" "$chroot/root"
inside apt-get -qq --no-install-recommends install "/root/$(basename "$deb")" >build/install.log 2>&1 ||
    { cat build/install.log >&2; exit 1; }
try
inside apt-get -qq purge convert-legacy-stream >/dev/null
gone

echo "== $(basename "$rpm")"
rpm -q --package --qf 'Recommends: [%{RECOMMENDNAME} ]\n' "$rpm"
# Debian has no RPM package of libc.
rpm --root "$chroot" --nodeps --install "$rpm" 2>build/rpm.log
try
rpm --root "$chroot" --erase convert-legacy-stream 2>build/rpm.log
gone

tests/package/xen.sh build/packages/*.deb
