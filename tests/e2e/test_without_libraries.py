"""A program that cannot load libraries (static): features that need one are rejected, all others work."""

import os
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import cases, envelopes, program
from kit.base import ProgramTest

CASE = cases.named("hvm64-age-4-5-4")


@unittest.skipIf(program.LIBRARIES, "libraries can be loaded")
class WithoutLibraries(ProgramTest):
    def refused(self, library: str, *argv) -> None:
        done = program.run(*argv)
        self.assert_status(done, 3)
        self.assert_silent_stdout(done)
        self.assertRegex(done.stderr.decode(), rf"\Aconvert-legacy-stream: {library}\S* is needed but cannot be loaded "
                                               r"\(package \S+\): .+\n\Z")

    def test_refused(self):
        save = self.file("old.save", CASE.octets())
        self.refused("libxml2", "-i", save, "--inspect=xml")
        self.refused("libjson-c", "-i", save, "--inspect=json")
        output = self.out()
        self.refused("libxml2", "-i", self.file("libvirt.save", envelopes.LIBVIRT.octets(CASE)), "-o", output)
        self.assert_clean(output)
        saves = self.dir / "saves"
        saves.mkdir()
        self.refused("libjson-c", "-i", saves, "-o", self.dir / "new", "--report", self.dir / "report.jsonl")
        self.refused("libnettle", "-i", saves, "-o", self.dir / "new", "--report", self.dir / "report.html", "--verify")

    def test_works(self):
        save = self.file("old.save", CASE.octets())
        self.assert_status(program.run("-i", save, "-o", self.out(), "--verify"), 0)
        done = program.run("-i", save, "--inspect")
        self.assert_status(done, 0)
        self.assertIn(b"guest: hvm", done.stdout)
        saves, new = self.dir / "saves", self.dir / "new"
        saves.mkdir()
        (saves / "old.save").write_bytes(CASE.octets())
        self.assert_status(program.run("-i", saves, "-o", new, "--report", self.dir / "report.html"), 0)
        self.assertTrue((new / "old.save").exists())


@program.needs_libraries
class OtherVersion(ProgramTest):
    def test_missing_function(self):
        """A library with the expected name lacks a function."""
        subprocess.run(["cc", "-shared", "-o", self.dir / "libjson-c.so.5", "-x", "c", "/dev/null"], check=True)
        done = program.run("-i", self.file("old.save", CASE.octets()), "--inspect=json", env={**os.environ, "LD_LIBRARY_PATH": str(self.dir)})
        self.assert_status(done, 3)
        self.assert_silent_stdout(done)
        self.assertRegex(done.stderr.decode(), r"\Aconvert-legacy-stream: libjson-c\.so\.5 has no function \w+: unsupported version of the library\n\Z")


if __name__ == "__main__":
    unittest.main()
