"""Runs our verify-stream-v2."""

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable, Iterable, Union

from .base import ProgramTest
from .program import PROJECT, TIMEOUT

NAME = "verify-stream-v2"
PROGRAM = Path(os.environ.get("CLS_VERIFY") or PROJECT / "build" / "release" / "bin" / NAME).absolute()

ERROR = re.compile(rf"{NAME}: (?P<input>.+?): byte 0x(?P<offset>[0-9a-f]+): (?P<place>.+?): (?P<reason>.+)\n")


def run(*args: Union[str, Path, int], **kw) -> subprocess.CompletedProcess:
    """Runs it to its end; stdin is empty if nothing else is said."""
    kw.setdefault("stdin", subprocess.DEVNULL)
    kw.setdefault("stdout", subprocess.PIPE)
    kw.setdefault("stderr", subprocess.PIPE)
    return subprocess.run([PROGRAM, *map(str, args)], timeout=TIMEOUT, check=False, **kw)


def file(data: bytes) -> int:
    """A file without a name, at its beginning."""
    fd = os.memfd_create("stream")
    os.write(fd, data)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def verify(data: bytes, *options: str) -> subprocess.CompletedProcess:
    """Gives it data as a file on standard input."""
    fd = file(data)
    try:
        return run(*options, stdin=fd)
    finally:
        os.close(fd)


def side_by_side(function: Callable, jobs: Iterable) -> list:
    """The results of all jobs, in order; as many at once as there are processors."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(function, jobs))


class VerifierTest(ProgramTest):
    def assert_sound(self, done) -> None:
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    def assert_unsound(self, done) -> re.Match:
        """Exit status 1 and one line that says where and why; returns the line, taken apart."""
        self.assert_status(done, 1)
        self.assert_silent_stdout(done)
        line = ERROR.fullmatch(done.stderr.decode())
        self.assertTrue(line, f"one line of the agreed form: {done.stderr}")
        return line
