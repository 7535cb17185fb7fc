"""The fixtures: equal to the output of make_fixtures.py, and converted correctly without options."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import make_fixtures, program, v2
from kit.base import ProgramTest
from kit.make_fixtures import FIXTURES


class Fixtures(ProgramTest):
    def streams(self, prefix: str = "") -> list[Path]:
        found = sorted(p for p in FIXTURES.glob(prefix + "*.legacy") if program.LIBRARIES or "libvirt" not in p.name)
        self.assertTrue(found)
        return found

    def test_reproducible(self):
        made = make_fixtures.files()
        self.assertEqual(sorted(made), sorted(p.name for p in FIXTURES.iterdir()))
        for name, data in made.items():
            with self.subTest(fixture=name):
                self.assertTrue((FIXTURES / name).read_bytes() == data, "differs: run tests/kit/make_fixtures.py")

    def test_small(self):
        for path in self.streams():
            with self.subTest(fixture=path.name):
                self.assertLess(path.stat().st_size, (64 if "remus" in path.name else 40) * 1024)

    def test_good(self):
        for path in self.streams("good-") + self.streams("remus-"):
            want = path.with_suffix(".v3.expected").read_bytes()
            libxl = want.find(b"LibxlFmt")
            start = libxl if libxl >= 0 else want.index(v2.LIBXC_MARKER)
            older = want[:start] + v2.version_2_of(want[start:])
            for options, stream in (([], older), (["--stream-version", "3"], want)):
                with self.subTest(fixture=path.name, options=options):
                    output = self.out()
                    self.assert_status(program.run("-i", path, "-o", output, *options), 0)
                    got = output.read_bytes()
                    if got != stream:
                        self.fail(v2.difference(stream[start:], got[start:]))

    def test_refused(self):
        for path in self.streams("bad-") + self.streams("unsupported-"):
            with self.subTest(fixture=path.name):
                output = self.out()
                self.assert_refused(program.run("-i", path, "-o", output), output)


if __name__ == "__main__":
    unittest.main()
