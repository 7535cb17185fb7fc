#!/bin/bash
# Restores real saves of Xen 4.5 on real Xen releases in QEMU (../shared/lab), in each documented way, and prints a table of results: the guest must
# continue to run, with correct memory, except in rows where a failure is expected. Exit status 0: all rows are as expected.
#
#     tests/lab/run.sh                     all rows (each takes 2.6 GB of memory and half a minute of CPU time; as many in parallel as fit)
#     tests/lab/run.sh 4.17-helper-pv …    only these rows; `run.sh --list` prints the names of all
#
# An interrupted run can be resumed: rows that passed with the same program are not run again (remove build/lab to start over). JOBS=N: number of
# rows in parallel. XEN_LAB: folder of the lab. XEN_SAVES: folder of its saves. XEN_MORE_SAVES: folder of further saves (NAME.save or .zst, with
# NAME.save.lab), which are restored both with the helper and after conversion.
set -eu
cd "$(dirname "$0")/../.."
. tests/common.sh
more=${XEN_MORE_SAVES:-}
work=$PWD/build/lab
convert=$PWD/build/release/bin/convert-legacy-stream
verify=$PWD/build/release/bin/verify-stream-v2
export XEN_LAB_DIR=${XEN_LAB_DIR:-/var/tmp/xen-lab}
HVM_CPU=EPYC,+svm,+npt,-smap,-smep

rows() {
    for xen in 4.17 4.20; do
        for way in helper v2 v3 compact migrate-receive installed libvirt-restore libvirt-managed libvirt-helper libvirt-installed xend xend-auto; do
            printf '%s\n' $xen-$way-pv $xen-$way-hvm
        done
        printf '%s\n' $xen-fifo-pv $xen-libvirt-cut-pv $xen-libvirt-installed-cut-pv $xen-qemu-cirrus $xen-qemu-stdvga $xen-qemu-stdvga-written \
            $xen-qemu44-plain $xen-qemu44-repaired $xen-emulator-plain $xen-emulator-link $xen-emulator-repaired
        for save in ${more:+"$more"/*.save "$more"/*.save.zst}; do
            [ ! -f "$save" ] || printf '%s\n' "$xen-helper-$(basename "${save%.zst}" .save)" "$xen-v2-$(basename "${save%.zst}" .save)"
        done
    done
}

[ "${1:-}" != --list ] || { rows; exit; }
lab=$(cd "${XEN_LAB:-../shared/lab}" && pwd)
saves=$(cd "${XEN_SAVES:-../shared/data}" && pwd)

# Rows that must fail: a truncated save, a device model's state that QEMU rejects without repair, and an <emulator> that does not exist.
must_fail() {
    case $1 in *-cut-* | *-qemu44-plain | *-emulator-plain) true ;; *) false ;; esac
}

# save_of GUEST: makes old.save and old.save.lab, the save of the guest and the lab's expectations.
save_of() {
    for file in "$saves/$1-legacy-4.5.save" "$saves/$1.save" "$saves/qemu/$1.save" ${more:+"$more/$1.save"}; do
        if [ -f "$file.zst" ]; then zstd -dqf "$file.zst" -o "$dir/old.save"; elif [ -f "$file" ]; then cp "$file" "$dir/old.save"; else continue; fi
        for side in "$file.lab" "$file.zst.lab"; do [ ! -f "$side" ] || cp "$side" "$dir/old.save.lab"; done
        return
    done
    echo "no save of $1" >&2
    exit 2
}

# converted OPTION...: converts old.save to new.save; verifies the result twice.
converted() {
    "$convert" "$dir/old.save" "$dir/new.save" --no-sync --verify "$@"
    "$verify" -v -i "$dir/new.save" | tail -n 1
    [ ! -f "$dir/old.save.lab" ] || cp "$dir/old.save.lab" "$dir/new.save.lab"
    rm "$dir/old.save"
}

# job FILE PLACE COMMAND: makes the script for dom0 from a file of the lab, with a command inserted before the line that begins with PLACE.
job() {
    mkdir -p "$dir/in"
    sed "/^$2/i $3" "$lab/$1" >"$dir/in/restore"
}

# in_envelope KIND ARGUMENT...: replaces the container of old.save.
in_envelope() {
    "$lab/envelope.py" "$dir/old.save" "$dir/other.save" "$@"
    mv "$dir/other.save" "$dir/old.save"
}

# Archives the files of both packages for dom0. Without directories, since /usr/lib/xen-4.17 is a link there.
packages() {
    for deb in "$work"/packages/*.deb; do dpkg -x "$deb" "$dir/package"; done
    (cd "$dir/package" && find . ! -type d ! -path '*/doc/*' | tar -cf "$dir/in/package.tar" -T -)
}

# Copies the files that lab-libvirt adds to dom0 for virsh restore.
libvirt_files() {
    cp "$("$lab/lab" folder)/libvirt/libvirt.tgz" "$lab/dom0/libvirtd.conf" "$dir/in"
    cp "$lab/dom0/fakedm-libvirt" "$dir/in/fakedm"
    echo restore >"$dir/in/mode"
}

# run_row NAME: runs a row; its output contains the lab's result.
run_row() {
    row=${1#*-} guest=${1##*-}
    [ "${1%%-*}" = 4.17 ] || export XEN_LAB_DEBIAN=13
    case $row in
        libvirt-*-pv) set -- "$lab/pvg.xml" ;;
        libvirt-*-hvm) set -- "$lab/hvmg.xml" ;;
        *) set -- ;;
    esac
    case $row in
        helper-*) save_of "${row#helper-}"; "$lab/lab" restore "$dir/old.save" --converter "$convert" ;;
        fifo-* | migrate-receive-*) save_of "$guest"; "$lab/lab" restore "$dir/old.save" --converter "$convert" --extra "$lab/jobs/${row%-*}" ;;
        v3-*) save_of "$guest"; converted --stream-version 3; "$lab/lab" restore "$dir/new.save" ;;
        compact-*) save_of "$guest"; converted --compact; "$lab/lab" restore "$dir/new.save" ;;
        v2-*) save_of "${row#v2-}"; converted; "$lab/lab" restore "$dir/new.save" ;;
        installed-*)
            save_of "$guest"
            # the lab's script installs a converter; here the package does
            job jobs/installed/restore '# -e:' 'tar -C / -xf /tmp/in/package.tar && ls -l /usr/lib/xen/bin/convert-legacy-stream >/tmp/out/installed.txt'
            sed -i '/^cp .tmp.in.converter/d' "$dir/in/restore"
            packages
            "$lab/lab" restore "$dir/old.save" --extra "$dir/in" ;;
        libvirt-helper-*)
            save_of "$guest"; in_envelope libvirt "$1" 1
            "$lab/lab-libvirt" restore "$dir/old.save" --converter "$convert" ${2:-} $(cpu_of) ;;
        libvirt-installed-*)
            # like lab-libvirt, but without its wrapper of the helper, so standard error is /dev/null
            save_of "$guest"; in_envelope libvirt "$1" 1
            case $row in *-cut-*) truncate -s -1000000 "$dir/old.save" ;; esac
            job dom0/restore-libvirt 'libvirtd -d' 'tar -C / -xf /tmp/in/package.tar; syslogd -O /tmp/out/syslog.txt'
            packages
            libvirt_files
            "$lab/lab" restore "$dir/old.save" --extra "$dir/in" --timeout 240 --keep "$dir/kept" $(cpu_of) ;;
        libvirt-cut-*)
            save_of "$guest"; in_envelope libvirt "$1" 1
            truncate -s -1000000 "$dir/old.save"
            "$lab/lab-libvirt" restore "$dir/old.save" --converter "$convert" --keep "$dir/kept" ;;
        libvirt-*)
            save_of "$guest"; in_envelope libvirt "$1" 1
            converted
            mode=${row#libvirt-}
            "$lab/lab-libvirt" "${mode%-*}" "$dir/new.save" $(cpu_of) ;;
        xend-*)
            save_of "$guest"
            tests/lab/xend_save.py "$dir/old.save" "$dir/other.save"
            mv "$dir/other.save" "$dir/old.save"
            # guests of xend use qemu-traditional, which libxl searches in Xen's own directory
            job jobs/config/restore '# -e:' 'cp /tmp/in/fakedm /usr/lib/xen/bin/qemu-dm \&\& chmod +x /usr/lib/xen/bin/qemu-dm'
            case $row in
                xend-auto-*) converted --config=auto ;;
                *) converted --write-config "$dir/in/guest.cfg" ;;
            esac
            "$lab/lab" restore "$dir/new.save" --extra "$dir/in" $(cpu_of) ;;
        emulator-*)
            # libvirt with a real QEMU; the XML names the device model of another host
            save_of hvm-4.5-qemu-cirrus; in_envelope libvirt tests/lab/emulator.xml 1
            case $row in *-repaired) converted --repair=emulator ;; *) converted ;; esac
            link='mkdir -p /usr/lib/xen-4.4/bin; ln -s /usr/libexec/xen-qemu-system-i386 /usr/lib/xen-4.4/bin/qemu-system-i386'
            case $row in *-link) ;; *) link=: ;; esac
            job dom0/restore-libvirt 'libvirtd -d' "tar -C / -xzf /tmp/in/qemu.tgz; $link"
            libvirt_files
            cp "$("$lab/lab" folder)/qemu-xen/qemu.tgz" "$dir/in"
            "$lab/lab" restore "$dir/new.save" --extra "$dir/in" --timeout 240 ;;
        qemu-cirrus) save_of hvm-4.5-qemu-cirrus; converted; "$lab/lab-qemu" restore "$dir/new.save" ;;
        qemu-stdvga)
            save_of hvm-4.5-qemu-stdvga; converted
            "$lab/lab-qemu" restore "$dir/new.save" --config "$saves/qemu/stdvga.cfg" ;;
        qemu-stdvga-written)
            save_of hvm-4.5-qemu-stdvga; converted --write-config "$dir/guest.cfg"
            "$lab/lab-qemu" restore "$dir/new.save" --config "$dir/guest.cfg" ;;
        qemu44-plain) save_of hvm-4.4qemu-cirrus; converted; "$lab/lab-qemu" restore "$dir/new.save" ;;
        qemu44-repaired) save_of hvm-4.4qemu-cirrus; converted --repair=kvmvapic; "$lab/lab-qemu" restore "$dir/new.save" ;;
        *) echo "no such row" >&2; exit 2 ;;
    esac
}

# HVM guests need this option where the lab cannot detect the guest type from the save.
cpu_of() { [ "$guest" != hvm ] || echo "--cpu $HVM_CPU"; }

# Runs a row in its own process; writes KEY|OUTCOME|RESULT|SECONDS to NAME.row at the end.
if [ "${1:-}" = --row ]; then
    name=$2 dir=$work/$2
    rm -rf "$dir" "$dir.row"
    mkdir -p "$dir"
    started=$SECONDS
    result=$(run_row "$name" >"$dir.log" 2>&1; sed -n 's/^RESULT=//p' "$dir.log")
    # truncated saves: libvirtd must still run; if standard error is /dev/null, the error must be in syslog
    case $name in *-cut-*)
        grep -q '^exit status: 0' <(tail -n 6 "$dir/kept/xl.txt") || result="LIBVIRTD-GONE $result" ;;
    esac
    case $name in *-installed-cut-*)
        said=$(grep -o 'convert-legacy-stream.*input ended.*' "$dir/kept/syslog.txt") || said=nothing
        echo "syslog: $said" >>"$dir.log"
        case $said in *"input ended"*) result="$result, and why in syslog" ;; *) result="NOTHING-IN-SYSLOG $result" ;; esac ;;
    esac
    rm -rf "$dir"
    outcome=wrong
    if must_fail "$name"; then
        case $result in RESTORE-FAILED* | RESTORED-BUT-NO-TICKS*) outcome=right ;; esac
    else
        case $result in "RUNS ticks="*) outcome=right ;; esac
    fi
    echo "$CLS_LAB_KEY|$outcome|${result:-$(tail -n 1 "$dir.log")}|$((SECONDS - started))" >"$dir.row"
    echo "$name: $outcome: ${result:-no result} ($((SECONDS - started)) s)"
    exit
fi

need_packages $BUILD_PACKAGES zstd python3 dpkg-dev file
build release
mkdir -p "$work/packages"
rm -f "$work"/packages/*
(cd build/release && cpack -G DEB -B "$work/packages") >build/cpack.log 2>&1 || { cat build/cpack.log >&2; exit 1; }
rm -rf "$work/packages/_CPack_Packages"
CLS_LAB_KEY=$(sha256sum <"$convert" | cut -c1-16)
export CLS_LAB_KEY
[ $# -gt 0 ] || set -- $(rows)

# Build the lab before the rows run in parallel.
case "$*" in *4.17-*) "$lab/lab" build; "$lab/lab-libvirt" build; "$lab/lab-qemu" build ;; esac >build/lab-build.log
case "$*" in *4.20-*) for each in lab lab-libvirt lab-qemu; do XEN_LAB_DEBIAN=13 "$lab/$each" build; done ;; esac >>build/lab-build.log

fit=$(awk '/^MemAvailable/ {print int($2 / 2700000)}' /proc/meminfo)
jobs=${JOBS:-$(nproc)}
[ "$jobs" -le "$fit" ] || jobs=$fit
for name; do
    grep -qs "^$CLS_LAB_KEY|right" "$work/$name.row" || echo "$name"
done | xargs -r -P "$jobs" -n 1 tests/lab/run.sh --row

echo
printf '%-34s %-6s %5s  %s\n' row "" s result
wrong=0
for name; do
    IFS='|' read -r key outcome result seconds <"$work/$name.row" || outcome=missing
    [ "$outcome" = right ] || wrong=$((wrong + 1))
    printf '%-34s %-6s %5s  %s\n' "$name" "$outcome" "$seconds" "$result"
done
echo "rows: $#, not as wanted: $wrong"
[ "$wrong" -eq 0 ]
