#!/usr/bin/python3
"""Makes fixtures/: the streams, the expected outputs of the valid ones, and the README."""

import argparse
import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import cases, envelopes, expected, inspection, model
from kit.envelopes import LIBVIRT, XAPI, XAPI_STRUCTURED, XEND, Envelope
from kit.legacy import XlHeader

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"


@dataclass(frozen=True)
class Fixture:
    name: str
    case: cases.Case
    header: Optional[XlHeader] = None
    envelope: Optional[Envelope] = None

    @property
    def format(self) -> str:
        """The format that the program uses by default: libxl in containers of libxl."""
        return self.envelope.format if self.envelope else "libxl" if self.header else "libxc"

    def stream(self) -> bytes:
        if self.envelope:
            return self.envelope.octets(self.case)
        return (self.case.with_header(self.header) if self.header else self.case).octets()

    def expected(self) -> Optional[bytes]:
        """The expected output in version 3."""
        if self.case.refused:
            return None
        if self.envelope:
            return self.envelope.expected(self.case)
        header = model.xl_header(self.header, self.format) if self.header else b""
        return header + expected.stream(self.case, self.format)

    def about(self) -> dict[str, str]:
        """Facts from the configuration in the container."""
        if self.envelope in (LIBVIRT, XEND):
            return {"name": "old", "uuid": envelopes.UUID, "guest": self.case.flavour.guest}
        says_type = self.header and (self.header.flags & 1 or self.case.flavour.guest == "hvm")
        return {"name": "old", **({"guest": self.case.flavour.guest} if says_type else {})} if self.header else {}

    def inspection(self) -> Optional[inspection.Object]:
        """The expected result of --inspect, for a valid stream."""
        case = self.case.with_header(self.header) if self.header else self.case
        if case.refused:
            return None
        name = self.name + ".legacy"
        if not self.envelope:
            return inspection.of_legacy(case.save, name, self.format, self.about())
        before, _, behind = self.stream().partition(case.octets())
        kind = {"kind": self.envelope.name.replace("-", " "), **self.about()}
        found = inspection.of_legacy(case.save, name, self.format, envelope=kind, before=len(before),
                                     behind=len(behind))
        if self.envelope == XEND:
            found["remarks"] = [{"text": "the converted save would have no configuration; create one with "
                                         "--write-config for xl restore CONFIG FILE"}]
        return found

    def paragraph(self) -> str:
        case = self.case
        text = f"**`{self.name}`** shows: {case.shows}."
        if self.header:
            text += f" With an xl header and a {'JSON' if self.header.flags & 1 else 'text'} config."
        if self.envelope:
            text += f" {self.envelope.shows[0].upper()}{self.envelope.shows[1:]}."
        if case.refused:
            return text + " Must be refused with exit status 1."
        if case.script_is_right(self.format):
            how = "is what Xen 4.17's script makes of the stream"
        else:
            how = f"comes from `tests/kit/model.py`, as Xen's script is wrong here: it {case.wrong}"
        return text + f" The expected output, {self.format} format, {how}."


@dataclass(frozen=True)
class Refused:
    """Data that must be rejected and is not in the catalogue."""
    name: str
    shows: str
    data: bytes

    def stream(self) -> bytes:
        return self.data

    def expected(self) -> None:
        return None

    def inspection(self) -> None:
        return None

    def paragraph(self) -> str:
        return f"**`{self.name}`** shows: {self.shows}. Must be refused with exit status 1."


def fixture(name: str, case: str, header: Optional[Callable[[str], XlHeader]] = None,
            envelope: Optional[Envelope] = None) -> Fixture:
    found = cases.named(case)
    return Fixture(name, found, header(found.flavour.guest) if header else None, envelope)


def enveloped(name: str, case: str, envelope: Envelope) -> Fixture:
    return fixture(f"good-{envelope.name}-{name}", case, envelope=envelope)


def xl_marked_v2() -> bytes:
    return model.xl_header(cases.xl_json("pv"), "libxl") + b"LibxlFmt"


def hostile_xml() -> list[Refused]:
    return [Refused(f"bad-libvirt-{name}", f"a libvirt header with hostile XML: {shows}",
                    envelopes.libvirt_head(xml + b"\0") + bytes(64))
            for name, (xml, shows, _) in envelopes.HOSTILE_XML.items()]


def ia64() -> bytes:
    """p2m_size, format version 3, domain settings (flags, bp, maxmem, xsi_va)."""
    return struct.pack("<QQQQQQ", 0x10000, 3, 4, 0x1000, 0x10000, 0xF100000000000000) + bytes(64)


def uxen() -> bytes:
    """A uXen save: its version chunk comes first, then TSC_INFO."""
    return struct.pack("<iIiIQII", -16, 4, -7, 1, 5, 2400000, 0) + bytes(64)


TEXT, JSON = cases.xl_text, cases.xl_json

ALL = [
    fixture("good-none-pv64", "pv64-types-small"),
    fixture("good-none-pv32", "pv32-age-4-5"),
    fixture("good-none-pv32on64", "pv32on64-age-4-5"),
    fixture("good-none-hvm64", "hvm64-age-4-5"),
    fixture("good-none-hvm32", "hvm32-age-4-5"),
    fixture("good-xl-pv64", "pv64-age-4-5", JSON),
    fixture("good-xl-pv32", "pv32-age-4-1", TEXT),
    fixture("good-xl-hvm64", "hvm64-age-4-5-4", JSON),
    fixture("good-xl-hvm32", "hvm32-age-4-2", TEXT),
    fixture("good-none-pv64-3.0", "pv64-age-3-0"),
    fixture("good-none-pv32-3.0", "pv32-age-3-0"),
    fixture("good-none-pv32-3.2-vcpus", "pv32-age-3-2"),
    fixture("good-none-pv32-xsave", "pv32-xsave-sizes"),
    fixture("good-none-pv32-ext-unknown", "pv32-ext-unknown"),
    fixture("good-xl-hvm32-nameless", "hvm32-toolstack-nameless", TEXT),
    fixture("good-xl-hvm64-params-twice", "hvm64-params-twice", TEXT),
    fixture("good-none-hvm32-xenserver", "hvm32-xenserver"),
    fixture("good-none-hvm64-no-data", "hvm64-no-data"),
    fixture("good-none-hvm32-tmem", "hvm32-tmem"),
    fixture("remus-none-hvm32", "hvm32-remus"),
    fixture("remus-none-pv32-ended", "pv32-remus-ended"),
    fixture("remus-none-pv32-compressed", "pv32-compressed-small"),
    fixture("remus-xl-hvm64-compressed", "hvm64-compressed-small", TEXT),
    fixture("unsupported-hvm32-tmem", "hvm32-tmem-pages-0"),
    fixture("unsupported-pv32-two-level", "pv32-two-level"),
    fixture("bad-pv32-pfn-beyond", "pv32-pfn-beyond"),
    fixture("bad-hvm64-toolstack-namelen", "hvm64-toolstack-namelen", TEXT),
    fixture("bad-hvm64-compressed-overrun", "hvm64-corrupt-copy-over"),
    fixture("bad-hvm64-compressed-too-few", "hvm64-corrupt-too-few"),
    fixture("bad-hvm64-compressed-marker-last", "hvm64-corrupt-marker-last"),
    enveloped("pv64", "pv64-age-4-5", LIBVIRT),
    enveloped("hvm64", "hvm64-age-4-5", LIBVIRT),
    enveloped("pv32", "pv32-age-3-2", XEND),
    enveloped("pv64-3.0-low-frames", "pv64-age-3-0-low-frames", XEND),
    enveloped("hvm32", "hvm32-xenserver", XAPI),
    enveloped("hvm64-xenopsd-xl", "hvm64-age-4-2", XAPI),
    enveloped("hvm32", "hvm32-age-4-2", XAPI_STRUCTURED),
    *hostile_xml(),
    Refused("bad-libvirt-length", "a libvirt header that claims 1 GiB of XML",
            envelopes.LIBVIRT_MAGIC + struct.pack("<II40x", 1, 1 << 30) + bytes(64)),
    Refused("bad-libvirt-no-nul", "XML without a NUL at its end", envelopes.libvirt_head(envelopes.domain_xml("pv"))),
    Refused("bad-libvirt-guest-type", "the XML of a HVM guest and the stream of a PV one",
            envelopes.libvirt_head(envelopes.domain_xml("hvm") + b"\0") + cases.named("pv64-age-4-5").octets()),
    Refused("bad-xend-deep", "a configuration of 1000 lists in each other",
            envelopes.xend_head(b"(domain " + b"(" * 1000 + b")" * 1001)),
    Refused("bad-xend-unclosed", "a configuration whose last list is never closed",
            envelopes.xend_head(envelopes.xend_config("pv")[:-1]) + bytes(64)),
    Refused("bad-xapi-structured-record", "a record of unknown type in front of the memory image",
            envelopes.XAPI_STRUCTURED_MAGIC + envelopes.xapi_record(0x0F, envelopes.OLD_XENOPS)
            + envelopes.xapi_record(0xF3) + bytes(64)),
    Refused("unsupported-xend-2.0", "a save of Xen 2.0, with the magic of xend's envelope inside its stream",
            envelopes.XEND_MAGIC + struct.pack("<II", 0x4000, 7) + bytes(64)),
    Refused("unsupported-libxc-v2", "a libxc v2 stream already",
            b"\xff" * 8 + b"XENF" + struct.pack(">IHHI", 2, 0, 0, 0) + bytes(16)),
    Refused("unsupported-libxc-v3", "a libxc v3 stream already",
            b"\xff" * 8 + b"XENF" + struct.pack(">IHHI", 3, 0, 0, 0) + bytes(16)),
    Refused("unsupported-libxl-v2", "a libxl v2 stream already",
            struct.pack(">8sII", b"LibxlFmt", 2, 0) + struct.pack("<II", 1, 0)),
    Refused("unsupported-xl-v2", "an xl save of Xen 4.6 or later", xl_marked_v2()),
    Refused("unsupported-libvirt-v2", "a libvirt save of a v2 stream",
            envelopes.libvirt_head(envelopes.domain_xml("pv") + b"\0", 2) + b"LibxlFmt"),
    Refused("unsupported-xapi-structured-v2", "a XAPI image of a v2 stream",
            envelopes.XAPI_STRUCTURED_MAGIC + envelopes.xapi_record(0x0F, envelopes.OLD_XENOPS)
            + envelopes.xapi_record(0xF0) + b"\xff" * 8 + b"XENF"),
    Refused("unsupported-xl-in-libvirt", "an xl header inside a libvirt save",
            envelopes.libvirt_head(envelopes.domain_xml("pv") + b"\0")
            + model.xl_header(cases.xl_json("pv"), "libxc") + bytes(64)),
    Refused("unsupported-qemu", "a saved state of QEMU", b"QEVM" + struct.pack(">I", 3) + bytes(64)),
    Refused("unsupported-libvirt-qemu", "a libvirt save of a QEMU guest", b"LibvirtQemudSave" + bytes(80)),
    Refused("unsupported-elf", "a core dump of xl", b"\x7fELF\2\1\1" + bytes(64)),
    Refused("unsupported-dump-core-pv", "a core dump of xm", struct.pack("<I", 0xF00FEBED) + bytes(64)),
    Refused("unsupported-dump-core-hvm", "a core dump of xm", struct.pack("<I", 0xF00FEBEE) + bytes(64)),
    Refused("unsupported-uxen", "a save of uXen, a look-alike", uxen()),
    Refused("unsupported-ia64", "a save of ia64", ia64()),
    Refused("unsupported-ext2", "an ext2 file system, as XenServer up to 6.2 kept suspend images in",
            bytes(1080) + b"\x53\xef" + bytes(64)),
    Refused("unsupported-lzop", "a file compressed with lzop", b"\x89LZO\0\r\n\x1a\n" + bytes(64)),
]

HEAD = """# Fixtures

Small legacy streams (`NAME.legacy`). For each valid one there is the exact output of
`convert-legacy-stream -i NAME.legacy -o OUT --stream-version 3` (`NAME.v3.expected`) and that of `--inspect`
(`NAME.inspect`, from `tests/kit/inspection.py`).
Names of valid streams with several checkpoints begin with `remus-`. All their checkpoints are read only from files.
The streams have the structure of the formats and generated content. The name has the container (xl, libvirt, xend, xapi,
xapi-structured, none), the guest and the toolstack width; pv32on64 is a 32-bit guest saved by a 64-bit toolstack.

Made by `tests/kit/make_fixtures.py` from the catalogue in `tests/kit/cases.py`; a test makes them again and compares.
"""


def files() -> dict[str, bytes]:
    """All files of fixtures/."""
    made = {"README.md": (HEAD + "".join(f"\n{f.paragraph()}\n" for f in ALL)).encode()}
    for item in ALL:
        made[item.name + ".legacy"] = item.stream()
        output, found = item.expected(), item.inspection()
        if output is not None:
            made[item.name + ".v3.expected"] = output
        if found is not None:
            made[item.name + ".inspect"] = inspection.text(found).encode()
    return made


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    made = files()
    FIXTURES.mkdir(exist_ok=True)
    for old in FIXTURES.iterdir():
        if old.name not in made:
            old.unlink()
    for name, data in made.items():
        (FIXTURES / name).write_bytes(data)


if __name__ == "__main__":
    main()
