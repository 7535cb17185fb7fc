#!/bin/sh
# Builds the OCI image of docs/packaging/Containerfile and converts a directory in it, with reports in all formats and compressed saves. Needs root
# and buildah. Neither a registry nor cgroups are needed: the base is a minimal Debian 12 by debootstrap, and the isolation is chroot.
set -eu
cd "$(dirname "$0")/../.."
. tests/common.sh
need_packages buildah debootstrap zstd
mkdir -p build
. tests/package/chroot.sh
base=$(buildah from scratch)
tar -C "$chroot" -cf build/base.tar .
buildah add -q "$base" build/base.tar / >/dev/null
rm build/base.tar
buildah commit -q --rm "$base" localhost/cls-base >/dev/null
buildah build -q --isolation chroot --network host --build-arg BASE=localhost/cls-base -f docs/packaging/Containerfile -t localhost/convert-legacy-stream . \
    >build/image.log 2>&1 || { tail -n 30 build/image.log >&2; exit 1; }
container=$(buildah from localhost/convert-legacy-stream)
in=$(buildah mount "$container")/srv/saves
mkdir -p "$in/old"
cp fixtures/good-xl-*.legacy fixtures/good-libvirt-*.legacy "$in/old"
zstd -q --rm "$in"/old/good-xl-hvm64.legacy
# buildah run ignores the entry point, so give the command
buildah run --isolation chroot "$container" sh -c 'convert-legacy-stream -i /srv/saves/old -o /srv/saves/new --verify \
    --report /srv/saves/report.jsonl --report /srv/saves/report.xml --report /srv/saves/report.html'
for old in "$in"/old/*; do
    buildah run --isolation chroot "$container" verify-stream-v2 -i "/srv/saves/new/$(basename "$old")" || exit 1
done
[ "$(grep -c '"result": *"converted"' "$in/report.jsonl")" -eq "$(ls "$in/old" | wc -l)" ]
grep -q sha256 "$in/report.xml"
buildah inspect --format 'entry point: {{.OCIv1.Config.Entrypoint}}{{"\n"}}' localhost/convert-legacy-stream
echo "size: $(buildah images --format '{{.Size}}' localhost/convert-legacy-stream), of which Debian: $(buildah images --format '{{.Size}}' localhost/cls-base)"
buildah rm "$container" >/dev/null
