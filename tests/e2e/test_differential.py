"""Every case is converted: the output equals that of Xen's script where that is correct, else that of the model."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import cases, expected, legacy, model, program, v2
from kit.base import ProgramTest

OTHER_GUEST = {"pv": "hvm", "hvm": "pv"}


class Differential(ProgramTest):
    @classmethod
    def setUpClass(cls):
        expected.run_scripts(cases.good())

    def convert(self, stream: bytes, *options) -> tuple:
        source, output = self.file("in.save", stream), self.dir / "out.save"
        output.unlink(missing_ok=True)
        done = program.run("-i", source, "-o", output, "--no-sync", *options)
        return done, output.read_bytes() if output.exists() else b""

    def assert_converts(self, stream: bytes, want: bytes, *options):
        done, got = self.convert(stream, *options)
        self.assert_status(done, 0)
        self.assert_silent_stdout(done)
        if got != want:
            self.fail(v2.difference(want, got))
        return done

    def kind_args(self, case) -> list[str]:
        return ["-w", str(case.flavour.width), "-g", case.flavour.guest]

    def test_with_options(self):
        for case in program.sampled(cases.good()):
            for fmt in expected.formats(case):
                for version in (2, 3):
                    if version == 2 and "skip" in fmt:
                        continue
                    with self.subTest(case=case.name, format=fmt, version=version):
                        self.assert_converts(case.octets(), expected.stream(case, fmt, version), *self.kind_args(case),
                                             "-f", *fmt.split(), "--stream-version", str(version))

    def test_without_options(self):
        """Without options: width and guest type are detected, the output has libxc format and version 2."""
        for case in program.sampled(cases.good()):
            with self.subTest(case=case.name):
                guest = ["-g", case.flavour.guest] if case.ambiguous else []
                self.assert_converts(case.octets(), expected.stream(case, "libxc", 2), *guest)

    def test_ambiguous_guest_type(self):
        """A p2m frame list that could also be a page batch is converted correctly or rejected."""
        for case in (c for c in cases.good() if c.ambiguous):
            with self.subTest(case=case.name):
                done, got = self.convert(case.octets())
                if done.returncode == 0:
                    self.assertEqual(got, expected.stream(case, "libxc", 2))
                else:
                    self.assert_status(done, 1)

    def test_xl_header(self):
        """An xl header is detected and copied, with the flag for v2 set; the format is libxl."""
        for make in (cases.xl_text, cases.xl_json):
            for bare in program.sampled(cases.good()):
                header = make(bare.flavour.guest)
                with self.subTest(case=bare.name, header=header.config):
                    guest = ["-g", bare.flavour.guest] if bare.ambiguous else []
                    want = model.xl_header(header, "libxl") + expected.stream(bare, "libxl", 2)
                    self.assert_converts(bare.with_header(header).octets(), want, *guest)

    def test_xl_headers_of_all_kinds(self):
        bare = cases.named("hvm64-age-4-5")
        for header in (legacy.XlHeader(b"", bare=True), legacy.XlHeader(b""), legacy.XlHeader(b"x", more=b"more"),
                       legacy.XlHeader(b"y" * 100000, flags=1, optional_flags=0xFFFFFFFF)):
            for fmt in ("libxl", "libxc"):
                with self.subTest(header=str(header)[:80], format=fmt):
                    want = model.xl_header(header, fmt) + expected.stream(bare, fmt, 3)
                    self.assert_converts(bare.with_header(header).octets(), want, "-x", "-f", fmt,
                                         "--stream-version", "3")

    def test_missing_xl_header(self):
        for fmt in ("libxl", "libxc"):
            with self.subTest(format=fmt):
                done, _ = self.convert(cases.named("pv64-age-4-5").octets(), "-x", "-f", fmt)
                self.assert_status(done, 1)

    def test_wrong_width(self):
        """libxl always passes its own width. If the stream has another one, that is used, with a warning."""
        for case in program.sampled(cases.good()):
            with self.subTest(case=case.name):
                wrong = str(96 - case.flavour.width)
                done = self.assert_converts(case.octets(), expected.stream(case, "libxl", 2), "-w", wrong,
                                            "-g", case.flavour.guest, "-f", "libxl")
                self.assertRegex(done.stderr.decode(), rf": warning: .*\b{case.flavour.width}\b")

    def test_wrong_guest_type(self):
        for case in program.sampled(cases.good()):
            if case.ambiguous:
                continue        # ambiguous: -g decides
            for options in ([], ["-w", str(case.flavour.width)]):
                with self.subTest(case=case.name, options=options):
                    source, output = self.file("in.save", case.octets()), self.out()
                    done = program.run("-i", source, "-o", output, "-g", OTHER_GUEST[case.flavour.guest], *options)
                    self.assert_refused(done, output)

    def test_memory_survives(self):
        """Independent of the expected output: the decoded pages are those of the legacy stream."""
        for case in program.sampled(cases.good()):
            with self.subTest(case=case.name):
                done, got = self.convert(case.octets(), *self.kind_args(case), "-f", "libxl")
                self.assert_status(done, 0)
                self.assertEqual(v2.memory(v2.decode(got)), legacy.memory(case.save))


class Refused(ProgramTest):
    def test_bad_cases(self):
        for case in program.sampled(cases.bad()):
            for options in ([], ["-w", str(case.flavour.width), "-g", case.flavour.guest]):
                with self.subTest(case=case.name, options=options):
                    source, output = self.file("in.save", case.octets()), self.out()
                    done = program.run("-i", source, "-o", output, "-f", "libxl", *options)
                    self.assertRegex(self.assert_refused(done, output), case.refused)

    def test_libxc_format_skips_toolstack_blob(self):
        for case in (c for c in cases.bad() if c.refused == cases.BLOB):
            with self.subTest(case=case.name):
                source, output = self.file("in.save", case.octets()), self.out()
                done = program.run("-i", source, "-o", output, "-f", "libxc", "--stream-version", "3")
                self.assert_status(done, 0)
                self.assertEqual(output.read_bytes(), expected.by_model(case, "libxc"))

    def test_other_formats(self):
        v2_stream = model.stream(cases.named("hvm64-age-4-5").save, "libxl")
        inputs = {"libxl v2": v2_stream, "libxc v2": v2_stream[24:], "empty": b"", "zeros": bytes(10000),
                  "ones": b"\xff" * 10000, "text": b"hello, world\n" * 100, "qemu": b"QEVM\0\0\0\3" * 100,
                  "elf": b"\x7fELF\2\1\1" + bytes(100), "gzip": b"\x1f\x8b\x08" + bytes(100),
                  "zstd": b"\x28\xb5\x2f\xfd" + bytes(100), "xz": b"\xfd7zXZ\0" + bytes(100)}
        for name, data in inputs.items():
            reason = cases.ALREADY if "v2" in name else "."
            for header in (b"", model.xl_header(cases.xl_text("hvm"), "libxc")):
                with self.subTest(input=name, header=bool(header)):
                    source, output = self.file("in.save", header + data), self.out()
                    self.assertRegex(self.assert_refused(program.run("-i", source, "-o", output), output), reason)


if __name__ == "__main__":
    unittest.main()
