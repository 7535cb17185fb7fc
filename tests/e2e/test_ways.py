"""Page data is moved as the types of input and output allow, with few system calls; the page cache is preserved."""

import os
import re
import socket
import subprocess
import sys
import threading
import unittest
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import cases, expected, flavours, legacy, program, v2
from kit.base import ProgramTest
from kit.make_stream import big

HVM = next(f for f in flavours.ALL if f.name == "hvm64")
CASE = cases.named("hvm64-full-batch")
MIB = 1 << 20
SMALL = 9000                # calls that transfer more than a batch's entries transfer page data
WANTED = v2.version_2_of(expected.by_model(CASE, "libxc"))
STAGED, SPLICE, LOOP = "by splice, through an internal pipe", "by splice", "by read and write"


class Ways(ProgramTest):
    """Runs under strace with each kind of input and output."""

    def setUp(self):
        super().setUp()
        self.trace = self.dir / "trace"
        self.save = self.file("in.save", CASE.octets())

    def close_later(self, fd: int) -> int:
        self.addCleanup(os.close, fd)
        return fd

    def thread(self, run, *args) -> None:
        thread = threading.Thread(target=run, args=args)
        thread.start()
        self.addCleanup(thread.join)

    def feed(self, fd: int) -> None:
        with os.fdopen(fd, "wb", buffering=0) as end:
            rest = memoryview(CASE.octets())
            while rest:
                rest = rest[end.write(rest):]

    def source(self, kind: str) -> int:
        if kind == "file":
            return self.close_later(os.open(self.save, os.O_RDONLY))
        if kind == "pipe":
            reads, writes = os.pipe()
        else:
            ours, theirs = socket.socketpair()
            reads, writes = ours.detach(), theirs.detach()
        self.thread(self.feed, writes)
        return self.close_later(reads)

    def sink(self, kind: str):
        """Returns an fd and a function that returns the written data."""
        if kind == "file":
            path = self.out()
            return self.close_later(os.open(path, os.O_RDWR | os.O_CREAT)), path.read_bytes
        if kind == "pipe":
            reads, writes = os.pipe()
        else:
            ours, theirs = socket.socketpair()
            reads, writes = ours.detach(), theirs.detach()
        got: list[bytes] = []

        def collect():
            with os.fdopen(reads, "rb", buffering=0) as end:
                while data := end.read(100000):
                    got.append(data)

        thread = threading.Thread(target=collect)
        thread.start()

        def arrived() -> bytes:
            os.close(writes)
            thread.join()
            return b"".join(got)
        return writes, arrived

    def run_traced(self, *args, fds: tuple[int, ...] = (), strace: tuple[str, ...] = ()) -> tuple[str, list[tuple[str, str, int]]]:
        """Returns the way that -v shows, and the system calls (name, arguments, result), grouped by process."""
        for old in self.dir.glob("trace*"):
            old.unlink()
        env = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}      # LeakSanitizer does not work under strace
        done = subprocess.run(["strace", "-ff", "-o", str(self.trace), *strace, str(program.PROGRAM), "-v", *map(str, args)],
                              env=env, pass_fds=fds, capture_output=True, stdin=subprocess.DEVNULL, check=False)
        self.assert_status(done, 0)
        shown = re.findall(r"page data moves (.*)", done.stderr.decode())
        self.assertEqual(len(shown), 1, "the way must be selected and shown once")
        traces = sorted(self.dir.glob(f"{self.trace.name}.*"), key=lambda path: int(path.suffix[1:]))
        calls = re.findall(r"^(\w+)\((.*)\) += (-?\d+)", "".join(p.read_text(errors="replace") for p in traces), re.MULTILINE)
        return shown[0], [(name, args, int(result)) for name, args, result in calls]

    def check(self, source: str, target: str, way: str) -> None:
        with self.subTest(source=source, target=target):
            fin, (fout, arrived) = self.source(source), self.sink(target)
            shown, calls = self.run_traced("-i", fin, "-o", fout, fds=(fin, fout))
            self.assertEqual(v2.difference(WANTED, arrived()), "")
            self.assertEqual(shown, way)
            spliced = sum(n for name, _, n in calls if name == "splice" and n > 0)
            large = [c for c in calls if c[0] in ("read", "write") and c[2] > SMALL]
            pages = len(CASE.octets()) // MIB * MIB
            if way == LOOP:
                self.assertEqual(spliced, 0)
                self.assertGreater(len(large), 0)
            else:
                self.assertEqual(large, [], "page data went through memory")
                self.assertGreaterEqual(spliced, pages * (2 if way == STAGED else 1))
            for fd, kind in ((fin, source), (fout, target)):
                enlarged = any(name == "fcntl" and args.startswith(f"{fd}, F_SETPIPE_SZ") for name, args, _ in calls)
                self.assertEqual(enlarged, kind == "pipe", f"size of pipe {fd}")
            advised = [args for name, args, _ in calls if name.startswith("fadvise") and "SEQUENTIAL" in args]
            self.assertEqual(len(advised), source == "file")
            self.doCleanups()
            self.setUp()

    def test_each_pair_of_ends(self):
        for source in ("file", "pipe", "socket"):
            self.check(source, "file", STAGED)
            self.check(source, "pipe", SPLICE)
            self.check(source, "socket", SPLICE if source == "pipe" else LOOP)

    def test_few_calls_for_a_batch(self):
        """A batch takes two reads (id, entries), one write, and splices of about 1 MiB for the data."""
        _, calls = self.run_traced("-i", self.save, "-o", self.out())
        names = [name for name, _, _ in calls]
        entries = next(i for i, (name, _, n) in enumerate(calls) if name == "read" and n == 1024 * 8)
        end = entries + 2
        while names[end] == "splice":
            end += 1
        self.assertEqual(names[entries - 1:entries + 2], ["read", "read", "write"])
        self.assertLessEqual(end - entries - 2, 10, calls[entries:end])

    def test_whole_blocks_are_written(self):
        _, calls = self.run_traced("-i", self.save, "-o", self.out())
        at, sizes = 0, []
        out = next(args.split(", ")[2] for name, args, _ in calls if name == "splice" and not args.startswith("4,"))
        for name, args, n in calls:
            if name == "splice" and args.split(", ")[2] == out:
                sizes.append(n)
                at += n
        self.assertTrue(all(sum(sizes[:i + 1]) % 65536 == 0 for i in range(len(sizes) - 1)), sizes)

    def allocations(self, output: Path, calls) -> list[tuple[int, int]]:
        """For each fallocate(): the end of the range, and the size of the file written before the call."""
        filesystem = subprocess.run(["stat", "-f", "-c", "%T", str(output.parent)], capture_output=True, text=True, check=True)
        out = next(args.split(",")[0] for name, args, _ in calls if name in ("ftruncate", "fallocate"))
        self.assertEqual(filesystem.stdout.strip(), "ext2/ext3")
        written, found = 0, []
        for name, args, n in calls:
            words = args.split(", ")
            if name == "fallocate":
                found.append((int(words[2]) + int(words[3]), written))
            elif (name == "splice" and words[2] == out) or (name == "write" and words[0] == out):
                written += n
        return found

    def test_space_is_allocated_ahead(self):
        output = self.out()
        _, calls = self.run_traced("-i", self.save, "-o", output)
        if not any(name == "fallocate" for name, _, _ in calls):
            self.skipTest("space is allocated in advance only on ext4")
        allocations = self.allocations(output, calls)
        self.assertEqual(allocations[0], (MIB, 0))
        self.assertEqual(allocations[-1][0], len(CASE.octets()))
        for end, written in allocations:
            self.assertLessEqual(end, max(MIB, 2 * written) + MIB, allocations)
        self.assertEqual(v2.difference(WANTED, output.read_bytes()), "", "the final size must be correct")

    def test_space_follows_data_read(self):
        """Space is allocated according to the data read, not to the size of the input."""
        output = self.out()
        with self.save.open("r+b") as save:
            save.truncate(1 << 40)
        strace = ["strace", "-f", "-e", "trace=fallocate", "-o", str(self.trace)]
        env = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}
        done = subprocess.run([*strace, str(program.PROGRAM), "-i", str(self.save), "-o", str(output)], env=env,
                              capture_output=True, stdin=subprocess.DEVNULL, check=False)
        self.assert_status(done, 0)
        self.assertIn("zero bytes after the end of the stream ignored", done.stderr.decode())
        allocations = re.findall(r"fallocate\(\d+, 0, (\d+), (\d+)\)", self.trace.read_text())
        self.assertLess(sum(int(n) for _, n in allocations), 2 * len(WANTED) + MIB)

    def test_unused_space_is_released(self):
        """Space that was allocated but not used is released: here the input continues after the stream."""
        fin, output = self.close_later(os.open(self.file("long.save", CASE.octets() + bytes(2 * MIB)), os.O_RDONLY)), self.out()
        self.assert_status(program.run("-i", fin, "-o", output, pass_fds=[fin]), 0)
        self.assertEqual(v2.difference(WANTED, output.read_bytes()), "")
        self.assertLess(output.stat().st_blocks * 512, len(WANTED) + MIB)

    def test_failing_calls(self):
        """Some kernels and containers lack these calls: the conversion is slower, but correct."""
        for call, error in (("splice", "ENOSYS"), ("splice", "EINVAL"), ("pipe2", "EMFILE:when=1"), ("fallocate", "ENOSPC"),
                            ("fallocate", "EOPNOTSUPP"), ("fadvise64", "EINVAL"), ("sync_file_range", "EIO")):
            with self.subTest(call=call, error=error):
                output = self.out()
                self.run_traced("-i", self.save, "-o", output, strace=("-e", f"inject={call}:error={error}"))
                self.assertEqual(v2.difference(WANTED, output.read_bytes()), "")

    def test_truncate_failure(self):
        output = self.out()
        with open(self.file("long.save", CASE.octets() + bytes(2 * MIB)), "rb") as fin:
            done = subprocess.run(["strace", "-f", "-o", str(self.trace), "-e", "inject=ftruncate:error=EIO", str(program.PROGRAM),
                                   "-i", str(fin.fileno()), "-o", str(output)], env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"},
                                  pass_fds=[fin.fileno()], capture_output=True, stdin=subprocess.DEVNULL, check=False)
        if "ftruncate" not in self.trace.read_text():
            self.skipTest("space is allocated in advance only on ext4")
        self.assert_status(done, 3)
        self.assert_clean(output)


def zeros_but_some(pfn: int, iteration: int = 0) -> bytes:
    return bytes(legacy.PAGE_SIZE) if pfn % 512 else legacy.page(pfn, iteration)


def mostly_zeros(size: int) -> legacy.Save:
    save = big(HVM, size)
    return replace(save, body=(replace(chunk, content=zeros_but_some) if isinstance(chunk, legacy.Batch) else chunk
                               for chunk in save.body))


class Sparse(ProgramTest):
    def test_zeros_become_holes(self):
        stream = self.file("in.save", legacy.octets(mostly_zeros(8 * MIB)))
        plain, sparse = self.out(), self.out()
        self.assert_status(program.run("-i", stream, "-o", plain), 0)
        self.assert_status(program.run("-i", stream, "-o", sparse, "--sparse"), 0)
        self.assertEqual(plain.read_bytes(), sparse.read_bytes())
        self.assertGreater(plain.stat().st_blocks * 512, 8 * MIB)
        self.assertLess(sparse.stat().st_blocks * 512, MIB)

    def test_zeros_at_the_end(self):
        """Zeros at the end, in whole blocks, become a hole; the file has the correct size."""
        save = cases.named("hvm64-age-4-5-4").save
        plain, sparse = self.out(), self.out()
        zeros = 3 * MIB
        for _ in range(2):
            save = replace(save, qemu=legacy.Qemu(b"DeviceModelRecord0002", "<I", bytes(zeros)))
            stream = self.file("in.save", legacy.octets(save))
            self.assert_status(program.run("-i", stream, "-o", plain), 0)
            zeros += -len(plain.read_bytes()) % 4096
        self.assertEqual(len(plain.read_bytes()) % 4096, 0)
        for options in ((), ("--verify",)):
            self.assert_status(program.run("-i", stream, "-o", sparse, "--sparse", *options), 0)
            self.assertEqual(plain.read_bytes(), sparse.read_bytes())
            self.assertLess(sparse.stat().st_blocks * 512, plain.stat().st_blocks * 512 - 2 * MIB)

    def test_only_for_files(self):
        stream = self.file("in.save", CASE.octets())
        done = program.run("-i", stream, "-o", "-", "--sparse")
        self.assert_status(done, 2)
        self.assertIn(b"--sparse", done.stderr)


class PageCache(ProgramTest):
    """Input that was cached stays cached. Of other input at most the last 64 MiB remain in the page cache."""

    SIZE = 200 * MIB

    def setUp(self):
        super().setUp()
        self.save = self.dir / "in.save"
        with self.save.open("wb") as out:
            legacy.write(mostly_zeros(self.SIZE), out)
            out.flush()
            os.fsync(out.fileno())

    def cached(self) -> int:
        return int(subprocess.run(["fincore", "-n", "-b", "-o", "RES", str(self.save)], capture_output=True, check=True).stdout)

    def convert(self) -> None:
        self.assert_status(program.run("-i", self.save, "-o", "-", stdout=subprocess.DEVNULL), 0)

    def test_warm(self):
        self.save.read_bytes()
        self.convert()
        self.assertGreaterEqual(self.cached(), self.SIZE)

    def test_cold(self):
        with self.save.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        if self.cached() > MIB:
            self.skipTest("this file system keeps its files in memory")
        self.convert()
        self.assertLess(self.cached(), 64 * MIB)


if __name__ == "__main__":
    unittest.main()
