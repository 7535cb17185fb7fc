"""verify-stream-v2: each field of valid streams is changed. The result is rejected, except for the changes in FREE."""

import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import v2stream as v2
from kit.v2stream import Field, Part, Stream
from kit.verifier import VerifierTest, side_by_side, verify

SUBJECTS = {
    "pv64": v2.pv().before("X86_TSC_INFO", v2.signal("VERIFY")),
    "pv32": v2.pv(4, version=2).before("PAGE_DATA", v2.unknown(v2.OPTIONAL | 7, 5)),
    "hvm": v2.hvm().before("PAGE_DATA", v2.unknown(v2.OPTIONAL | 7, 5)),
    "native": v2.hvm(version=2, major=4).move_before("HVM_CONTEXT", "HVM_PARAMS"),
    "qemu": Stream((*v2.hvm(version=2).parts, Part("qemu record", (
        Field("signature", ">21s", b"DeviceModelRecord0002"), Field("length", "<I", 9),
        Field("state", "", b"QEVM12345"))))),
    "libxl": v2.libxl(v2.hvm(), v2.emulator_xenstore(v2.PHYSMAP), v2.emulator_context()),
    "xl": v2.xl(v2.libxl(v2.small_pv(8))),
}

ZERO, ONE, PLUS, MINUS, ONES, TOP = "0", "1", "+1", "-1", "all ones", "top bit"
ANY = (ZERO, ONE, PLUS, MINUS, ONES, TOP)

# Accepted changes: (subject, field, change, reason). All others must be rejected.
FREE = [
    (".*", r"domain header\.xen_minor", ANY, "the version of Xen or the converter"),
    ("pv.*|hvm|qemu|libxl|xl", r"domain header\.xen_major", ANY, "the version of Xen; 0: converted"),
    ("native", r"domain header\.xen_major", (ONE, PLUS, MINUS, ONES, TOP), "the version of Xen"),
    ("libxl|xl", r"libxl header\.options", (ZERO,), "not converted: saved by libxl"),
    ("xl", r"xl header\.optional_flags", ANY, "unknown optional flags are ignored"),
    ("xl", r"xl header\.mandatory_flags", (PLUS,), "a JSON config"),
    ("xl", r"xl header\.config_len", (ZERO, ONE, MINUS), "data after the config in the optional data is ignored"),

    (".*", r"X86_TSC_INFO\.(mode|khz|nsec|incarnation)", ANY, "only the hypervisor can check them"),
    (".*", r"HVM_PARAMS\.(index|value)\[.*", ANY, "only the hypervisor can check them"),
    ("pv.*|xl", r"X86_PV_VCPU_(EXTENDED|XSAVE|MSRS)\.vcpu_id", (ONE,),
     "the stream does not say how many vcpus there are"),
    ("pv.*", r"X86_PV_VCPU_BASIC 2\.vcpu_id", (ZERO, PLUS), "the same; restore uses the last one of a vcpu"),
    ("libxl", r"libxl EMULATOR_.*\.index", ANY, "defined by libxl, not by the specification"),
    ("libxl", r"libxl EMULATOR_.*\.emulator_id", (ONE,), "a known emulator"),

    ("pv.*|xl", r"X86_PV_P2M_FRAMES\.start", (ONE,), "the frame that holds it is the same"),
    ("xl", r"X86_PV_P2M_FRAMES\.end", (ONE, PLUS, MINUS), "the frame that holds it is the same"),
    (".*", r"X86_PV_P2M_FRAMES\.frame\[.*", (ZERO, ONE, PLUS), "another pfn of the guest"),

    # pfn entries, by type. A change of the type must not change whether there is page content.
    ("pv.*", r"PAGE_DATA( 2)?\.pfn\[.*\]:0", (ZERO, ONE, MINUS), "another pfn of the guest"),
    ("pv.*", r"PAGE_DATA\.pfn\[.*\]:0", (PLUS,), "another pfn of the guest"),
    ("hvm|native|qemu|libxl", r"PAGE_DATA( 2)?\.pfn\[.*\]:0", (ZERO, ONE, PLUS, MINUS), "any pfn is valid for HVM"),
    (".*", r"PAGE_DATA( 2)?\.pfn\[.*\]:[1-49a-f]", (PLUS, MINUS), "another pfn of the guest"),
    (".*", r"PAGE_DATA( 2)?\.pfn\[.*\]:[1-49a-c]", (ZERO, ONE),
     "another pfn, and type NOTAB, which has content as well"),
    (".*", r"PAGE_DATA( 2)?\.pfn\[.*\]:[1-49a-c]", (TOP,), "pinned or not"),

    # Types and lengths of records.
    (".*", r"(X86_TSC_INFO|VERIFY|X86_CPUID_POLICY|X86_MSR_POLICY|X86_PV_VCPU_(EXTENDED|XSAVE|MSRS)|PAGE_DATA 2"
           r"|X86_PV_VCPU_BASIC 2)\.type", (ONES, TOP), "becomes optional, and no other record needs it"),
    ("hvm|native|qemu|libxl", r"PAGE_DATA\.type", (ONES, TOP), "the same: an HVM guest may have no pages"),
    ("pv.*", r"PAGE_DATA\.type", (ONES, TOP), "the same: there is a second one"),
    ("pv32|hvm", r"unknown\.type", (PLUS, MINUS, ONES), "another optional record"),
    ("pv.*", r"X86_PV_VCPU_EXTENDED\.type", (PLUS,), "becomes valid xsave data"),
    ("native", r"X86_TSC_INFO\.type", (PLUS,), "becomes an HVM context, which may come first in streams of Xen"),
    ("libxl", r"libxl EMULATOR_XENSTORE_DATA\.type", (PLUS,), "becomes the state of an emulator"),
    ("pv32|hvm", r"unknown\.length", (PLUS,), "a zero of the padding becomes content"),
    ("hvm|native|qemu|libxl", r"HVM_CONTEXT\.length", (PLUS,), "a zero of the padding becomes content"),
    ("libxl", r"libxl EMULATOR_CONTEXT\.length", (PLUS,), "a zero of the padding becomes content"),
]


def changes(f: Field) -> dict[bytes, str]:
    """Changed octets for the field, each with the name of the (first) change that gives them."""
    bits, value = 8 * f.size, int.from_bytes(f.octets, "big" if f.code[0] == ">" else "little")
    found = {}
    for name, new in ((ZERO, 0), (ONE, 1), (PLUS, value + 1), (MINUS, value - 1), (ONES, -1),
                      (TOP, value ^ 1 << bits - 1)):
        octets = (new & (1 << bits) - 1).to_bytes(f.size, "big" if f.code[0] == ">" else "little")
        if octets != f.octets:
            found.setdefault(octets, name)
    return found


def field_name(f: Field) -> str:
    """The name of the field; for pfn entries with their type."""
    return f"{f.name}:{f.value >> 60:x}" if ".pfn[" in f.name else f.name


class Fields(VerifierTest):
    def test_numbers(self):
        jobs = []
        for subject, stream in SUBJECTS.items():
            octets = stream.octets()
            for f in stream.fields():
                if f.code:
                    for new, change in changes(f).items():
                        changed = octets[:f.offset] + new + octets[f.offset + f.size:]
                        jobs.append((subject, field_name(f), change, changed))
        used: set[tuple[int, str]] = set()
        for (subject, field, change, _), done in zip(jobs, side_by_side(lambda job: verify(job[3]), jobs)):
            free = [i for i, (s, f, c, _) in enumerate(FREE)
                    if re.fullmatch(s, subject) and re.fullmatch(f, field) and change in c]
            used.update((i, change) for i in free)
            with self.subTest(subject, field=field, change=change):
                if free:
                    self.assert_status(done, 0)
                else:
                    # xl ignores data after the config in the optional data: a warning precedes the error
                    warned = (subject, field, change) == ("xl", "xl header.optional_data_len", PLUS)
                    self.assert_unsound(done, warnings=int(warned))
        used |= {(i, change) for i, _ in used for change in FREE[i][2] if FREE[i][2] is ANY}
        never = [f"{subject} {field} {change}" for i, (subject, field, changes_, _) in enumerate(FREE)
                 for change in changes_ if (i, change) not in used]
        self.assertEqual("\n".join(never), "", "entries of FREE that never matched")

    def test_padding(self):
        """Each octet of padding must be zero."""
        for subject, stream in SUBJECTS.items():
            octets = stream.octets()
            for f in stream.fields():
                if f.name.endswith(".padding"):
                    for at in range(f.offset, f.offset + f.size):
                        for value in (1, 0x80):
                            with self.subTest(subject, field=f.name, at=at):
                                done = verify(octets[:at] + bytes([value]) + octets[at + 1:])
                                self.assertIn("padding", self.assert_unsound(done)["reason"])

    def test_content(self):
        """Data for the guest, the hypervisor or an emulator may have any content."""
        for subject, stream in SUBJECTS.items():
            octets = stream.octets()
            for f in stream.fields():
                if not f.code and not f.name.endswith((".padding", ".strings")):
                    for value in (b"\0", b"\xff"):
                        with self.subTest(subject, field=f.name, value=value):
                            done = verify(octets[:f.offset] + value * f.size + octets[f.offset + f.size:])
                            self.assert_sound(done)


if __name__ == "__main__":
    unittest.main()
