#!/usr/bin/python3
"""Makes an archive: a directory with valid and damaged saves of all kinds, and other files."""

import argparse
import bz2
import gzip
import hashlib
import io
import lzma
import os
import random
import re
import shutil
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import cases, flavours, legacy, make_stream
from kit.make_fixtures import FIXTURES

UNSUPPORTED_SAVES = ("hvm32-tmem", "pv32-two-level", "xend-2.0", "xl-in-libvirt")     # recognised as saves
XL_MAGIC = b"Xen saved domain, xl format\n \0 \r"

COMPRESSIONS = {"gz": lambda data: gzip.compress(data, mtime=0), "xz": lzma.compress, "bz2": bz2.compress}


class Entry(NamedTuple):
    name: str
    data: bytes
    result: str         # expected in the report of the first run


def tar(name: str, data: bytes, fmt: int = tarfile.USTAR_FORMAT) -> bytes:
    out, info = io.BytesIO(), tarfile.TarInfo(name)
    info.size = len(data)
    with tarfile.open(fileobj=out, mode="w", format=fmt) as f:
        f.addfile(info, io.BytesIO(data))
    return out.getvalue()


def zipped(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as f:
        f.writestr(name, data)
    return out.getvalue()


def unreadable(save: bytes) -> dict[str, bytes]:
    """Damaged saves and saves in unsupported formats. Those without a magic have names by which they are recognised."""
    rest, sparse_vhd = bytes(504), b"conectix" + bytes(504) + b"cxsparse" + bytes(1016)
    return {
        "empty.save": b"", "empty.save.gz": gzip.compress(b"", mtime=0), "zeros.chk": bytes(5000), "text.xvs": b"not a save\n",
        "dir.d/suspend-image": b"?" * 100, "xl-header-cut": XL_MAGIC[:20], "xl-as-text": XL_MAGIC[:27] + b"\r" + XL_MAGIC[27:] + save,
        "xend-cut": b"LinuxGuest", "gzip-damaged": gzip.compress(save, mtime=0)[:40], "xz-damaged": lzma.compress(save)[:30],
        "tar": tar("a.save", save), "tar.gz": gzip.compress(tar("a.save", save, tarfile.GNU_FORMAT), mtime=0),
        "xva": tar("ova.xml", b"<xml/>"), "zip": zipped("a.save", save),
        "vhd": sparse_vhd + save, "vhd-fixed": b"\xa5" * 4096 + b"conectix" + rest,
        "vhdx": b"vhdxfile" + bytes(1000), "qcow2": b"QFI\xfb\0\0\0\3" + bytes(1000), "vmdk": b"KDMV\1" + bytes(1000),
        "ext2": bytes(1080) + b"\x53\xef" + bytes(3000), "lzop": b"\x89LZO\0\r\n\x1a\n" + bytes(100),
        "compressed-twice": gzip.compress(gzip.compress(save, mtime=0), mtime=0),
    }


def result_of(case: cases.Case) -> str:
    """The result without options: bare streams become libxc format, so a damaged toolstack blob is no error."""
    if not case.refused or (case.save.header is None and "-toolstack-" in case.name):
        return "converted"
    if case.name.endswith("-xl-already"):
        return "already-v2"
    return "unreadable" if "legacy" in case.refused else "failed"


def contents() -> list[Entry]:
    """All cases, some of them with xl headers, compressed or truncated; the fixtures, of all containers, and their conversions; files
    of formats that may contain saves; files that are no saves."""
    made = [Entry(f"{c.name}.save", c.octets(), result_of(c)) for c in cases.CASES if not c.by_name and not c.ambiguous]
    made += [Entry(f"{c.name}-xl.save", make_stream.with_xl(c).octets(), "converted") for c in cases.good()[::3]]
    for p in sorted(FIXTURES.glob("*.legacy")):
        kind, _, what = p.stem.partition("-")
        result = ("already-v2" if re.search("v[23]$", what) else "failed" if kind == "bad" or what in UNSUPPORTED_SAVES
                  else "unreadable" if kind == "unsupported" else "converted")
        made.append(Entry(f"{p.name}.save", p.read_bytes(), result))
    made += [Entry(f"{p.name}.save", p.read_bytes(), "already-v2") for p in sorted(FIXTURES.glob("*.expected"))]
    made += [Entry(f"{c.name}-{end}.save", squeeze(c.octets()), "converted")
             for end, squeeze in COMPRESSIONS.items() for c in cases.good()[::40]]
    made += [Entry(f"{c.name}-cut.save", c.octets()[:len(c.octets()) * 2 // 3], "failed")
             for c in cases.good()[::5] if not c.save.later]
    made += [Entry(name, data, "unreadable") for name, data in unreadable(cases.named("hvm64-age-4-5-4").octets()).items()]
    made += [Entry("notes.txt", b"not a save\n" * 40, "other"), Entry("empty", b"", "other"), Entry("zeros.img", bytes(9000), "other"),
             Entry("notes.gz", gzip.compress(b"not a save\n" * 4000, mtime=0), "other"), Entry("core", b"\x7fELF" + bytes(200), "other")]
    return made


def make(root: Path, small: int, large: int, size: int, seed: int = 1) -> dict[bytes, str]:
    """Makes small files from contents() and large saves with size octets of memory. Returns the expected result of each file."""
    rng, kinds, made = random.Random(seed), contents(), {}
    rng.shuffle(kinds)
    for i in range(small):
        entry = kinds[i % len(kinds)]
        path = root / f"{i % 7}" / f"host{i % 23}" / f"{i:05}" / entry.name if "/" in entry.name else (
            root / f"{i % 7}" / f"host{i % 23}" / f"{i:05}-{entry.name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(entry.data)
        made[os.fsencode(path.relative_to(root))] = entry.result
    for i in range(large):
        path = root / f"large{i:02}.save"
        if i < len(flavours.ALL):
            with open(path, "wb") as f:
                legacy.write(make_stream.big(flavours.ALL[i], size), f)
        else:
            shutil.copyfile(root / f"large{i % len(flavours.ALL):02}.save", path)
        made[os.fsencode(path.relative_to(root))] = "converted"
    return made


def snapshot(root: Path) -> dict[bytes, str]:
    """Maps each path to its content."""
    found = {}
    for directory, _, names in os.walk(os.fsencode(root)):
        for name in names:
            path = os.path.join(directory, name)
            with open(path, "rb") as f:
                found[os.path.relpath(path, os.fsencode(root))] = hashlib.sha256(f.read()).hexdigest()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("--small", type=int, default=10000)
    parser.add_argument("--large", type=int, default=20)
    parser.add_argument("--size", type=make_stream.octets, default="64M", help="memory of the large ones (%(default)s)")
    args = parser.parse_args()
    args.root.mkdir(exist_ok=True)
    make(args.root, args.small, args.large, args.size)


if __name__ == "__main__":
    main()
