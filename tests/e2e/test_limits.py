"""Limits of a restore: verdicts on complete saves, --for, --repair, warnings. The output of a repair must equal the model's output for the
same save without the fault, so that a repair changes nothing else. The table of limits is tested by tests/unit/test_limits.c."""

import json
import os
import struct
import sys
import unittest
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import envelopes, flavours, legacy, model, program, v2
from kit.base import ProgramTest
from kit.flavours import Flavour
from kit.legacy import Param, XlHeader, Xsave

HVM64, PV64, PV32 = Flavour("hvm64", 64, "hvm"), Flavour("pv64", 64, "pv"), Flavour("pv32on64", 64, "pv", 4)
SER_P_TES_P = 1 << 24 | 1 << 11
AMD, INTEL = 0x00800F12, 0x000206A7
VIRIDIAN, FIP_WIDTH = legacy.XC_SAVE_ID_HVM_VIRIDIAN, legacy.XC_SAVE_ID_HVM_X87_FIP_WIDTH


def record(type_: int, body: bytes, instance: int = 0) -> bytes:
    return struct.pack("<HHI", type_, instance, len(body)) + body


def context(eax: int = AMD, caps: int = 2, viridian: bool = False) -> bytes:
    """HVM save records of two vcpus."""
    head = struct.pack("<IIQII", 0x54381286, 1, 0, eax, 2394000)
    return (record(1, head) + b"".join(record(2, bytes(1024), i) for i in range(2)) + (record(15, bytes(24)) if viridian else b"")
            + b"".join(record(18, struct.pack("<QQQ", caps, 0, 0), i) for i in range(2)) + record(0, b""))


def section(number: int, name: bytes, body: bytes = bytes(20)) -> bytes:
    return b"\4" + struct.pack(">IB", number, len(name)) + name + struct.pack(">II", 0, 2) + body


def qemu(tpr: bool = False, vga: bytes = b"cirrus_vga", revision: int = 2, slot: int = 3, platform: bool = True) -> bytes:
    config = struct.pack(">I", 2) + bytes.fromhex("3412111103000000") + bytes([revision, 0, 0, 3]) + bytes(240)
    return (b"QEVM\0\0\0\3" + section(4, b"cpu") + (section(5, b"kvm-tpr-opt", bytes(144)) if tpr else b"") + section(6, b"apic")
            + section(7, b"0000:00:01.3/piix4_pm") + (section(8, b"0000:00:02.0/platform") if platform else b"")
            + section(9, b"0000:00:%02x.0/%s" % (slot, vga), config))


def hvm(tsc: int = 1, params: tuple = (), old: bool = False, **kw):
    """A save of an HVM guest with this context and qemu record."""
    dm = kw.pop("dm", qemu())
    chunks = [c for c in HVM64.params((4, 5)) if c.id not in (VIRIDIAN, FIP_WIDTH)] + [Param(i, v) for i, v in params]
    save = HVM64.save(params=chunks)
    save.body[0] = replace(save.body[0], mode=tsc)
    save.tail.context = context(**kw)
    save.qemu = flavours.qemu_0002(dm)
    return save


def pv(flavour: Flavour = PV64, tsc: int = 1, caps: int = 2, longer: int = 0):
    save = flavour.save()
    save.body[0] = replace(save.body[0], mode=tsc)
    next(c for c in save.body if isinstance(c, legacy.Batch)).content = lambda *_: b"\xf6" * 4096     # no page table entry that L1TF affects
    for vcpu in save.tail.vcpus.values():
        vcpu.extended = struct.pack("<II", 0, 128) + bytes(24) + struct.pack("<Q", caps) + bytes(88)
        vcpu.xsave = Xsave(struct.pack("<QQ", 3, 3) + bytes(512) + struct.pack("<Q", 3) + bytes(56 + longer))
    return save


class LimitsTest(ProgramTest):
    def convert(self, save, *options: str, env=None, status: int = 0):
        output = self.out()
        data = save if isinstance(save, bytes) else legacy.octets(save)
        done = program.run("-i", self.file("old.save", data), "-o", output, "-f", "libxl", "--stream-version", "3", *options,
                           env={**os.environ, **(env or {})})
        self.assert_status(done, status)
        return program.lines(done.stderr), output.read_bytes() if status == 0 else b""

    def verdict(self, save, *options: str) -> dict:
        data = save if isinstance(save, bytes) else legacy.octets(save)
        done = program.run("-i", self.file("seen.save", data), "--inspect=json", *options)
        self.assert_status(done, 0)
        return json.loads(done.stdout)["restore"]

    def ids(self, save, *options: str) -> set:
        return {limit["id"] for limit in self.verdict(save, *options)["limits"] if limit["severity"] in ("harms", "blocks")}


class Repairs(LimitsTest):
    # name, id, the save with the fault, the same without it
    CASES = (("tsc-mode", "R13", hvm(tsc=3), hvm(tsc=1)), ("tsc-mode", "R13", pv(tsc=3), pv(tsc=1)),
             ("xsave", "R7", pv(longer=128), pv()), ("xsave", "R7", pv(PV32, longer=384), pv(PV32)),
             ("mce-caps", "R12", hvm(caps=2 | SER_P_TES_P), hvm()), ("mce-caps", "R12", pv(caps=2 | SER_P_TES_P), pv()),
             ("fip-width", "R20", hvm(params=((FIP_WIDTH, 8),)), hvm()),
             ("kvmvapic", "R35", hvm(dm=qemu(tpr=True)), hvm()),
             ("vga-revision", "R33", hvm(dm=qemu(vga=b"vga", revision=0)), hvm(dm=qemu(vga=b"vga"))))

    def check(self, save, want: bytes, name: str, *options: str, env=None) -> None:
        lines, got = self.convert(save, "--verify", *options, env=env)
        self.assertEqual(v2.difference(want, got), "")
        self.assertEqual(len([line for line in lines if f": warning: repaired ({name}): " in line]), 1, lines)

    def test_nothing_else_changes(self):
        for name, id_, faulty, sound in self.CASES:
            with self.subTest(repair=name, guest=faulty.guest):
                want = model.stream(sound, "libxl")
                lines, got = self.convert(faulty)
                self.assertEqual(v2.difference(model.stream(faulty, "libxl"), got), "", "changed without --repair")
                self.assertNotIn("repaired", "".join(lines))
                self.check(faulty, want, name, f"--repair={name}")
                self.check(faulty, want, name, f"--repair={id_.lower()}")
                self.check(faulty, want, name, env={"CONVERT_LEGACY_STREAM_OPTIONS": f" --verify  --repair={name} "})
                if name != "mce-caps" or faulty.guest == "hvm":     # for PV guests this depends on the host
                    self.assertIn(id_, self.ids(faulty, "--for", "4.6" if name == "fip-width" else "4.17"))
                self.assertNotIn(id_, self.ids(self.convert(faulty, f"--repair={name}")[1]), "the new save still has the limit")

    def test_unneeded_repairs(self):
        every = "viridian,tsc-mode,xsave,mce-caps,fip-width,kvmvapic,vga-revision,emulator"
        for save in (hvm(), pv(), pv(PV32), hvm(dm=qemu(vga=b"vga"))):
            plain, want = self.convert(save)
            for option in ("--repair", f"--repair={every}"):
                lines, got = self.convert(save, option)
                self.assertEqual((lines, got), (plain, want))

    def test_repairs_for_release(self):
        save = hvm(tsc=3, params=((FIP_WIDTH, 8),), caps=2 | SER_P_TES_P, dm=qemu(tpr=True, vga=b"vga", revision=0))
        for release, sound in (("4.17", hvm(params=((FIP_WIDTH, 8),), dm=qemu(vga=b"vga"))),
                               ("4.6", hvm(tsc=3, dm=qemu(vga=b"vga"))), (None, hvm(dm=qemu(vga=b"vga")))):
            with self.subTest(release=release):
                _, got = self.convert(save, "--verify", "--repair", *(("--for", release) if release else ()))
                self.assertEqual(v2.difference(model.stream(sound, "libxl"), got), "")
                self.assertEqual(self.verdict(got, *(("--for", release) if release else ()))["verdict"], "yes")

    def test_mce_caps_of_intel_stay(self):
        save = hvm(eax=INTEL, caps=2 | SER_P_TES_P)
        self.assertEqual(v2.difference(model.stream(save, "libxl"), self.convert(save, "--repair")[1]), "")

    def test_viridian(self):
        """The repair adds an HVM_PARAMS record before the HVM_CONTEXT record."""
        save = hvm(viridian=True)
        want = model.stream(save, "libxl")
        at = want.index(struct.pack("<II", v2.REC_TYPE_HVM_CONTEXT, len(save.tail.context)))
        added = struct.pack("<II", v2.REC_TYPE_HVM_PARAMS, 24) + struct.pack("<IIQQ", 1, 0, 9, 1)
        self.check(save, want[:at] + added + want[at:], "viridian", "--repair")
        self.assertEqual(v2.difference(want, self.convert(save, "--repair", "--for", "4.14")[1]), "")
        has = hvm(viridian=True, params=((VIRIDIAN, 1),))
        self.assertEqual(v2.difference(model.stream(has, "libxl"), self.convert(has, "--repair")[1]), "")

    def test_qemu_records(self):
        """Containers of the qemu record that have a length: it is corrected."""
        for make in (flavours.qemu_0002, flavours.qemu_xapi, flavours.qemu_remus, flavours.qemu_to_end):
            faulty, sound = hvm(), hvm()
            faulty.qemu, sound.qemu = make(qemu(tpr=True)), make(qemu())
            output = self.out()
            done = program.run("-i", self.file("old.save", legacy.octets(faulty)), "-o", output, "--stream-version", "3", "--repair", "--verify")
            self.assert_status(done, 0)
            self.assertEqual(v2.difference(model.stream(sound, "libxc"), output.read_bytes()), "")

    def test_emulator(self):
        """The emulator element is removed from the XML, and nothing else; an empty one, or one of another namespace, is kept."""
        others = (b"<?p <devices>?><devices/><!-- <devices><emulator>y</emulator></devices> --><metadata><devices><emulator>z</emulator></devices></metadata>")
        for element, named in ((b"<emulator>/usr/lib/xen-4.4/bin/qemu-system-i386</emulator>", True), (b"<emulator a='>' />", False),
                               (b"<emulator\n>a&amp;b</emulator >", True), (b"<emulator b=\"/>\"><![CDATA[</x>]]></emulator>", True),
                               (b"<q:emulator xmlns:q='q'>somebody else's</q:emulator>", False)):
            with self.subTest(element=element):
                xml = envelopes.domain_xml("hvm").replace(b"<devices>", others + b"<devices>\n  @<!-- <emulator>x</emulator> -->") + b"\0"
                save = envelopes.libvirt_head(xml.replace(b"@", element)) + legacy.octets(hvm())
                want = envelopes.libvirt_head(xml.replace(b"@", b"" if named else element), 2) + model.stream(hvm(), "libxl")
                lines, got = self.convert(save, "--repair=emulator", "--verify")
                self.assertEqual(got, want)
                self.assertEqual(any("repaired (emulator)" in line for line in lines), named)
                limits = [limit for limit in self.verdict(save)["limits"] if limit["id"] == "R16"]
                self.assertEqual([limit["severity"] for limit in limits], ["unchecked"] * named)

    def test_invalid_repairs(self):
        for value in ("", "tsc", "R1", "tsc-mode,", "all", "tsc-mode;xsave"):
            done = program.run("-i", "a", "-o", "b", f"--repair={value}")
            self.assert_status(done, 2)
            self.assertEqual(len(program.lines(done.stderr)), 1)


class Verdicts(LimitsTest):
    def test_releases(self):
        save = hvm(tsc=3)
        self.assertEqual(self.verdict(save, "--for", "4.11")["verdict"], "yes")
        self.assertEqual(self.verdict(save, "--for", "4.12.0")["verdict"], "no")
        spans = self.verdict(save)["releases"]
        self.assertEqual([(s["releases"], s["verdict"]) for s in spans], [("4.11 and earlier", "yes"), ("4.12 and later", "no")])
        self.assertEqual(self.verdict(pv(PV32), "--for", "4.14")["verdict"], "needs attention")
        self.assertEqual(self.verdict(pv(PV32), "--for", "4.14.2")["verdict"], "yes")
        self.assertEqual(self.verdict(pv(PV32), "--for", "4.14.3")["verdict"], "no")

    def test_wrong_releases(self):
        for value in ("4.5", "4.23", "4", "", "Debian", "4.17.x"):
            done = program.run("-i", "a", "--inspect", "--for", value)
            self.assert_status(done, 2)
        self.assert_status(program.run("-i", "a", "--inspect", "--for", "host"), 2)

    def test_old_states_of_qemu(self):
        for dm, id_, lines in ((qemu(slot=2), "R5", 'xen_platform_pci = 0'), (qemu(platform=False), "R36", '"pc-i440fx-3.1"'),
                               (qemu(slot=4) + section(12, b"0000:00:03.0/es1370"), "R34", '"ES1370,addr=03"'),
                               (qemu(vga=b"vga", revision=0), "R33", '"VGA.qemu-extended-regs=off"')):
            with self.subTest(limit=id_):
                found = self.verdict(hvm(dm=dm), "--for", "4.20")
                shown = [limit for limit in found["limits"] if limit["severity"] in ("harms", "blocks")]
                self.assertEqual([limit["id"] for limit in shown], [id_])
                self.assertIn(lines, shown[0]["remedy"])
                self.assertEqual(found["verdict"], "needs attention" if id_ == "R36" else "no")

    def test_without_the_platform_device(self):
        """The VGA is in slot 2, of every libxl: the configuration tells such a state from one of libxl 4.3."""
        save = replace(hvm(dm=qemu(platform=False, slot=2)), header=XlHeader(b"vcpus = 2\nxen_platform_pci = 0"))
        self.assertEqual(self.ids(save, "--for", "4.20"), {"R36"})
        _, got = self.convert(save, "--repair", "--for", "4.20")
        self.assertIn(b'device_model_args_hvm = ["-machine", "pc-i440fx-3.1"]', got)
        self.assertEqual(self.ids(replace(save, header=XlHeader(b"vcpus = 2")), "--for", "4.20"), {"R5"})

    def test_l1tf(self):
        """L1 page table entries that are not present but refer to a RAM page are counted, in legacy streams only."""
        for entry, count in ((0x1234000, 1), (0x1234001, 0), (0xFFE, 0), (1 << 44, 0), ((1 << 44) - 4096, 1), (1 << 63 | 0x5000, 1)):
            for flavour in (PV64, PV32):
                save = pv(flavour)
                table = struct.pack("<QQ", 0, entry) + bytes(4080)
                batch = next(c for c in save.body if isinstance(c, legacy.Batch))
                batch.content = lambda pfn, *_: table if pfn == 0x10 else b"\xf6" * 4096
                found = [limit for limit in self.verdict(save)["limits"] if limit["id"] == "R14"]
                self.assertEqual(len(found), count, hex(entry))
                if found:
                    self.assertTrue(found[0]["what"].startswith("1 page table"), found)

    def test_configurations(self):
        for config, flags, id_ in ((b'vcpus = 2\ndevice_model_version = "qemu-xen-traditional"', 0, "R1"), (b'vcpus = 1', 0, "R18"),
                                   (b'{"b_info": {"device_model_version": "qemu_xen_traditional"}}', 1, "R1"),
                                   (b"vcpus=2\nmemory = 1", 0, None), (b"vcpus=2\nacpi=0", 0, "R24")):
            save = replace(hvm(), header=XlHeader(config, flags))
            self.assertEqual(self.ids(save, "--for", "4.22"), {id_} if id_ else set(), config)

    def test_text_is_short(self):
        save = self.file("a.save", legacy.octets(hvm(tsc=3)))
        done = program.run("-i", save, "--inspect", "--for", "4.17")
        text = program.lines(done.stdout)
        at = text.index("restore: no")
        self.assertEqual(len(text) - at, 2)
        self.assertTrue(text[-1].startswith("  R13: TSC mode 3"), text[-1])
        self.assertIn("--repair=tsc-mode", text[-1])

    def test_warnings(self):
        """Warnings about limits that block a restore on the Xen given by --for, by default on any Xen since 4.17."""
        for save, options, count in ((hvm(tsc=3), (), 1), (hvm(tsc=3), ("--for", "4.11"), 0), (hvm(tsc=3), ("--repair",), 0),
                                     (hvm(viridian=True), ("--for", "4.20"), 0), (hvm(), (), 0), (hvm(tsc=3), ("-q",), 0),
                                     (hvm(tsc=3, dm=qemu(slot=2)), ("--for", "4.17.3"), 2)):
            lines, _ = self.convert(save, *options)
            self.assertEqual(sum(": warning: restore on " in line for line in lines), count, lines)

    def test_hostile_contexts_and_records(self):
        """Wrong lengths and many records: no crash, no hang, and no repairs."""
        for blob in (b"\2\0\0\0\xff\xff\xff\xff", record(18, b"\xff" * 7) + record(15, b""), record(20, b"\xff" * 9),
                     record(2, bytes(4)) * 50000, record(1, bytes(20))):
            save = hvm()
            save.tail.context = blob
            self.convert(save, "--repair", "--verify")
        for dm in (b"\x0bkvm-tpr-opt" * 3000, qemu(tpr=True)[:120], b"0000:00:0" * 5000, b"\x100000:00:zz.0/vga" * 100, b""):
            for tail in (b"", b"\4\0\0\0\5\x0bkvm-tpr-opt" + bytes(8)):
                save = hvm(dm=dm + tail)
                want = model.stream(save, "libxl")
                self.assertEqual(v2.difference(want, self.convert(save, "--repair", "--verify")[1]), "")


class Environment(LimitsTest):
    def test_options(self):
        save = deepcopy(hvm(tsc=3))
        lines, _ = self.convert(save, env={"CONVERT_LEGACY_STREAM_OPTIONS": "-q"})
        self.assertEqual(lines, [])
        lines, _ = self.convert(save, "--for", "4.17", env={"CONVERT_LEGACY_STREAM_OPTIONS": "--for 4.11"})
        self.assertEqual(len(lines), 1, "the command line must override the environment")
        for value in ("", "  \t ", "-q -q -q"):
            self.convert(save, env={"CONVERT_LEGACY_STREAM_OPTIONS": value})
        self.convert(save, env={"CONVERT_LEGACY_STREAM_OPTIONS": "--no-such-option"}, status=2)


if __name__ == "__main__":
    unittest.main()
