"""Real saves of Xen 4.5.5 from outside the project: converted as by Xen's script, accepted by Xen's verifier."""

import json
import struct
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import cases, program, xen
from kit.base import ProgramTest
from kit.program import PROJECT

DATA = PROJECT.parent / "shared" / "data"
LIBXL_FRONT = 24    # size of the libxl header and the header of LIBXC_CONTEXT; the libxc stream follows
CHUNK = 1 << 20


def same(a: Path, a_start: int, b: Path, b_start: int) -> bool:
    with open(a, "rb") as one, open(b, "rb") as two:
        one.seek(a_start)
        two.seek(b_start)
        while True:
            x, y = one.read(CHUNK), two.read(CHUNK)
            if x != y:
                return False
            if not x:
                return True


def copy_from(source: Path, start: int, target: Path) -> Path:
    with open(source, "rb") as one, open(target, "wb") as two:
        one.seek(start)
        while data := one.read(CHUNK):
            two.write(data)
    return target


@unittest.skipUnless(DATA.is_dir(), f"no real saves: {DATA} does not exist")
class RealSaves(ProgramTest):
    def unpack(self, name: str) -> Path:
        path = self.dir / name
        subprocess.run(["zstd", "-dq", DATA / (name + ".zst"), "-o", path], check=True)
        return path

    def check(self, name: str, guest: str) -> None:
        save = self.unpack(name)
        with open(save, "rb") as f:
            old = f.read(48)
            start = 48 + struct.unpack_from("<I", old, 44)[0]
            old += f.read(start - 48)

        bare, by_script = copy_from(save, start, self.dir / "bare"), self.dir / "by-script"
        self.assertEqual(xen.convert_file(bare, by_script, 64, guest, "libxl"), 0)

        for version in ("3", "2"):
            output = self.dir / f"out-{version}"
            done = program.run("-i", save, "-o", output, "--stream-version", version, "--no-sync")
            self.assert_status(done, 0)
            self.assert_silent_stdout(done)
            with open(output, "rb") as f:
                head = f.read(start)
            flags = struct.unpack_from("<I", head, 36)[0]
            self.assertEqual(flags, struct.unpack_from("<I", old, 36)[0] | 2)
            self.assertEqual((head[:36], head[40:]), (old[:36], old[40:]), "the rest of the xl header must be a copy")
            if version == "3":
                self.assertTrue(same(output, start, by_script, 0), "differs from Xen's script")
            libxc = copy_from(output, start + LIBXL_FRONT, self.dir / "libxc")
            self.assertEqual(xen.verify_libxc(libxc), "")
            output.unlink()

        output = self.dir / "libxc-out"
        self.assert_status(program.run("-i", bare, "-o", output, "--no-sync", "--verify"), 0)
        self.assertEqual(xen.verify_libxc(output), "")

    def test_pv(self):
        self.check("pv-legacy-4.5.save", "pv")

    def test_hvm(self):
        self.check("hvm-legacy-4.5.save", "hvm")

    def inspect(self, name: str) -> dict:
        with subprocess.Popen(["zstd", "-dcq", DATA / (name + ".zst")], stdout=subprocess.PIPE) as unpacked:
            done = program.run("-i", "-", "--inspect=json", stdin=unpacked.stdout)
        self.assert_status(done, 0)
        return json.loads(done.stdout)

    @program.needs_libraries
    def test_inspected(self):
        """The facts are those in the README of the saves."""
        pv, hvm, v2 = map(self.inspect, ("pv-legacy-4.5.save", "hvm-legacy-4.5.save", "pv-v2-4.17.save"))
        self.assertEqual([s["bytes"] for s in (pv, hvm, v2)], [134496782, 29370547, 134492988])
        self.assertEqual([s["envelope"]["config"]["format"] for s in (pv, hvm, v2)], ["json"] * 3)
        self.assertEqual([s["envelope"]["guest"] for s in (pv, hvm, v2)], ["pv", "hvm", "pv"])
        self.assertEqual((pv["stream"]["width"], pv["guest"]["width"], pv["guest"]["vcpus"], pv["guest"]["p2m_size"]),
                         (64, 64, 1, 0x8000))
        self.assertIn(("page batch", 32), [(part["name"], part["count"]) for part in pv["parts"]])
        self.assertEqual((hvm["stream"]["width"], hvm["guest"]["vcpus"], hvm["hvm"]["emulator"]["bytes"]), (64, 1, 5046))
        self.assertEqual(hvm["hvm"]["physmap"], [{"name": "vga.vram", "phys_offset": "0x10000000",
                                                  "start_addr": "0xf0000000", "size": "0x800000"}])
        self.assertEqual((v2["stream"]["kind"], v2["stream"]["converted"], v2["guest"]["p2m_size"]),
                         ("libxl", False, 0x8000))
        self.assertEqual([save["pages"]["passes"] for save in (pv, hvm, v2)], [1, 1, 1], "no live saves")

    def test_v2_is_refused(self):
        save, output = self.unpack("pv-v2-4.17.save"), self.out()
        self.assertRegex(self.assert_refused(program.run("-i", save, "-o", output), output), cases.ALREADY)


if __name__ == "__main__":
    unittest.main()
