#!/usr/bin/python3
"""Measures directory runs: two workers compared with one for many small saves, and with cp -r for large ones. Prints ratios
of medians of alternating runs. cp does not sync, so both run without; the cost of syncing is printed separately."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Callable

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import archive, cases, flavours, legacy, make_stream, program

KIND = "hvm64-age-4-5-4"


def timed(argv: list) -> float:
    os.sync()
    begun = time.monotonic()
    subprocess.run(argv, check=True)
    return time.monotonic() - begun


def in_turn(commands: dict[str, Callable[[Path], list]], root: Path, repeat: int, keep: bool) -> dict[str, float]:
    """Runs the commands alternately; returns the median times. keep: do not remove the outputs, since ext4 allocates inodes
    slowly after many have been freed."""
    runs = {name: [] for name in commands}
    root.mkdir(exist_ok=True)
    for i in range(repeat + 1):
        for number, (name, command) in enumerate(commands.items()):
            output = root / f"out{i}.{number}"
            took = timed(command(output))
            if not keep:
                shutil.rmtree(output)
            if i:       # the first round only warms the caches
                runs[name].append(took)
    return {name: median(took) for name, took in runs.items()}


def yardstick(repeat: int) -> float:
    """The speedup of two processes over one on this machine: loops that start small processes, as most of the work on small
    saves does."""
    loop = ["sh", "-c", "i=0; while [ $i -lt 1000 ]; do /bin/true; i=$((i+1)); done"]
    alone, together = [], []
    for _ in range(repeat):
        for count, took in ((1, alone), (2, together)):
            begun = time.monotonic()
            for process in [subprocess.Popen(loop) for _ in range(count)]:
                process.wait()
            took.append(time.monotonic() - begun)
    return 2 * median(alone) / median(together)


def batch(source: Path, jobs: int, *more: str) -> Callable[[Path], list]:
    return lambda output: [program.PROGRAM, "-i", source, "-o", output, "-q", "-j", str(jobs), *more]


def small(root: Path, data: bytes, count: int, repeat: int) -> None:
    root.mkdir()
    source = root / "small"
    for i in range(count):
        directory = source / f"{i % 50}"
        directory.mkdir(parents=True, exist_ok=True)
        (directory / f"{i}.save").write_bytes(data)
    for what, more in (("without waiting for the disk", ["--no-sync"]), ("each synced before the rename", [])):
        took = in_turn({f"-j {n}": batch(source, n, *more) for n in (1, 2)}, root / what.partition(" ")[0], repeat, keep=True)
        one, two = took["-j 1"], took["-j 2"]
        print(f"{count} saves of {len(data)} bytes, {what}: -j 1 {one:.2f} s, -j 2 {two:.2f} s; "
              f"two workers are {one / two:.2f} times one")
    print(f"two loops of small processes: {yardstick(repeat):.2f} times one")


def large(root: Path, count: int, size: int, repeat: int) -> None:
    source = root / "large"
    source.mkdir()
    archive.make(source, 0, count, size)
    took = in_turn({"cp -r": lambda output: ["cp", "-r", source, output], "-j 2": batch(source, 2, "--no-sync"),
                    "-j 1": batch(source, 1, "--no-sync")}, root, repeat, keep=False)
    print(f"{count} saves of {size >> 20} MiB: cp -r {took['cp -r']:.2f} s, -j 2 {took['-j 2']:.2f} s, -j 1 {took['-j 1']:.2f} s; "
          f"two workers take {took['-j 2'] / took['cp -r']:.2f} times what cp -r takes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=3000, help="number of tiny saves; a sixth of that are used of 1 MiB (%(default)s)")
    parser.add_argument("--large", type=int, default=6, help="number of large saves (%(default)s)")
    parser.add_argument("--size", type=make_stream.octets, default="192M", help="memory of the large saves (%(default)s)")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each command (%(default)s)")
    parser.add_argument("--dir", type=Path, default=program.PROJECT / "build", help="directory for the files")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.dir) as root:
        if args.small:
            small(Path(root) / "tiny", cases.named(KIND).octets(), args.small, args.repeat)
            small(Path(root) / "small", legacy.octets(make_stream.big(flavours.ALL[0], 1 << 20)), args.small // 6, args.repeat)
        if args.large:
            large(Path(root), args.large, args.size, args.repeat)


if __name__ == "__main__":
    main()
