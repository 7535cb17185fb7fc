"""The object files of a floor have no circular dependencies, according to the symbols that nm lists."""

import os
import re
import subprocess
import sys
import unittest
from collections import defaultdict
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import program

BUILD = program.PROGRAM.parents[1]


def uses(library: Path) -> dict[str, set[str]]:
    """For each object file in a library, the other object files whose symbols it uses."""
    defined, wanted, at = {}, defaultdict(set), ""
    for line in subprocess.run(["nm", library], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines():
        if line.endswith(".o:"):
            at = line[:-1]
            continue
        symbol = re.fullmatch(r"[0-9a-f ]{16} ([A-Za-z]) (\S+)", line)
        if symbol and symbol[1] == "U":
            wanted[at].add(symbol[2])
        elif symbol and symbol[1].isupper():
            defined[symbol[2]] = at
    return {file: {defined[s] for s in symbols if s in defined} - {file} for file, symbols in wanted.items()}


class Circles(unittest.TestCase):
    def test_floors(self):
        libraries = sorted(BUILD.glob("**/libcls_*.a"))
        self.assertGreaterEqual(len(libraries), 7, os.fspath(BUILD))
        for library in libraries:
            with self.subTest(floor=library.stem):
                try:
                    TopologicalSorter(uses(library)).prepare()
                except CycleError as error:
                    self.fail(" needs ".join(error.args[1][::-1]))


if __name__ == "__main__":
    unittest.main()
