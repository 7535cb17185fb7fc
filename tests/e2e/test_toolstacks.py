"""The program as called by libxl and xenopsd: with inherited fds, from which it must read only the stream."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import cases, expected, program, v2
from kit.base import ProgramTest

BEFORE = b"what the toolstack has read itself "
BEHIND = b"what others go on to read: " + bytes(range(100))
FIRST_24 = b"LibxlFmt\0\0\0\2\0\0\0\2" + b"\1\0\0\0\0\0\0\0"
KINDS = ("file", "pipe", "socket")


class Input:
    """An fd for the program, positioned at the start of data. left() returns the data that was not read.

    ends: the input ends after the data; otherwise a read after the data would block.
    """

    def __init__(self, kind: str, data: bytes, ends: bool, directory: Path):
        self.kind, self.data, self.ends, self.writer, self.thread = kind, data, ends, None, None
        if kind == "file":
            path = directory / "input"
            path.write_bytes(BEFORE + data)
            self.fd = os.open(path, os.O_RDONLY)
            os.lseek(self.fd, len(BEFORE), os.SEEK_SET)
            return
        if kind == "pipe":
            self.fd, self.writer = os.pipe()
        else:
            ours, theirs = socket.socketpair()
            self.fd, self.writer = theirs.detach(), ours.detach()
        self.thread = threading.Thread(target=self._feed)
        self.thread.start()

    def _feed(self) -> None:
        rest = memoryview(self.data)
        while rest:
            rest = rest[os.write(self.writer, rest):]
        if self.ends:
            os.close(self.writer)
            self.writer = None

    def left(self) -> bytes:
        if self.kind == "file":
            at = os.lseek(self.fd, 0, os.SEEK_CUR) - len(BEFORE)
            return self.data[at:]
        os.set_blocking(self.fd, False)
        left = b""
        while True:
            writing = self.thread.is_alive()
            try:
                more = os.read(self.fd, 1 << 20)
                left += more
                if more:
                    continue
            except BlockingIOError:
                pass
            if not writing:
                return left
            self.thread.join(0.001)

    def close(self) -> None:
        self.left()     # so that the writing thread can end
        if self.thread:
            self.thread.join()
        for fd in (self.fd, self.writer):
            if fd is not None:
                os.close(fd)


def converted_part(case, kind: str, skips_qemu: bool = False):
    """The part of a case that is converted: further checkpoints are read only from files, not after a skipped record."""
    return case if kind == "file" and not (skips_qemu and case.flavour.guest == "hvm") else case.first()


class ToolstackTest(ProgramTest):
    def run_on(self, source: Input, *argv) -> tuple[subprocess.CompletedProcess, bytes]:
        """Runs the program with the input's fd for IN and a pipe's fd for OUT; also returns the data from the pipe."""
        reader, writer = os.pipe()
        got: list[bytes] = []

        def collect():
            with os.fdopen(reader, "rb") as pipe:
                got.append(pipe.read())

        thread = threading.Thread(target=collect)
        thread.start()
        try:
            numbers = {"IN": source.fd, "OUT": writer}
            done = program.run(*(numbers.get(a, a) for a in argv), pass_fds=(source.fd, writer))
        finally:
            os.close(writer)
            thread.join()
        self.assert_silent_stdout(done)
        return done, got[0]

    def input(self, kind: str, data: bytes, ends: bool = False):
        return contextlib.closing(Input(kind, data, ends, self.dir))

    def input_with_end(self, kind: str, data: bytes):
        return self.input(kind, data, ends=True)

    def libxl(self, source: Input, guest: str):
        return self.run_on(source, "--in", "IN", "--out", "OUT", "--width", "64", "--guest", guest, "--format", "libxl")

    def xenopsd(self, source: Input, guest: str):
        return self.run_on(source, "--in", "IN", "--out", "OUT", "--width", "32", "--skip-qemu", "--guest-type", guest,
                           "--syslog", "--verbose")


def delimited(case) -> bool:
    """Whether the end of the stream can be determined without the end of the input."""
    return not (case.save.qemu and case.save.qemu.length is None)


class Good(ToolstackTest):
    @classmethod
    def setUpClass(cls):
        expected.run_scripts(cases.good())

    def test_libxl(self):
        for case in program.sampled(filter(delimited, cases.good())):
            for kind in KINDS:
                with self.subTest(case=case.name, input=kind), self.input(kind, case.octets() + BEHIND) as source:
                    done, got = self.libxl(source, case.flavour.guest)
                    self.assert_status(done, 0)
                    taken = converted_part(case, kind)
                    self.assertEqual(v2.difference(expected.stream(taken, "libxl", 2), got), "")
                    self.assertEqual(source.left(), (case.octets() + BEHIND)[len(taken.octets()):])

    def test_xenopsd(self):
        """With --skip-qemu, reading stops after the HVM context."""
        for case in program.sampled(cases.good()):
            for kind in KINDS:
                with self.subTest(case=case.name, input=kind), self.input(kind, case.octets() + BEHIND) as source:
                    done, got = self.xenopsd(source, case.flavour.guest)
                    self.assert_status(done, 0)
                    fmt = "libxc --skip-qemu" if case.flavour.guest == "hvm" else "libxc"
                    taken = converted_part(case, kind, skips_qemu=True)
                    self.assertEqual(v2.difference(expected.stream(taken, fmt, 2), got), "")
                    qemu = case.save.qemu.octets() if case.save.qemu else b""
                    self.assertEqual(source.left(), qemu + (case.octets() + BEHIND)[len(taken.octets()):])

    def test_xenopsd_needs_no_qemu_record(self):
        case = cases.named("hvm32-qemu-missing")
        for kind in KINDS:
            with self.subTest(input=kind), self.input(kind, case.octets()) as source:
                done, got = self.xenopsd(source, "hvm")
                self.assert_status(done, 0)
                self.assertEqual(got, v2.version_2_of(expected.by_model(case, "libxc --skip-qemu")))
                self.assertEqual(source.left(), b"")

    def test_qemu_record_to_the_end(self):
        for case in (c for c in cases.good() if not delimited(c)):
            for kind in KINDS:
                with self.subTest(case=case.name, input=kind), self.input_with_end(kind, case.octets()) as source:
                    done, got = self.libxl(source, "hvm")
                    self.assert_status(done, 0)
                    self.assertEqual(v2.difference(expected.stream(case, "libxl", 2), got), "")

    def test_two_streams_in_a_row(self):
        """Two runs on one fd: each reads only its stream."""
        first, second = cases.named("pv64-age-4-5"), cases.named("hvm64-age-4-5")
        for kind in KINDS:
            both = first.octets() + second.octets() + BEHIND
            with self.subTest(input=kind), self.input(kind, both) as source:
                for case in (first, second):
                    done, got = self.libxl(source, case.flavour.guest)
                    self.assert_status(done, 0)
                    self.assertEqual(got, expected.stream(case, "libxl", 2))
                self.assertEqual(source.left(), BEHIND)


class Bad(ToolstackTest):
    def refused(self, kind: str, data: bytes, guest: str) -> bytes:
        """Returns the output of a conversion that fails."""
        with self.input_with_end(kind, data) as source:
            done, got = self.libxl(source, guest)
        self.assert_status(done, 1)
        self.assertEqual(len(program.errors(done.stderr)), 1, done.stderr)
        return got

    def test_headers_are_always_written(self):
        """The first 24 octets are always written, since xl crashes without them."""
        stream = cases.named("hvm64-age-4-5").octets()
        for name, data in (("empty", b""), ("one octet", b"\0"), ("garbage", b"garbage " * 100), ("zeros", bytes(5000)),
                           ("ones", b"\xff" * 5000), ("cut early", stream[:7]), ("cut", stream[:len(stream) // 2])):
            for guest in ("pv", "hvm"):
                for kind in KINDS:
                    with self.subTest(input=name, guest=guest, kind=kind):
                        self.assertEqual(self.refused(kind, data, guest)[:24], FIRST_24)

    def test_bad_cases(self):
        for case in program.sampled(cases.bad()):
            if case.by_name or case.save.header:
                continue
            for kind in ("file", "pipe") if not case.save.later else ("file",):
                with self.subTest(case=case.name, input=kind):
                    got = self.refused(kind, case.octets(), case.flavour.guest)
                    self.assertEqual(got[:24], FIRST_24)
                    with self.assertRaises(v2.Unsound, msg="a failed run must not look complete"):
                        v2.decode(got)

    def test_wrong_guest_type(self):
        for name, guest in (("pv64-age-4-5", "hvm"), ("hvm64-age-4-5", "pv")):
            for kind in KINDS:
                with self.subTest(case=name, input=kind):
                    self.assertEqual(self.refused(kind, cases.named(name).octets(), guest)[:24], FIRST_24)

    def test_output_closed_by_the_toolstack(self):
        """The program ends by SIGPIPE or with status 3."""
        reader, writer = os.pipe()
        os.close(reader)
        with self.input("file", cases.named("hvm64-full-batch").octets()) as source:
            done = program.run("--in", source.fd, "--out", writer, "--width", "64", "--guest", "hvm",
                               "--format", "libxl", pass_fds=(source.fd, writer))
        os.close(writer)
        self.assertIn(done.returncode, (3, -13, 128 + 13))


if __name__ == "__main__":
    unittest.main()
