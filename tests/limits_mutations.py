#!/usr/bin/env python3
"""Mutation test of the table of limits: changes each release number in src/limits/table.c by a point release, up and down, and each severity;
the unit suite must fail each time. Needs the debug build; takes some minutes:

    tests/limits_mutations.py
"""

import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
BUILD = PROJECT / "build" / "debug"
TABLE = PROJECT / "src" / "limits" / "table.c"


def mutants(source: str):
    """Yields description and source of each change. x.0 is not changed to (x-1).9, since there is no such release."""
    start = source.index("const struct limit limits_table[]")
    for found in re.finditer(r"\bR\((\d+), (\d+)\)", source):
        minor, point = map(int, found.groups())
        line = source.count("\n", 0, found.start()) + 1
        for other in ((minor, point + 1), (minor, point - 1) if point else (minor - 1, 0)):
            if other[0] < 6:
                continue        # 4.6 is the first release in the table
            yield f"line {line}: 4.{minor}.{point} to 4.{other[0]}.{other[1]}", (
                f"{source[:found.start()]}R({other[0]}, {other[1]}){source[found.end():]}")
    for found in re.finditer(r"LIMITS_(BLOCKS|HARMS|NOTE),", source[start:]):
        at = start + found.start()
        other = "LIMITS_HARMS," if found[1] == "BLOCKS" else "LIMITS_BLOCKS,"
        yield f"line {source.count(chr(10), 0, at) + 1}: {found[0]} to {other}", source[:at] + other + source[at + len(found[0]):]


def main() -> int:
    commands = (BUILD / "src/limits/CMakeFiles/cls_limits.dir/flags.make").read_text()
    flags = [part for key in ("C_DEFINES", "C_INCLUDES", "C_FLAGS")
             for part in shlex.split(re.search(rf"^{key} = (.*)$", commands, re.M)[1])]
    link = (BUILD / "tests/unit/CMakeFiles/unit-tests.dir/link.txt").read_text().strip()
    survived = count = 0
    with tempfile.TemporaryDirectory() as tmp:
        archive, program = f"{tmp}/libcls_limits.a", f"{tmp}/unit-tests"
        subprocess.run(["cp", BUILD / "src/limits/libcls_limits.a", archive], check=True)
        link = re.sub(r"\S*libcls_limits\.a", archive, re.sub(r"-o \S+", f"-o {program}", link))
        for what, source in mutants(TABLE.read_text()):
            Path(f"{tmp}/table.c").write_text(source)
            subprocess.run(["cc", *flags, "-I", TABLE.parent, "-c", f"{tmp}/table.c", "-o", f"{tmp}/table.c.o"], check=True)
            subprocess.run(["ar", "r", archive, f"{tmp}/table.c.o"], check=True, capture_output=True)
            subprocess.run(link, shell=True, check=True, cwd=BUILD / "tests/unit")
            done = subprocess.run([program, "limits"], capture_output=True, check=False)
            count += 1
            if done.returncode == 0:
                survived += 1
                print(f"not seen: {what}", flush=True)
    print(f"{count} changes, {survived} not seen")
    return survived != 0


if __name__ == "__main__":
    sys.exit(main())
