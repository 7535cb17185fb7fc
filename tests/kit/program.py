"""Runs convert-legacy-stream."""

import atexit
import functools
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path
from typing import Callable, Iterable, TypeVar, Union

T = TypeVar("T")

PROJECT = Path(__file__).resolve().parents[2]
NAME = "convert-legacy-stream"
PROGRAM = Path(os.environ.get("CLS_CONVERT") or PROJECT / "build" / "release" / "bin" / NAME).absolute()
ALL = os.environ.get("CLS_ALL") == "1"                  # run all cases of the largest loops, not a sample
SANITIZED = os.environ.get("CLS_SANITIZED") == "1"      # built with AddressSanitizer, which is slow
LIBRARIES = os.environ.get("CLS_NO_LIBRARIES") != "1"       # libxml2, json-c and nettle can be loaded
EMULATED = bool(os.environ.get("CLS_EMULATOR"))             # run by qemu, for another machine
HUNGRY = SANITIZED or EMULATED                              # address space cannot be limited

TIMEOUT = int(os.environ.get("CLS_TIMEOUT", 60))    # seconds, in case a program hangs; raise it for runs of 10,000 files
TIMEOUT_AFTER_HANG = 3  # for further cases, when the test has failed by a timeout

needs_libraries = unittest.skipUnless(LIBRARIES, "libxml2, json-c and nettle cannot be loaded here")

_hung = False

ERROR = re.compile(rf"{NAME}: .+: byte 0x[0-9a-f]+: .+: .+")


def sampled(items: Iterable[T], every: int = 5) -> list[T]:
    """All items if CLS_ALL=1, otherwise each second; with sanitizers, which are slow, each every-th."""
    return list(items)[::1 if ALL else every if SANITIZED else 2]


@functools.cache
def for_anyone(file: Path = PROGRAM) -> Path:
    """A copy that other users can execute, since the tree may be in a private home directory."""
    directory = tempfile.TemporaryDirectory()
    atexit.register(directory.cleanup)
    os.chmod(directory.name, 0o755)
    return Path(shutil.copy(file, directory.name))


def run(*args: Union[str, Path, int], **kw) -> subprocess.CompletedProcess:
    """Runs the program until it exits; standard input is /dev/null by default."""
    global _hung
    kw.setdefault("stdin", subprocess.DEVNULL)
    kw.setdefault("stdout", subprocess.PIPE)
    kw.setdefault("stderr", subprocess.PIPE)
    if "input" in kw:
        del kw["stdin"]
    try:
        program = for_anyone() if "user" in kw else PROGRAM
        return subprocess.run([program, *map(str, args)], timeout=TIMEOUT_AFTER_HANG if _hung else TIMEOUT, check=False,
                              **kw)
    except subprocess.TimeoutExpired:
        _hung = True
        raise


def start(*args: Union[str, Path, int], **kw) -> subprocess.Popen:
    return subprocess.Popen([PROGRAM, *map(str, args)], **kw)


def descendants(pid: int) -> list[int]:
    """The process and all its descendants, in order of their start. Processes that have exited are ignored."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [pid] + [below for child in children for below in descendants(int(child))]


def state(pid: int) -> str:
    """R, S, T or Z; empty if there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][:1]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def wait_until(condition: Callable[[], bool], seconds: float = TIMEOUT) -> bool:
    """Polls the condition; returns False on a timeout."""
    until = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < until:
        time.sleep(0.001)
    return met


def when_stopped(pid: int, do: Callable[[], None]) -> None:
    """Waits until the process or its last descendant has stopped itself; calls the function; continues the process."""
    assert wait_until(lambda: "T" in map(state, descendants(pid))), "none has stopped itself"
    do()
    os.kill(next(p for p in descendants(pid) if state(p) == "T"), signal.SIGCONT)


def lines(stderr: bytes) -> list[str]:
    return stderr.decode("utf-8", "replace").splitlines()


def without_verdict(stderr: bytes) -> bytes:
    """The messages without the warnings about restore limits, which test_limits.py checks."""
    return b"".join(line for line in stderr.splitlines(True) if b": warning: restore on " not in line)


PHYSMAP_DROPPED = re.compile(rb".*: warning: QEMU physmap entries dropped: \d+ \(libxc format cannot hold them; "
                             rb"--format libxl keeps them\)\n")


def without_physmap(stderr: bytes) -> bytes:
    """The messages without the warning that every HVM save of Xen 4.2 and later causes in libxc format."""
    return PHYSMAP_DROPPED.sub(b"", stderr)


def errors(stderr: bytes) -> list[str]:
    """The error lines about the input: name, offset, place, reason."""
    return [line for line in lines(stderr) if ERROR.fullmatch(line) and ": warning: " not in line]
