"""--verify: input and output are read again before the rename, and any difference is detected."""

import os
import re
import subprocess
import sys
import unittest
from errno import EIO
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import cases, envelopes, expected, faults, make_fixtures, program, v2
from kit.base import ProgramTest
from kit.faults import Plan

CASE = cases.named("hvm64-age-4-5-4")       # its expected output does not need Xen's script
WANT = v2.version_2_of(expected.by_model(CASE, "libxl"))
OLD = b"an older file"


class ReadBackTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.save = self.file("in.save", CASE.octets())

    def assert_usage(self, done, *texts: str) -> None:
        self.assert_status(done, 2)
        self.assert_silent_stdout(done)
        lines = program.lines(done.stderr)
        self.assertEqual(len(lines), 1, lines)
        for text in ("--verify", *texts):
            self.assertIn(text, lines[0])


class Agrees(ReadBackTest):
    def test_fixtures(self):
        for fixture in (f for f in make_fixtures.ALL if program.LIBRARIES or "libvirt" not in f.name):
            with self.subTest(fixture=fixture.name):
                save, output = self.file("fixture", fixture.stream()), self.out()
                done = program.run("-i", save, "-o", output, "--verify", "-q", "--stream-version", "3")
                if fixture.expected() is None:
                    self.assert_refused(done, output)
                else:
                    self.assert_status(done, 0)
                    self.assertEqual(done.stderr, b"")
                    self.assertEqual(output.read_bytes(), fixture.expected())

    def test_every_case(self):
        for case in cases.good():
            if case.ambiguous:
                continue
            for fmt in ("libxl", "libxc"):
                with self.subTest(case=case.name, format=fmt):
                    save, output = self.file("case", case.octets()), self.out()
                    done = program.run("-i", save, "-o", output, "--verify", "-q", "-f", fmt, "--no-sync")
                    self.assert_status(done, 0)
                    self.assertEqual(done.stderr, b"")
                    self.assertTrue(output.exists())

    def test_checkpoints(self):
        """Streams with several checkpoints are verified as well."""
        for case in (c for c in cases.good() if c.save.later and not c.ambiguous):
            for options in ((), ("--compact",), ("--sparse",)):
                with self.subTest(case=case.name, options=options):
                    save, plain, output = self.file("case", case.octets()), self.out("plain"), self.out()
                    self.assert_status(program.run("-i", save, "-o", plain, *options), 0)
                    self.assert_status(program.run("-i", save, "-o", output, "--verify", *options), 0)
                    self.assertEqual(output.read_bytes(), plain.read_bytes())

    def test_repairs_and_configurations(self):
        """Repairs and configurations are applied in the second run as well."""
        xl, xend, pv = CASE.octets(), envelopes.XEND.octets(CASE), cases.named("pv64-xsave-limits").octets()
        for save, options in ((xl, ("--repair", "--for", "4.17")), (xl, ("--repair", "--for", "4.17", "-f", "libxl")),
                              (pv, ("--trim-xsave",)), (xl, ("--skip-qemu",)), (xend, ("--config=auto",)), (xl, ("--stream-version", "3")),
                              (xend, ("--write-config", self.dir / "cfg")), (xend, ("--config", self.file("new.cfg", b'name = "new"\n')))):
            with self.subTest(options=options):
                source, plain, output = self.file("case", save), self.out("plain"), self.out()
                self.assert_status(program.run("-i", source, "-o", plain, *options), 0)
                done = program.run("-i", source, "-o", output, "-v", "--verify", *options)
                self.assert_status(done, 0)
                self.assertIn(b"verified: ", done.stderr)
                self.assertEqual(output.read_bytes(), plain.read_bytes())

    def test_read_from_disk(self):
        """The file is synced and dropped from the page cache before it is read again."""
        for options in ((), ("--no-sync",)):
            with self.subTest(options=options):
                trace = self.dir / "trace"
                subprocess.run(["strace", "-f", "-o", str(trace), "-e", "trace=read,write,splice,fsync,fadvise64", str(program.PROGRAM),
                                "-i", str(self.save), "-o", str(self.out()), "--verify", *options], check=True,
                               env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
                # Two processes are traced, so strace may split a call into an unfinished and a resumed line.
                calls = re.findall(r"^\d+ +(\w+\(.*?)(?:\) += -?\d+|,? <unfinished)", trace.read_text(errors="replace"), re.MULTILINE)
                out = re.findall(r"^splice\(\d+, NULL, (\d+),", "\n".join(calls), re.MULTILINE)[-1]
                of_out = [c for c in calls if re.match(rf"(read|fsync|fadvise64)\({out}(,|$)", c)]
                dropped = ([] if options else [f"fsync({out}", f"fadvise64({out}, 0, 0, POSIX_FADV_DONTNEED"])
                first_read = next(i for i, c in enumerate(of_out) if c.startswith("read("))
                self.assertEqual(of_out[:first_read], dropped)
                self.assertFalse([c for c in calls[calls.index(of_out[first_read]):] if c.startswith(("write(" + out, "splice("))])

    @program.needs_libraries
    def test_relabelled(self):
        """If only the version in libvirt's header is wrong, the stream must be unchanged."""
        xml = envelopes.domain_xml("hvm") + b"\0"
        save, output = self.file("v2", envelopes.libvirt_head(xml, 1) + WANT), self.out()
        self.assert_status(program.run("-i", save, "-o", output, "--verify", "-q"), 0)
        self.assertEqual(output.read_bytes(), envelopes.libvirt_head(xml, 2) + WANT)

    @program.needs_libraries
    def test_options_for_a_relabelled_save(self):
        """Options that do not suit it are errors; the emulator is dropped as for other saves."""
        with_emulator = envelopes.domain_xml("hvm").replace(b"</domain>", b"<devices><emulator>/old</emulator></devices></domain>")
        save, output = self.file("v2", envelopes.libvirt_head(with_emulator + b"\0", 1) + WANT), self.out()
        config = self.file("my.cfg", b"name = 'x'\n")
        for options in (["--write-config", self.dir / "new.cfg"], ["--config", config], ["-f", "libxc"], ["-g", "pv"]):
            with self.subTest(options=options):
                self.assert_status(program.run("-i", save, "-o", output, *options), 1)
                self.assertEqual(set(os.listdir(self.dir)), {"v2", "my.cfg", *os.listdir(self.dir)} - {"new.cfg", output.name})
        done = program.run("-i", save, "-o", output, "-g", "hvm", "--repair=emulator")
        self.assert_status(done, 0)
        self.assertIn(b"repaired (emulator)", done.stderr)
        self.assertNotIn(b"emulator", output.read_bytes()[:2000])
        self.assertEqual(output.read_bytes()[-len(WANT):], WANT)

    def test_verbose(self):
        done = program.run("-i", self.save, "-o", self.out(), "--verify", "-v")
        self.assertIn("verified: ", done.stderr.decode())

    def test_inherited_files(self):
        """Inherited fds with an offset: afterwards both are positioned at the end of the streams."""
        source, target = self.file("source", b"before" + CASE.octets()), self.file("target", b"head")
        with open(source, "rb") as read, open(target, "r+b") as written:
            read.seek(6)
            written.seek(4)
            done = program.run("-i", read.fileno(), "-o", written.fileno(), "-f", "libxl", "--verify",
                               pass_fds=(read.fileno(), written.fileno()))
            self.assert_status(done, 0)
            self.assertEqual(os.lseek(read.fileno(), 0, os.SEEK_CUR), 6 + len(CASE.octets()))
            self.assertEqual(os.lseek(written.fileno(), 0, os.SEEK_CUR), 4 + len(WANT))
        self.assertEqual(target.read_bytes(), b"head" + WANT)


class CannotBeReadAgain(ReadBackTest):
    def test_input_is_a_pipe(self):
        output = self.out()
        self.assert_usage(program.run("-i", "-", "-o", output, "--verify", input=CASE.octets()), "standard input")
        self.assert_clean(output)

    def test_output_is_no_file(self):
        for output in ("-", "/dev/null"):
            with self.subTest(output=output):
                self.assert_usage(program.run("-i", self.save, "-o", output, "--verify"), "is not a file")

    def test_output_is_write_only(self):
        with open(self.dir / "target", "wb") as target:
            done = program.run("-i", self.save, "-o", target.fileno(), "--verify", pass_fds=(target.fileno(),))
            self.assert_usage(done, f"fd {target.fileno()}", "writing only")


@faults.needed
class Differs(ReadBackTest):
    """Simulates a faulty disk or faulty memory: each call transfers wrong data once."""

    def attempt(self, call: str, nth: int, *options: str, old: bool = False) -> tuple[faults.Run, Path]:
        output = self.out()
        if old:
            output.write_bytes(OLD)
        done = faults.run(Plan(call, "flip", nth), "-i", self.save, "-o", output, "-f", "libxl", *options)
        return done, output

    def test_wrong_writes(self):
        undetected = 0
        for nth in range(1, 1000):
            done, output = self.attempt("write", nth, "--verify")
            if not done.fired:
                self.assertEqual((done.status, output.read_bytes()), (0, WANT))
                break
            with self.subTest(nth=nth):
                self.assertEqual(done.status, 3, done.stderr)
                self.assert_clean(output)
                self.assertEqual(len(program.lines(done.stderr)), 1)
                self.assertIn(f"{output}", done.stderr.decode())
            undetected += self.attempt("write", nth)[0].status == 0
        self.assertGreater(nth, 3)
        self.assertGreater(undetected, 2, "without --verify the errors must go undetected")

    def test_wrong_reads(self):
        """The error may make the input invalid, or hit bytes that do not matter, such as padding. An output that is
        renamed into place is always correct."""
        for nth in range(1, 1000):
            done, output = self.attempt("read", nth, "--verify")
            if not done.fired:
                break
            with self.subTest(nth=nth):
                if done.status == 0:
                    self.assertEqual(output.read_bytes(), WANT)
                else:
                    self.assertIn(done.status, (1, 3), done.stderr)
                    self.assert_clean(output)
        self.assertGreater(nth, 50)

    def test_old_file_kept(self):
        done, output = self.attempt("write", 2, "--verify", old=True)
        self.assertEqual(done.status, 3)
        self.assertEqual([p.name for p in output.parent.iterdir()], [output.name])
        self.assertEqual(output.read_bytes(), OLD)

    def test_read_failure(self):
        """Each read() fails once, in both runs."""
        for nth in range(1, 1000):
            output = self.out()
            # In one process: with two, a failing read of the child's messages is not an error.
            done = faults.run(Plan("read", EIO, nth), "-i", self.save, "-o", output, "--verify", "--no-sandbox")
            if not done.fired:
                break
            with self.subTest(nth=nth):
                self.assertEqual(done.status, 3, done.stderr)
                self.assert_clean(output)
        self.assertGreater(nth, 50)


if __name__ == "__main__":
    unittest.main()
