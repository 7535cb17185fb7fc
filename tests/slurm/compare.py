#!/usr/bin/python3
"""compare.py SINGLE.xml MERGED.xml SINGLE_DIR NEW_DIR: the reports must be equal except for times, the trees equal."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import archive, batch

single, merged, one, other = map(Path, sys.argv[1:])
for report in (single, merged):
    assert batch.valid_xml(report) is None, f"{report} is not valid"
assert batch.comparable_xml(single) == batch.comparable_xml(merged), "the reports differ"
assert archive.snapshot(one) == archive.snapshot(other), "the outputs differ"
print(f"{len(archive.snapshot(one))} outputs, the same, and the merged report is that of the single run")
