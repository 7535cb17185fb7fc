#!/bin/sh
# Fetches Debian 12's xen-utils-4.17 and unpacks it into DIR (default: build/xen-utils of this project).
# Nothing is installed, configured or started; root is not needed. Does nothing if DIR has it already.
set -eu
dir=${1:-$(cd "$(dirname "$0")/../.." && pwd)/build/xen-utils}
script=usr/lib/xen-4.17/bin/convert-legacy-stream
[ -e "$dir/$script" ] && exit 0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
cd "$work"

# As root, apt would read the package as user _apt, who cannot access a temporary directory.
quiet="-qq -o APT::Sandbox::User=$(id -un)"
# Uses the host's package lists, or else a private copy: the host is not changed.
own="-o Dir::State::lists=$work/lists -o Dir::Cache=$work/cache"
apt-get $quiet download xen-utils-4.17 2>/dev/null ||
    { apt-get $quiet $own update && apt-get $quiet $own download xen-utils-4.17; } ||
    { echo "$0: cannot download xen-utils-4.17 (it needs Debian 12's package sources)" >&2; exit 1; }
dpkg -x xen-utils-4.17_*.deb unpacked
[ -e "unpacked/$script" ]

# Renamed into place, so that an interrupted run leaves nothing incomplete.
mkdir -p "$(dirname "$dir")"
rm -rf "$dir.new" && cp -R unpacked "$dir.new" && rm -rf "$dir" && mv "$dir.new" "$dir"
