"""Every kind of input with every kind of output: the output is the same, and nothing after the stream is read."""

import os
import socket
import sys
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import cases, expected, program, v2
from kit.base import ProgramTest

BEHIND = b"behind the stream"
OLD = b"in front of it"
CASES = [cases.named(name) for name in ("hvm64-full-batch", "pv32-full-batch", "hvm32-age-4-5-4")]
FAR = 5 << 30       # an offset beyond 32 bits


def feed(fd: int, data: bytes, piece: int) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest[:piece]):]


class Transport(ProgramTest):
    """in_*() return an fd to read the data from; out_*() an fd and a function that returns the written data."""

    def thread(self, run, *args) -> threading.Thread:
        thread = threading.Thread(target=run, args=args)
        thread.start()
        self.addCleanup(thread.join)
        return thread

    def close_later(self, fd: int) -> int:
        self.addCleanup(os.close, fd)
        return fd

    def in_file(self, data: bytes) -> int:
        return self.close_later(os.open(self.file("in.save", data), os.O_RDONLY))

    def in_file_far(self, data: bytes) -> int:
        fd = self.close_later(os.open(self.dir / "far.save", os.O_RDWR | os.O_CREAT))
        os.pwrite(fd, data, FAR)
        os.lseek(fd, FAR, os.SEEK_SET)
        return fd

    def in_pipe(self, data: bytes, piece: int = 1 << 20, blocking: bool = True) -> int:
        reader, writer = os.pipe()
        os.set_blocking(reader, blocking)
        self.close_later(reader)
        self.close_later(writer)
        self.thread(feed, writer, data, piece)
        return reader

    def in_pipe_dribbling(self, data: bytes) -> int:
        return self.in_pipe(data, piece=777)

    def in_pipe_nonblocking(self, data: bytes) -> int:
        return self.in_pipe(data, piece=3000, blocking=False)

    def in_socket(self, data: bytes) -> int:
        ours, theirs = socket.socketpair()
        self.close_later(ours.fileno())
        self.thread(feed, ours.detach(), data, 5000)
        return self.close_later(theirs.detach())

    def out_file(self):
        fd = self.close_later(os.open(self.out(), os.O_RDWR | os.O_CREAT))
        os.write(fd, OLD)

        def arrived() -> bytes:
            got = os.pread(fd, 1 << 30, 0)
            self.assertTrue(got.startswith(OLD), "data before the offset has changed")
            return got[len(OLD):]
        return fd, arrived

    def out_file_append(self):
        path = self.out()
        path.write_bytes(OLD)
        fd = self.close_later(os.open(path, os.O_WRONLY | os.O_APPEND))
        return fd, lambda: path.read_bytes()[len(OLD):]

    def _collecting(self, reader: int, writer: int):
        got: list[bytes] = []

        def collect():
            with os.fdopen(reader, "rb", buffering=0) as pipe:
                while data := pipe.read(10000):
                    got.append(data)

        thread = self.thread(collect)

        def arrived() -> bytes:
            os.close(writer)
            thread.join()
            return b"".join(got)
        return writer, arrived

    def out_pipe(self):
        return self._collecting(*os.pipe())

    def out_socket(self):
        ours, theirs = socket.socketpair()
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        return self._collecting(ours.detach(), theirs.detach())

    def test_all_pairs(self):
        for case in CASES:
            data, want = case.octets(), v2.version_2_of(expected.by_model(case, "libxl"))
            for source in (self.in_file, self.in_file_far, self.in_pipe, self.in_pipe_dribbling,
                           self.in_pipe_nonblocking, self.in_socket):
                for target in (self.out_file, self.out_file_append, self.out_pipe, self.out_socket):
                    with self.subTest(case=case.name, source=source.__name__, target=target.__name__):
                        fin, (fout, arrived) = source(data + BEHIND), target()
                        done = program.run("-i", fin, "-o", fout, "-f", "libxl", pass_fds=[fin, fout])
                        got = arrived()
                        self.assert_status(done, 0)
                        self.assertEqual(v2.difference(want, got), "")
                        os.set_blocking(fin, True)
                        self.assertEqual(os.read(fin, 1000), BEHIND)
                        self.doCleanups()   # limits the number of fds and threads
                        self.setUp()

    def test_into_a_new_file(self):
        for case in CASES:
            want = v2.version_2_of(expected.by_model(case, "libxl"))
            for source in (self.in_file, self.in_file_far, self.in_pipe, self.in_pipe_dribbling, self.in_socket):
                with self.subTest(case=case.name, source=source.__name__):
                    fin, output = source(case.octets()), self.out()
                    self.assert_status(program.run("-i", fin, "-o", output, "-f", "libxl", pass_fds=[fin]), 0)
                    self.assertEqual(v2.difference(want, output.read_bytes()), "")


if __name__ == "__main__":
    unittest.main()
