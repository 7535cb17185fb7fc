#!/usr/bin/python3
"""Compares our programs with plain tools that read or write the same bytes: warm cache, alternating runs, medians.

    tests/bench/pairs.py [--size 1G] [--repeat 7] [--directory DIR]

Prints a table for docs/benchmarks.md. Needs an otherwise idle machine, and zstd.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Callable, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import cases, flavours, legacy, make_stream, program, verifier


class Cost(NamedTuple):
    wall: float
    cpu: float

    def __sub__(self, other: "Cost") -> "Cost":
        return Cost(self.wall - other.wall, self.cpu - other.cpu)


class Pair(NamedTuple):
    what: str
    ours: str           # like the others, a command for sh
    peer: str
    without: str = ""   # the cost of this command is subtracted from that of ours


def run(command: str) -> Cost:
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(["sh", "-c", command], check=True)
    wall, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def middle(costs: list[Cost]) -> Cost:
    return Cost(*(median(column) for column in zip(*costs)))


def settle(ballast: Path, size: int) -> None:
    """In virtual machines the first use of memory is slow: uses memory and frees it."""
    block = bytes(1 << 20)
    with ballast.open("wb", buffering=0) as out:
        for _ in range(3 * size // len(block)):
            out.write(block)
    ballast.unlink()
    os.sync()


def measure(pair: Pair, repeat: int, settled: Callable[[], None]) -> tuple[Cost, Cost]:
    """Returns our cost and that of the peer."""
    commands = [c for c in (pair.ours, pair.peer, pair.without) if c]
    costs: dict[str, list[Cost]] = {c: [] for c in commands}
    for c in commands:
        run(c)
    for i in range(repeat):
        for k in range(len(commands)):
            c = commands[(i + k) % len(commands)]       # so that the first command of a round varies
            settled()
            costs[c].append(run(c))
    ours, peer = middle(costs[pair.ours]), middle(costs[pair.peer])
    return ours - middle(costs[pair.without]) if pair.without else ours, peer


def pairs(root: Path, size: int) -> list[Pair]:
    """Makes the inputs; returns the commands to compare."""
    old, new, same, live, packed, tiny = (root / n for n in ("old.save", "new.v2", "same.v2", "live.save", "old.zst", "tiny.save"))
    out = root / "out"
    with old.open("wb") as f:
        legacy.write(make_stream.big(flavours.HVM64, size), f)
    with live.open("wb") as f:
        legacy.write(make_stream.big(flavours.HVM64, size, again=size // 4), f)
    tiny.write_bytes(cases.named("hvm64-age-4-5").octets())
    subprocess.run(["zstd", "-q", "-1", old, "-o", packed], check=True)
    ours, check = f"{program.PROGRAM} -q", verifier.PROGRAM
    subprocess.run([program.PROGRAM, "-q", "-i", old, "-o", new], check=True)
    subprocess.run(["cp", new, same], check=True)
    plain = f"{ours} -i {old} -o {out} --no-sync"
    return [
        Pair("`--verify`, beyond the conversion, against `cmp`", f"{plain} --verify", f"cmp {new} {same}", plain),
        Pair("`verify-stream-v2` against `cat` to a pipe", f"{check} -q -i {new}", f"cat {new} | cat >/dev/null"),
        Pair("`--inspect` of the old save against `cat` to a pipe", f"{ours} --inspect -i {old} >/dev/null", f"cat {old} | cat >/dev/null"),
        Pair("a live save, `--compact` against `cp`", f"{ours} --compact -i {live} -o {out} --no-sync", f"cp {live} {out}"),
        Pair("a live save, as it is against `cp`", f"{ours} -i {live} -o {out} --no-sync", f"cp {live} {out}"),
        Pair("a `.zst` against `zstd -dc \\| cat` to a file", f"{ours} -i {packed} -o {out} --no-sync", f"zstd -dc {packed} | cat >{out}"),
        Pair("in place of an existing file against `cp` and `mv`", plain, f"cp {new} {out}.2 && mv {out}.2 {out}"),
        Pair("a small save in place of an existing file, synced, against `cp`, `sync` and `mv`", f"{ours} -i {tiny} -o {out}.t",
             f"cp {tiny} {out}.3 && sync {out}.3 && mv {out}.3 {out}.t"),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="1G", help="memory of the guest (default 1G)")
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--directory", type=Path, help="directory for the files")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.directory) as root:
        print("| what | wall | CPU | ours, s (CPU) | the other, s (CPU) |\n| --- | ---: | ---: | ---: | ---: |")
        size = make_stream.octets(args.size)
        for pair in pairs(Path(root), size):
            ours, peer = measure(pair, args.repeat, lambda: settle(Path(root) / "ballast", size))
            print(f"| {pair.what} | {ours.wall / peer.wall:.2f} | {ours.cpu / peer.cpu:.2f} | {ours.wall:.4f} ({ours.cpu:.4f}) | "
                  f"{peer.wall:.4f} ({peer.cpu:.4f}) |", flush=True)


if __name__ == "__main__":
    main()
