"""--replace: the new save replaces the old one atomically; --force is required if data would be lost."""

import fcntl
import gzip
import hashlib
import os
import random
import re
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import archive, batch, cases, expected, faults, program, v2
from kit.base import ProgramTest
from kit.faults import Plan

CASE = cases.named("hvm64-age-4-5-4")
OLD = CASE.octets()
NEW = v2.version_2_of(expected.by_model(CASE, "libxc"))
STALE = ".convert-legacy-stream.0123456789abcdef"

ROUNDS = int(os.environ.get("BATCH_ROUNDS", 2))
SMALL = int(os.environ.get("BATCH_SMALL", 100 if program.SANITIZED else 200))
LARGE = int(os.environ.get("BATCH_LARGE", 2))
LARGE_SIZE = int(os.environ.get("BATCH_LARGE_MIB", 8)) << 20


class Replace(ProgramTest):
    def setUp(self):
        super().setUp()
        self.tree = self.dir / "saves"
        self.tree.mkdir()

    def put(self, name: str, data: bytes = OLD) -> Path:
        path = self.tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def contents(self) -> dict[str, bytes]:
        return {str(p.relative_to(self.tree)): p.read_bytes() for p in self.tree.rglob("*") if p.is_file()}

    def replace(self, path: Path, *args, status: int = 0, **kw) -> subprocess.CompletedProcess:
        done = program.run("-i", path, "--replace", *args, **kw)
        self.assert_status(done, status)
        self.assert_silent_stdout(done)
        return done

    def test_metadata_is_kept(self):
        for path in (self.put("single"), self.put("d/in-a-directory")):
            os.chmod(path, 0o640)
            os.chown(path, 1234, 2345)
            os.utime(path, ns=(10**18 + 1, 10**18 + 2))
            self.replace(self.tree / path.relative_to(self.tree).parts[0])
            st = path.stat()
            self.assertEqual((st.st_mode & 0o7777, st.st_uid, st.st_gid, st.st_atime_ns), (0o640, 1234, 2345, 10**18 + 1))
            self.assertGreater(st.st_mtime, time.time() - 60)
        self.assertEqual(self.contents(), dict.fromkeys(("single", "d/in-a-directory"), NEW), "unexpected files")

    def test_link(self):
        """A link given by --in: its target is replaced, not the link. Links in a directory are not followed."""
        path, link = self.put("a"), self.tree / "link"
        link.symlink_to("a")
        self.replace(link)
        self.assertEqual((os.readlink(link), path.read_bytes()), ("a", NEW))
        path.write_bytes(OLD)
        (self.dir / "link").symlink_to(path)
        os.rename(self.dir / "link", self.tree / "link")
        path.rename(self.dir / "outside")
        (self.dir / "outside").rename(self.dir / "a")
        self.replace(self.tree)
        self.assertEqual((self.dir / "a").read_bytes(), OLD)

    def test_force_required(self):
        self.put("compressed", gzip.compress(OLD))
        os.link(self.put("linked"), self.dir / "other-link")
        os.chmod(self.put("read-only"), 0o444)
        reasons = {"compressed": "is compressed", "linked": "hard links", "read-only": "is read-only"}
        before = self.contents()
        for name, reason in reasons.items():
            self.assertRegex(self.replace(self.tree / name, status=2).stderr.decode(), f"{reason}.*--force replaces it")
        done = self.replace(self.tree, "--report", self.dir / "r.jsonl", status=1)
        for name, row in batch.rows(self.dir / "r.jsonl").items():
            self.assertEqual((row["result"], row["status"]), ("failed", 2))
            self.assertIn(reasons[name.decode()], row["why"]["reason"])
        self.assertEqual(len(program.lines(done.stderr)), 4)
        self.assertEqual(self.contents(), before)
        self.replace(self.tree, "--force")
        self.assertEqual(self.contents(), dict.fromkeys(reasons, NEW))
        self.assertEqual((self.dir / "other-link").read_bytes(), OLD)
        self.assertEqual((self.tree / "read-only").stat().st_mode & 0o777, 0o444)

    def test_other_files_unchanged(self):
        """Files that are no legacy saves, or damaged ones, are not replaced."""
        for name, data in (("v2", NEW), ("notes", b"hello"), ("notes.gz", gzip.compress(b"x" * 999)), ("tar", archive.tar("a", OLD)),
                           ("bad", OLD[:-1]), ("empty.save", b"")):
            os.chmod(self.put(name, data), 0o444)
        before, inodes = self.contents(), {p.name: p.stat().st_ino for p in self.tree.iterdir()}
        self.replace(self.tree, "--report", self.dir / "r.jsonl", status=1)
        self.assertEqual({n.decode(): r["result"] for n, r in batch.rows(self.dir / "r.jsonl").items()},
                         {"v2": "already-v2", "notes": "other", "notes.gz": "other", "tar": "unreadable", "bad": "failed",
                          "empty.save": "unreadable"})
        self.assertEqual((self.contents(), {p.name: p.stat().st_ino for p in self.tree.iterdir()}), (before, inodes))

    def test_report(self):
        """The report has the digests of the old and the new file."""
        self.put("a")
        self.replace(self.tree, "--report", self.dir / "r.jsonl")
        row = batch.rows(self.dir / "r.jsonl")[b"a"]
        self.assertEqual((row["sha256_in"], row["sha256_out"]), tuple(hashlib.sha256(data).hexdigest() for data in (OLD, NEW)))
        self.replace(self.tree, "--report", self.dir / "r.jsonl")
        self.assertEqual(batch.rows(self.dir / "r.jsonl")[b"a"]["result"], "already-v2", "the second run")

    def test_usage(self):
        path, fifo = self.put("a"), self.dir / "fifo"
        os.mkfifo(fifo)
        for argv in (["-i", fifo], ["-i", path, "-o", self.dir / "out"], ["-i", path, "--no-sync"], ["-i", path, "--no-clobber"], ["-i", "0"],
                     ["-i", self.tree, "--copy-others"], ["-i", path, "--inspect"], ["-i", "/dev/null"], []):
            with self.subTest(argv=argv):
                self.assert_status(program.run(*argv, "--replace"), 2)
        self.assertEqual(self.contents(), {"a": OLD})

    @faults.needed
    def test_synced_before_rename(self):
        trace = self.dir / "trace"
        path = self.put("a")
        subprocess.run(["strace", "-y", "-f", "-o", trace, "-e", "trace=fsync,renameat,renameat2,linkat", "-e", "signal=none", program.PROGRAM,
                        "-i", path, "--replace"], check=True, env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
        calls = re.findall(r"^\d+ +(\w+)\((?:\d+<([^>]*)>)?", trace.read_text(), re.M)
        names = [name for name, _ in calls]
        self.assertEqual([n for n in names if n != "fsync"], ["linkat", "renameat2"])
        self.assertIn("fsync", names[:names.index("linkat")])
        self.assertEqual(calls[-1], ("fsync", str(self.tree)))

    @faults.needed
    def test_failure_keeps_old_file(self):
        for call, kind in (("fsync", 5), ("linkat", 28), ("write", 28), ("read", 5), ("fchown", 1), ("futimens", 5)):
            with self.subTest(call=call):
                path = self.put("a")
                run = faults.run(Plan(call, kind), "-i", path, "--replace")
                if run.fired:
                    self.assertEqual(run.status, 3, run.stderr)
                    self.assertEqual(self.contents(), {"a": OLD})
                else:
                    self.assertEqual(call, "futimens", "only futimens is not interposed")

    @faults.needed
    def test_input_replaced_during_conversion(self):
        """A file that was renamed over the input during the conversion is not replaced."""
        path, other = self.put("a"), self.file("other", b"precious")
        process = program.start("-i", self.tree, "--replace", stderr=subprocess.PIPE,
                                env=faults.environment(Plan("pread", f"before:{int(signal.SIGSTOP)}", 2, file="a"), -1))
        self.addCleanup(process.communicate)
        program.when_stopped(process.pid, lambda: os.rename(other, path))
        program.when_stopped(process.pid, lambda: None)     # the worker, which reads the file for its digest
        self.assertEqual(process.wait(program.TIMEOUT), 3)
        self.assertEqual(self.contents(), {"a": b"precious"})

    @faults.needed
    def test_changed_before_the_rename(self):
        """The save is replaced or modified while the output is synced, or just before it is renamed."""
        def replace(path):
            os.rename(self.file("other", b"precious"), path)

        def append(path):
            with path.open("ab") as file:
                file.write(b"more")

        for call, change, kept in (("fsync", replace, b"precious"), ("fsync", append, OLD + b"more"),
                                   ("renameat2", replace, b"precious"), ("renameat2", append, OLD + b"more")):
            with self.subTest(call=call, change=change.__name__):
                path = self.put("a")
                process = program.start("-i", path, "--replace", stderr=subprocess.PIPE,
                                        env=faults.environment(Plan(call, f"before:{int(signal.SIGSTOP)}"), -1))
                self.addCleanup(process.communicate)
                if call == "fsync":     # the process that parses
                    program.when_stopped(process.pid, lambda: None)
                program.when_stopped(process.pid, lambda: change(path))
                self.assertEqual(process.wait(program.TIMEOUT), 3)
                self.assertIn(b"was replaced or modified during the conversion", process.stderr.read())
                self.assertEqual(self.contents(), {"a": kept})

    @faults.needed
    def test_file_system_without_exchange(self):
        path = self.put("a")
        run = faults.run(Plan("renameat2", 22), "-i", path, "--replace")
        self.assertEqual((run.status, run.fired, self.contents()), (0, True, {"a": NEW}))

    def test_temporary_files_of_killed_runs(self):
        """Temporary files are never converted; they are removed unless a run still has them locked."""
        self.put("a")
        self.put(f"d/{STALE}")
        with open(self.put(STALE), "rb") as used:
            fcntl.flock(used, fcntl.LOCK_EX)
            self.replace(self.tree)
            self.assertEqual(self.contents(), {"a": NEW, STALE: OLD})
        self.replace(self.tree)
        self.assertEqual(self.contents(), {"a": NEW})

    @faults.needed
    def test_temporary_file_mode(self):
        """Without O_TMPFILE it is created with O_EXCL and mode 0600."""
        trace, path = self.dir / "trace", self.put("a")
        subprocess.run(["strace", "-f", "-o", trace, "-e", "trace=openat", "-e", "signal=none", program.PROGRAM, "-i", path, "--replace", "-q"],
                       check=True, env={**faults.environment(Plan(no_tmpfile=True), -1), "ASAN_OPTIONS": "detect_leaks=0"})
        self.assertRegex(trace.read_text(), r'"\.convert-legacy-stream\.[0-9a-f]{16}", O_RDWR\|O_CREAT\|O_EXCL\|O_CLOEXEC, 0600\)')

    @faults.needed
    def test_temporary_file_of_another_run(self):
        """A temporary file that another run writes is locked and is not removed."""
        self.put("a")
        other = program.start("-i", "-", "-o", self.tree / "b", stdin=subprocess.PIPE, env=faults.environment(Plan(no_tmpfile=True), -1))
        self.addCleanup(other.wait)
        self.addCleanup(other.stdin.close)
        other.stdin.write(OLD[:8192])
        other.stdin.flush()
        self.assertTrue(program.wait_until(lambda: len(self.contents()) == 2))
        self.replace(self.tree)
        self.assertEqual(len(self.contents()), 2)
        other.stdin.write(OLD[8192:])
        other.stdin.close()
        self.assertEqual(other.wait(program.TIMEOUT), 0)
        self.assertEqual(self.contents(), {"a": NEW, "b": NEW})

    @faults.needed
    def test_temporary_file_removed_before_it_is_locked(self):
        self.put("a")
        other = program.start("-i", self.file("save", OLD), "-o", self.tree / "b",
                              env=faults.environment(Plan("flock", f"before:{int(signal.SIGSTOP)}", no_tmpfile=True), -1))
        self.addCleanup(other.wait)
        program.when_stopped(other.pid, lambda: self.replace(self.tree))
        self.assertEqual(other.wait(program.TIMEOUT), 0)
        self.assertEqual(self.contents(), {"a": NEW, "b": NEW})

    def test_killed_and_started_again(self):
        """Killed at random moments: each file is the complete old or new one. docs/batch.md has a longer run."""
        origin, once = self.dir / "origin", self.dir / "once"
        archive.make(origin, SMALL, LARGE, LARGE_SIZE)
        subprocess.run(["cp", "-a", origin, once], check=True)
        begun = time.monotonic()
        self.replace(once, "-q", "--force", status=1)
        took, old, new = time.monotonic() - begun, archive.snapshot(origin), archive.snapshot(once)
        self.assertGreater(sum(old[name] != new[name] for name in old), SMALL // 3)
        rng, killed = random.Random(int(os.environ.get("BATCH_SEED", 1))), 0
        while killed < ROUNDS:
            subprocess.run(["rm", "-rf", self.tree], check=True)
            subprocess.run(["cp", "-a", origin, self.tree], check=True)
            for _ in range(rng.choice((1, 1, 3))):
                process = program.start("-i", self.tree, "--replace", "--force", "-q", stderr=subprocess.DEVNULL, start_new_session=True)
                try:
                    process.wait(rng.uniform(0, took))
                except subprocess.TimeoutExpired:
                    (os.killpg if rng.random() < 0.5 else os.kill)(process.pid, signal.SIGKILL)
                    process.wait()
                    killed += 1
                now = {n: d for n, d in archive.snapshot(self.tree).items() if not n.rpartition(b"/")[2].startswith(STALE[:22].encode())}
                self.assertEqual(set(now), set(old))
                self.assertEqual([n for n in now if now[n] not in (old[n], new[n])], [], "neither old nor new")
            program.wait_until(lambda: subprocess.run(["pgrep", "-f", "--", f"-i {self.tree} --replace"],
                                                      stdout=subprocess.DEVNULL, check=False).returncode == 1)
            self.replace(self.tree, "-q", "--force", status=1)
            self.assertTrue(archive.snapshot(self.tree) == new, "differs from an undisturbed run")
        print(f"killed {killed} times, {len(new)} files", file=sys.stderr)


if __name__ == "__main__":
    unittest.main()
