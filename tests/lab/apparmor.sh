#!/bin/bash
# Tests in which directories libvirtd, confined by AppArmor, can execute the converter. Boots Debian 12's kernel in the lab's QEMU, loads the profile
# of Debian's libvirt-daemon-system, and executes the converter under that profile from several directories, as a file and by a link.
# Exit status 0: the results are those in docs/restoring.md. Takes some 30 seconds.
set -eu
cd "$(dirname "$0")/../.."
. tests/common.sh
lab=$(cd "${XEN_LAB:-../shared/lab}" && pwd)
export XEN_LAB_DIR=${XEN_LAB_DIR:-/var/tmp/xen-lab}
need_packages $BUILD_PACKAGES apparmor file
build release
"$lab/lab" build >build/lab-build.log
cache=$("$lab/lab" folder)
work=$PWD/build/apparmor
root=$work/root
rm -rf "$work"
mkdir -p "$root"/{bin,dev,proc,sys,etc,lib64,lib/x86_64-linux-gnu,run,usr/bin,usr/sbin,usr/local/bin,usr/lib/xen-4.17/bin,usr/lib/xen-4.20/bin}
# the profile and the files that it includes
(cd "$work" && apt-get -qq download libvirt-daemon-system apparmor 2>/dev/null && for deb in *.deb; do dpkg -x "$deb" "${deb%%_*}"; done)
cp -r "$work/apparmor/etc/apparmor.d" "$root/etc/"
cp "$work/libvirt-daemon-system/etc/apparmor.d/usr.sbin.libvirtd" "$root/etc/apparmor.d/"
: >"$root/etc/apparmor.d/local/usr.sbin.libvirtd"
cp "$cache/root/bin/busybox" "$root/bin/"
cp build/release/bin/convert-legacy-stream "$root/usr/bin/"
cp "$root/usr/bin/convert-legacy-stream" "$root/usr/local/bin/"
cp "$root/usr/bin/convert-legacy-stream" "$root/usr/lib/xen-4.17/bin/" # a file
ln -s ../../../bin/convert-legacy-stream "$root/usr/lib/xen-4.20/bin/" # as the package has it
gcc -static -O1 -Wall -o "$root/usr/sbin/libvirtd" tests/lab/apparmor.c
cp "$(command -v apparmor_parser)" "$root/bin/"
for program in "$root/bin/apparmor_parser" "$root/usr/bin/convert-legacy-stream"; do
    ldd "$program" | awk '/=> \// {print $3}'
done | sort -u | while read -r library; do cp -L "$library" "$root/lib/x86_64-linux-gnu/"; done
cp -L /lib64/ld-linux-x86-64.so.2 "$root/lib64/"
cat >"$root/init" <<'END'
#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t securityfs security /sys/kernel/security
paths="/usr/bin/convert-legacy-stream /usr/local/bin/convert-legacy-stream /usr/lib/xen-4.17/bin/convert-legacy-stream /usr/lib/xen-4.20/bin/convert-legacy-stream"
{
    echo "SEEN without a profile"
    /usr/sbin/libvirtd $paths
    /bin/apparmor_parser -K -a /etc/apparmor.d/usr.sbin.libvirtd 2>&1
    echo "SEEN with the profile"
    /usr/sbin/libvirtd $paths
    echo "/usr/lib/xen-*/bin/convert-legacy-stream PUx," >/etc/apparmor.d/local/usr.sbin.libvirtd
    /bin/apparmor_parser -K -r /etc/apparmor.d/usr.sbin.libvirtd 2>&1
    echo "SEEN with a line in local"
    /usr/sbin/libvirtd $paths
    echo "SEEN end"
} >/dev/ttyS0
/bin/busybox reboot -f
END
chmod +x "$root/init"
(cd "$root" && find . | bin/busybox cpio -o -H newc 2>/dev/null | gzip -1 >"$work/initrd")
timeout 200 env LD_LIBRARY_PATH="$cache/root/usr/lib/x86_64-linux-gnu:$cache/root/lib/x86_64-linux-gnu" "$cache/root/usr/bin/qemu-system-x86_64" \
    -L "$cache/root/usr/share/qemu" -L "$cache/root/usr/share/seabios" -accel tcg -m 512 -nodefaults -no-user-config -display none -no-reboot \
    -serial "file:$work/serial" -kernel "$cache/vmlinuz" -initrd "$work/initrd" -append "console=ttyS0 quiet apparmor=1 security=apparmor panic=1" </dev/null
tr -d '\r' <"$work/serial" | sed -n '/^SEEN/,/^SEEN end/p' | grep -v '^Warning\|^convert-legacy-stream ' | tee "$work/seen"
diff - "$work/seen" <<'END'
SEEN without a profile
libvirtd's profile: unconfined
/usr/bin/convert-legacy-stream: runs
/usr/local/bin/convert-legacy-stream: runs
/usr/lib/xen-4.17/bin/convert-legacy-stream: runs
/usr/lib/xen-4.20/bin/convert-legacy-stream: runs
SEEN with the profile
libvirtd's profile: libvirtd (enforce)
/usr/bin/convert-legacy-stream: runs
/usr/local/bin/convert-legacy-stream: Permission denied
/usr/lib/xen-4.17/bin/convert-legacy-stream: Permission denied
/usr/lib/xen-4.20/bin/convert-legacy-stream: runs
SEEN with a line in local
libvirtd's profile: libvirtd (enforce)
/usr/bin/convert-legacy-stream: runs
/usr/local/bin/convert-legacy-stream: Permission denied
/usr/lib/xen-4.17/bin/convert-legacy-stream: runs
/usr/lib/xen-4.20/bin/convert-legacy-stream: runs
SEEN end
END
echo "as expected: /usr/bin, and a link to it"
