"""Each system call and each allocation of a small conversion fails in turn: it ends with a message, or succeeds."""

import itertools
import sys
import threading
import unittest
from collections import Counter
from dataclasses import dataclass, replace
from errno import (EACCES, EAGAIN, EDQUOT, EFBIG, EINTR, EINVAL, EIO, EMFILE, ENOMEM, ENOSPC, ENOSYS, EPERM, EPIPE,
                   EROFS)
from pathlib import Path
from typing import Callable, Iterator, Optional, Union

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import cases, expected, faults, program, v2, verifier
from kit.faults import Plan
from kit.verifier import side_by_side

OLD = b"an older file, to be replaced or to stay as it is"
OLD_MODE = 0o640
START = 24                  # octets that are written even on failure: libxl crashes on an empty stream

# Allowed exit statuses.
FAILS, WORKS, EITHER = {3}, {0}, {0, 3}


@dataclass(frozen=True)
class Fault:
    call: str
    kinds: tuple[Union[int, str], ...]
    allowed: set
    why: str = ""
    times: int = 1
    hidden: Optional[set] = None    # allowed statuses without O_TMPFILE
    to_file: Optional[set] = None   # allowed statuses if the output is a file

    def allowed_at(self, ends: "Ends") -> set:
        if self.to_file and not ends.to_pipe:
            return self.to_file
        return self.hidden if self.hidden and ends.hidden else self.allowed


FAULTS = [
    Fault("open", (EACCES, EMFILE), FAILS, "of the input or the output's directory"),
    Fault("read", (EIO,), FAILS),
    Fault("read", (EINTR, EAGAIN, "short"), WORKS),
    Fault("read", ("short",), WORKS, "a slow source", times=0),
    Fault("pread", (EIO,), FAILS, "checks for data after the stream in a file"),
    Fault("write", (EIO, ENOSPC, EDQUOT, EFBIG, EPIPE), FAILS),
    Fault("write", (EINTR, EAGAIN, "short"), WORKS),
    Fault("write", ("short",), WORKS, "a slow sink", times=0),
    Fault("splice", (EPIPE,), FAILS, "to a file an internal pipe is used: falls back to read and write", to_file=WORKS),
    Fault("splice", (EIO, ENOMEM), WORKS, "falls back to read and write, which show which end fails"),
    Fault("splice", (EINTR, EAGAIN, "short"), WORKS),
    Fault("splice", (EINVAL, ENOSYS), WORKS, "falls back to read and write"),
    Fault("splice", (EINVAL, ENOSYS), WORKS, "the same, for all calls", times=0),
    Fault("fsync", (EIO, ENOSPC, EDQUOT), FAILS, "of the file, before the rename; of the directory: see below"),
    Fault("close", (EIO, EDQUOT), EITHER, "of the output: fails (see below); of others: ignored"),
    Fault("close", (EINTR,), WORKS),
    Fault("linkat", (EIO, ENOSPC, EDQUOT, EROFS, EACCES), FAILS),
    Fault("renameat", (EIO, ENOSPC, EACCES), FAILS),
    Fault("renameat2", (EIO, ENOSPC, EACCES), FAILS),
    Fault("renameat2", (EINVAL,), WORKS, "a file system without the flag"),
    Fault("fchown", (EPERM,), WORKS, "the mode is narrowed instead"),
    Fault("fchown", (EPERM,), WORKS, "the mode is narrowed to the owner's", times=0),
    Fault("fchmod", (EPERM, EIO), FAILS),
    Fault("openat", (EACCES, ENOSPC), WORKS, "without an unnamed file a hidden name is used",
          hidden=EITHER),      # of the output: fails; of the temporary file, which is rarely used: works
    Fault("openat", (EACCES, ENOSPC, EROFS), EITHER, "works if only the temporary file fails", times=0),
    Fault("lseek", (EIO,), WORKS, "data that cannot be skipped is read, as from a pipe"),
    Fault("lseek", (EIO,), WORKS, "the same, for all calls", times=0),
    Fault("fstat", (EIO,), EITHER, "works where it only selects the faster way"),
    Fault("syscall", (EPERM, EACCES), EITHER, "works without Landlock; fails if a capability cannot be dropped"),
    Fault("syscall", (ENOSYS,), EITHER, "", times=0),
    Fault("malloc", (ENOMEM,), EITHER, "works for allocations of the locale"),
    Fault("malloc", (ENOMEM,), EITHER, "the same, for all calls", times=0),
]


# For streams that are read twice, with parts in temporary files.
SPOOL_FAULTS = [
    Fault("pwrite", (EIO, ENOSPC, EDQUOT, EFBIG), FAILS),
    Fault("pwrite", (EINTR, "short"), WORKS),
    Fault("pread", (EIO,), FAILS),
    Fault("pread", (EINTR, "short"), WORKS),
    Fault("lseek", (EIO,), EITHER, "data that cannot be skipped is read, but seeking back fails"),
    Fault("read", (EIO,), FAILS, "in further checkpoints too, since they may be complete"),
    Fault("read", (EINTR, "short"), WORKS),
    Fault("fallocate", (EIO, ENOSYS), WORKS, "space is not released before the end"),
    Fault("fallocate", (EIO, ENOSYS), WORKS, "", times=0),
    Fault("malloc", (ENOMEM,), EITHER),
]


@dataclass(frozen=True)
class Subject:
    """A save and the output format."""
    case: cases.Case
    fmt: str

    def __str__(self) -> str:
        return f"{self.case.name} to {self.fmt}"

    def wanted(self) -> bytes:
        return v2.version_2_of(expected.by_model(self.case, self.fmt))


@dataclass(frozen=True)
class Ends:
    name: str
    replacing: bool = False
    hidden: bool = False            # O_TMPFILE fails
    from_pipe: bool = False
    to_pipe: bool = False
    options: tuple[str, ...] = ()


# All combinations of these are tested.
SUBJECTS = [Subject(cases.named(name), fmt) for name, fmt in (("hvm64-age-4-5-4", "libxl"), ("hvm64-age-4-1", "libxc"),
                                                              ("pv64-age-4-5", "libxl"), ("pv64-age-4-5", "libxc"))]
ENDS = [Ends("new"), Ends("new, in one process", options=("--no-sandbox",)), Ends("replacing", replacing=True), Ends("to a pipe", to_pipe=True),
        Ends("from a pipe", from_pipe=True), Ends("from pipe to pipe", from_pipe=True, to_pipe=True),
        Ends("new by a hidden name", hidden=True),
        Ends("replacing by a hidden name", hidden=True, replacing=True),
        Ends("not to be clobbered, by a hidden name", hidden=True, options=("--no-clobber",))]
SPOOL_ENDS = [Ends("new"), Ends("from a pipe", from_pipe=True, options=("--checkpointed",))]
if program.SANITIZED:       # slow: a selection finds leaks and memory errors on error paths
    SUBJECTS = [SUBJECTS[0], SUBJECTS[3]]
    ENDS = [e for e in ENDS if not e.from_pipe and (e.hidden or not e.replacing)]


class Attempt:
    """A directory with the save, and a subdirectory that contains only the output."""

    def __init__(self, directory: str, subject: Subject, ends: Ends):
        self.subject, self.ends = subject, ends
        self.root = Path(directory)
        self.save, self.out_dir = self.root / "in.save", self.root / "out"
        self.output = self.out_dir / "new.save"
        self.save.write_bytes(subject.case.octets())
        self.out_dir.mkdir()
        self.want = subject.wanted()

    def run(self, plan: Plan) -> faults.Run:
        for path in self.out_dir.iterdir():
            path.unlink()
        if self.ends.replacing:
            self.output.write_bytes(OLD)
            self.output.chmod(OLD_MODE)
            self.old = self.output.stat()
        kw = {"input": self.save.read_bytes()} if self.ends.from_pipe else {}
        return faults.run(replace(plan, no_tmpfile=self.ends.hidden), "-i", "-" if self.ends.from_pipe else self.save,
                          "-o", "-" if self.ends.to_pipe else self.output, "-f", self.subject.fmt, "-q", *self.ends.options,
                          # LeakSanitizer does not work in the sandbox.
                          *(["--no-sandbox"] if program.SANITIZED else []), **kw)

    def problems(self, plan: Plan, done: faults.Run, allowed: set, live: Optional[int]) -> Iterator[str]:
        """Yields what is wrong after a run; live: allocations left after a run without a fault."""
        if done.status not in allowed:
            yield f"exit status {done.status}, stderr {done.stderr!r}"
            return
        lines = program.lines(done.stderr)
        if done.status == 0 and lines:
            yield f"stderr {lines}"
        if done.status != 0 and (len(lines) != 1 or not lines[0].startswith(program.NAME + ": cannot ")):
            yield f"not one line with an error: {lines}"
        if live is not None and (done.live is None or done.live > live):
            yield f"{done.live} allocations are not freed; without a fault: {live}"
        yield from self.pipe_problems(plan, done) if self.ends.to_pipe else self.file_problems(plan, done)

    def pipe_problems(self, plan: Plan, done: faults.Run) -> Iterator[str]:
        if done.status == 0 and done.stdout != self.want:
            yield "not the right stream"
        if done.status != 0 and not self.want.startswith(done.stdout):
            yield "the output is not the start of the expected stream"
        # The start of the stream is not required if allocations fail or the output cannot be recognised as a pipe. A
        # write that failed is not repeated.
        if (done.status != 0 and self.subject.fmt == "libxl" and len(done.stdout) < START
                and plan.call not in ("malloc", "fstat", "write", "splice")):
            yield f"libxl waits for {START} octets and got {len(done.stdout)}"

    def file_problems(self, plan: Plan, done: faults.Run) -> Iterator[str]:
        names = [p.name for p in self.out_dir.iterdir()]
        if done.stdout:
            yield "standard output was written to"
        if done.status == 0 or self.directory_sync(plan):
            if names != [self.output.name] or self.output.read_bytes() != self.want:
                yield f"not the right output: {names}"
            elif self.ends.replacing and self.output.stat().st_mode & 0o7777 & ~OLD_MODE:
                yield f"the mode has been widened: {self.output.stat().st_mode:o}"
        elif not self.ends.replacing and names:
            yield f"left behind: {names}"
        elif self.ends.replacing:
            new = self.output.stat() if names == [self.output.name] else None
            if not new or self.output.read_bytes() != OLD or (new.st_ino, new.st_mode) != (self.old.st_ino,
                                                                                         self.old.st_mode):
                yield f"the old file is missing or changed: {names}"

    @staticmethod
    def directory_sync(plan: Plan) -> bool:
        """The second fsync is that of the directory. The complete output has been renamed by then, but may not be
        durable, so the exit status is 3."""
        return plan.call == "fsync" and plan.nth == 2


class Faults(unittest.TestCase):
    tried: Counter = Counter()
    lock = threading.Lock()

    @classmethod
    def count(cls, call: str) -> None:
        with cls.lock:
            cls.tried[call] += 1

    @classmethod
    def tearDownClass(cls):
        print(f"faults tried and survived: {sum(cls.tried.values())} ("
              + ", ".join(f"{call} {n}" for call, n in sorted(cls.tried.items())) + ")", file=sys.stderr)

    def sweep(self, job: tuple[Subject, Ends, Fault]) -> list[str]:
        """Fails the n-th call, for each n, until no call fails."""
        subject, ends, fault = job
        found = []
        with faults.directory() as directory:
            attempt = Attempt(directory, subject, ends)
            # LeakSanitizer detects leaks itself.
            live = None if program.SANITIZED else attempt.run(Plan("none")).live
            for kind in fault.kinds:
                for n in itertools.count(1):
                    plan = Plan(fault.call, kind, n, fault.times)
                    done = attempt.run(plan)
                    if not done.fired:
                        break
                    self.count(fault.call)
                    found += [f"{subject}, {ends.name}, {plan}: {p}"
                              for p in attempt.problems(plan, done, fault.allowed_at(ends), live)]
                    if fault.times == 0 and fault.allowed == WORKS:
                        break       # all calls failed: further n add nothing
        return found

    def sweep_all(self, chosen: Callable[[Fault], bool]) -> None:
        self.sweep_jobs([(s, e, f) for s in SUBJECTS for e in ENDS for f in FAULTS if chosen(f)])

    def sweep_jobs(self, jobs: list[tuple[Subject, Ends, Fault]]) -> None:
        before = self.tried.copy()
        found = [p for problems in side_by_side(self.sweep, jobs) for p in problems]
        self.assertEqual(found[:10], [], f"{len(found)} problems")
        self.assertEqual([f.call for _, _, f in jobs if self.tried[f.call] == before[f.call]], [], "never fired")

    def test_reading(self):
        self.sweep_all(lambda f: f.call in ("open", "read", "pread", "lseek", "fstat"))

    def test_writing(self):
        self.sweep_all(lambda f: f.call in ("write", "splice", "fsync", "close"))

    def test_closing(self):
        """Without a sync, NFS may report a write error only at close(). The output's fd is duplicated for that.
        In one process, since the order of close() calls of two processes is not deterministic."""
        for ends in (e for e in ENDS if not e.to_pipe):
            with self.subTest(ends=ends.name), faults.directory() as directory:
                attempt = Attempt(directory, SUBJECTS[0], replace(ends, options=(*ends.options, "--no-sync", "--no-sandbox")))
                messages = []
                for n in itertools.count(1):
                    done = attempt.run(Plan("close", EDQUOT, n))
                    if not done.fired:
                        break
                    messages.append(done.stderr.decode())
                self.assertEqual([s for s in messages if s], [f"{program.NAME}: cannot write {attempt.output}: Disk quota exceeded\n"])

    def test_naming(self):
        self.sweep_all(lambda f: f.call in ("linkat", "renameat", "renameat2", "fchown", "fchmod", "openat"))

    @unittest.skipIf(program.SANITIZED, "LeakSanitizer does not work in the sandbox")
    def test_entering_the_sandbox(self):
        self.sweep_all(lambda f: f.call == "syscall")

    @unittest.skipIf(program.SANITIZED, "AddressSanitizer replaces the allocator")
    def test_allocations(self):
        self.sweep_all(lambda f: f.call == "malloc")

    def test_spooling(self):
        subject = Subject(cases.named("hvm64-compressed-small"), "libxl")
        self.sweep_jobs([(subject, e, f) for e in SPOOL_ENDS for f in SPOOL_FAULTS
                         if not (program.SANITIZED and f.call == "malloc")])

    def test_without_a_fault(self):
        """All combinations succeed without a fault. Leaks are not checked, since there is nothing to compare with."""
        for subject, ends in itertools.product(SUBJECTS, ENDS):
            with self.subTest(subject=str(subject), ends=ends.name), faults.directory() as directory:
                attempt = Attempt(directory, subject, ends)
                done = attempt.run(Plan())
                self.assertEqual(list(attempt.problems(Plan(), done, WORKS, None)), [])


class Verifier(unittest.TestCase):
    """The same for verify-stream-v2, which only reads."""

    def test_reading(self):
        jobs = [(fmt, call, kind, allowed) for fmt in ("libxl", "libxc")
                for call, kind, allowed in (("read", EIO, FAILS), ("read", EINTR, WORKS), ("read", "short", WORKS),
                                            ("malloc", ENOMEM, EITHER), ("open", EACCES, FAILS))
                if not (program.SANITIZED and call == "malloc")]
        found = [p for problems in side_by_side(lambda job: self.sweep(*job), jobs) for p in problems]
        self.assertEqual(found[:10], [], f"{len(found)} problems")

    @staticmethod
    def sweep(fmt: str, call: str, kind: Union[int, str], allowed: set) -> Iterator[str]:
        with faults.directory() as directory:
            path = Path(directory) / "new.save"
            path.write_bytes(Subject(cases.named("hvm64-age-4-5-4"), fmt).wanted())
            for n in itertools.count(1):
                done = faults.run(Plan(call, kind, n), "-i", path, "-q", binary=verifier.PROGRAM)
                if not done.fired:
                    if n == 1:
                        yield f"{fmt}, {call}: never fired"
                    return
                Faults.count(call)
                if done.status not in allowed or done.stderr or done.stdout:
                    yield f"{fmt}, {call} {n}: exit status {done.status}, stderr {done.stderr!r}"


if __name__ == "__main__":
    unittest.main()
