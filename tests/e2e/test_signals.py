"""A signal at any moment leaves the complete new file or the old state, and no other files.

Signals are sent before and after each system call, and at random moments (SIGNAL_RUNS runs with seed SIGNAL_SEED).
"""

import itertools
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Iterator, Optional

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import cases, expected, faults, legacy, make_stream, program, v2, verifier
from kit.faults import Plan
from kit.flavours import HVM64
from kit.verifier import side_by_side

RUNS = int(os.environ.get("SIGNAL_RUNS", 60))
SEED = int(os.environ.get("SIGNAL_SEED", 1))
KILLS = os.environ.get("SIGNAL_KILLS") == "1"      # only SIGKILL, to the program or its parsing process

CASE = cases.named("hvm64-age-4-5-4")
OLD = b"an older file"
HIDDEN = re.compile(r"\.convert-legacy-stream\.[0-9a-f]{16}")
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
START = v2.version_2_of(expected.by_model(CASE, "libxl"))[:24]


def shell_status(status: int) -> int:
    """A signal before the handlers are installed kills the program. Map that to 128+N, as shells do."""
    return status if status >= 0 else 128 - status


def clear_directory(directory: Path, old: bool) -> Path:
    for path in directory.iterdir():
        path.unlink()
    output = directory / "new.save"
    if old:
        output.write_bytes(OLD)
    return output


def problems(output: Path, old: bool, want: bytes, number: int, status: int, hidden: bool) -> Iterator[str]:
    """Yields what is wrong after a run that was sent signal number."""
    killed = number == signal.SIGKILL
    names = {p.name for p in output.parent.iterdir()}
    leftovers = names - {output.name}
    content = output.read_bytes() if output.name in names else None
    before = OLD if old else None
    # A run that is killed before the rename cannot remove its temporary file.
    may_leave_file = killed and (hidden or old)
    if leftovers and not (may_leave_file and len(leftovers) == 1 and HIDDEN.fullmatch(min(leftovers))):
        yield f"left behind: {sorted(leftovers)}"
    if status == 0 or killed and content == want:
        if content != want:
            yield "exit status 0, but the output is wrong"
    elif status != 128 + number and not (killed and status == 3):      # 3: the parsing process was killed
        yield f"exit status {status}"
    elif content != before:
        yield "the old state has changed"


class EachCall(unittest.TestCase):
    """The library of tests/faults sends the signal just before and just after each system call."""

    CALLS = ("open", "fstat", "openat", "fchown", "fchmod", "lseek", "syscall", "read", "pread", "write", "fsync",
             "linkat", "renameat")

    def sweep(self, job) -> tuple[int, list[str]]:
        number, old, hidden, call, moment = job
        tried, found = 0, []
        with faults.directory() as tmp:
            save, directory = Path(tmp) / "in.save", Path(tmp) / "out"
            save.write_bytes(CASE.octets())
            directory.mkdir()
            want = v2.version_2_of(expected.by_model(CASE, "libxl"))
            for n in itertools.count(1):
                output = clear_directory(directory, old)
                plan = Plan(call, f"{moment}:{int(number)}", n, no_tmpfile=hidden)
                done = faults.run(plan, "-i", save, "-o", output, "-f", "libxl")
                if not done.fired:
                    return tried, found
                tried += 1
                found += [f"{plan}, old {old}, hidden {hidden}: {p}" for p in
                          problems(output, old, want, number, shell_status(done.status), hidden)]

    def sweep_all(self, numbers) -> None:
        flags = (False, True)
        jobs = list(itertools.product(numbers, flags, flags, self.CALLS, ("before", "after")))
        if program.SANITIZED:
            jobs = jobs[::3]
        results = side_by_side(self.sweep, jobs)
        found = [p for _, ps in results for p in ps]
        print(f"signals just before or after a call: {sum(n for n, _ in results)}", file=sys.stderr)
        self.assertEqual(found[:10], [], f"{len(found)} problems")
        # Each call must have occurred in at least one run.
        seen = {job[3] for job, (tried, _) in zip(jobs, results) if tried}
        self.assertEqual(set(self.CALLS) - seen, set(), "never fired")

    def test_terminated(self):
        self.sweep_all([signal.SIGTERM])

    def test_killed(self):
        self.sweep_all([signal.SIGKILL])


@dataclass(frozen=True)
class Kind:
    """The parameters of a random run."""
    number: int
    old: bool
    hidden: bool
    from_pipe: bool
    parser: bool = False        # send it to the last process started: the parsing process, if it exists yet


class Random(unittest.TestCase):
    """Random moments of a conversion that is long enough to be interrupted anywhere."""

    @classmethod
    def setUpClass(cls):
        cls.tmp = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.tmp.cleanup)
        root = Path(cls.tmp.name)
        cls.save = root / "big.save"
        with open(cls.save, "wb") as f:
            legacy.write(make_stream.big(HVM64, 4 << 20), f)
        cls.data = cls.save.read_bytes()
        cls.directory = root / "out"
        cls.directory.mkdir()
        cls.took = {}
        for hidden, from_pipe in itertools.product((False, True), repeat=2):
            cls.took[hidden, from_pipe] = min(cls.undisturbed(hidden, from_pipe) for _ in range(3))
        cls.want = (cls.directory / "new.save").read_bytes()
        assert verifier.verify(cls.want).returncode == 0

    @classmethod
    def undisturbed(cls, hidden: bool, from_pipe: bool) -> float:
        status, took = cls.run_one(Kind(0, False, hidden, from_pipe), None, clear_directory(cls.directory, False))
        assert status == 0
        return took

    @classmethod
    def run_one(cls, kind: Kind, after: Optional[float], output: Path) -> tuple[int, float]:
        args = ["-i", "-" if kind.from_pipe else str(cls.save), "-o", str(output)]
        # A signal that hits LeakSanitizer's own process at exit would leave the program waiting for it.
        env = {**faults.environment(Plan(no_tmpfile=kind.hidden), -1), "ASAN_OPTIONS": "detect_leaks=0:exitcode=99"}
        begun = time.monotonic()
        process = program.start(*args, env=env, stdin=subprocess.PIPE if kind.from_pipe else subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        feeder = threading.Thread(target=cls.feed, args=(process.stdin,)) if kind.from_pipe else None
        if feeder:
            feeder.start()
        if after is not None:
            time.sleep(after)
            try:
                os.kill(program.descendants(process.pid)[-1] if kind.parser else process.pid, kind.number)
            except (ProcessLookupError, IndexError):
                pass        # it has exited
        status = process.wait(program.TIMEOUT)
        took = time.monotonic() - begun
        if feeder:
            feeder.join()
        return shell_status(status), took

    @classmethod
    def feed(cls, pipe) -> None:
        """Writes the save to the pipe slowly."""
        try:
            with pipe:
                for at in range(0, len(cls.data), 1 << 18):
                    pipe.write(cls.data[at:at + (1 << 18)])
                    time.sleep(0.0005)
        except BrokenPipeError:
            pass

    def test_random_moments(self):
        rng, ends, found = random.Random(SEED), {"whole": 0, "before": 0}, []
        for i in range(RUNS):
            kind = Kind(signal.SIGKILL if KILLS else rng.choice((*ENDING, *ENDING, signal.SIGKILL)), rng.random() < 0.5,
                        rng.random() < 0.5, rng.random() < 0.5)
            if kind.number == signal.SIGKILL:
                kind = replace(kind, parser=rng.random() < 0.5)
            moment = rng.uniform(0, 1.2) * self.took[kind.hidden, kind.from_pipe]
            output = clear_directory(self.directory, kind.old)
            status, _ = self.run_one(kind, moment, output)
            found += [f"run {i}, {kind}, after {moment:.4f} s: {p}"
                      for p in problems(output, kind.old, self.want, kind.number, status, kind.hidden)]
            ends["whole" if output.exists() and output.read_bytes() == self.want else "before"] += 1
        print(f"signals at random moments: {RUNS} runs, {ends['whole']} with the complete output, {ends['before']} with "
              f"the old state, {len(found)} otherwise", file=sys.stderr)
        self.assertEqual(found[:10], [], f"{len(found)} problems; SIGNAL_SEED={SEED}")
        self.assertTrue(RUNS < 50 or all(ends.values()), ends)


class OtherSignals(unittest.TestCase):
    def start(self, *args, ignored=(), **kw) -> subprocess.Popen:
        def ignore():
            for number in ignored:
                signal.signal(number, signal.SIG_IGN)
        process = program.start("-i", "-", *args, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, preexec_fn=ignore, **kw)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def wait_until_reading(self, process: subprocess.Popen) -> None:
        """Waits until the program has installed its handlers and waits for input."""
        until = time.monotonic() + 10
        while time.monotonic() < until:
            status = Path(f"/proc/{process.pid}/status").read_text()
            caught = int(re.search(r"SigCgt:\s*(\w+)", status)[1], 16)
            if re.search(r"State:\s*S", status) and caught >> signal.SIGUSR1 - 1 & 1:
                return
            time.sleep(0.001)
        self.fail("the program does not wait for input")

    def test_ignored_signals(self):
        """Ignored signals stay ignored, as with nohup and background jobs."""
        for number in ENDING:
            with self.subTest(signal=number):
                process = self.start("-o", "-", "-f", "libxl", ignored=[number])
                self.wait_until_reading(process)
                process.send_signal(number)
                out, err = process.communicate(CASE.octets(), program.TIMEOUT)
                self.assertEqual((process.returncode, err), (0, b""))
                self.assertEqual(out, v2.version_2_of(expected.by_model(CASE, "libxl")))

    def test_terminated_before_input(self):
        """The headers are written even on a signal: libxl always reads them, and crashes without them."""
        for number in ENDING:
            with self.subTest(signal=number):
                process = self.start("-o", "-", "--width", "64", "--guest", "hvm", "--format", "libxl")
                self.wait_until_reading(process)
                process.send_signal(number)
                self.assertEqual(process.wait(program.TIMEOUT), 128 + number)
                self.assertEqual(process.stdout.read(), START)

    def test_terminated_at_each_read(self):
        with faults.directory() as tmp:
            save = Path(tmp) / "in.save"
            save.write_bytes(CASE.octets())
            want = v2.version_2_of(expected.by_model(CASE, "libxl"))
            for n in itertools.count(1):
                plan = Plan("read", f"before:{int(signal.SIGTERM)}", n)
                done = faults.run(plan, "-i", save, "-o", "-", "-f", "libxl")
                if not done.fired:
                    break
                self.assertEqual(done.status, 128 + signal.SIGTERM)
                self.assertGreaterEqual(len(done.stdout), len(START))
                self.assertTrue(want.startswith(done.stdout), "not the start of the expected stream")
            self.assertGreater(n, 10)

    def test_several_signals(self):
        """Several signals that are pending at the same time."""
        process = self.start("-o", "-", "-f", "libxl")
        self.wait_until_reading(process)
        process.send_signal(signal.SIGSTOP)
        for number in ENDING:
            process.send_signal(number)
        process.send_signal(signal.SIGCONT)
        self.assertIn(process.wait(program.TIMEOUT), [128 + number for number in ENDING])
        self.assertEqual(process.stdout.read(), START)


if __name__ == "__main__":
    unittest.main()
