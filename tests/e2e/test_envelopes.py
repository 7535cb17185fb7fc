"""Containers of libvirt, xend and XAPI: round trips, ambiguous inputs, hostile contents."""

import os
import resource
import struct
import sys
import unittest
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import cases, envelopes, expected, flavours, legacy, program, v2, v2stream, verifier
from kit.base import ProgramTest
from kit.envelopes import LIBVIRT, XAPI, XAPI_STRUCTURED, XEND

OLD_DISK = bytes(range(256)) * 4096     # old data on the disk after a suspend image
ADDRESS_SPACE = 320 << 20               # ICU, used by libxml2, alone maps some 40 MiB
SUBJECTS = [cases.named(name) for name in (
    "pv64-age-3-0", "pv32-age-3-0-low-frames", "pv32on64-age-4-5", "pv32-age-4-1", "hvm64-age-3-1", "hvm64-age-4-5-4",
    "hvm32-age-4-2", "hvm32-xenserver", "hvm64-qemu-remus-state", "hvm64-qemu-empty", "hvm32-qemu-large",
    "hvm32-toolstack-nameless", "hvm64-full-batch")]


ALL = [e for e in envelopes.ALL if e is not LIBVIRT or program.LIBRARIES]


def to_the_end(case) -> bool:
    return bool(case.save.qemu) and case.save.qemu.length is None


def can_contain(envelope, case) -> bool:
    """XAPI's images need a stream that marks its end, and whose guest type can be detected without a configuration."""
    delimited = envelope in (XAPI, XAPI_STRUCTURED)
    return not (delimited and (to_the_end(case) or case.ambiguous))


def limit() -> None:
    if not program.SANITIZED:
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))


class RoundTrips(ProgramTest):
    @classmethod
    def setUpClass(cls):
        expected.run_scripts(SUBJECTS)

    def test_each(self):
        for envelope in ALL:
            for case in (c for c in SUBJECTS if can_contain(envelope, c)):
                with self.subTest(envelope=envelope.name, case=case.name):
                    source, output, want = self.file("in.save", envelope.octets(case)), self.out(), envelope.expected(case)
                    self.assert_status(program.run("-i", source, "-o", output, "--no-sync", "--stream-version", "3"), 0)
                    got, start = output.read_bytes(), envelope.start(want)
                    self.assertEqual(got[:start], want[:start])
                    self.assertEqual(v2.difference(want[start:], got[start:]), "")
                    self.assert_status(verifier.run("-i", output), 0)

    @program.needs_libraries
    def test_verifier_formats(self):
        for envelope, fmt in ((LIBVIRT, "libvirt"), (XEND, "xl")):
            output = envelope.expected(cases.named("hvm64-age-4-5"))
            self.assert_status(verifier.verify(output, "-f", fmt), 0)
            other = "xl" if fmt == "libvirt" else "libvirt"
            self.assertIn(f"no {other} header", verifier.verify(output, "-f", other).stderr.decode())

    @program.needs_libraries
    def test_verifier_refuses(self):
        case = cases.named("hvm32-age-4-2")
        good = XAPI.expected(case)
        end = len(good) - 16
        for name, bad in (("end cut off", good[:-1]), ("end of 1 byte", good[:-8] + struct.pack("<Q", 1)),
                          ("another record", good[:end] + struct.pack("<QQ", 0xF01, 0) + good[end:]),
                          ("legacy inside", XAPI_STRUCTURED.octets(case)), ("unstructured", XAPI.octets(case)),
                          ("libvirt 1", LIBVIRT.expected(case).replace(envelopes.LIBVIRT_MAGIC + b"\2",
                                                                       envelopes.LIBVIRT_MAGIC + b"\1")),
                          ("libvirt, legacy", LIBVIRT.octets(case))):
            with self.subTest(name):
                self.assert_status(verifier.verify(bad), 1)
        self.assert_status(verifier.verify(good + OLD_DISK), 0)

    def test_records_of_newer_xenopsd(self):
        """Records of UEFI variables and vTPM states between the stream and QEMU's record are skipped, with any length."""
        good = XAPI.expected(cases.named("hvm32-age-4-2"))
        at = good.rindex(struct.pack("<Q", envelopes.QEMU_TRAD))
        newer = b"".join(envelopes.xapi_record(type_, bytes(length)) for type_, length in (
            (envelopes.VARSTORED, 3 << 20), (envelopes.SWTPM0, 0), (envelopes.SWTPM, 5), (envelopes.SWTPM, 2 << 20)))
        image = self.file("in.save", good[:at] + newer + good[at:])
        self.assert_status(verifier.run("-i", image), 0)
        inspection = program.run("-i", image, "--inspect")
        self.assert_status(inspection, 0)
        for record in (envelopes.xapi_record(0xF14), struct.pack("<QQ", envelopes.SWTPM, 1 << 63)):
            self.assert_status(verifier.verify(good[:at] + record + good[at:]), 1)

    def test_record_with_length(self):
        """A record of a memory image must have length 0."""
        case = cases.named("hvm32-age-4-2")
        for record, image in ((envelopes.LIBXC, XAPI.expected(case)), (envelopes.LIBXC_LEGACY, XAPI_STRUCTURED.octets(case))):
            at = image.index(envelopes.xapi_record(record))
            image = image[:at] + struct.pack("<QQ", record, 1) + image[at + 16:]
            save, output = self.file("in.save", image), self.out()
            for done in (program.run("-i", save, "-o", output), program.run("-i", save, "--inspect"), verifier.verify(image)):
                self.assert_status(done, 1)
                self.assertIn(f"byte {at:#x}: XAPI record: unexpected record of type {record:#06x} and 1 bytes", done.stderr.decode())
            self.assert_clean(output)

    def test_end_of_an_image(self):
        """An image must end with a record of type END_OF_IMAGE and length 0."""
        image = XAPI_STRUCTURED.octets(cases.named("hvm32-age-4-2"))
        for end in (envelopes.xapi_record(envelopes.END_OF_IMAGE, b"x"), envelopes.xapi_record(envelopes.VARSTORED)):
            output = self.out()
            line = self.assert_refused(program.run("-i", self.file("in.save", image[:-16] + end), "-o", output), output)
            self.assertIn(f"byte {len(image) - 16:#x}: XAPI record: unexpected record of type 0x", line)

    def test_data_after_image(self):
        """Old data on the disk after an image is ignored in a named file, and not read from an fd."""
        for envelope in (XAPI, XAPI_STRUCTURED):
            for name in ("hvm32-xenserver", "hvm64-age-4-2", "pv32-age-4-1", "hvm32-no-last-checkpoint",
                         "pv64-no-last-checkpoint"):
                case = cases.named(name)
                want = envelope.expected(case)
                # Old data that could be mistaken for the body of a further checkpoint.
                for behind in (OLD_DISK, struct.pack("<i", 1) + bytes(8192)):
                    with self.subTest(envelope=envelope.name, case=name):
                        path, output = self.file("in.save", envelope.octets(case) + behind), self.out()
                        options = ("-o", output, "--no-sync", "--stream-version", "3")
                        self.assert_status(program.run("-i", path, *options), 0)
                        self.assertEqual(output.read_bytes(), want)
                        with open(path, "rb", 0) as f:
                            self.assert_status(program.run("-i", f.fileno(), *options, pass_fds=[f.fileno()]), 0)
                            self.assertEqual(f.read(), behind)
                        self.assertEqual(output.read_bytes(), want)

    def test_image_needs_qemu_length(self):
        case = cases.named("hvm64-qemu-to-the-end")
        source, output = self.file("in.save", XAPI.octets(case) + OLD_DISK), self.out()
        self.assertIn("not at the end of the stream", self.assert_refused(program.run("-i", source, "-o", output), output))

    def test_qemu_record_too_long_for_xenopsd(self):
        def convert(size: int, output: Path):
            case = cases.named("hvm32-xenserver")
            case = replace(case, save=replace(case.save, qemu=flavours.qemu_xapi(b"QEVM" + bytes(size - 4))))
            return program.run("-i", self.file("in.save", XAPI.octets(case)), "-o", output, "--no-sync")

        self.assert_status(convert(1 << 20, self.out()), 0)
        output = self.out()
        line = self.assert_refused(convert((1 << 20) + 1, output), output)
        self.assertIn("qemu record has 1048577 bytes, but xenopsd accepts at most 1048576", line)


@program.needs_libraries
class Contradictions(ProgramTest):
    def refused(self, data: bytes, *options) -> str:
        source, output = self.file("in.save", data), self.out()
        return self.assert_refused(program.run("-i", source, "-o", output, *options), output)

    def test_guest_type(self):
        """Configuration and stream disagree on the guest type: the message names both; -g overrides the configuration."""
        for stream, config_type in (("pv64-age-4-5", "hvm"), ("hvm64-age-4-5", "pv")):
            case = cases.named(stream)
            for name, head in (("libvirt", envelopes.libvirt_head(envelopes.domain_xml(config_type) + b"\0")),
                               ("xend", envelopes.xend_head(envelopes.xend_config(config_type)))):
                with self.subTest(stream=stream, envelope=name):
                    line = self.refused(head + case.octets())
                    self.assertIn(f"{case.flavour.guest.upper()} guest, but the configuration of {name} is", line)
                    self.assertIn(f"{config_type.upper()} guest", line)
                    source = self.file("in.save", head + case.octets())
                    done = program.run("-i", source, "-o", self.out(), "-g", case.flavour.guest)
                    self.assert_status(done, 0)
                    self.assertIn(b"warning", done.stderr)

    def test_guest_type_of_xl(self):
        """An xl save can be restored with another configuration, so that a contradiction is only a warning."""
        for stream, config_type in (("pv64-age-4-5", "hvm"), ("hvm64-age-4-5", "pv")):
            case = cases.named(stream)
            for config, flags in ((b"builder = '%s'\n" % (b"hvm" if config_type == "hvm" else b"generic"), 0),
                                  (b'{"c_info": {"type": "%s"}}\0' % config_type.encode(), 1)):
                with self.subTest(stream=stream, config=config):
                    save = legacy.octets(replace(case.save, header=legacy.XlHeader(config, flags)))
                    done = program.run("-i", self.file("in.save", save), "-o", self.out(), "--no-sync")
                    self.assert_status(done, 0)
                    self.assertIn(f"warning: the configuration of xl is for a {config_type.upper()} guest", done.stderr.decode())

    def test_formats(self):
        case = cases.named("hvm64-age-4-5")
        for envelope, fmt in ((LIBVIRT, "libxc"), (XEND, "libxc"), (XAPI, "libxl"), (XAPI_STRUCTURED, "libxl")):
            with self.subTest(envelope=envelope.name):
                self.assertIn(f"{fmt} format", self.refused(envelope.octets(case), "-f", fmt))
                self.assertIn("no xl header", self.refused(envelope.octets(case), "-x"))

    def test_skip_qemu_is_for_bare_streams(self):
        case = cases.named("hvm32-xenserver")
        source, output = self.file("in.save", XAPI.octets(case)), self.out()
        done = program.run("-i", source, "-o", output, "--skip-qemu", "--stream-version", "3")
        self.assert_status(done, 0)
        self.assertIn(b"--skip-qemu has no effect", done.stderr)
        self.assertEqual(output.read_bytes(), XAPI.expected(case))


class Ambiguous(ProgramTest):
    def refused(self, data: bytes) -> str:
        source, output = self.file("in.save", data), self.out()
        return self.assert_refused(program.run("-i", source, "-o", output, "--no-sync"), output)

    @program.needs_libraries
    def test_truncated_magics(self):
        for name, magic in envelopes.MAGICS.items():
            for n in range(len(magic) + 1):
                with self.subTest(magic=name, cut=n):
                    self.refused(magic[:n])
                    self.refused(magic[:n] + b"\xa5" * 5000)
                    self.refused(magic[:n] + bytes(5000))

    @program.needs_libraries
    def test_nested_containers(self):
        inside = cases.named("hvm64-age-4-5").with_header(cases.xl_json("hvm")).octets()
        for name, head in (("libvirt", envelopes.libvirt_head(envelopes.domain_xml("hvm") + b"\0")),
                           ("xend", envelopes.xend_head(envelopes.xend_config("hvm"))), ("xapi", envelopes.XAPI_MAGIC)):
            with self.subTest(outside=name):
                self.assertIn("header of a save of xl", self.refused(head + inside))
                self.assertIn("header of a save of libvirt", self.refused(head + LIBVIRT.octets(cases.named("hvm64-age-4-5"))))

    def test_p2m_size_like_text(self):
        """A bare stream begins with the p2m size, which can equal the start of any magic."""
        for text in (b"Xen\n", b"lib\1", b"Lin\2", b"BZh\x09", b"\x7fEL\3", b"QEV\4", b"\x1f\x8b\x08\0", b"\x1f\x8b\x08\x08"):
            size = int.from_bytes(text, "little")
            self.assertLessEqual(size, 0x0FFFFFFF)
            subjects = [cases.named("hvm64-full-batch"), cases.named("hvm32-age-4-2")]
            if size < 1 << 20:
                subjects += [cases.named("pv64-age-4-5"), cases.named("pv32-age-3-2"), cases.named("pv64-age-3-0"),
                             cases.named("pv32-age-3-0")]
            for case in subjects:
                frames = case.flavour.frames(p2m_size=size) if case.flavour.pv else []
                save = replace(case.save, p2m_size=size, frames=frames)
                with self.subTest(text=text, case=case.name):
                    source, output = self.file("in.save", legacy.octets(save)), self.out()
                    self.assert_status(program.run("-i", source, "-o", output, "--no-sync"), 0)
                    self.assertEqual(v2.memory(v2.decode(output.read_bytes(), whole=False)), legacy.memory(save))

    def test_container_on_fd(self):
        """On an fd, a container's magic instead of a stream is rejected without waiting for more input."""
        reader, writer = os.pipe()
        os.write(writer, b"\x28\xb5\x2f\xfd" + b"\xa5" * 60)     # without an end of input
        try:
            done = program.run("--in", reader, "--out", 1, "--width", 64, "--guest", "hvm", "--format", "libxl",
                               pass_fds=[reader])
        finally:
            os.close(reader)
            os.close(writer)
        self.assert_status(done, 1)
        self.assertEqual(done.stdout[:8], b"LibxlFmt")
        self.assertIn(b"decompress it first", done.stderr)


@program.needs_libraries
class HostileXml(ProgramTest):
    def convert(self, data: bytes, *behind: bytes):
        source, output = self.dir / "in.save", self.out()
        source.write_bytes(b"".join((data, *behind)))
        return program.run("-i", source, "-o", output, "--no-sync", preexec_fn=limit), output

    def refused(self, data: bytes, *behind: bytes) -> str:
        return self.assert_refused(*self.convert(data, *behind))

    def test_refused(self):
        for name, (xml, _, reason) in envelopes.HOSTILE_XML.items():
            with self.subTest(name):
                line = self.refused(envelopes.libvirt_head(xml + b"\0"), bytes(1000))
                self.assertRegex(line, f"byte 0x40: domain XML: .*{reason}")

    def test_claimed_lengths(self):
        for length in (0, (1 << 20) + 1, 1 << 30, 0x7FFFFFFF, 0xFFFFFFFF):
            head = envelopes.LIBVIRT_MAGIC + struct.pack("<II40x", 1, length)
            self.assertIn("byte 0x14", self.refused(head, bytes(1000)))
        head = envelopes.LIBVIRT_MAGIC + struct.pack("<II40x", 1, 1 << 20)
        self.assertIn("input ended after 1000", self.refused(head, b" " * 1000))

    def test_versions(self):
        for version in (0, 3, 0x01000000, 0xFFFFFFFF):
            self.assertIn("is neither 1 nor 2", self.refused(envelopes.libvirt_head(b"<domain/>\0", version)))

    def test_large_documents(self):
        """Time and memory are bounded for any 1 MiB of XML."""
        stream = cases.named("pv64-age-4-5").octets()

        def inside(what: bytes) -> bytes:
            return envelopes.domain_xml("pv").replace(b"<devices>", what + b"<devices>") + b"\0"

        def attributes(count: int, name: bytes = b"b") -> bytes:
            return b"".join(b" %s%d=''" % (name, i) for i in range(count))

        spaces = [b"<a%s>" % attributes(count, b"xmlns:n%d_" % i).replace(b"''", b"'x'") + b"<n%d_0:a/>" % i * 10_000 + b"</a>"
                  for i, count in enumerate((50, 50, 1))]
        for name, xml, status in (("elements", inside(b"<a/>" * 250_000), 0),
                                  ("a comment", inside(b"<!--" + b"x" * 1_000_000 + b"-->"), 0),
                                  ("text", inside(b"<a>" + b"x" * 1_000_000 + b"</a>"), 0),
                                  ("an attribute", inside(b"<a b='" + b"x" * 1_000_000 + b"'/>"), 0),
                                  ("attributes", inside(b"<a%s/>" % attributes(1000) * 100), 0),
                                  ("too many attributes", inside(b"<a%s/>" % attributes(1001)), 1),
                                  ("name spaces", inside(spaces[0] + spaces[1]), 0),
                                  ("too many name spaces", inside(b"".join(spaces)), 1),
                                  ("names", inside(b"".join(b"<n%d/>" % i for i in range(100_000))), 0),
                                  ("a name", envelopes.domain_xml("pv", "n" * 1_000_000) + b"\0", 0)):
            with self.subTest(name):
                done, _ = self.convert(envelopes.libvirt_head(xml), stream)
                self.assert_status(done, status)

    def test_name_is_escaped(self):
        done, _ = self.convert(envelopes.libvirt_head(envelopes.domain_xml("pv", "a\x7fb\u009b31m") + b"\0"),
                               cases.named("pv64-age-4-5").octets())
        self.assert_status(done, 0)
        source = self.dir / "in.save"
        done = program.run("-i", source, "-o", self.out(), "-v")
        self.assertIn(b"guest a\\x7fb\\xc2\\x9b31m", done.stderr)


@program.needs_libraries
class Relabel(ProgramTest):
    """Some releases of libvirt wrote a header of version 1 before v2 streams."""

    def setUp(self):
        super().setUp()
        self.stream = v2stream.libxl(v2stream.hvm(), v2stream.emulator_context()).octets()
        self.xml = envelopes.domain_xml("hvm") + b"\0"
        self.source = self.file("in.save", envelopes.libvirt_head(self.xml) + self.stream)

    def test_only_the_version_changes(self):
        output = self.out()
        done = program.run("-i", self.source, "-o", output)
        self.assert_status(done, 0)
        self.assertIn(b"only the header is changed", done.stderr)
        self.assertEqual(output.read_bytes(), envelopes.libvirt_head(self.xml, 2) + self.stream)
        self.assert_status(verifier.run("-i", output, "-f", "libvirt"), 0)

    def test_invalid_stream(self):
        for name, stream in (("cut", self.stream[:-1]), ("more", self.stream + b"x"),
                             ("damaged", self.stream.replace(b"XENF", b"XENG"))):
            with self.subTest(name):
                source, output = self.file("bad.save", envelopes.libvirt_head(self.xml) + stream), self.out()
                self.assert_refused(program.run("-i", source, "-o", output), output)

    def test_needs_named_file(self):
        output = self.out()
        with open(self.source, "rb") as f:
            line = self.assert_refused(program.run("-i", "-", "-o", output, stdin=f), output)
        self.assertIn("by name", line)


if __name__ == "__main__":
    unittest.main()
