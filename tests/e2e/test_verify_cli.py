"""verify-stream-v2: command line, output, and large streams in little memory."""

import os
import resource
import socket
import struct
import subprocess
import sys
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import cases, envelopes, program, v2stream as v2, verifier
from kit.program import HUNGRY
from kit.v2stream import XALLOC, Stream
from kit.verifier import VerifierTest, verify

LIBXC, PV = v2.hvm(), v2.pv()
LIBXL = v2.libxl(LIBXC, v2.emulator_xenstore(v2.PHYSMAP), v2.emulator_context())
XL = v2.xl(LIBXL)
BAD = LIBXC.put("X86_TSC_INFO.reserved", 1)
MEMORY = 64 << 20


class CommandLine(VerifierTest):
    def stream(self, stream: Stream, name: str = "save") -> Path:
        return self.file(name, stream.octets())

    def test_formats(self):
        """Each format is detected, and accepted when given by --format."""
        for name, stream in (("libxc", LIBXC), ("libxl", LIBXL), ("xl", XL)):
            for options in ((), ("-f", "auto"), ("-f", name), ("--format", name)):
                with self.subTest(name, options=options):
                    self.assert_sound(verify(stream.octets(), *options))

    def test_wrong_format(self):
        for stream, fmt, offset, place in (
                (LIBXC, "libxl", 0, "libxl header"), (LIBXL, "libxc", 0, "image header"),
                (XL, "libxc", 0, "image header"),
                (XL, "libxl", 0, "libxl header"), (LIBXC, "xl", 0, "container"), (LIBXL, "xl", 0, "container")):
            with self.subTest(fmt, stream=stream.parts[0].name):
                line = self.assert_unsound(verify(stream.octets(), "-f", fmt))
                self.assertEqual((int(line["offset"], 16), line["place"]), (offset, place))

    def test_no_v2_stream(self):
        """Legacy saves, other files and fragments are rejected."""
        legacy = cases.named("hvm64-age-4-5").octets()
        with_header = cases.named("pv64-age-4-5").with_header(cases.xl_json("pv")).octets()
        for name, data in (("nothing", b""), ("an octet", b"\xff"), ("legacy", legacy), ("legacy of xl", with_header),
                           ("half a libxl ident", b"Libx"), ("half an image header", b"\xff" * 8 + b"XEN"),
                           ("zeros", bytes(4096)), ("gzip", b"\x1f\x8b\x08" + bytes(50))):
            with self.subTest(name):
                self.assertEqual(self.assert_unsound(verify(data))["place"], "start of the stream")

    def test_inputs(self):
        """A named file, standard input or an fd; each a file, pipe or socket. Messages name the input."""
        for stream, check in ((LIBXL, self.assert_sound), (BAD, self.assert_unsound)):
            octets = stream.octets()
            path = self.stream(stream)
            self.stream(stream, "5")
            fd = os.open(path, os.O_RDONLY)
            self.addCleanup(os.close, fd)
            runs = {str(path): verifier.run("-i", path), "./5": verifier.run("--in", "./5", cwd=self.dir),
                    f"fd {fd}": verifier.run("-i", fd, pass_fds=[fd])}
            for args in ((), ("-i", "-"), ("--in", "-")):
                with open(path, "rb") as f:
                    runs[f"standard input, file, {args}"] = verifier.run(*args, stdin=f)
                runs[f"standard input, pipe, {args}"] = verifier.run(*args, input=octets)
            with open(path, "rb") as f:
                runs["fd 0"] = verifier.run("-i", "0", stdin=f)
            with self.socket(octets) as ours:
                runs["standard input, socket"] = verifier.run(stdin=ours)
            for name, done in runs.items():
                with self.subTest(name, stream=stream is BAD):
                    line = check(done)
                    if line:
                        self.assertEqual(line["input"], name.partition(",")[0])
                        self.assertEqual(int(line["offset"], 16), stream.offset("X86_TSC_INFO"))

    def socket(self, data: bytes) -> socket.socket:
        """A socket from which data can be read, without an end of input after it."""
        theirs, ours = socket.socketpair()
        self.addCleanup(theirs.close)
        thread = threading.Thread(target=theirs.sendall, args=(data,))
        thread.start()
        self.addCleanup(thread.join)
        return ours

    def test_offset_of_an_fd(self):
        """An fd with an offset is read from there on; offsets in messages count from the start of the file."""
        for stream, check in ((LIBXL, self.assert_sound), (BAD, self.assert_unsound)):
            path = self.file("save", b"in front" + stream.octets())
            with open(path, "rb", buffering=0) as f:
                f.seek(8)
                line = check(verifier.run("-i", f.fileno(), pass_fds=[f.fileno()]))
            if line:
                self.assertEqual(int(line["offset"], 16), 8 + stream.offset("X86_TSC_INFO"))

    def test_suspend_image_viewer(self):
        """XAPI's suspend-image-viewer passes an fd positioned after the Libxc header; it is left at the end of END."""
        image = envelopes.XAPI.expected(cases.named("hvm32-xenserver"))
        front = image.index(struct.pack("<QQ", envelopes.LIBXC, 0)) + 16
        end = image.rindex(struct.pack("<Q", envelopes.QEMU_TRAD))
        for behind in (image[end:], b"", b"DeviceModelRecord0002\1\0\0\0x", b"\0" * 16, b"old contents"):
            path = self.file("image", image[:end] + behind)
            with self.subTest(behind=behind[:30]), open(path, "rb", buffering=0) as f:
                f.seek(front)
                done = verifier.run("--in", f.fileno(), "--syslog", pass_fds=[f.fileno()])
                self.assertEqual((done.returncode, done.stdout, program.without_verdict(done.stderr)), (0, b"", b""))
                self.assertEqual(f.tell(), end)

    def test_fd_position(self):
        """An fd is left after the END record. In named files and standard input, data after it is an error."""
        for stream in (LIBXC, LIBXL, PV):
            octets = stream.octets() + b"what follows"
            path = self.file("save", octets)
            with open(path, "rb", buffering=0) as f:
                self.assert_sound(verifier.run("-i", f.fileno(), pass_fds=[f.fileno()]))
                self.assertEqual(f.read(), b"what follows")
            read_end, write_end = os.pipe()
            with open(read_end, "rb") as pipe, open(write_end, "wb") as out, self.socket(octets) as ours:
                feeder = threading.Thread(target=lambda: (out.write(octets), out.close()))
                feeder.start()
                self.assert_sound(verifier.run("-i", read_end, pass_fds=[read_end]))
                self.assertEqual(pipe.read(), b"what follows")
                feeder.join()
                self.assert_sound(verifier.run("-i", ours.fileno(), pass_fds=[ours.fileno()]))
                self.assertEqual(ours.recv(100), b"what follows")
            self.assert_unsound(verifier.run("-i", path))
            self.assert_unsound(verify(octets))

    def test_quiet(self):
        """--quiet prints nothing."""
        for option in ("-q", "--quiet"):
            for octets, status in ((LIBXL.octets(), 0), (BAD.octets(), 1), (b"", 1),
                                   (XL.put("xl header.config_len", 1).octets(), 0)):
                done = verify(octets, option)
                self.assertEqual((done.returncode, done.stdout, done.stderr), (status, b"", b""))

    def test_warning(self):
        """Data that xl ignores gives a warning; the stream is accepted."""
        done = verify(XL.put("xl header.config_len", 1).octets())
        self.assertEqual((done.returncode, done.stdout), (0, b""))
        self.assertRegex(done.stderr, rb"^verify-stream-v2: standard input: warning: .*ignored by xl\n$")

    def test_syslog(self):
        for stream, status in ((LIBXL, 0), (BAD, 1)):
            self.assert_status(verify(stream.octets(), "--syslog"), status)

    def test_usage(self):
        path = self.stream(LIBXL)
        for args in (["-f", "vhd"], ["-f", ""], ["-f"], ["-i"], ["--nonsense"], ["-Z"], [path], ["-i", path, path],
                     ["--in", path, "--format=lib"], ["-i", self.dir]):
            with self.subTest(args):
                done = verifier.run(*args)
                self.assert_status(done, 2)
                self.assert_silent_stdout(done)
                self.assertTrue(done.stderr.startswith(b"verify-stream-v2: "), done.stderr)
                self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)

    def test_help_and_version(self):
        for option, start in (("-h", b"Usage: verify-stream-v2 "), ("--help", b"Usage: "), ("-V", b"verify-stream-v2 "),
                              ("--version", b"verify-stream-v2 ")):
            done = verifier.run(option)
            self.assertEqual((done.returncode, program.without_verdict(done.stderr)), (0, b""))
            self.assertTrue(done.stdout.startswith(start))
        for option in (b"--in", b"--format", b"--verbose", b"--quiet", b"--syslog", b"--version"):
            self.assertIn(option, verifier.run("--help").stdout)

    def test_abbreviated_options(self):
        self.assert_sound(verifier.run("--i", self.stream(LIBXL), "--form", "libxl"))

    def test_system_failures(self):
        read_end, write_end = os.pipe()
        self.addCleanup(os.close, read_end)
        self.addCleanup(os.close, write_end)
        for name, done in (("missing", verifier.run("-i", self.dir / "missing")), ("no fd", verifier.run("-i", "99")),
                           ("huge fd", verifier.run("-i", "99999999999999999999")),
                           ("not readable", verifier.run("-i", write_end, pass_fds=[write_end])),
                           ("empty name", verifier.run("-i", ""))):
            with self.subTest(name):
                self.assert_status(done, 3)
                self.assert_silent_stdout(done)
                self.assertRegex(done.stderr, rb"^verify-stream-v2: .+\n$")
        with open("/dev/full", "wb") as full:
            for done in (verify_to(full, LIBXL.octets()), verifier.run("--help", stdout=full)):
                self.assert_status(done, 3)
                self.assertRegex(done.stderr, rb"^verify-stream-v2: cannot write standard output: .+\n$")

    def test_name_is_escaped(self):
        """Newlines and control characters in file names are escaped."""
        path = self.stream(BAD, "a\nb\x1b[31mc")
        line = self.assert_unsound(verifier.run("-i", path))
        self.assertTrue(line["input"].endswith(r"a\x0ab\x1b[31mc"), line)


def verify_to(stdout, data: bytes):
    fd = verifier.file(data)
    try:
        return verifier.run("-v", stdin=fd, stdout=stdout)
    finally:
        os.close(fd)


class Verbose(VerifierTest):
    """The output of -v, which is for humans, so not each word is checked."""

    def lines(self, stream: Stream, *options: str) -> list[str]:
        done = verify(stream.octets(), *(options or ("-v",)))
        self.assert_sound(done)
        return done.stdout.decode().splitlines()

    def test_records(self):
        """One line for each record with its offset and length; PAGE_DATA records are summed up."""
        for stream in (LIBXL, PV, XL):
            lines = self.lines(stream)
            wanted = []
            for part, at in zip(stream.parts, self.offsets(stream)):
                size = sum(f.size for f in part.fields)
                if part.layer and part.name != "PAGE_DATA":
                    wanted.append(f"byte {at:#x}: {part.label}, {size} bytes")
            self.assertEqual([line for line in lines if line.startswith("byte ")], wanted)
            pages = sum(part.fields[0].value for part in stream.parts if part.name == "PAGE_DATA")
            self.assertIn(f"PAGE_DATA: 2 records, {pages} pages", lines)

    def offsets(self, stream: Stream) -> list[int]:
        sizes = [sum(f.size for f in part.laid_out()) for part in stream.parts]
        return [sum(sizes[:i]) for i in range(len(sizes))]

    def test_content(self):
        text = "\n".join(self.lines(PV))
        for words in ("version 3: PV guest, converted from a legacy stream", "64-bit guest, 4 levels",
                      "pfns 0x0 to 0x3ff",
                      "mode 1, 2600000 kHz, 1099511627776 ns, incarnation 3", "vcpu 0", "vcpu 1"):
            self.assertIn(words, text)
        text = "\n".join(self.lines(v2.xl(v2.libxl(v2.hvm(version=2, major=4),
                                                   v2.emulator_xenstore(v2.PHYSMAP, 2, 9)))))
        for words in ("xl header, text config, 15 bytes", "libxl stream, converted",
                      "version 2: HVM guest, saved by Xen 4.1",
                      "1 (STORE_PFN) = 0xfeff8", "17 (CONSOLE_PFN) = 0xfeff7", "emulator: qemu upstream, index 9",
                      "3 keys"):
            self.assertIn(words, text)
        text = "\n".join(self.lines(LIBXC.before("END", v2.unknown(v2.OPTIONAL | 0x123, 4))))
        self.assertIn("optional record type 0x80000123 skipped", text)
        self.assertIn("optional, unknown: 1", text)

    def test_summary(self):
        """The summary has the guest, pages by type, records by type, and the size."""
        lines = self.lines(PV)
        at = lines.index("guest: 64-bit PV, 4 levels of page tables")
        self.assertEqual(lines[at + 1:at + 8], ["pages: 8", "  NOTAB: 3", "  L1TAB: 1", "  L4TAB pinned: 1",
                                                "  BROKEN: 1",
                                                "  XALLOC: 1", "  XTAB: 1"])
        counted = {}
        for part in PV.parts:
            if part.layer:
                counted[part.name] = counted.get(part.name, 0) + 1
        self.assertEqual(lines[at + 8], "records:")
        self.assertEqual(sorted(lines[at + 9:-1]), sorted(f"  {name}: {n}" for name, n in counted.items()))
        self.assertEqual(lines[-1], f"sound: libxc stream, libxc version 3, {len(PV.octets())} bytes")
        lines = self.lines(LIBXL, "--verbose")
        self.assertIn("guest: HVM", lines)
        self.assertIn("  libxl EMULATOR_CONTEXT: 1", lines)
        self.assertEqual(lines[-1], f"sound: libxl stream, libxc version 3, {len(LIBXL.octets())} bytes")

    def test_unsound(self):
        """Records before the error are printed, but no summary. The error is printed on standard error."""
        done = verify(BAD.octets(), "-v")
        self.assert_status(done, 1)
        self.assertTrue(verifier.ERROR.fullmatch(done.stderr.decode()))
        self.assertIn(b"STATIC_DATA_END", done.stdout)
        self.assertNotIn(b"sound:", done.stdout)
        self.assertNotIn(b"guest:", done.stdout)


class Large(VerifierTest):
    """Streams that are larger than the memory limit."""

    def run_limited(self, *args, **kw):
        """Runs with 64 MiB of address space, except under AddressSanitizer and qemu, which need more."""
        limit = None if HUNGRY else lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        return verifier.run(*args, preexec_fn=limit, **kw)

    def head(self, count: int, entry: int) -> bytes:
        """The start of a PAGE_DATA record, up to its pages."""
        length = 8 + 8 * count + 4096 * count * v2.has_data(entry)
        return struct.pack("<IIII", 1, length, count, 0) + struct.pack("<Q", entry) * count

    def test_large_records(self):
        """Records of 120 MiB and more, in a sparse file."""
        first, last = LIBXC.octets()[:LIBXC.offset("PAGE_DATA")], LIBXC.octets()[LIBXC.offset("X86_TSC_INFO"):]
        count = 30000
        with open(self.dir / "save", "wb") as f:
            f.write(first)
            for _ in range(3):
                f.write(self.head(count, 1))
                f.seek(4096 * count, os.SEEK_CUR)
            f.write(last)
        self.assert_sound(self.run_limited("-i", self.dir / "save"))
        done = self.run_limited("-v", "-i", self.dir / "save")
        self.assertIn(b"PAGE_DATA: 3 records, 90000 pages\n", done.stdout)

    def test_large_claims(self):
        """Large lengths in a small file are reported as truncation, not as lack of memory."""
        for stream, name, length in ((LIBXC, "HVM_CONTEXT", v2.LENGTH_MAX), (PV, "X86_PV_VCPU_XSAVE", v2.LENGTH_MAX),
                                     (LIBXL, "libxl EMULATOR_CONTEXT", 0xFFFFFFFF),
                                     (LIBXL, "libxl EMULATOR_XENSTORE_DATA", 0xFFFFFFF8)):
            stream = stream.put(f"{name}.length", length)
            with self.subTest(name):
                self.assert_unsound(self.run_limited("-i", self.file("save", stream.octets())))
        for count in (v2.LENGTH_MAX // 8 - 1, 0xFFFFFFFF):
            stream = LIBXC.put("PAGE_DATA.count", count).put("PAGE_DATA.length", v2.LENGTH_MAX)
            self.assert_unsound(self.run_limited("-i", self.file("save", stream.octets())))

    def feed(self, *pieces: bytes):
        """Runs the verifier with a pipe as input."""
        program = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

        def write():
            with program.stdin as pipe:
                for piece in pieces:
                    pipe.write(piece)
        thread = threading.Thread(target=write)
        thread.start()
        try:
            return self.run_limited(stdin=program.stdout)
        finally:
            thread.join()
            program.stdout.close()
            program.wait()

    def test_pipe(self):
        """A record of the maximum length with pfns only, and pages that must be read, since a pipe cannot seek."""
        first, last = LIBXC.octets()[:LIBXC.offset("PAGE_DATA")], LIBXC.octets()[LIBXC.offset("X86_TSC_INFO"):]
        self.assert_sound(self.feed(first, self.head(v2.LENGTH_MAX // 8 - 1, XALLOC | 1), last))
        count = 8000
        self.assert_sound(self.feed(first, *([self.head(count, 1), bytes(4096 * count)] * 3), last))
        self.assertRegex(self.assert_unsound(self.feed(first, self.head(count, 1), bytes(4096 * count - 1)))["reason"],
                         f"{4096 * count} bytes of page data, input ended after {4096 * count - 1}$")

    def test_large_xenstore_data(self):
        """Xenstore data is checked without holding it in memory."""
        front, behind = LIBXC.octets(), v2.libxl_record("END")
        strings = b"k\0" + b"v" * (80 << 20) + b"\0"
        record = struct.pack("<IIII", 2, 8 + len(strings), 0, 0) + strings + bytes(-len(strings) % 8)
        start = b"".join(f.octets for part in LIBXL.parts[:2] for f in part.laid_out()) + front
        end = b"".join(f.octets for f in behind.laid_out())
        self.assert_sound(self.feed(start, record, end))
        wrong = record[:-20] + b"\x80" + record[-19:]
        self.assertRegex(self.assert_unsound(self.feed(start, wrong, end))["reason"], "string 2: byte 0x80")

    def test_large_guest(self):
        """8 GiB of pages in a sparse file: offsets after them are correct."""
        first, last = LIBXC.octets()[:LIBXC.offset("PAGE_DATA")], LIBXC.octets()[LIBXC.offset("X86_TSC_INFO"):]
        count, path = 32000, self.dir / "save"
        with open(path, "wb") as f:
            f.write(first)
            for _ in range((8 << 30) // (4096 * count) + 1):
                f.write(self.head(count, 1))
                f.seek(4096 * count, os.SEEK_CUR)
            tsc = f.tell()
            f.write(last)
        self.assertGreater(tsc, 8 << 30)
        self.assert_sound(self.run_limited("-i", path))
        with open(path, "r+b") as f:
            f.seek(tsc + 8 + 20)        # the reserved field of X86_TSC_INFO
            f.write(b"\1")
        self.assertEqual(int(self.assert_unsound(self.run_limited("-i", path))["offset"], 16), tsc)


if __name__ == "__main__":
    unittest.main()
