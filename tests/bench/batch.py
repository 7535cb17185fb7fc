#!/usr/bin/python3
"""Whole archives: two workers against one on many small saves, and against cp -r on large ones. Ratios of medians,
the commands in turn. What cp does not do (waiting for the disk) is left out on both sides, and told of beside it."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import archive, cases, make_stream, program

settle = 0.0
KIND = "hvm64-age-4-5-4"


def timed(argv: list, output: Path) -> float:
    shutil.rmtree(output, ignore_errors=True)
    os.sync()
    time.sleep(settle)
    begun = time.monotonic()
    subprocess.run(argv, check=True)
    return time.monotonic() - begun


def in_turn(commands: dict[str, list], output: Path, repeat: int) -> dict[str, float]:
    runs = {name: [] for name in commands}
    for i in range(repeat + 1):
        for name, argv in commands.items():
            took = timed(argv, output)
            if i:       # the first round warms up
                runs[name].append(took)
    return {name: median(took) for name, took in runs.items()}


def yardstick(repeat: int) -> float:
    """How many times as much as one busy loop two at once get done on this machine, as it is now."""
    loop = [sys.executable, "-c", "sum(range(30_000_000))"]
    alone, together = [], []
    for _ in range(repeat):
        for count, took in ((1, alone), (2, together)):
            begun = time.monotonic()
            for process in [subprocess.Popen(loop) for _ in range(count)]:
                process.wait()
            took.append(time.monotonic() - begun)
    return 2 * median(alone) / median(together)


def batch(source: Path, output: Path, jobs: int, *more: str) -> list:
    return [program.PROGRAM, "-i", source, "-o", output, "-q", "-j", str(jobs), *more]


def small(root: Path, count: int, repeat: int) -> None:
    source, output, data = root / "small", root / "out", cases.named(KIND).octets()
    for i in range(count):
        directory = source / f"{i % 50}"
        directory.mkdir(parents=True, exist_ok=True)
        (directory / f"{i}.save").write_bytes(data)
    for what, more in (("without waiting for the disk", ["--no-sync"]), ("each on disk before it has its name", [])):
        took = in_turn({f"-j {n}": batch(source, output, n, *more) for n in (1, 2)}, output, repeat)
        one, two = took["-j 1"], took["-j 2"]
        print(f"two busy loops: {yardstick(repeat):.2f} times one")
        print(f"{count} saves of {len(data)} bytes, {what}: -j 1 {one:.2f} s, -j 2 {two:.2f} s; "
              f"two workers are {one / two:.2f} times one")
    shutil.rmtree(source)


def large(root: Path, count: int, size: int, repeat: int) -> None:
    source, output = root / "large", root / "out"
    source.mkdir()
    archive.make(source, 0, count, size)
    took = in_turn({"cp -r": ["cp", "-r", source, output], "-j 2": batch(source, output, 2, "--no-sync"),
                    "-j 1": batch(source, output, 1, "--no-sync")}, output, repeat)
    print(f"{count} saves of {size >> 20} MiB: cp -r {took['cp -r']:.2f} s, -j 2 {took['-j 2']:.2f} s, -j 1 {took['-j 1']:.2f} s; "
          f"two workers take {took['-j 2'] / took['cp -r']:.2f} times what cp -r takes")
    shutil.rmtree(source)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=3000, help="how many (%(default)s)")
    parser.add_argument("--large", type=int, default=6, help="how many (%(default)s)")
    parser.add_argument("--size", type=make_stream.octets, default="192M", help="of the large ones (%(default)s)")
    parser.add_argument("--repeat", type=int, default=3, help="(%(default)s)")
    parser.add_argument("--dir", type=Path, default=program.PROJECT / "build", help="where the files lie")
    parser.add_argument("--settle", type=float, default=6, metavar="SECONDS", help="before each run: ext4 takes its time with "
                        "inodes that were freed within the last five (%(default)s; tmpfs needs none)")
    args = parser.parse_args()
    global settle
    settle = args.settle
    with tempfile.TemporaryDirectory(dir=args.dir) as root:
        if args.small:
            small(Path(root), args.small, args.repeat)
        if args.large:
            large(Path(root), args.large, args.size, args.repeat)


if __name__ == "__main__":
    main()
