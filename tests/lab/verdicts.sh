#!/bin/bash
# Compares verdicts with results of restores. Uses real saves of Xen 4.5, unchanged and edited (edit_save.py), on real Xen releases in QEMU
# (../shared/lab): in dom0, `--inspect --for host` gives a verdict, and xl restores the save with our converter, without and with --repair.
#
#     tests/lab/verdicts.sh [4.17|4.20]...     prints a table: Xen, save, options, verdict and limits, result
#
# Each row takes a minute of CPU time. Exit status 0: verdict and result agree in each row.
set -eu
cd "$(dirname "$0")/../.."
lab=$(cd "${XEN_LAB:-../shared/lab}" && pwd)
saves=$(cd "${XEN_SAVES:-../shared/data}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XEN_LAB_DIR=${XEN_LAB_DIR:-/var/tmp/xen-lab}
status=0

# NAME GUEST EDIT...
cases='plain pv
plain hvm
tsc pv tsc-mode-3
tsc hvm tsc-mode-3
mcg hvm mcg-caps
mcg-pv-on-intel pv mcg-caps
xsave pv xsave-of-host
viridian-state hvm viridian-state
viridian hvm viridian=1 viridian-state viridian-config
fip hvm fip-width=8'

# judge XEN NAME GUEST OPTIONS: restores guest.save; prints the row.
judge() {
    mkdir -p "$work/in"
    sed "/^# -e:/i export CONVERT_LEGACY_STREAM_OPTIONS=\"$4\"\n/tmp/in/converter -i /tmp/in/guest.save --inspect --for host >/tmp/out/verdict.txt 2>/tmp/out/verdict.err" \
        "$lab/dom0/restore" >"$work/in/restore"
    "$lab/lab" restore "$work/guest.save" --converter "$PWD/build/release/bin/convert-legacy-stream" --extra "$work/in" --keep "$work/kept" \
        >"$work/log" 2>&1 || :
    verdict=$(sed -n 's/^restore: //p' "$work/kept/verdict.txt")
    limits=$(sed -n 's/^  \(R[0-9]*\): .*/\1/p' "$work/kept/verdict.txt" | sort -u | tr '\n' ' ')
    result=$(sed -n 's/^.*RESULT=\([A-Z-]*\).*/\1/p' "$work/log" | tail -n 1)
    repaired=$(sed -n 's/.*repaired (\([a-z-]*\)).*/\1/p' "$work/kept/helper.stderr" 2>/dev/null | tr '\n' ' ')
    printf '%-5s %-16s %-4s %-9s %-16s %-5s %-22s %s\n' "$1" "$2" "$3" "${4:--}" "$verdict" "${limits:--}" "$result" "$repaired"
    case "$4 $verdict $result" in
        " no RESTORE-FAILED" | " yes RUNS" | " needs attention RUNS" | "--repair no RUNS" | "--repair yes RUNS" | "--repair needs attention RUNS") ;;
        *) status=1 ;;
    esac
}

printf '%-5s %-16s %-4s %-9s %-16s %-5s %-22s %s\n' Xen save '' options verdict limit result repaired
for xen in "${@:-4.17}"; do
    [ "$xen" = 4.17 ] || export XEN_LAB_DEBIAN=13
    while read -r name guest edits; do
        zstd -dqf "$saves/$guest-legacy-4.5.save.zst" -o "$work/old.save"
        # shellcheck disable=SC2086
        tests/lab/edit_save.py "$work/old.save" "$work/guest.save" $edits
        cp "$saves/$guest-legacy-4.5.save.lab" "$work/guest.save.lab"
        judge "$xen" "$name" "$guest" ""
        [ "$name" = plain ] || judge "$xen" "$name" "$guest" --repair
    done <<<"$cases"
done
exit $status
