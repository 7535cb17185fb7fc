"""Streams written by the original save functions of 15 Xen releases, if their folder is available."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import program

MATRIX = program.PROJECT.parent / "shared" / "data" / "matrix"
VERIFIER = Path(os.environ.get("CLS_VERIFY") or program.PROGRAM.parent / "verify-stream-v2").absolute()


@unittest.skipUnless(MATRIX.is_dir(), "the streams of the matrix are missing")
class Matrix(unittest.TestCase):
    def test_every_stream(self):
        """Converted with only -i and -o; a sample for slow builds. Each stream consists of two files."""
        names = sorted(p.stem for p in MATRIX.glob("*.json"))
        self.assertGreater(len(names), 300)
        with tempfile.TemporaryDirectory() as sample:
            for name in names[::9 if program.HUNGRY else 1]:
                for suffix in (".json", ".zst"):
                    shutil.copy(MATRIX / (name + suffix), sample)
            done = subprocess.run([sys.executable, MATRIX / "check_matrix.py", program.PROGRAM, sample, "--verifier", VERIFIER],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=900)
        self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    unittest.main()
