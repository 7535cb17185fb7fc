"""Full disks and quotas, closed pipes, inputs that change while they are read, limits on memory and time."""

import os
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import cases, expected, faults, legacy, make_stream, program, v2, verifier
from kit.base import ProgramTest
from kit.faults import Plan
from kit.flavours import HVM64, PV64
from kit.legacy import Batch, Raw, TscInfo, VcpuInfo

SMALL = cases.named("hvm64-age-4-5-4")
LARGE = cases.named("hvm64-full-batch")     # has 4 MiB of pages
OLD = b"what was there before"
NOBODY = 65534


def error_lines(stderr: bytes) -> list[str]:
    """The messages without warnings, which libxc format has."""
    return [line for line in program.lines(stderr) if ": warning: " not in line]


class FailureTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.small, self.large = self.file("small.save", SMALL.octets()), self.file("large.save", LARGE.octets())

    def assert_failed(self, done, *words: str, status: int = 3) -> None:
        self.assert_status(done, status)
        lines = error_lines(done.stderr)
        self.assertEqual(len(lines), 1, lines)
        for word in words:
            self.assertIn(word, lines[0])

    def assert_untouched(self, output: Path, old: bool) -> None:
        self.assertEqual([p.name for p in output.parent.iterdir()], [output.name] if old else [])
        if old:
            self.assertEqual(output.read_bytes(), OLD)


class FullDisk(FailureTest):
    def mount(self, options: str) -> Path:
        where = self.dir / "small-disk"
        where.mkdir(exist_ok=True)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", where], stderr=subprocess.PIPE,
                              check=False)
        if done.returncode != 0:
            why = f"NOT TESTED: cannot mount a small file system ({options}): {done.stderr.decode().strip()}"
            print(why, file=sys.stderr)
            self.skipTest(why)
        self.addCleanup(subprocess.run, ["umount", where], check=True)
        return where

    def each_way(self, disk: Path, reason: str, large: Path, **kw):
        """New and replaced output, with and without O_TMPFILE, from a file and from a pipe."""
        self.dir.chmod(0o755)
        large.chmod(0o644)
        for old in (False, True):
            for hidden in (False, True):
                for from_pipe in (False, True):
                    with self.subTest(replaces=old, hidden=hidden, from_pipe=from_pipe):
                        output = disk / "new.save"
                        output.unlink(missing_ok=True)
                        if old:
                            output.write_bytes(OLD)
                        args = ["-i", "-" if from_pipe else large, "-o", output]
                        more = {"input": large.read_bytes()} if from_pipe else {}
                        done = faults.run(Plan(no_tmpfile=hidden), *args, **more, **kw)
                        self.assertEqual(done.status, 3, done.stderr)
                        self.assertEqual(len(error_lines(done.stderr)), 1)
                        self.assertIn(reason.encode(), done.stderr)
                        self.assert_untouched(output, old)

    def test_no_space(self):
        disk = self.mount("size=1m")
        self.each_way(disk, "No space left on device", self.large)
        # A smaller save still fits.
        self.assert_status(program.run("-i", self.small, "-o", disk / "new.save"), 0)

    def test_no_inodes(self):
        disk = self.mount("size=8m,nr_inodes=2")
        (disk / "other").touch()
        done = program.run("-i", self.small, "-o", disk / "new.save")
        self.assert_failed(done, "No space left on device")
        self.assertEqual([p.name for p in disk.iterdir()], ["other"])

    @unittest.skipIf(program.SANITIZED, "starting a sanitized program as another user is slow")
    def test_quota(self):
        """Run as user nobody, since quotas do not apply to root."""
        disk = self.mount("size=16m,mode=1777,usrquota,usrquota_block_hardlimit=1m")
        output = disk / "new.save"
        self.dir.chmod(0o755)
        self.large.chmod(0o644)
        done = program.run("-i", self.large, "-o", output, user=NOBODY, group=NOBODY, extra_groups=[])
        self.assert_failed(done, "Disk quota exceeded")
        self.assert_untouched(output, False)

    def test_file_size_limit(self):
        for limit in (0, 100, 1 << 20, 4 << 20):
            with self.subTest(limit=limit):
                disk = Path(tempfile.mkdtemp(dir=self.dir))
                self.each_way(disk, "File too large", self.large,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))

    def test_full_device(self):
        for from_pipe in (False, True):
            kw = {"input": LARGE.octets()} if from_pipe else {}
            done = program.run("-i", "-" if from_pipe else self.large, "-o", "/dev/full", **kw)
            self.assert_failed(done, "No space left on device")


class ReaderGone(FailureTest):
    """The output is a pipe whose reader closes it, as libxl does on errors."""

    def test_at_any_time(self):
        for fmt in ("libxl", "libxc"):
            for size in (0, 1, 24, 5000, 100000, 3 << 20):  # the rest is larger than the pipe's buffer
                for source in ("-", self.large):
                    with self.subTest(format=fmt, read=size, source=str(source)):
                        with open(self.large, "rb") as stdin:
                            process = program.start("-i", source, "-o", "-", "-f", fmt, stdin=stdin,
                                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                        left = size
                        while left and (got := len(process.stdout.read(left))):
                            left -= got
                        process.stdout.close()
                        err = process.stderr.read()
                        process.wait(program.TIMEOUT)
                        process.stderr.close()
                        self.assert_failed(subprocess.CompletedProcess([], process.returncode, b"", err), "Broken pipe")

    def test_with_pending_input(self):
        """The program ends without waiting for the end of the input."""
        reader, writer = os.pipe()
        process = program.start("-i", "-", "-o", "-", stdin=reader, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        os.close(reader)
        process.stdout.close()
        with self.assertRaises(BrokenPipeError), open(writer, "wb", buffering=0) as pipe:
            for _ in range(100):
                pipe.write(LARGE.octets())
        self.assertEqual(process.wait(program.TIMEOUT), 3)
        self.assertIn(b"Broken pipe", process.stderr.read())
        process.stderr.close()


class ChangingInput(FailureTest):
    """The program stops itself at a system call; the input is changed; the program continues."""

    def run_changed(self, plan: Plan, change, *args, **kw) -> subprocess.CompletedProcess:
        process = program.start("-i", self.large, *args, env=faults.environment(plan, -1), stderr=subprocess.PIPE, **kw)
        self.addCleanup(process.stderr.close)
        program.when_stopped(process.pid, change)
        while process.poll() is None:       # both processes stop, since each counts its own calls
            for pid in program.descendants(process.pid):
                if program.state(pid) == "T":
                    os.kill(pid, signal.SIGCONT)
            time.sleep(0.01)
        err = process.stderr.read()
        return subprocess.CompletedProcess([], process.wait(program.TIMEOUT), b"", err)

    @staticmethod
    def stop(call: str, nth: int) -> Plan:
        return Plan(call, f"before:{int(signal.SIGSTOP)}", nth)

    def test_shrinking(self):
        data, fields = LARGE.fields()
        pages = next(f.offset for f in fields if ".page." in f.name)
        for nth, left in ((1, 0), (1, 5), (5, 0), (30, pages + 5000), (40, pages + 4096)):
            with self.subTest(read=nth, left=left):
                self.large.write_bytes(data)
                output = self.out()
                done = self.run_changed(self.stop("read", nth), lambda: os.truncate(self.large, left), "-o", output,
                                        "-g", "hvm", "-w", "64")
                self.assert_refused(done, output)

    def test_shrinking_under_splice(self):
        data = self.large.read_bytes()
        for left in (0, len(data) // 2):
            with self.subTest(left=left):
                self.large.write_bytes(data)
                done = self.run_changed(self.stop("splice", 1), lambda: os.truncate(self.large, left), "-o", "-",
                                        stdout=self.pipe_to_cat())
                self.assert_failed(done, "input ended", status=1)

    def pipe_to_cat(self):
        cat = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self.addCleanup(cat.wait)
        self.addCleanup(cat.stdin.close)
        return cat.stdin

    def test_growing(self):
        """Data appended during the conversion is an error: another program may still be writing the file."""
        data = self.large.read_bytes()
        for nth in (1, 5, 30):
            with self.subTest(read=nth):
                self.large.write_bytes(data)
                output = self.out()
                done = self.run_changed(self.stop("read", nth),
                                        lambda: self.large.write_bytes(data + b"more"), "-o", output)
                self.assert_refused(done, output)
                self.assertIn(b"follow the end of the stream", done.stderr)

    def test_being_written(self):
        """A file that is still incomplete is rejected, and converted once it is complete."""
        data = self.large.read_bytes()
        self.large.write_bytes(data[:100000])
        output = self.out()
        self.assert_refused(program.run("-i", self.large, "-o", output), output)
        self.large.write_bytes(data)
        self.assert_status(program.run("-i", self.large, "-o", output), 0)

    def test_removed(self):
        """Removing the input after it was opened has no effect."""
        output = self.out()
        self.assert_status(self.run_changed(self.stop("read", 5), self.large.unlink, "-o", output), 0)
        self.assertEqual(output.read_bytes(), v2.version_2_of(expected.by_model(LARGE, "libxc")))


@unittest.skipIf(program.SANITIZED, "AddressSanitizer reserves more address space than any limit here")
class Bounds(ProgramTest):
    """Any input is processed in 64 MiB of address space, including libc, and within seconds."""

    LIMIT = 64 << 20
    SECONDS = 10        # 50 times the usual time; quadratic code takes hours

    def convert(self, data: bytes, *options: str) -> bytes:
        save, output = self.file("in.save", data), self.out()
        begun = time.monotonic()
        limits = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_AS, (self.LIMIT, self.LIMIT))}
        self.assert_status(program.run("-i", save, "-o", output, "--no-sync", *options, **limits), 0)
        self.assertLess(time.monotonic() - begun, self.SECONDS)
        begun = time.monotonic()
        self.assert_status(verifier.run("-i", output, "-q", **limits), 0)
        self.assertLess(time.monotonic() - begun, self.SECONDS)
        return output.read_bytes()

    def octets(self, save: legacy.Save) -> bytes:
        path = self.dir / "made.save"
        with open(path, "wb") as f:
            legacy.write(save, f)
        return path.read_bytes()

    def model(self, save: legacy.Save, fmt: str) -> bytes:
        return v2.version_2_of(expected.by_model(replace(SMALL, save=save), fmt))

    @staticmethod
    def blob(entries: int) -> Raw:
        """A toolstack blob with entries of 40 octets, including 4 of padding, as a 64-bit toolstack writes them."""
        one = struct.Struct("<QQQI8s4x")
        data = struct.pack("<II", 1, entries) + b"".join(one.pack(i, i, 1, 8, b"%07x\0" % i) for i in range(entries))
        return Raw(legacy.XC_SAVE_ID_TOOLSTACK, struct.pack("<I", len(data)) + data)

    def test_toolstack_blob(self):
        """A toolstack blob of 40 MB with a million entries."""
        entries = 1_000_000
        save = self.octets(HVM64.save(toolstack=[self.blob(entries)]))
        self.assertGreater(len(save), 40 * entries)
        got = self.convert(save, "-f", "libxl")
        text = b"".join(b"physmap/%x/start_addr\0%x\0physmap/%x/size\x001\0physmap/%x/name\0%07x\0" % (i, i, i, i, i)
                        for i in range(entries))
        self.assertIn(text, got)

    def test_vcpus(self):
        """4096 vcpus with all kinds of state."""
        everyone = range(4096)
        for save in (PV64.save(online=everyone), PV64.save(online=everyone, xsave=dict.fromkeys(everyone, 4000))):
            got = self.convert(self.octets(save), "-f", "libxc")
            self.assertEqual(v2.difference(self.model(save, "libxc"), got), "")

    def test_tiny_chunks(self):
        """100,000 chunks of each kind that may be repeated."""
        for name, chunks in {"tsc": [TscInfo()] * 100_000,
                             "batches": [Batch([0xF0000000])] * 100_000,
                             "pages": [Batch([i % 0x400], i) for i in range(10_000)],
                             "vcpus": [VcpuInfo.of([0])] * 100_000,
                             "toolstack": [self.blob(1)] * 100_000}.items():
            with self.subTest(chunks=name):
                save = HVM64.save()
                save = replace(save, body=save.body[:2] + chunks + save.body[2:])
                got = self.convert(self.octets(save), "-f", "libxl")
                self.assertTrue(got.startswith(b"LibxlFmt"))

    def test_duplicates(self):
        """Batches of 1024 pages with many duplicates."""
        for name, entries in {"one": [7] * 1024, "two": [7, 9] * 512, "twice": [*range(512)] * 2,
                              "backwards": [*range(1023, -1, -1)]}.items():
            with self.subTest(batch=name):
                save = HVM64.save(batches=[Batch(entries, i) for i in range(4)])
                got = self.convert(self.octets(save), "-f", "libxl")
                self.assertEqual(v2.difference(self.model(save, "libxl"), got), "")

    def test_large_guest_from_a_pipe(self):
        data = self.octets(make_stream.big(PV64, 32 << 20))
        begun = time.monotonic()
        done = program.run("-i", "-", "-o", self.out(), "--no-sync", input=data,
                           preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (self.LIMIT, self.LIMIT)))
        self.assert_status(done, 0)
        self.assertLess(time.monotonic() - begun, self.SECONDS)


if __name__ == "__main__":
    unittest.main()
