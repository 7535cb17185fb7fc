#!/usr/bin/python3
"""What --verify costs beside a conversion, against cmp of two files of that size: warm, in CPU, the commands in turn."""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import flavours, legacy, make_stream, program


def cpu(*argv: object) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([str(a) for a in argv], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="1G", help="memory of the guest (default 1G)")
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--directory", type=Path, help="where the files go")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.directory) as root:
        save, new, same = (Path(root) / name for name in ("old.save", "new.save", "same.save"))
        with save.open("wb") as out:
            legacy.write(make_stream.big(flavours.HVM64, make_stream.octets(args.size)), out)
        convert = [program.PROGRAM, "-i", save, "-o", new, "-q", "--no-sync"]
        cpu(*convert)
        os.link(new, same)      # which the next conversion replaces
        cpu(*convert)
        plain, verified, compared = [], [], []
        for _ in range(args.repeat):
            plain.append(cpu(*convert))
            verified.append(cpu(*convert, "--verify"))
            compared.append(cpu("cmp", new, same))
    cost = median(verified) - median(plain)
    print(f"conversion {median(plain):.3f} s, with --verify {median(verified):.3f} s, cmp {median(compared):.3f} s: "
          f"--verify costs {cost / median(compared):.2f} of cmp")


if __name__ == "__main__":
    main()
