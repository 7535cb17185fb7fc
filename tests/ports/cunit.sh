#!/bin/sh
# cunit.sh DIRECTORY COMPILER [FLAG...]: builds CUnit from Debian's source package for another architecture or libc.
# Writes DIRECTORY/libcunit.a and DIRECTORY/include/CUnit; does nothing if they exist.
set -eu
dir=$1
shift
[ -e "$dir/libcunit.a" ] && exit 0
source=$(cd "$(dirname "$0")/../.." && pwd)/build/cunit-source

# fetch: downloads the source. Uses the host's package sources with separate lists, so that the host is not changed.
fetch() {
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    mkdir -p "$work/lists/partial" "$work/parts"
    for list in /etc/apt/sources.list.d/*.sources; do
        sed 's/^Types: *deb$/Types: deb-src/' "$list" >"$work/parts/$(basename "$list")"
    done
    if [ -e /etc/apt/sources.list ]; then
        sed -n 's/^deb /deb-src /p' /etc/apt/sources.list >"$work/parts/main.list"
    fi
    options="-qq -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts=$work/parts
             -o Dir::State::lists=$work/lists -o APT::Sandbox::User=$(id -un)"
    (cd "$work" && apt-get $options update && apt-get $options --download-only source cunit)
    mkdir -p "$source"
    tar -xzf "$work"/cunit_*.orig.tar.gz -C "$source" --strip-components=2 --wildcards \
        '*/CUnit/Headers/*.h' '*/CUnit/Sources/Framework/*.c' '*/CUnit/Sources/Basic/*.c'
}

[ -e "$source/Sources/Basic/Basic.c" ] || fetch
mkdir -p "$dir/include/CUnit"
cp "$source"/Headers/*.h "$dir/include/CUnit"
objects=""
for file in "$source"/Sources/*/*.c; do
    object=$dir/$(basename "$file" .c).o
    "$@" -O1 -w -I"$dir/include/CUnit" -c "$file" -o "$object"
    objects="$objects $object"
done
rm -f "$dir/libcunit.a"
ar rcs "$dir/libcunit.a" $objects
