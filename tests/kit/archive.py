#!/usr/bin/python3
"""Makes an archive: a directory with saves of all kinds, sound and broken ones, and other files among them."""

import argparse
import bz2
import gzip
import hashlib
import lzma
import os
import random
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import cases, flavours, legacy, make_stream
from kit.make_fixtures import FIXTURES

COMPRESSIONS = {"gz": lambda data: gzip.compress(data, mtime=0), "xz": lzma.compress, "bz2": bz2.compress}


def contents() -> list[tuple[str, bytes]]:
    """Name and octets: every case, bare and behind xl headers; the fixtures, which are of all envelopes, and what they become,
    which are v2 saves; compressed ones; truncated ones; files that are no saves."""
    made = [(c.name, c.octets()) for c in cases.CASES if not c.by_name]
    made += [(f"{c.name}-xl", make_stream.with_xl(c).octets()) for c in cases.good()[::3]]
    made += [(p.name, p.read_bytes()) for end in ("legacy", "expected") for p in sorted(FIXTURES.glob(f"*.{end}"))]
    made += [(f"{c.name}-{end}", squeeze(c.octets())) for end, squeeze in COMPRESSIONS.items() for c in cases.good()[::40]]
    made += [(f"{c.name}-cut", c.octets()[:len(c.octets()) * 2 // 3]) for c in cases.good()[::5]]
    made += [("notes", b"not a save\n" * 40), ("empty", b"")]
    return made


def make(root: Path, small: int, large: int, size: int, seed: int = 1) -> None:
    """small files of contents() in turn, and large saves of so many octets of memory, in a few directories."""
    rng, kinds = random.Random(seed), contents()
    rng.shuffle(kinds)
    for i in range(small):
        name, data = kinds[i % len(kinds)]
        directory = root / f"{i % 7}" / f"host{i % 23}"
        directory.mkdir(parents=True, exist_ok=True)
        (directory / f"{i:05}-{name}.save").write_bytes(data)
    for i in range(large):
        path = root / f"large{i:02}.save"
        if i < len(flavours.ALL):
            with open(path, "wb") as f:
                legacy.write(make_stream.big(flavours.ALL[i], size), f)
        else:
            shutil.copyfile(root / f"large{i % len(flavours.ALL):02}.save", path)


def snapshot(root: Path) -> dict[bytes, str]:
    """Each file's path and what is in it."""
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
