#!/bin/sh
# xen.sh PROGRAM.deb XEN.deb: tests the package convert-legacy-stream-xen with Debian's xen-utils, on a minimal Debian; tests/package/run.sh
# builds the packages. Installs it before and after xen-utils, upgrades, removes and purges it: libxl must find our program while the package
# is installed and Xen's script after that, and no files remain. Needs root. SUITE=trixie: Debian 13, Xen 4.20. SUITE=bullseye: 11, 4.14.
set -eu
cd "$(dirname "$0")/../.."
. tests/common.sh
need_packages debootstrap dpkg-dev
mkdir -p build
. tests/package/chroot.sh
case $suite in
    bullseye) xen=4.14 ;;
    bookworm) xen=4.17 ;;
    trixie) xen=4.20 ;;
esac
for deb in "$@"; do
    case $deb in
        */convert-legacy-stream_*) program=$deb ;;
        */convert-legacy-stream-xen_*) links=$deb ;;
    esac
done

fresh_chroot xen
dir=/usr/lib/xen-$xen/bin
helper=$dir/convert-legacy-stream
save=/usr/share/doc/convert-legacy-stream/examples/good-xl-hvm64.legacy
debs="/root/$(basename "$program") /root/$(basename "$links")"
cp "$program" "$links" "$chroot/root"
# Prevents that daemons are started in the chroot.
printf '#!/bin/sh\nexit 101\n' >"$chroot/usr/sbin/policy-rc.d"
chmod 755 "$chroot/usr/sbin/policy-rc.d"

apt() {
    inside apt-get -qq -y --no-install-recommends -o DPkg::Use-Pty=0 "$@" >build/apt.log 2>&1 || { cat build/apt.log >&2; exit 1; }
}

# newer NAME DEB: makes the same package with a higher version, as NAME.
newer() {
    rm -rf build/newer
    dpkg-deb -R "$2" build/newer
    sed -i 's/^Version: .*/&+newer/' build/newer/DEBIAN/control
    dpkg-deb --root-owner-group -Zgzip -b build/newer "$chroot/root/$1" >/dev/null
    rm -rf build/newer
}

files() {
    (cd "$chroot" && find . -xdev \( -path ./var -o -path ./proc -o -path ./dev -o -path ./tmp -o -path ./root -o -path ./usr/lib/python3 \
        -o -path ./etc/ld.so.cache -o -path ./etc/resolv.conf -o -name __pycache__ \) -prune -o -print) | sort
}

is_ours() {
    [ "$(inside readlink -f "$helper")" = /usr/bin/convert-legacy-stream ]
    # as libxl calls it: the xl header has already been read
    inside sh -c "tail -c +110 $save | $helper --in 0 --out 1 --width 64 --guest hvm --format libxl | verify-stream-v2 -f libxl"
    echo "ours: $1"
}

is_xens() {
    [ "$(inside sha256sum "$helper")" = "$script" ]
    [ -z "$(ls "$chroot$dir" | grep '\.xen$')" ]
    echo "Xen's script: $1"
}

is_gone() {
    [ ! -e "$chroot$helper" ] && [ ! -e "$chroot$helper.xen" ]
    [ -z "$(inside dpkg-divert --list | grep convert-legacy-stream)" ]
    echo "nothing: $1"
}

echo "== Debian $suite, xen-utils-$xen"
inside apt-get -qq update >build/apt.log 2>&1
apt install "xen-utils-$xen"
script=$(inside sha256sum "$helper")
inside sh -c "cd /root && apt-get -qq download xen-utils-$xen" 2>/dev/null
newer xen-newer.deb "$chroot"/root/xen-utils-$xen*.deb
newer links-newer.deb "$links"
files >build/files.before

apt install $debs
is_ours "installed after xen-utils"
[ "$(inside sha256sum "$helper.xen" | cut -d' ' -f1)" = "${script%% *}" ]
apt install --reinstall "xen-utils-$xen"
is_ours "xen-utils installed again"
inside dpkg --force-confold -i /root/xen-newer.deb >build/apt.log 2>&1
is_ours "xen-utils upgraded"
apt install /root/links-newer.deb
is_ours "upgraded"
[ "$(inside dpkg-divert --list | grep -c convert-legacy-stream-xen)" -eq 3 ]
apt remove convert-legacy-stream-xen
is_xens "removed"
apt install $debs
apt purge convert-legacy-stream-xen convert-legacy-stream
is_xens "purged"
files >build/files.after
diff build/files.before build/files.after
echo "as it was before"

# A package that dpkg cannot configure is unpacked nevertheless, and must be removable.
inside dpkg -i "/root/$(basename "$links")" >build/apt.log 2>&1 && exit 1
inside dpkg --remove convert-legacy-stream-xen >build/apt.log 2>&1
is_xens "removed without ever having been configured"

apt purge "xen-utils-$xen"
is_gone "no xen-utils"
apt install $debs
is_ours "installed before xen-utils"
apt install "xen-utils-$xen"
is_ours "and xen-utils after it"
apt purge "xen-utils-$xen"
is_ours "xen-utils removed"
apt install "xen-utils-$xen"
apt purge convert-legacy-stream-xen convert-legacy-stream
is_xens "purged"
apt purge "xen-utils-$xen"
is_gone "all purged"
rm -rf "$chroot"
