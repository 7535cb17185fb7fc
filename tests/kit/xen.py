"""Runs Xen's scripts from Debian 12's package xen-utils-4.17.

Workarounds: the package's modules are not in Python's path. The script's -x does not work under Python 3, so it is
never given an xl header. Its verifier cannot read libxl's xenstore record under Python 3, so it is only given the
libxc part of a stream.
"""

import functools
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


@functools.cache
def _installed() -> tuple[Path, dict[str, str]]:
    """The directory of the scripts and the environment that they need."""
    root = Path(os.environ.get("CLS_XEN_UTILS") or PROJECT / "build" / "xen-utils")
    if not os.environ.get("CLS_XEN_UTILS"):
        subprocess.run([str(Path(__file__).with_name("fetch-xen-utils.sh")), str(root)], check=True)
    found = sorted(root.glob("usr/lib/xen-*/bin/convert-legacy-stream"))
    assert found, f"no convert-legacy-stream of Xen below {root}"
    modules = found[0].parents[1] / "lib" / "python"
    return found[0].parent, {**os.environ, "PYTHONPATH": str(modules), "PYTHONDONTWRITEBYTECODE": "1"}


def _run(script: str, *args: str) -> subprocess.CompletedProcess:
    where, env = _installed()
    return subprocess.run([sys.executable, str(where / script), *args], env=env, stdin=subprocess.DEVNULL,
                          capture_output=True, check=False)


def convert_file(source: Path, target: Path, width: int, guest: str, fmt: str) -> int:
    """Converts a bare legacy stream; fmt may be "libxc --skip-qemu". Returns the exit status."""
    return _run("convert-legacy-stream", "-i", str(source), "-o", str(target), "-w", str(width), "-g", guest,
                "-f", *fmt.split()).returncode


@functools.cache
def _identity() -> bytes:
    """Hash of this script and its modules."""
    where, env = _installed()
    files = [where / "convert-legacy-stream", *sorted(Path(env["PYTHONPATH"]).rglob("*.py"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).digest()


@functools.lru_cache(maxsize=1000)
def convert(stream: bytes, width: int, guest: str, fmt: str) -> tuple[int, bytes]:
    """Converts a bare legacy stream; returns exit status and output.

    Successful results are cached in build/ by the content of script and stream, since Python starts slowly and many
    tests need the same results.
    """
    key = hashlib.sha256(_identity() + f"{width} {guest} {fmt} ".encode() + stream).hexdigest()
    kept = PROJECT / "build" / "xen-script" / key
    if kept.exists():
        return 0, kept.read_bytes()
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as tmp:
        source, target = Path(tmp, "in.legacy"), Path(tmp, "out.v2")
        source.write_bytes(stream)
        status = convert_file(source, target, width, guest, fmt)
        output = target.read_bytes() if target.exists() else b""
        if status == 0:
            target.rename(kept)
        return status, output


def verify_libxc(path: Path) -> str:
    """The errors of Xen's verifier for a libxc stream in a file; empty if it is valid."""
    done = _run("verify-stream-v2", "-i", str(path), "-f", "libxc")
    return "" if done.returncode == 0 else f"exit status {done.returncode}: {done.stderr.decode()}"
