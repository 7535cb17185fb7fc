#!/bin/sh
# Restores real saves of Xen 4.5 on a real Xen 4.17 in QEMU (../shared/lab), in each way in which people do; some minutes and 3 GB of memory.
# Ends with status 0 if every guest ran on, its memory right.
set -eu
cd "$(dirname "$0")/../.."
. tests/common.sh
lab=${XEN_LAB:-../shared/lab/lab}
saves=${XEN_SAVES:-../shared/data}
need_packages $BUILD_PACKAGES zstd
build release -DBUILD_TESTING=OFF
convert=build/release/bin/convert-legacy-stream
verify=build/release/bin/verify-stream-v2
work=build/lab
mkdir -p "$work"
failed=0

# restore SAVE [OPTION...]: one boot; of what the lab says, the lines that tell.
restore() {
    "$lab" restore "$@" >"$work/log" 2>&1 || failed=$((failed + 1))
    grep -E '^(argv:|input offset|exit status:|Loading new save|xc: info:|(\(d1\) )?TICK|--- device model:|lab: took|RESULT=)' "$work/log" |
        sed -e 's/^/    /' -e 's/(d1) TICK/TICK/' -e 's/TICK \([0-9]*\) pat=\([A-Z]*\).*/TICK \1, memory \2/'
    grep -q '^RESULT=' "$work/log" || tail "$work/log"
}

for guest in pv hvm; do
    name=$guest-legacy-4.5
    echo "== $name: xl restore, our program as libxl's helper"
    restore "$saves/$name.save.zst" --converter "$convert"

    zstd -dqf "$saves/$name.save.zst" -o "$work/old.save"
    for version in 2 3; do
        echo "== $name: converted to a file, stream version $version; xl restore without a helper"
        "$convert" -i "$work/old.save" -o "$work/$name.v$version.save" --stream-version $version
        "$verify" -v -i "$work/$name.v$version.save" | sed -n 's/^sound/    sound/p'
        # What the guest needs and has to show.
        cp -f "$saves/$name.save.lab" "$work/$name.v$version.save.lab"
        restore "$work/$name.v$version.save"
        rm -f "$work/$name.v$version.save"
    done
done
rm -f "$work/old.save"
echo "failed: $failed"
[ "$failed" -eq 0 ]
