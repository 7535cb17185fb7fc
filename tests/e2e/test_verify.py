"""verify-stream-v2: valid streams are accepted; for each check, a stream that violates only that check is rejected.

"Restore code" means that of Xen 4.21: tools/libs/guest/xg_sr_restore*.c and tools/libs/light/libxl_stream_read.c.
"""

import os
import subprocess
import sys
import unittest
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Iterator

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import cases, expected, program, v2stream as v2, verifier
from kit.legacy import PAGE_SIZE, VCPU_SIZE
from kit.make_fixtures import FIXTURES
from kit.program import LIBRARIES, PROJECT, SANITIZED
from kit.v2stream import BROKEN, L1TAB, L2TAB, L4TAB, MAX_PFN, NOTAB, PINNED, XALLOC, XTAB, Field, Part, Stream
from kit.verifier import VerifierTest, side_by_side, verify

DATA = PROJECT.parent / "shared" / "data"

PV, PV32, PV_V2, HVM, HVM_V2 = v2.pv(), v2.pv(4), v2.pv(version=2), v2.hvm(), v2.hvm(version=2)
NATIVE = v2.hvm(major=4)
LIBXL = v2.libxl(HVM, v2.emulator_context())

# Exit statuses of Xen's verifier. Under Python 3 it rejects all xenstore data.
ACCEPTS, REFUSES, FAILS = 0, 1, 2


def xens_verdicts(streams: Iterable[Stream]) -> list[int]:
    return verifier.by_xens((fmt(stream), stream.octets()) for stream in streams)


def fmt(stream: Stream) -> str:
    """The value of --format for this stream."""
    return {"libxl header": "libxl", "xl header": "xl"}.get(stream.parts[0].name, "libxc")


# Accepted ---------------------------------------------------------------------------------------------------

def all_types(guest: Stream) -> Stream:
    entries = [t << 60 | 0x20 + t for t in range(16) if t not in (5, 6, 7, 8)]
    return guest.after("PAGE_DATA", v2.page_data(*entries))


def with_qemu(signature: bytes, length: bytes, data: bytes) -> Stream:
    """A stream in libxc format with the qemu record of the legacy save after it, as converters write it."""
    return Stream((*HVM.parts, Part("qemu record", (Field("signature", "", signature), Field("length", "", length),
                                                    Field("data", "", data)))))


QEMU = b"QEVM and its state"

# name, stream, exit status of Xen's verifier
SOUND = [
    ("PV, 64 bits", PV, ACCEPTS),
    ("PV, 32 bits", PV32, ACCEPTS),
    ("PV, version 2", PV_V2, ACCEPTS),
    ("HVM", HVM, ACCEPTS),
    ("HVM, version 2", HVM_V2, ACCEPTS),
    ("the least of a PV guest, 32 bits", v2.small_pv(4), ACCEPTS),
    ("the least of a PV guest, 64 bits", v2.small_pv(8), ACCEPTS),
    ("the least of an HVM guest", v2.small_hvm(), ACCEPTS),
    ("HVM without pages", HVM.without("PAGE_DATA", "PAGE_DATA 2"), ACCEPTS),
    ("HVM, version 2, without pages", HVM_V2.without("PAGE_DATA", "PAGE_DATA 2"), ACCEPTS),
    ("saved by Xen 4.17", v2.pv(major=4).put("domain header.xen_minor", 17), ACCEPTS),
    ("Xen's own saver: context before the parameters", NATIVE.move_before("HVM_CONTEXT", "HVM_PARAMS"), ACCEPTS),
    ("no policies", PV.without("X86_CPUID_POLICY", "X86_MSR_POLICY"), ACCEPTS),
    ("policies the other way round", PV.move_before("X86_MSR_POLICY", "X86_CPUID_POLICY"), ACCEPTS),
    ("X86_PV_INFO behind the policies", PV.move_before("X86_PV_INFO", "STATIC_DATA_END"), ACCEPTS),
    ("P2M_FRAMES grows", PV.before("PAGE_DATA 2", v2.p2m_frames(8, 0x400, 0x5FF, [0x401]),
                                   v2.page_data(NOTAB | 0x5FF)), ACCEPTS),
    ("P2M_FRAMES repeated, smaller", PV.before("PAGE_DATA 2", v2.p2m_frames(8, 0, 0x1FF, [1])), ACCEPTS),
    ("a later P2M_FRAMES makes room for an earlier one's frame",
     PV.put("X86_PV_P2M_FRAMES.frame[0]", 0x5FF).before("PAGE_DATA 2", v2.p2m_frames(8, 0x400, 0x5FF)), ACCEPTS),
    ("P2M_FRAMES begins and ends inside of frames",
     PV.instead("X86_PV_P2M_FRAMES", v2.p2m_frames(8, 0, 0x600)).before("PAGE_DATA", v2.p2m_frames(8, 511, 512)),
     ACCEPTS),
    ("the last pfn", PV.put("PAGE_DATA.pfn[0]", NOTAB | MAX_PFN), ACCEPTS),
    ("all page types, PV", all_types(PV), ACCEPTS),
    ("all page types, HVM", all_types(HVM), ACCEPTS),
    ("an HVM guest's pfn with 52 bits", HVM.put("PAGE_DATA.pfn[0]", (1 << 52) - 1), ACCEPTS),
    ("a pfn twice in a record", HVM.instead("PAGE_DATA", v2.page_data(1, 1, XTAB | 1, 1)), ACCEPTS),
    ("more pages in a record than savers put there", HVM.instead("PAGE_DATA", v2.page_data(*range(1500))), ACCEPTS),
    ("VERIFY and the pages again", HVM.before("X86_TSC_INFO", v2.signal("VERIFY"), HVM.part("PAGE_DATA")), ACCEPTS),
    ("TSC_INFO first, and again", PV.before("X86_PV_INFO", v2.tsc_info()), ACCEPTS),
    ("no TSC_INFO", HVM.without("X86_TSC_INFO"), ACCEPTS),
    ("SHARED_INFO last", PV.move_before("SHARED_INFO", "END"), ACCEPTS),
    ("SHARED_INFO before the pages", PV.move_before("SHARED_INFO", "PAGE_DATA"), ACCEPTS),
    ("vcpus in another order", PV.move_before("X86_PV_VCPU_BASIC", "END"), ACCEPTS),
    ("vcpu 0's context twice", PV.before("END", PV.part("X86_PV_VCPU_BASIC")), ACCEPTS),
    ("vcpu 8191", PV.put("X86_PV_VCPU_BASIC 2.vcpu_id", 8191), ACCEPTS),
    ("vcpu records without content", PV.before("END", *(v2.vcpu(what, 1, 0) for what in
                                                        ("BASIC", "EXTENDED", "XSAVE", "MSRS"))), ACCEPTS),
    ("extended context of 1 octet", PV.instead("X86_PV_VCPU_EXTENDED", v2.vcpu("EXTENDED", 0, 1)), ACCEPTS),
    ("xsave of 16 octets", PV.instead("X86_PV_VCPU_XSAVE", v2.vcpu("XSAVE", 0, 16)), ACCEPTS),
    ("xsave of 17 octets", PV.instead("X86_PV_VCPU_XSAVE", v2.vcpu("XSAVE", 0, 17)), ACCEPTS),
    ("HVM_PARAMS without any", HVM.instead("HVM_PARAMS", v2.hvm_params()), ACCEPTS),
    ("HVM_PARAMS in two records", HVM.after("HVM_PARAMS", v2.hvm_params((5, 6))), ACCEPTS),
    ("a context of 1 octet", HVM.instead("HVM_CONTEXT", v2.hvm_context(1)), ACCEPTS),
    ("optional records", HVM.before("PAGE_DATA", v2.unknown(v2.OPTIONAL | 0x12345, 3),
                                    v2.unknown(0xFFFFFFFF)).before("END", v2.unknown(v2.OPTIONAL, 8)), REFUSES),
    ("libxl, HVM", LIBXL, ACCEPTS),
    ("libxl, PV", v2.libxl(PV), ACCEPTS),
    ("libxl, saved by Xen", v2.libxl(NATIVE, options=0), ACCEPTS),
    ("libxl, no emulator", v2.libxl(HVM_V2), ACCEPTS),
    ("libxl, qemu-traditional", v2.libxl(HVM, v2.emulator_context(emulator_id=1)), ACCEPTS),
    ("libxl, qemu and another emulator", v2.libxl(HVM, v2.emulator_context(8, 2), v2.emulator_context(9, 0, 7)),
     ACCEPTS),
    ("libxl, an emulator without state", v2.libxl(HVM, v2.emulator_context(0, 2)), ACCEPTS),
    ("libxl, xenstore record without data", v2.libxl(HVM, v2.emulator_xenstore()), ACCEPTS),
    ("libxl, xenstore data", v2.libxl(HVM, v2.emulator_xenstore(v2.PHYSMAP), v2.emulator_context()), REFUSES),
    ("libxl, xenstore data behind the context",
     v2.libxl(HVM, v2.emulator_context(), v2.emulator_xenstore(b"key\0 ~printable\0", 2)), REFUSES),
    ("libxl, xenstore data larger than any buffer",
     v2.libxl(HVM, v2.emulator_xenstore(b"".join(b"k/%d\0%s\0" % (i, b"v" * i) for i in range(300)))), REFUSES),
    ("DeviceModelRecord0002", with_qemu(b"DeviceModelRecord0002", b"\x12\0\0\0", QEMU), ACCEPTS),
    ("DeviceModelRecord0002 without state", with_qemu(b"DeviceModelRecord0002", b"\0\0\0\0", b""), ACCEPTS),
    ("RemusDeviceModelState", with_qemu(b"RemusDeviceModelState", b"\x12\0\0\0", QEMU), ACCEPTS),
    ("XAPI's QemuDeviceModelRecord", with_qemu(b"QemuDeviceModelRecord\n", b"\0\0\0\x12", QEMU), ACCEPTS),
    ("QemuDeviceModelRecord to the end", with_qemu(b"QemuDeviceModelRecord", b"", QEMU * 1000), ACCEPTS),
]


class Accepted(VerifierTest):
    def test_sound(self):
        for (name, stream, _), done in zip(SOUND, side_by_side(lambda s: verify(s[1].octets()), SOUND)):
            with self.subTest(name):
                self.assert_sound(done)

    def test_xens_verifier(self):
        """Xen's verifier exits with the status listed in SOUND."""
        for (name, _, want), got in zip(SOUND, xens_verdicts(stream for _, stream, _ in SOUND)):
            with self.subTest(name):
                self.assertEqual(got, want)

    def test_xl_header(self):
        for name, stream in (("libxl", v2.xl(LIBXL)), ("libxl, JSON config", v2.xl(LIBXL, flags=3)),
                             ("libxc, as Xen's script writes it", v2.xl(PV, flags=0))):
            with self.subTest(name):
                self.assert_sound(verify(stream.octets()))
                self.assert_sound(verify(stream.octets(), "-f", "xl"))

    def test_fixtures(self):
        found = sorted(p for p in FIXTURES.glob("*.v3.expected") if LIBRARIES or "libvirt" not in p.name)
        self.assertTrue(found)
        for path in found:
            with self.subTest(path.name):
                self.assert_sound(verifier.run("-i", path))

    def convert_and_verify(self, job: tuple[cases.Case, list[str]]):
        """Convert a case, verify the output; return both results."""
        case, options = job
        fd = verifier.file(case.octets())
        try:
            guest = ["-g", case.flavour.guest] if case.ambiguous else []
            converted = program.run("-i", "-", "-o", "-", "-q", *guest, *options, stdin=fd)
        finally:
            os.close(fd)
        return converted, verify(converted.stdout)

    def test_converted_streams(self):
        jobs = []
        for bare in program.sampled(cases.good()):
            xl = bare.with_header(cases.xl_json(bare.flavour.guest))
            for fmt in expected.formats(bare):
                for version in ("2", "3"):
                    options = ["-f", *fmt.split(), "--stream-version", version]
                    jobs += [(bare, options), (xl, options)]
        for (case, options), (converted, done) in zip(jobs, side_by_side(self.convert_and_verify, jobs)):
            with self.subTest(case.name, options=options):
                self.assert_status(converted, 0)
                self.assert_sound(done)

    @unittest.skipUnless(DATA.is_dir(), f"no real saves: {DATA} does not exist")
    def test_real_saves(self):
        """A v2 save of Xen 4.17 and the conversions of legacy saves, each read from a pipe and from a file."""
        found = sorted(DATA.glob("*.save.zst"))
        self.assertTrue(found)
        for packed in found:
            save, converted = self.dir / "save", self.dir / "converted"
            subprocess.run(["zstd", "-dqf", packed, "-o", save], check=True)
            valid_saves = [save]
            if "legacy" in packed.name:
                self.assertEqual(self.assert_unsound(verifier.run("-i", save))["place"], "start of the stream")
                valid_saves = []
                for options in (["-f", "libxl"], ["-f", "libxc"], ["-f", "libxl", "--stream-version", "3"]):
                    self.assert_status(program.run("-i", save, "-o", converted, "--no-sync", *options), 0)
                    with self.subTest(packed.name, options=options):
                        self.assert_sound(verifier.run("-i", converted))
                valid_saves = [converted]
            for path in valid_saves:
                with self.subTest(packed.name, pipe=True):
                    cat = subprocess.Popen(["cat", path], stdout=subprocess.PIPE)
                    self.assert_sound(verifier.run(stdin=cat.stdout))
                    cat.stdout.close()
                    cat.wait()
                with self.subTest(packed.name):
                    self.assert_sound(verifier.run("-i", path))


# Rejected ----------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Unsound:
    name: str
    stream: Stream
    at: str             # the part or field where the error is found: "image header.version"
    words: str          # regular expression that matches the reason in the message
    xen: int            # exit status of Xen's verifier
    restore: str        # function of the restore code that rejects the stream; "" if none does


U = Unsound
SIGNAL = "length 8, expected 0"


def headers() -> Iterator[Unsound]:
    yield U("marker", PV.put("image header.marker", (1 << 64) - 2), "image header.marker", "marker", REFUSES,
            "read_headers")
    yield U("id", PV.put("image header.id", 0x58454E47), "image header.id", "id", REFUSES, "read_headers")
    for version in (0, 1, 4, 0x03000000):
        yield U(f"version {version}", PV.put("image header.version", version), "image header.version",
                f"version {version} ", REFUSES, "read_headers")
    yield U("big endian", PV.put("image header.options", 1), "image header.options", "big-endian", ACCEPTS,
            "read_headers")
    for bit in (2, 0x8000):
        yield U(f"option {bit}", PV.put("image header.options", bit), "image header.options", "reserved options",
                REFUSES, "")
    for field, value in (("reserved1", 0x101), ("reserved2", 0x01010101)):
        yield U(f"image header, {field}", PV.put(f"image header.{field}", value), f"image header.{field}",
                "reserved field", REFUSES, "")
    for type_ in (0, 3, 0x01000000):
        yield U(f"domain type {type_}", PV.put("domain header.type", type_), "domain header.type", f"type {type_} ",
                REFUSES, "x86_pv_setup")
    for shift in (0, 11, 13):
        yield U(f"page shift {shift}", HVM.put("domain header.page_shift", shift), "domain header.page_shift",
                f"shift {shift},", REFUSES, "x86_hvm_setup")
    yield U("domain header, reserved", HVM.put("domain header.reserved", 0x100), "domain header.reserved",
            "reserved field", REFUSES, "")


def any_record() -> Iterator[Unsound]:
    for octets in (b"\1\0\0", b"\0\0\1"):
        yield U("padding", HVM.put("HVM_CONTEXT.padding", octets), "HVM_CONTEXT", "padding", REFUSES, "")
    yield U("padding of an optional record", HVM.before("PAGE_DATA", v2.unknown(v2.OPTIONAL, 7).put("padding", b"\1")),
            "unknown", "padding", REFUSES, "")
    for type_ in (0x13, 0x7FFFFFFF):
        yield U(f"mandatory record {type_:#x}", HVM.before("PAGE_DATA", v2.unknown(type_)), "unknown",
                f"mandatory record type {type_:#010x}", REFUSES, "restore")
    for base in (PV, HVM):
        yield U("TOOLSTACK", base.before("X86_TSC_INFO", v2.blob("TOOLSTACK", 8)), "TOOLSTACK", "deprecated", FAILS,
                "restore")
        yield U("CHECKPOINT", base.before("END", v2.signal("CHECKPOINT")), "CHECKPOINT",
                "checkpoint record in a plain stream", ACCEPTS, "handle_checkpoint")
        yield U("CHECKPOINT_DIRTY_PFN_LIST", base.before("END", v2.blob("CHECKPOINT_DIRTY_PFN_LIST", 8)),
                "CHECKPOINT_DIRTY_PFN_LIST", "checkpoint record in a plain stream", REFUSES, "restore")
        yield U("END", base.instead("END", v2.blob("END", 8)), "END", SIGNAL, REFUSES, "")
        yield U("VERIFY", base.before("PAGE_DATA 2", v2.blob("VERIFY", 8)), "VERIFY", SIGNAL, REFUSES, "")
    for part in PV.parts:
        if part.name.startswith("X86_PV_") or part.name == "SHARED_INFO":
            yield U("a PV record for HVM", HVM.before("PAGE_DATA 2", part), part.name, "HVM guest", ACCEPTS,
                    "x86_hvm_process_record")
    for name in ("HVM_CONTEXT", "HVM_PARAMS"):
        yield U("an HVM record for PV", PV.before("PAGE_DATA 2", HVM.part(name)), name, "PV guest", ACCEPTS,
                "x86_pv_process_record")


def static_data() -> Iterator[Unsound]:
    for name in ("STATIC_DATA_END", "X86_CPUID_POLICY", "X86_MSR_POLICY"):
        yield U(f"{name} in version 2, PV", PV_V2.before("X86_PV_P2M_FRAMES", PV.part(name)), name, "version 2",
                REFUSES, "")
        yield U(f"{name} in version 2, HVM", HVM_V2.before("PAGE_DATA", PV.part(name)), name, "version 2", REFUSES, "")
    yield U("no STATIC_DATA_END, PV", PV.without("STATIC_DATA_END"), "X86_PV_P2M_FRAMES", "STATIC_DATA_END", ACCEPTS,
            "handle_x86_pv_p2m_frames")
    yield U("no STATIC_DATA_END, HVM", HVM.without("STATIC_DATA_END"), "PAGE_DATA", "STATIC_DATA_END", ACCEPTS,
            "handle_page_data")
    yield U("neither STATIC_DATA_END nor pages", HVM.without("STATIC_DATA_END", "PAGE_DATA", "PAGE_DATA 2"), "END",
            "STATIC_DATA_END", ACCEPTS, "")
    yield U("STATIC_DATA_END too late", HVM.move_before("STATIC_DATA_END", "X86_TSC_INFO"), "PAGE_DATA",
            "STATIC_DATA_END", ACCEPTS, "handle_page_data")
    yield U("STATIC_DATA_END twice", HVM.before("PAGE_DATA 2", v2.signal("STATIC_DATA_END")), "STATIC_DATA_END 2",
            "duplicate", ACCEPTS, "handle_static_data_end")
    yield U("STATIC_DATA_END with content", PV.instead("STATIC_DATA_END", v2.blob("STATIC_DATA_END", 8)),
            "STATIC_DATA_END", SIGNAL, REFUSES, "")
    for make, name, function, sizes in (
            (v2.cpuid_policy, "X86_CPUID_POLICY", "handle_x86_cpuid_policy", (0, 8, 23, 25, 32)),
            (v2.msr_policy, "X86_MSR_POLICY", "handle_x86_msr_policy", (0, 8, 15, 17, 24))):
        yield U(f"{name} too late", PV.move_before(name, "X86_PV_P2M_FRAMES"), name, "after STATIC_DATA_END", ACCEPTS,
                "")
        for size in sizes:
            yield U(f"{name}, {size} octets", HVM.instead(name, make(size)), name, f"length {size} ", REFUSES, function)


def pv_info() -> Iterator[Unsound]:
    yield U("twice", PV.before("STATIC_DATA_END", PV.part("X86_PV_INFO")), "X86_PV_INFO 2", "duplicate", ACCEPTS,
            "handle_x86_pv_info")
    yield U("7 octets", PV.instead("X86_PV_INFO", v2.blob("X86_PV_INFO", 7)), "X86_PV_INFO", "length 7,", REFUSES,
            "handle_x86_pv_info")
    part = PV.part("X86_PV_INFO")
    longer = v2.Part(part.name, (*part.fields, Field("more", "", bytes(8))), part.layer, part.type)
    yield U("16 octets", PV.instead("X86_PV_INFO", longer), "X86_PV_INFO", "length 16,", REFUSES, "")
    for width, levels, status in ((4, 4, ACCEPTS), (8, 3, ACCEPTS), (4, 2, REFUSES), (2, 2, REFUSES), (0, 4, REFUSES),
                                (16, 4, REFUSES), (8, 5, REFUSES)):
        yield U(f"width {width}, {levels} levels", PV.instead("X86_PV_INFO", v2.pv_info(width, levels)), "X86_PV_INFO",
                f"width {width} with {levels} page table levels", status, "handle_x86_pv_info")
    for field in ("reserved1", "reserved2"):
        yield U(field, PV.put(f"X86_PV_INFO.{field}", 0x100), "X86_PV_INFO", "reserved field", REFUSES, "")


def p2m() -> Iterator[Unsound]:
    name, function = "X86_PV_P2M_FRAMES", "handle_x86_pv_p2m_frames"
    yield U("before X86_PV_INFO", PV.without("X86_PV_INFO"), name, "X86_PV_INFO", ACCEPTS, function)
    yield U("4 octets", PV.instead(name, v2.blob(name, 4)), name, "length 4 is below the minimum 8", REFUSES, function)
    yield U("start above end", PV.instead(name, v2.p2m_frames(8, MAX_PFN, MAX_PFN - 1, [1])), name, "above end",
            ACCEPTS,
            function)
    for frames in ([], [1], [1, 2, 3]):
        yield U(f"{len(frames)} frames instead of 2", PV.instead(name, v2.p2m_frames(8, 0, MAX_PFN, frames)), name,
                f"length {8 + 8 * len(frames)}, .* need 24", ACCEPTS, function)
    yield U("a list that begins late", PV.instead(name, v2.p2m_frames(8, 0x200, MAX_PFN)), name, "gap", ACCEPTS,
            "update_guest_p2m")
    yield U("a gap in the list", PV.before("PAGE_DATA 2", v2.p2m_frames(8, 0x800, 0x9FF, [1])), f"{name} 2", "gap", ACCEPTS,
            "update_guest_p2m")
    yield U("1 frame more, by the last pfn", PV.instead(name, v2.p2m_frames(8, 0, MAX_PFN + 1, [1, 2])), name,
            "length 24, .* need 32", ACCEPTS, function)
    yield U("a 64-bit guest's frames for 32 bits", PV32.instead(name, v2.p2m_frames(8, 0, MAX_PFN)), name,
            "length 24, .* need 16", ACCEPTS, function)
    yield U("no whole frame", PV.instead(name, v2.blob(name, 0)).put(name + ".data", b"\0\0\0\0\xff\3\0\0" + b"\1" * 7),
            name, "length 15, .* need 24", REFUSES, function)
    yield U("a frame above the guest's last pfn", PV.put(f"{name}.frame[1]", MAX_PFN + 1), "END",
            f"{name} names frame 0x400, above the guest's last pfn, 0x3ff", ACCEPTS, "update_guest_p2m")
    yield U("missing before the pages", PV.without(name), "PAGE_DATA", name, ACCEPTS, "handle_page_data")
    yield U("behind pages", PV.move_before(name, "PAGE_DATA 2"), "PAGE_DATA", name, ACCEPTS, "handle_page_data")


def page_data() -> Iterator[Unsound]:
    name, function = "PAGE_DATA", "handle_page_data"
    for base in (PV, HVM):
        for size in (0, 7):
            yield U(f"{size} octets", base.instead(name, v2.blob(name, size)), name, f"length {size} is below the minimum 8",
                    REFUSES,
                    function)
        yield U("no entry", base.instead(name, v2.page_data()), name, "count 0", REFUSES, function)
        yield U("no entry, but a page", base.instead(name, v2.page_data(pages=1)), name, "count 0", REFUSES, function)
        yield U("reserved", base.put(f"{name}.reserved", 0x10000), name, "reserved field", REFUSES, "")
        for count in (4096 // 8 * 2 + 10, 0xFFFFFFFF):
            yield U(f"count {count}, entries of another record", base.instead(name, v2.page_data(XALLOC | 1))
                    .put(f"{name}.count", count), name, f"is too short for {count} pfns", REFUSES, function)
        for bit in range(52, 60):
            yield U(f"reserved bit {bit}", base.put(f"{name}.pfn[0]", 1 << bit | 1), name, "reserved bits in entry 0",
                    REFUSES, "")
    yield U("an entry above the guest's last, a page", PV.put(f"{name} 2.pfn[3]", NOTAB | MAX_PFN + 1), f"{name} 2",
            "entry 3: pfn 0x400 is above", ACCEPTS, function)
    for type_ in (XALLOC, BROKEN, XTAB):
        yield U("an entry above the guest's last, no page", PV.instead(name, v2.page_data(XALLOC | 1, type_ | 1 << 51)),
                name, "entry 1: pfn 0x8000000000000 is above", ACCEPTS, function)
    yield U("behind vcpu records", PV.move_before(f"{name} 2", "X86_PV_VCPU_EXTENDED"), f"{name} 2", "vcpu records",
            ACCEPTS, "")


def vcpus() -> Iterator[Unsound]:
    function = "handle_x86_pv_vcpu_blob"
    for what in ("BASIC", "EXTENDED", "XSAVE", "MSRS"):
        name = "X86_PV_VCPU_" + what
        yield U("4 octets", PV.instead(name, v2.blob(name, 4)), name, "length 4 is below the minimum 8", REFUSES, function)
        yield U("reserved", PV.put(f"{name}.reserved", 1), name, "reserved field", REFUSES, "")
        yield U("vcpu 8192", PV.put(f"{name}.vcpu_id", 8192), name, "vcpu 8192", ACCEPTS, function)
        yield U("before X86_PV_INFO", PV.before("X86_PV_INFO", PV.part(name)), name, "X86_PV_INFO", ACCEPTS, "")
        yield U("before the pages", PV.before("PAGE_DATA", PV.part(name)), name, "PAGE_DATA", ACCEPTS, "")
    for guest, what, size, words in (
            (PV, "BASIC", VCPU_SIZE[4], "2800 bytes, expected 5168"), (PV, "BASIC", VCPU_SIZE[8] - 1, "5167 bytes"),
            (PV, "BASIC", VCPU_SIZE[8] + 1, "5169 bytes"), (PV32, "BASIC", VCPU_SIZE[8], "5168 bytes, expected 2800"),
            (PV32, "BASIC", 1, "1 bytes"), (PV, "EXTENDED", 129, "129 bytes, above the maximum 128"),
            (PV, "XSAVE", 15, "15 bytes, below the minimum 16"), (PV, "XSAVE", 1, "1 bytes, below the minimum 16"),
            (PV, "MSRS", 1, "1 bytes"), (PV, "MSRS", 15, "multiple of 16"), (PV, "MSRS", 24, "multiple of 16")):
        name = "X86_PV_VCPU_" + what
        yield U(f"{what} of {size} octets", guest.instead(name, v2.vcpu(what, 0, size)), name, words, ACCEPTS, function)
    yield U("no vcpu 0", PV.without("X86_PV_VCPU_BASIC"), "END", "X86_PV_VCPU_BASIC of vcpu 0", ACCEPTS,
            "update_vcpu_context")
    yield U("vcpu 0 without content", PV.instead("X86_PV_VCPU_BASIC", v2.vcpu("BASIC", 0, 0)), "END",
            "X86_PV_VCPU_BASIC of vcpu 0", ACCEPTS, "update_vcpu_context")


def missing_records() -> Iterator[Unsound]:
    """Streams without a required record: each adds the record that the previous one lacked."""
    small = v2.small_pv()
    bare = Stream((*small.parts[:2], v2.signal("END")))
    for name, restore in (("X86_PV_INFO", "update_vcpu_context"), ("X86_PV_P2M_FRAMES", "update_vcpu_context"),
                          ("PAGE_DATA", "update_vcpu_context")):
        yield U(f"no {name}", bare, "END", f"without {name}", ACCEPTS, restore)
        bare = bare.before("END", small.part(name))
    yield U("no SHARED_INFO", PV.without("SHARED_INFO"), "END", "without SHARED_INFO", ACCEPTS, "")
    yield U("pages needed before vcpus", PV.without("PAGE_DATA", "PAGE_DATA 2"), "X86_PV_VCPU_BASIC", "PAGE_DATA",
            ACCEPTS, "process_start_info")
    yield U("no HVM_PARAMS, saved by Xen", NATIVE.without("HVM_PARAMS"), "END", "without HVM_PARAMS", ACCEPTS, "")
    yield U("no HVM_PARAMS, converted", HVM.without("HVM_PARAMS"), "HVM_CONTEXT", "HVM_PARAMS", ACCEPTS, "")
    yield U("no HVM_CONTEXT", HVM.without("HVM_CONTEXT"), "END", "without HVM_CONTEXT", ACCEPTS,
            "x86_hvm_stream_complete")


def other_records() -> Iterator[Unsound]:
    yield U("SHARED_INFO before X86_PV_INFO", PV.move_before("SHARED_INFO", "X86_PV_INFO"), "SHARED_INFO",
            "X86_PV_INFO", ACCEPTS, "handle_shared_info")
    for size in (0, PAGE_SIZE - 1, PAGE_SIZE + 1):
        yield U(f"SHARED_INFO of {size} octets", PV.instead("SHARED_INFO", v2.shared_info(size)), "SHARED_INFO",
                f"length {size}, expected 4096", REFUSES, "handle_shared_info")
    for base in (PV, HVM):
        for size in (0, 20, 23, 25):
            yield U(f"TSC_INFO of {size} octets", base.instead("X86_TSC_INFO", v2.blob("X86_TSC_INFO", size)),
                    "X86_TSC_INFO", f"length {size}, expected 24", REFUSES, "handle_x86_tsc_info")
        yield U("TSC_INFO, reserved", base.put("X86_TSC_INFO.reserved", 1), "X86_TSC_INFO", "reserved field", REFUSES,
                "")
    for size in (0, 7):
        yield U(f"HVM_PARAMS of {size} octets", HVM.instead("HVM_PARAMS", v2.blob("HVM_PARAMS", size)), "HVM_PARAMS",
                f"length {size} is below the minimum 8", REFUSES, "handle_hvm_params")
    yield U("HVM_PARAMS, reserved", HVM.put("HVM_PARAMS.reserved", 1), "HVM_PARAMS", "reserved field", REFUSES, "")
    for count in (0, 1, 3, 0x10000002):         # the last one is correct modulo 2^32
        yield U(f"HVM_PARAMS, {count} instead of 2", HVM.put("HVM_PARAMS.count", count), "HVM_PARAMS",
                f"length 40, but {count} parameters need {8 + 16 * count}", REFUSES, "handle_hvm_params")
    yield U("HVM_CONTEXT empty", HVM.instead("HVM_CONTEXT", v2.hvm_context(0)), "HVM_CONTEXT", "length 0 is below the minimum 1",
            REFUSES, "handle_hvm_context")
    yield U("HVM_CONTEXT before HVM_PARAMS in a converted stream", HVM.move_before("HVM_CONTEXT", "HVM_PARAMS"),
            "HVM_CONTEXT", "HVM_PARAMS must come first", ACCEPTS, "")


def trailing_data() -> Iterator[Unsound]:
    for base in (PV, HVM, LIBXL):
        for octets in (b"\0", b"\0" * 64, b"DeviceModelRecord0003\0\0\0\0", b"QemuDeviceModelRecordQEVN"):
            yield U("octets behind the end", Stream((*base.parts, Part("end of the stream", (Field("", "", octets),)))),
                    "end of the stream", "after the END record", ACCEPTS, "")
    yield U("a qemu record behind a PV guest's stream", Stream((*PV.parts, Part("end of the stream", (
        Field("", "", b"DeviceModelRecord0002\0\0\0\0"),)))), "end of the stream", "after the END record", ACCEPTS, "")
    yield U("a qemu record behind a libxl stream", Stream((*LIBXL.parts, Part("end of the stream", (
        Field("", "", b"DeviceModelRecord0002\0\0\0\0"),)))), "end of the stream", "after the END record", ACCEPTS, "")
    yield U("octets behind the qemu record", Stream((*with_qemu(b"DeviceModelRecord0002", b"\1\0\0\0", b"x").parts,
            Part("end of the stream", (Field("", "", b"\0"),)))), "end of the stream", "after the END record", ACCEPTS, "")


def libxl() -> Iterator[Unsound]:
    header, read = "libxl header", "stream_header_done"
    yield U("ident", LIBXL.put(f"{header}.ident", 0x4C6962786C466D75), f"{header}.ident", "ident", REFUSES, read)
    for version in (0, 1, 3, 0x02000000):
        yield U(f"version {version}", LIBXL.put(f"{header}.version", version), f"{header}.version",
                f"version {version} ", REFUSES, read)
    yield U("big endian", LIBXL.put(f"{header}.options", 3), f"{header}.options", "big-endian", ACCEPTS, read)
    for bit, status in ((2, REFUSES), (15, REFUSES), (16, ACCEPTS), (31, ACCEPTS)):
        yield U(f"option bit {bit}", LIBXL.put(f"{header}.options", 1 << bit), f"{header}.options", "reserved options",
                status, "")
    for type_ in (6, 0x7FFFFFFF, v2.OPTIONAL, v2.OPTIONAL | 6):
        yield U(f"record {type_:#x}", LIBXL.before("libxl END", v2.libxl_unknown(type_)), "libxl unknown",
                f"unknown libxl record type {type_:#010x}", REFUSES, "process_record")
    data = Field("data", "", b"12345678")
    yield U("CHECKPOINT_END", LIBXL.before("libxl END", v2.libxl_record("CHECKPOINT_END")), "libxl CHECKPOINT_END",
            "checkpoint record in a plain stream", ACCEPTS, "process_record")
    yield U("CHECKPOINT_STATE", LIBXL.before("libxl END", v2.libxl_record("CHECKPOINT_STATE", data)),
            "libxl CHECKPOINT_STATE", "checkpoint record in a plain stream", ACCEPTS, "process_record")
    for name in ("LIBXC_CONTEXT", "END"):
        yield U(f"{name} with content", LIBXL.instead(f"libxl {name}", v2.libxl_record(name, data)), f"libxl {name}",
                SIGNAL, REFUSES, "")
    yield U("no LIBXC_CONTEXT", Stream((LIBXL.parts[0], LIBXL.parts[-1])), "libxl END", "without LIBXC_CONTEXT",
            ACCEPTS, "")
    yield U("LIBXC_CONTEXT twice", LIBXL.before("libxl END", v2.libxl_record("LIBXC_CONTEXT"), *HVM.parts),
            "libxl LIBXC_CONTEXT 2", "duplicate", ACCEPTS, "")
    yield U("a fault in the libxc stream", LIBXL.put("X86_TSC_INFO.reserved", 1), "X86_TSC_INFO", "reserved", REFUSES,
            "")
    yield U("a fault in the libxc header", LIBXL.put("domain header.reserved", 1), "domain header.reserved", "reserved",
            REFUSES, "")
    yield U("padding", LIBXL.put("libxl EMULATOR_CONTEXT.padding", b"\0\1\0"), "libxl EMULATOR_CONTEXT", "padding",
            REFUSES, "")
    for record in (v2.emulator_context(), v2.emulator_xenstore()):
        name = record.label
        yield U("before LIBXC_CONTEXT", v2.libxl(HVM).before("libxl LIBXC_CONTEXT", record), name, "LIBXC_CONTEXT",
                ACCEPTS, "")
        yield U("for a PV guest", v2.libxl(PV, record), name, "PV guest", ACCEPTS, "process_record")
        for size in (0, 4, 7):
            short = v2.libxl_record(record.name, Field("data", "", bytes(size)))
            yield U(f"{size} octets", v2.libxl(HVM, short), name, f"length {size} is below the minimum 8", REFUSES,
                    "process_record")
        for emulator_id in (3, 0xFFFFFFFF):
            yield U(f"emulator {emulator_id}", v2.libxl(HVM, record.put("emulator_id", emulator_id)), name,
                    f"emulator id {emulator_id}", REFUSES, "")


def xenstore_data() -> Iterator[Unsound]:
    function = "libxl__restore_emulator_xenstore_data"
    rows = [("no NUL behind the value", b"key\0value", "not terminated by a NUL", function),
            ("no NUL at all", b"key", "not terminated by a NUL", function),
            ("no value", b"key\0", "1 strings: .*no value", function),
            ("no value for the second key", b"key\0value\0key2\0", "3 strings: .*no value", function),
            ("no key", b"\0value\0", "string 1: key is empty", function),
            ("no second key", b"key\0value\0\0value\0", "string 3: key is empty", function),
            ("an absolute key", b"/key\0value\0", "string 1: .*not relative", function)]
    rows += [(f"octet {octet:#x} in a key", b"a\0b\0key%c\0value\0" % octet, f"string 3: byte {octet:#04x} in a key",
              "")
             for octet in b"\1 !+,.:?[`{~\x7f\x80\xff"]
    rows += [(f"octet {octet:#x} in a value", b"key\0val%cue\0" % octet, f"string 2: byte {octet:#04x} in a value", "")
             for octet in b"\1\t\n\x1b\x1f\x7f\x80\xff"]
    for name, strings, words, restore in rows:
        yield U(name, v2.libxl(HVM, v2.emulator_xenstore(strings), v2.emulator_context()),
                "libxl EMULATOR_XENSTORE_DATA",
                words, REFUSES, restore)


UNSOUND = [(group.__name__, u) for group in (headers, any_record, static_data, pv_info, p2m, page_data, vcpus, missing_records,
                                             other_records, trailing_data, libxl, xenstore_data) for u in group()]


def place(stream: Stream, at: str) -> str:
    """The name that messages use for a part."""
    name = at.partition(".")[0]
    part = stream.part(name)
    if not part.layer:
        return part.name
    return f"record {stream.record_number(name)} " + ("of unknown type" if part.name == "unknown" else part.name)


class Rejected(VerifierTest):
    def assert_rejected(self, stream: Stream, at: str, words: str, done) -> None:
        line = self.assert_unsound(done)
        self.assertEqual(int(line["offset"], 16), stream.offset(at), line.group())
        self.assertEqual(line["place"], place(stream, at), line.group())
        self.assertRegex(line["reason"], words)

    def verify(self, stream: Stream, *options: str):
        """Passes --format, so that a damaged header is not reported as an unknown format."""
        return verify(stream.octets(), "-f", fmt(stream), *options)

    def test_each_check(self):
        done = side_by_side(lambda row: self.verify(row[1].stream), UNSOUND)
        for (group, u), result in zip(UNSOUND, done):
            with self.subTest(group, name=u.name):
                self.assert_rejected(u.stream, u.at, u.words, result)

    def test_xens_verifier(self):
        for (group, u), got in zip(UNSOUND, xens_verdicts(u.stream for _, u in UNSOUND)):
            with self.subTest(group, name=u.name):
                self.assertEqual(got, u.xen)

    def test_xl_header(self):
        good = v2.xl(LIBXL)
        for name, stream, at, words in (
                ("byte order", good.put("xl header.byteorder", 0x04030201), "xl header.byteorder", "byte order"),
                ("unknown flag", good.put("xl header.mandatory_flags", 6), "xl header.mandatory_flags", "flags"),
                ("huge config", good.put("xl header.optional_data_len", 1 << 31), "xl header.optional_data_len",
                 "optional data"),
                ("config of 3 octets", good.put("xl header.optional_data_len", 3), "xl header.optional_data_len",
                 "optional data"),
                ("config larger than the data", good.put("xl header.config_len", 12), "xl header.config_len",
                 "config")):
            with self.subTest(name):
                self.assert_rejected(stream, at, words, self.verify(stream))
        for name, stream, words in (("libxl, said to be legacy", v2.xl(LIBXL, 0),
                                     "does not mark the stream as v2"),
                                    ("libxl, said to be legacy, JSON", v2.xl(LIBXL, 1),
                                     "does not mark the stream as v2"),
                                    ("libxc, said to be v2", v2.xl(PV, 2), "announces a libxl v2 stream"),
                                    ("neither", Stream((v2.xl_header(2), Part("junk", (Field("", "", bytes(50)),)))),
                                     "announces a libxl v2 stream")):
            for options in ((), ("-f", "xl")):
                with self.subTest(name, options=options):
                    line = self.assert_unsound(verify(stream.octets(), *options))
                    self.assertEqual((int(line["offset"], 16), line["place"]),
                                     (stream.offset(stream.parts[1].label), "start of the stream"))
                    self.assertRegex(line["reason"], words)

    def test_qemu_record(self):
        """The length in a qemu record after a libxc stream must match its data."""
        for signature, order in ((b"DeviceModelRecord0002", "little"), (b"RemusDeviceModelState", "little"),
                                 (b"QemuDeviceModelRecord\n", "big")):
            for length, place_, reason in ((len(QEMU) + 1, "qemu record", "input ended"),
                                           (0xFFFFFFFF, "qemu record", "input ended"),
                                           (len(QEMU) - 1, "end of the stream", "after the END record"),
                                           (0, "end of the stream", "after the END record")):
                with self.subTest(signature, length=length):
                    stream = with_qemu(signature, length.to_bytes(4, order), QEMU)
                    line = self.assert_unsound(self.verify(stream))
                    self.assertEqual(line["place"], place_)
                    self.assertIn(reason, line["reason"])

    def test_length_limit(self):
        """Records of 128 MiB are accepted, longer ones are rejected. Their content is skipped."""
        optional = v2.unknown(v2.OPTIONAL)
        for base, name, old in ((HVM, "HVM_CONTEXT", v2.hvm_context(0)),
                                (PV, "X86_PV_VCPU_XSAVE", v2.vcpu("XSAVE", 0, 0)),
                                (HVM, "X86_MSR_POLICY", v2.msr_policy(0)), (HVM, "unknown", optional)):
            stream = base.before("PAGE_DATA", optional) if old is optional else base.instead(name, old)
            at = stream.offset(name)
            head, tail = stream.octets()[:at + 8], stream.octets()[at + 8:]
            for length, sound in ((v2.LENGTH_MAX, True), (v2.LENGTH_MAX + 1, False)):
                path = self.dir / "sparse"
                with self.subTest(name, length=length), open(path, "wb") as f:
                    vcpu_head = tail[:8] if name == "X86_PV_VCPU_XSAVE" else b""
                    f.write(head[:-4] + length.to_bytes(4, "little") + vcpu_head)
                    f.seek(at + 8 + length + -length % 8)
                    f.write(tail[len(vcpu_head):])
                    f.flush()
                    done = verifier.run("-i", path)
                    if sound:
                        self.assert_sound(done)
                    else:
                        stream = stream.put(f"{name}.length", length)
                        self.assert_rejected(stream, name, f"length {length} is above the maximum {v2.LENGTH_MAX}", done)

    def test_libxl_length_limit(self):
        """libxl accepts records of any length."""
        stream = v2.libxl(HVM, v2.emulator_context(0))
        octets, length, at = stream.octets(), (1 << 32) - 8, stream.offset("libxl EMULATOR_CONTEXT")
        with open(self.dir / "sparse", "wb") as f:
            f.write(octets[:at + 4] + length.to_bytes(4, "little") + octets[at + 8:at + 16])
            f.seek(at + 8 + length)
            f.write(octets[at + 16:])
        self.assert_sound(verifier.run("-i", self.dir / "sparse"))


# Truncated ----------------------------------------------------------------------------------------------------------

class Truncated(VerifierTest):
    """Streams truncated at every octet: the message names the part that is incomplete."""

    def cut(self, stream: Stream) -> None:
        octets, points = stream.octets(), self.cut_points(stream)
        for n, done in zip(points, side_by_side(lambda n: verify(octets[:n], "-f", fmt(stream)), points)):
            with self.subTest(cut=n):
                line = self.assert_unsound(done)
                self.assertRegex(line["reason"], r"expected \d+ bytes of .+, input ended after \d+$")
                wanted, got = (int(word) for word in line["reason"].split() if word.isdigit())
                self.assertEqual(int(line["offset"], 16) + got, n)
                self.assertGreater(wanted, got)

    def cut_points(self, stream: Stream) -> list[int]:
        """All offsets. With sanitizers processes are slow: fewer offsets inside of data that the verifier skips."""
        points = []
        for f in stream.fields():
            inside = range(f.size) if f.code or not SANITIZED else sorted({*range(0, f.size, 101), *range(f.size)[-3:]})
            points += [f.offset + i for i in inside]
        return points

    def test_pv(self):
        self.cut(v2.small_pv())

    def test_hvm(self):
        self.cut(v2.small_hvm())

    def test_libxl(self):
        self.cut(v2.libxl(v2.small_hvm(), v2.emulator_xenstore(b"key\0value\0"), v2.emulator_context()))

    def test_in_a_page(self):
        stream = v2.small_hvm().instead("PAGE_DATA", v2.page_data(NOTAB | 1, NOTAB | 2))
        octets, start = stream.octets(), stream.offset("PAGE_DATA.pages")
        for n in (*range(20), *range(4090, 4100), *range(8180, 8192)):
            with self.subTest(cut=n):
                self.assertEqual(self.assert_unsound(verify(octets[:start + n]))["reason"],
                                 f"expected 8192 bytes of page data, input ended after {n}")

    def test_pipe(self):
        """The same from a pipe, which cannot seek."""
        stream = v2.small_hvm()
        octets = stream.octets()
        for n in self.cut_points(stream):
            with self.subTest(cut=n):
                pipe = verifier.run("-f", "libxc", input=octets[:n])
                self.assert_unsound(pipe)
                self.assertEqual(pipe.stderr, verify(octets[:n], "-f", "libxc").stderr)


# Page types ---------------------------------------------------------------------------------------------------------

# Page type: (is_known_page_type(), page_type_has_stream_data()), both in xg_sr_common.h. Bit 3 is set for pinned
# page tables.
PAGE_TYPES = {
    0x0: (True, True),      # NOTAB
    0x1: (True, True),      # L1TAB
    0x2: (True, True),      # L2TAB
    0x3: (True, True),      # L3TAB
    0x4: (True, True),      # L4TAB
    0x5: (False, None),
    0x6: (False, None),
    0x7: (False, None),
    0x8: (False, None),     # LPINTAB without a page table
    0x9: (True, True),      # L1TAB, pinned
    0xA: (True, True),      # L2TAB, pinned
    0xB: (True, True),      # L3TAB, pinned
    0xC: (True, True),      # L4TAB, pinned
    0xD: (True, False),     # BROKEN
    0xE: (True, False),     # XALLOC
    0xF: (True, False),     # XTAB
}


class PageTypes(VerifierTest):
    def test_each(self):
        """Each type as the only entry and between others, with and without page content."""
        rows = []
        for guest in (PV, HVM):
            for type_, (known, data) in PAGE_TYPES.items():
                for before, behind_ in ((), ()), ((L1TAB | 2, XALLOC | 3), (NOTAB | 4, XTAB | 5)):
                    entries = (*before, type_ << 60 | 0x21, *behind_)
                    others = sum(v2.has_data(e) for e in before + behind_)
                    for content in (0, 1):
                        stream = guest.instead("PAGE_DATA", v2.page_data(*entries, pages=others + content))
                        rows.append((stream, type_, known, data == bool(content), len(before)))
        self.assertEqual(len(rows), 2 * 16 * 2 * 2)
        for (stream, type_, known, fits, index), done in zip(rows, side_by_side(lambda r: verify(r[0].octets()), rows)):
            with self.subTest(str(stream.part("PAGE_DATA").fields[:-1])):
                if known and fits:
                    self.assert_sound(done)
                    continue
                line = self.assert_unsound(done)
                self.assertEqual(int(line["offset"], 16), stream.offset("PAGE_DATA"))
                self.assertEqual(line["place"], place(stream, "PAGE_DATA"))
                self.assertRegex(line["reason"], "^length " if known else
                                 f"^entry {index}, pfn 0x21, has invalid page type {type_}$")

    def test_xens_verifier(self):
        streams = [HVM.instead("PAGE_DATA", v2.page_data(type_ << 60 | 1, pages=content))
                   for type_ in PAGE_TYPES for content in (0, 1)]
        self.assertEqual(xens_verdicts(streams), [ACCEPTS if known and data == bool(content) else REFUSES
                                                  for known, data in PAGE_TYPES.values() for content in (0, 1)])

    def test_length(self):
        """The length must be exactly that of the header, one entry for each pfn, and the pages that entries have."""
        entries = [L2TAB | PINNED | 1, XALLOC | 2, NOTAB | 3, BROKEN | 4, L4TAB | 5, XTAB | 6]
        for guest in (PV, HVM):
            right = 8 + 8 * 6 + 3 * PAGE_SIZE
            for delta in (0, 1, -1, 8, -8, 16, PAGE_SIZE, -PAGE_SIZE, 3 * PAGE_SIZE, -3 * PAGE_SIZE):
                with self.subTest(guest.parts[1], delta=delta):
                    part = v2.page_data(*entries)
                    content = bytes(3 * PAGE_SIZE + delta)
                    stream = guest.instead("PAGE_DATA", part.put("pages", content))
                    done = verify(stream.octets())
                    if delta == 0:
                        self.assert_sound(done)
                        continue
                    line = self.assert_unsound(done)
                    self.assertEqual(int(line["offset"], 16), stream.offset("PAGE_DATA"))
                    self.assertEqual(line["reason"], f"length {right + delta}, but 6 pfns and 3 pages need {right}")

    def test_buffers(self):
        """The same with more entries than fit into a buffer; only the last entry is invalid."""
        for last, sound in ((XALLOC | 1, True), (NOTAB | 1, False), (0x5 << 60, False), (1 << 52, False)):
            with self.subTest(hex(last)):
                entries = [XALLOC | i for i in range(5000)] + [last]
                done = verify(HVM.instead("PAGE_DATA", v2.page_data(*entries, pages=0)).octets())
                if sound:
                    self.assert_sound(done)
                else:
                    self.assertRegex(self.assert_unsound(done)["reason"], "entry 5000|^length ")


if __name__ == "__main__":
    unittest.main()
