#!/bin/bash
# restore.sh [REPEAT]: measures the converter's share of the CPU time of a complete `xl restore`, for our program and for Xen's script. Runs
# Xen 4.17 in QEMU (../shared/lab, which lists its requirements); prints a row for each run. The times are those of emulated processes in
# dom0, so only their ratio is meaningful.
set -eu
cd "$(dirname "$0")/../.."
. tests/common.sh
lab=../shared/lab
export XEN_LAB_DIR=${XEN_LAB_DIR:-/var/tmp/xen-lab}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tests/kit/fetch-xen-utils.sh

# python_tar FILE: archives the interpreter and the modules that the script needs, compiled, since dom0 has no Python.
python_tar() {
    root=$(echo "$PWD"/build/xen-utils/usr/lib/xen-*)
    mkdir -p "$work/py/xen-script"
    cp "$root/bin/convert-legacy-stream" "$work/py/xen-script"
    cp -r "$root/lib/python/xen" "$work/py/xen-script"
    /usr/bin/python3 -m compileall -q "$work/py/xen-script/xen"
    {
        echo /usr/bin/python3.11
        ldd /usr/bin/python3.11 | grep -o '/[^ ]*'
        find /usr/lib/python3.11 \( -path '*/encodings/*' -o -path '*/collections/*' -o -path '*/importlib/*' -o -path '*/re/*' \) -type f
        find /usr/lib/python3.11 -maxdepth 1 -type f
        find /usr/lib/python3.11/__pycache__ -type f
    } | tar -chf - -T - 2>/dev/null | tar -C "$work/py" -xf -
    tar -C "$work/py" -cf "$1" .
}

# extra DIR [PYTHON]: makes the lab's scripts for dom0, which measure by the shell's times.
extra() {
    mkdir -p "$1"
    sed -e '/^timeout .* xl /i times >/tmp/out/before.times' -e '/^rc=\$?/a times >/tmp/out/after.times' $lab/dom0/restore >"$1/restore"
    cat >"$1/helper" <<'H'
#!/bin/sh
LD_LIBRARY_PATH=/tmp/in/lib /tmp/in/converter "$@" 2>/tmp/out/helper.stderr
rc=$?
times >/tmp/out/helper.times
echo "exit status: $rc" >/tmp/out/helper.txt
exit $rc
H
    [ -z "${2:-}" ] || {
        cp "$2" "$1/python.tar"
        sed -i '1a tar -C / -xf /tmp/in/python.tar' "$1/restore"
    }
}

# seconds FILE: prints the sum of user and system time of the shell's children.
seconds() {
    awk 'NR == 2 { for (i = 1; i <= 2; i++) { split($i, t, "m"); sum += 60 * t[1] + t[2] } } END { print sum }' "$1"
}

run() { # GUEST NAME CONVERTER EXTRA
    rm -rf "$work/kept"
    $lab/lab restore ../shared/data/"$1"-legacy-4.5.save.zst --converter "$3" --extra "$4" --keep "$work/kept" >"$work/log" 2>&1 || true
    result=$(sed -n 's/^RESULT=//p' "$work/log" | tail -n 1)
    awk -v guest="$1" -v name="$2" -v result="$result" -v helper="$(seconds "$work/kept/helper.times")" \
        -v before="$(seconds "$work/kept/before.times")" -v after="$(seconds "$work/kept/after.times")" 'BEGIN {
            printf "%-4s %-22s converter %6.2f s of %6.2f s: %4.1f %%   %s\n",
                guest, name, helper, after - before, 100 * helper / (after - before), result }'
}

extra "$work/ours"
python_tar "$work/python.tar"
extra "$work/xen" "$work/python.tar"
cat >"$work/script" <<'E2'
#!/bin/sh
export PYTHONPATH=/xen-script PYTHONDONTWRITEBYTECODE=1
unset LD_LIBRARY_PATH
exec /usr/bin/python3.11 /xen-script/convert-legacy-stream "$@"
E2
chmod +x "$work/script"
for _ in $(seq "${1:-3}"); do
    for guest in pv hvm; do
        run $guest convert-legacy-stream build/release/bin/convert-legacy-stream "$work/ours"
        run $guest "Xen's script" "$work/script" "$work/xen"
    done
done
