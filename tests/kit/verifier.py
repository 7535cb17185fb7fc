"""Runs verify-stream-v2 and Xen's verifier."""

import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable, Iterable, Union

from . import program, xen
from .base import ProgramTest
from .program import PROJECT, TIMEOUT

NAME = "verify-stream-v2"
PROGRAM = Path(os.environ.get("CLS_VERIFY") or PROJECT / "build" / "release" / "bin" / NAME).absolute()

ERROR = re.compile(rf"{NAME}: (?P<input>.+?): byte 0x(?P<offset>[0-9a-f]+): (?P<place>.+?): (?P<reason>.+)\n")


def run(*args: Union[str, Path, int], **kw) -> subprocess.CompletedProcess:
    """Runs the verifier until it exits; standard input is /dev/null by default."""
    if "input" not in kw:
        kw.setdefault("stdin", subprocess.DEVNULL)
    kw.setdefault("stdout", subprocess.PIPE)
    kw.setdefault("stderr", subprocess.PIPE)
    return subprocess.run([PROGRAM, *map(str, args)], timeout=TIMEOUT, check=False, **kw)


def file(data: bytes) -> int:
    """An unnamed file, at offset 0."""
    fd = os.memfd_create("stream")
    os.write(fd, data)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def verify(data: bytes, *options: str) -> subprocess.CompletedProcess:
    """Runs the verifier with data as a file on standard input."""
    fd = file(data)
    try:
        return run(*options, stdin=fd)
    finally:
        os.close(fd)


def side_by_side(function: Callable, jobs: Iterable) -> list:
    """Runs the jobs in parallel, one on each processor; returns their results in order."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(function, jobs))


# Imports Xen's script and runs it for each format and file in the arguments, all in one process.
XENS = """
import importlib.machinery, importlib.util, sys
loader = importlib.machinery.SourceFileLoader("script", sys.argv[1])
script = importlib.util.module_from_spec(importlib.util.spec_from_loader("script", loader))
loader.exec_module(script)
script.quiet = True
for fmt, path in zip(sys.argv[2::2], sys.argv[3::2]):
    with open(path, "rb", 0) as script.fin:
        print(script.read_stream(fmt))
"""


def by_xens(streams: Iterable[tuple[str, bytes]]) -> list[int]:
    """The exit statuses of Xen's verifier; streams: (format, stream)."""
    where, env = xen._installed()
    with tempfile.TemporaryDirectory() as tmp:
        args = []
        for i, (fmt, data) in enumerate(streams):
            path = Path(tmp, str(i))
            path.write_bytes(data)
            args += [fmt, str(path)]
        done = subprocess.run([sys.executable, "-c", XENS, where / NAME, *args], env=env, stdout=subprocess.PIPE,
                              check=True)
    return [int(line) for line in done.stdout.split()]


class VerifierTest(ProgramTest):
    def assert_sound(self, done) -> None:
        self.assertEqual((done.returncode, program.without_verdict(done.stderr)), (0, b""))

    def assert_unsound(self, done, warnings: int = 0) -> re.Match:
        """Exit status 1 and one line with position and reason; returns the parts of the line."""
        self.assert_status(done, 1)
        self.assert_silent_stdout(done)
        lines = done.stderr.decode().splitlines(keepends=True)
        self.assertEqual(["warning" in line for line in lines], [True] * warnings + [False], done.stderr)
        line = ERROR.fullmatch(lines[-1])
        self.assertTrue(line, f"expected one line with position and reason: {done.stderr}")
        return line
