"""Base class of the test cases: a temporary directory, and checks of results."""

import tempfile
import unittest
from pathlib import Path

from . import program


class ProgramTest(unittest.TestCase):
    def setUp(self):
        tmp = tempfile.TemporaryDirectory()
        self.addCleanup(tmp.cleanup)
        self.dir = Path(tmp.name)

    def file(self, name: str, data: bytes) -> Path:
        path = self.dir / name
        path.write_bytes(data)
        return path

    def assert_status(self, done, status: int) -> None:
        self.assertEqual(done.returncode, status, f"exit status; stderr: {done.stderr}")

    def assert_silent_stdout(self, done) -> None:
        self.assertEqual(done.stdout, b"", "standard output must be empty")

    def assert_refused(self, done, output: Path) -> str:
        """Exit status 1, one line with position and reason, no output and no temporary file. Returns the line."""
        self.assert_status(done, 1)
        self.assert_silent_stdout(done)
        errors = program.errors(done.stderr)
        self.assertEqual(len(errors), 1, f"expected one error with position and reason; stderr: {done.stderr}")
        self.assert_clean(output)
        return errors[0]

    def assert_clean(self, output: Path) -> None:
        """Neither the output nor a temporary file exists."""
        left = sorted(p.name for p in output.parent.iterdir())
        self.assertEqual(left, [], "unexpected files")

    def out(self, name: str = "out") -> Path:
        """A path in a new empty directory, in which assert_clean() detects temporary files."""
        directory = Path(tempfile.mkdtemp(dir=self.dir))
        return directory / name
