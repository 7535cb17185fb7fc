# Sourced by quickstart.sh, test.sh and the scripts in tests/: the Debian 12 packages that are needed, and quiet builds.

BUILD_PACKAGES="gcc libc6-dev make cmake pkg-config libxml2-dev libjson-c-dev nettle-dev"
# clang and libclang-rt-14-dev: fuzz targets. libxml2-utils: xmllint. strace: tests of system calls. python3: end-to-end tests
# and Xen's script. mandoc: lint of the man pages. codespell: spelling.
TEST_PACKAGES="libcunit1-dev codespell clang libclang-rt-14-dev python3 libxml2-utils zstd xz-utils gzip bzip2 lz4 strace mandoc ca-certificates"

# need_packages PACKAGE...: installs missing packages if run by root, otherwise prints their names and fails.
need_packages() {
    missing=""
    for package in "$@"; do
        status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) || status=""
        [ "$status" = "install ok installed" ] || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        echo "These packages are missing; as root: apt-get install$missing" >&2
        return 1
    fi
    echo "Installing:$missing"
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086
    { apt-get -qq update && apt-get -qq -y --no-install-recommends install $missing; } >&2 || {
        echo "apt-get could not install:$missing" >&2
        return 1
    }
}

# build PRESET [OPTION...]: configures and builds; prints the log only on failure.
build() {
    preset=$1
    shift
    mkdir -p build
    log=build/$preset.log
    { cmake --preset "$preset" "$@" && cmake --build --preset "$preset" -j "$(nproc)"; } >"$log" 2>&1 || {
        cat "$log" >&2
        return 1
    }
}
