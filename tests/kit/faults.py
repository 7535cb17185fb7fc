"""Runs our programs with the library of tests/faults preloaded."""

import os
import re
import subprocess
import sys
import tempfile
import unittest
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Optional, Union

from . import program

LIBRARY = program.PROGRAM.parent / "libcls_faults.so"
needed = unittest.skipUnless(LIBRARY.exists(), "libraries cannot be preloaded into this program")
REPORT_SIZE = 256 * 1024 + 16      # as in tests/faults/faults.h
SHM = Path("/dev/shm")      # a tmpfs: fsync is fast


@dataclass(frozen=True)
class Plan:
    """A fault, see tests/faults/faults.h. kind: an errno, or a keyword."""
    call: str = "none"
    kind: Union[int, str] = 0
    nth: int = 1
    times: int = 1              # 0: all further calls
    no_tmpfile: bool = False
    file: Optional[str] = None  # only calls on the file of this name count
    fd: Optional[int] = None    # only calls on this fd count
    landlock: Optional[int] = None      # the Landlock ABI that the library reports

    def __str__(self) -> str:
        what = os.strerror(self.kind) if isinstance(self.kind, int) else self.kind
        how_many = f" and {self.times - 1 or 'all'} more".replace("-1", "all") if self.times != 1 else ""
        return f"{self.call} {self.nth}{how_many}: {what}"


@dataclass
class Run:
    status: int
    stdout: bytes
    stderr: bytes
    fired: int
    live: Optional[int]         # number of allocations not freed; None if the program did not call exit()
    probes: dict[str, int]      # name of the probe, errno (0: the call was allowed)
    open: set[int]              # numbers of system calls that are allowed


@lru_cache(None)
def _preload(binary: Path) -> str:
    """The sanitizer's library must be loaded first."""
    loaded = subprocess.run([binary], env={"LD_TRACE_LOADED_OBJECTS": "1"}, stdout=subprocess.PIPE, check=True).stdout
    asan = re.search(rb"=> (\S*libasan\S*)", loaded)
    return " ".join(([asan[1].decode()] if asan else []) + [str(LIBRARY)])


def environment(plan: Plan, report: int, binary: Path = program.PROGRAM) -> dict[str, str]:
    env = {**os.environ, "LC_ALL": "C", "LD_PRELOAD": _preload(binary), "FAULT_CALL": plan.call,
           "FAULT_KIND": str(plan.kind), "FAULT_NTH": str(plan.nth), "FAULT_TIMES": str(plan.times),
           "FAULT_REPORT": str(report),
           # Exit statuses for leaks and errors that the programs do not use.
           "ASAN_OPTIONS": "detect_leaks=1:exitcode=99", "UBSAN_OPTIONS": "halt_on_error=1:exitcode=99"}
    for name, value in (("NO_TMPFILE", 1 if plan.no_tmpfile else None), ("FILE", plan.file), ("FD", plan.fd),
                        ("LANDLOCK", plan.landlock)):
        if value is not None:
            env[f"FAULT_{name}"] = str(value)
    return env


def run(plan: Plan, *args: Union[str, Path, int], binary: Path = program.PROGRAM, env: Optional[dict] = None,
        pass_fds: tuple = (), **kw) -> Run:
    report = os.memfd_create("report")
    os.ftruncate(report, REPORT_SIZE)
    try:
        if "input" not in kw:
            kw.setdefault("stdin", subprocess.DEVNULL)
        kw.setdefault("stdout", subprocess.PIPE)
        kw.setdefault("stderr", subprocess.PIPE)
        env = {**environment(plan, report, binary), **(env or {})}
        if "user" in kw:
            binary = program.for_anyone(binary)
            env["LD_PRELOAD"] = env["LD_PRELOAD"].replace(str(LIBRARY), str(program.for_anyone(LIBRARY)))
        done = subprocess.run([binary, *map(str, args)], env=env,
                              pass_fds=(report, *pass_fds), timeout=program.TIMEOUT,
                              check=False, **kw)
        used = int.from_bytes(os.pread(report, 8, 8), sys.byteorder)
        lines = os.pread(report, used, 16).decode().splitlines()
    finally:
        os.close(report)
    words = [line.split() for line in lines]
    return Run(done.returncode, done.stdout, done.stderr, lines.count("fired"),
               next((int(w[1]) for w in words if w[0] == "live"), None),
               {w[1]: int(w[2]) if w[2] != "lost" else -1 for w in words if w[0] == "probe"},
               {int(w[1]) for w in words if w[0] == "open"})


def directory() -> tempfile.TemporaryDirectory:
    """A directory where fsync is fast."""
    return tempfile.TemporaryDirectory(dir=SHM if os.access(SHM, os.W_OK) else None)
