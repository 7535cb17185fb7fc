# Sourced: makes a minimal Debian (SUITE; default bookworm, Debian 12) in build/chroot, and runs commands in it. Needs root.
suite=${SUITE:-bookworm}
chroot=$PWD/build/chroot
[ "$suite" = bookworm ] || chroot=$chroot-$suite

[ "$(id -u)" -eq 0 ] || { echo "$0: only root can make a chroot" >&2; exit 1; }

if [ ! -e "$chroot/etc/debian_version" ]; then
    echo "Making a bare Debian ($suite)"
    mirror=$(apt-get indextargets --format '$(SITE)' 'Codename: bookworm' | head -n 1)
    rm -rf "$chroot.new"
    debootstrap --variant=minbase "$suite" "$chroot.new" "$mirror" >build/debootstrap.log ||
        { tail build/debootstrap.log >&2; exit 1; }
    mv "$chroot.new" "$chroot"
fi

# fresh_chroot NAME: makes a copy of the chroot, which the following commands use.
fresh_chroot() {
    rm -rf "$chroot.$1"
    cp -a "$chroot" "$chroot.$1"
    chroot=$chroot.$1
}

# inside COMMAND...: runs a command in the chroot, with proc and dev mounted.
inside() {
    unshare --mount sh -euc '
        root=$1
        shift
        mount -t proc proc "$root/proc"
        mount --rbind /dev "$root/dev"
        cp /etc/resolv.conf "$root/etc/resolv.conf"
        exec chroot "$root" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
            DEBIAN_FRONTEND=noninteractive "$@"' sh "$chroot" "$@"
}
