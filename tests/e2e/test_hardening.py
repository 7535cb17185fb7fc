"""The release binaries are built with hardening options."""

import platform
import struct
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import program, verifier

ET_DYN = 3
PT_DYNAMIC, PT_INTERP = 2, 3
PT_GNU_STACK, PT_GNU_RELRO, PT_GNU_PROPERTY = 0x6474E551, 0x6474E552, 0x6474E553
PF_X = 1
DT_NEEDED, DT_STRTAB, DT_SYMTAB, DT_TEXTREL, DT_BIND_NOW, DT_FLAGS, DT_FLAGS_1 = 1, 5, 6, 22, 24, 30, 0x6FFFFFFB
DF_BIND_NOW, DF_1_NOW, DF_1_PIE = 0x8, 0x1, 0x08000000
SHT_DYNSYM = 11
SHN_UNDEF = 0
NT_GNU_PROPERTY_TYPE_0 = 5
GNU_PROPERTY_X86_FEATURE_1_AND = 0xC0000002
IBT, SHSTK = 1, 2
SHT_SYMTAB = 2
STB_GLOBAL_FUNC = 0x12
ENDBR64 = b"\xf3\x0f\x1e\xfa"

X86 = platform.machine() == "x86_64"


class Elf:
    """The parts of a 64-bit little-endian ELF file that these tests examine."""

    def __init__(self, path: Path):
        self.data = path.read_bytes()
        assert self.data[:6] == b"\x7fELF\2\1", "a 64-bit little-endian ELF file"
        self.type, = struct.unpack_from("<H", self.data, 16)
        phoff, shoff = struct.unpack_from("<QQ", self.data, 32)
        phsize, phnum, shsize, shnum = struct.unpack_from("<4H", self.data, 54)
        # type, flags, offset, vaddr, paddr, filesz, memsz, align
        self.segments = [struct.unpack_from("<IIQQQQQQ", self.data, phoff + i * phsize) for i in range(phnum)]
        # name, type, flags, addr, offset, size, link, info, addralign, entsize
        self.sections = [struct.unpack_from("<IIQQQQIIQQ", self.data, shoff + i * shsize) for i in range(shnum)]

    def segment(self, type_: int):
        return next((s for s in self.segments if s[0] == type_), None)

    def content(self, type_: int) -> bytes:
        segment = self.segment(type_)
        return self.data[segment[2]:segment[2] + segment[5]] if segment else b""

    def dynamic(self) -> dict[int, int]:
        return dict(struct.iter_unpack("<QQ", self.content(PT_DYNAMIC)))

    def imports(self) -> set[str]:
        table = next(s for s in self.sections if s[1] == SHT_DYNSYM)
        strings = self.sections[table[6]][4]
        names = set()
        for name, _, _, section, _, _ in struct.iter_unpack("<IBBHQQ", self.data[table[4]:table[4] + table[5]]):
            if name and section == SHN_UNDEF:
                start = strings + name
                names.add(self.data[start:self.data.index(b"\0", start)].decode())
        return names

    def functions(self) -> dict[str, bytes]:
        """Name and code of the program's own global functions."""
        table = next(s for s in self.sections if s[1] == SHT_SYMTAB)
        strings, found = self.sections[table[6]][4], {}
        for name, info, _, section, address, size in struct.iter_unpack(
                "<IBBHQQ", self.data[table[4]:table[4] + table[5]]):
            if info == STB_GLOBAL_FUNC and size and section != SHN_UNDEF:
                text = self.data[strings + name:self.data.index(b"\0", strings + name)].decode()
                offset = address - self.sections[section][3] + self.sections[section][4]
                if text != "_start":        # from the C library
                    found[text] = self.data[offset:offset + size]
        return found

    def x86_features(self) -> int:
        """The x86 features that all object files of the program support."""
        notes = self.content(PT_GNU_PROPERTY)
        while notes:
            name_size, size, type_ = struct.unpack_from("<III", notes)
            body = notes[12 + (name_size + 3 & ~3):][:size]
            while type_ == NT_GNU_PROPERTY_TYPE_0 and body:
                property_, length = struct.unpack_from("<II", body)
                if property_ == GNU_PROPERTY_X86_FEATURE_1_AND:
                    return struct.unpack_from("<I", body, 8)[0]
                body = body[8 + (length + 7 & ~7):]
            notes = notes[12 + (name_size + 3 & ~3) + (size + 7 & ~7):]
        return 0


@unittest.skipIf(program.SANITIZED, "only the release build is hardened")
class Hardening(unittest.TestCase):
    @staticmethod
    def each() -> list[Elf]:
        return [Elf(program.PROGRAM), Elf(verifier.PROGRAM)]

    def test_position_independent(self):
        for elf in self.each():
            self.assertEqual(elf.type, ET_DYN)
            self.assertTrue(elf.segment(PT_INTERP), "a program, not a library")
            self.assertTrue(elf.dynamic().get(DT_FLAGS_1, 0) & DF_1_PIE)
            self.assertNotIn(DT_TEXTREL, elf.dynamic())

    def test_full_relro(self):
        for elf in self.each():
            dynamic = elf.dynamic()
            self.assertTrue(elf.segment(PT_GNU_RELRO))
            self.assertTrue(dynamic.get(DT_FLAGS, 0) & DF_BIND_NOW or dynamic.get(DT_FLAGS_1, 0) & DF_1_NOW
                            or DT_BIND_NOW in dynamic, "symbols must be bound at start, so that RELRO is complete")

    def test_no_executable_stack(self):
        for elf in self.each():
            self.assertEqual(elf.segment(PT_GNU_STACK)[1] & PF_X, 0)
            self.assertEqual([s for s in elf.segments if s[1] & PF_X and s[1] & 2], [], "writable and executable")

    def test_stack_protector(self):
        for elf in self.each():
            self.assertIn("__stack_chk_fail", elf.imports())

    def test_fortified(self):
        for elf in self.each():
            self.assertLessEqual({"__fprintf_chk", "__snprintf_chk", "__vsnprintf_chk"}, elf.imports())
            self.assertEqual({"fprintf", "printf", "vsnprintf"} & elf.imports(), set(), "not checked")

    @unittest.skipUnless(X86, "CET exists only on x86")
    def test_control_flow(self):
        """IBT and SHSTK. The linker omits the note if the C library's start-up code lacks it, as on Debian 12. Then
        only the code of our own functions is checked."""
        for elf in self.each():
            functions = elf.functions()
            self.assertIn("main", functions)
            self.assertEqual([name for name, code in functions.items() if code[:4] != ENDBR64], [])
            if self.start_up_has_notes():
                self.assertEqual(elf.x86_features() & (IBT | SHSTK), IBT | SHSTK)

    @staticmethod
    def start_up_has_notes() -> bool:
        try:
            path = subprocess.run(["gcc", "-print-file-name=Scrt1.o"], stdout=subprocess.PIPE, check=True).stdout
            notes = subprocess.run(["readelf", "-n", path.strip()], stdout=subprocess.PIPE, check=True).stdout
        except (OSError, subprocess.CalledProcessError):
            return False
        return b"IBT" in notes and b"SHSTK" in notes

    def test_fortify_level(self):
        """Level 3 also checks sizes computed at run time. The binary does not show the level, so check the flags."""
        build = program.PROGRAM.parents[1]
        flags = [path for part in ("src", "legacy", "v2") for path in (build / part).rglob("flags.make")]
        if not flags:
            self.skipTest("the build's flags.make files are missing")
        self.assertEqual([str(path.relative_to(build)) for path in flags
                          if "-D_FORTIFY_SOURCE=3" not in path.read_text()], [])


if __name__ == "__main__":
    unittest.main()
