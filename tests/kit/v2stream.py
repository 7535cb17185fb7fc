"""Builds valid and invalid libxc and libxl v2/v3 streams field by field, written from their specification.

A stream is a list of parts (headers and records), and a part is a list of fields. Tests change, move, drop or repeat
any of them, and compute the offset that the verifier must report.
"""

import struct
from dataclasses import dataclass, replace
from typing import Iterator, Optional, Union

from .legacy import PAGE_SIZE, VCPU_SIZE, XL_MAGIC, noise

# Types of records.
LIBXC = {name: number for number, name in enumerate((
    "END", "PAGE_DATA", "X86_PV_INFO", "X86_PV_P2M_FRAMES", "X86_PV_VCPU_BASIC", "X86_PV_VCPU_EXTENDED",
    "X86_PV_VCPU_XSAVE", "SHARED_INFO", "X86_TSC_INFO", "HVM_CONTEXT", "HVM_PARAMS", "TOOLSTACK", "X86_PV_VCPU_MSRS",
    "VERIFY", "CHECKPOINT", "CHECKPOINT_DIRTY_PFN_LIST", "STATIC_DATA_END", "X86_CPUID_POLICY", "X86_MSR_POLICY"))}
LIBXL = {name: number for number, name in enumerate((
    "END", "LIBXC_CONTEXT", "EMULATOR_XENSTORE_DATA", "EMULATOR_CONTEXT", "CHECKPOINT_END", "CHECKPOINT_STATE"))}
OPTIONAL = 1 << 31
LENGTH_MAX = 128 << 20      # maximum length of a libxc record in the restore code

# Types of pages, bits 63..60 of a pfn entry.
NOTAB, L1TAB, L2TAB, L3TAB, L4TAB = (n << 60 for n in range(5))
PINNED, BROKEN, XALLOC, XTAB = (n << 60 for n in (8, 0xD, 0xE, 0xF))

Value = Union[int, bytes]


@dataclass(frozen=True)
class Field:
    name: str
    code: str               # format for struct; "" for data that only the guest or the emulator interprets
    value: Value
    offset: int = 0         # offset in the stream, after it has been built

    @property
    def octets(self) -> bytes:
        if isinstance(self.value, bytes):
            return self.value
        return (self.value & (1 << 8 * self.size) - 1).to_bytes(self.size, "big" if self.code[0] == ">" else "little")

    @property
    def size(self) -> int:
        return struct.calcsize(self.code) if self.code else len(self.value)


@dataclass(frozen=True)
class Part:
    """A header, or a record, which also has a type, a length and padding."""
    name: str
    fields: tuple[Field, ...] = ()
    layer: str = ""                     # layer of a record: "libxc" or "libxl"
    type: int = 0
    length: Optional[int] = None        # the length written, if it is wrong
    padding: Optional[bytes] = None     # the padding written, if it is wrong

    @property
    def label(self) -> str:
        """The name in tests, with the layer for libxl, since both layers have END."""
        return f"libxl {self.name}" if self.layer == "libxl" else self.name

    def laid_out(self) -> Iterator[Field]:
        """All fields, including type, length and padding of a record."""
        if not self.layer:
            yield from self.fields
            return
        size = sum(f.size for f in self.fields)
        yield Field("type", "<I", self.type)
        yield Field("length", "<I", size if self.length is None else self.length)
        yield from self.fields
        yield Field("padding", "", bytes(-size % 8) if self.padding is None else self.padding)

    def put(self, name: str, value: Value) -> "Part":
        if self.layer and name in ("type", "length", "padding"):
            return replace(self, **{name: value})
        assert any(f.name == name for f in self.fields), f"{self.name} has no field {name}"
        return replace(self, fields=tuple(replace(f, value=value) if f.name == name else f for f in self.fields))


@dataclass(frozen=True)
class Stream:
    parts: tuple[Part, ...]

    def octets(self) -> bytes:
        return b"".join(f.octets for part in self.parts for f in part.laid_out())

    def index(self, name: str) -> int:
        """Index of the part with this label; "PAGE_DATA 2" is the second PAGE_DATA."""
        label, _, nr = name.rpartition(" ")
        if not nr.isdigit():
            label, nr = name, "1"
        return [i for i, part in enumerate(self.parts) if part.label == label][int(nr) - 1]

    def part(self, name: str) -> Part:
        return self.parts[self.index(name)]

    def offset(self, name: str) -> int:
        """Offset of a part or of a field such as "PAGE_DATA.count"."""
        part, _, field = name.partition(".")
        at = self.index(part)
        start = sum(f.size for p in self.parts[:at] for f in p.laid_out())
        if not field:
            return start
        fields = list(self.parts[at].laid_out())
        return start + sum(f.size for f in fields[:[f.name for f in fields].index(field)])

    def record_number(self, name: str) -> int:
        """Number of the record, counted from 1 in both layers together."""
        return sum(bool(part.layer) for part in self.parts[:self.index(name) + 1])

    def fields(self) -> Iterator[Field]:
        """All fields of the stream; their names begin with that of the part."""
        seen, offset = {}, 0
        for part in self.parts:
            nr = seen[part.label] = seen.get(part.label, 0) + 1
            name = part.label if nr == 1 else f"{part.label} {nr}"
            for f in part.laid_out():
                yield replace(f, name=f"{name}.{f.name}", offset=offset)
                offset += f.size

    # Each of these methods returns a new stream.

    def splice(self, at: int, count: int, *parts: Part) -> "Stream":
        return Stream(self.parts[:at] + parts + self.parts[at + count:])

    def before(self, name: str, *parts: Part) -> "Stream":
        return self.splice(self.index(name), 0, *parts)

    def after(self, name: str, *parts: Part) -> "Stream":
        return self.splice(self.index(name) + 1, 0, *parts)

    def without(self, *names: str) -> "Stream":
        gone = {self.index(name) for name in names}
        return Stream(tuple(part for i, part in enumerate(self.parts) if i not in gone))

    def instead(self, name: str, *parts: Part) -> "Stream":
        return self.splice(self.index(name), 1, *parts)

    def move_before(self, name: str, target: str) -> "Stream":
        """Moves a part; target is looked up after name has been removed."""
        return self.without(name).before(target, self.part(name))

    def put(self, name: str, value: Value) -> "Stream":
        """Sets a field such as "PAGE_DATA.count"."""
        part, _, field = name.partition(".")
        return self.instead(part, self.part(part).put(field, value))


def _record(name: str, *fields: Field) -> Part:
    return Part(name, fields, "libxc", LIBXC[name])


def _u32(name: str, value: int = 0) -> Field:
    return Field(name, "<I", value)


# Headers ------------------------------------------------------------------------------------------------------------

def image_header(version: int) -> Part:
    return Part("image header", (Field("marker", ">Q", (1 << 64) - 1), Field("id", ">I", 0x58454E46),
                                 Field("version", ">I", version), Field("options", ">H", 0),
                                 Field("reserved1", ">H", 0), Field("reserved2", ">I", 0)))


def domain_header(hvm: bool, major: int = 0, minor: int = 1) -> Part:
    """Converters write 0 as Xen's major version, and their own version as the minor one."""
    return Part("domain header", (_u32("type", 2 if hvm else 1), Field("page_shift", "<H", 12),
                                  Field("reserved", "<H", 0), _u32("xen_major", major), _u32("xen_minor", minor)))


def libxl_header(options: int = 2) -> Part:
    """Bit 1 of the options is set in streams converted from legacy ones."""
    return Part("libxl header", (Field("ident", ">Q", int.from_bytes(b"LibxlFmt", "big")), Field("version", ">I", 2),
                                 Field("options", ">I", options)))


def xl_header(flags: int = 2, config: bytes = b'name = "x"\n') -> Part:
    return Part("xl header", (Field("magic", ">32s", XL_MAGIC), _u32("byteorder", 0x01020304),
                              _u32("mandatory_flags", flags), _u32("optional_flags"),
                              _u32("optional_data_len", 4 + len(config)), _u32("config_len", len(config)),
                              Field("config", "", config)))


# libxc records ------------------------------------------------------------------------------------------------------

def signal(name: str) -> Part:
    """A record without body: END, VERIFY, STATIC_DATA_END, CHECKPOINT."""
    return _record(name)


def has_data(entry: int) -> bool:
    return entry >> 60 < 0xD


def page_data(*entries: int, pages: Optional[int] = None) -> Part:
    """pages: number of pages with content, if it differs from that given by the types."""
    if pages is None:
        pages = sum(has_data(e) for e in entries)
    return _record("PAGE_DATA", _u32("count", len(entries)), _u32("reserved"),
                   *(Field(f"pfn[{i}]", "<Q", e) for i, e in enumerate(entries)),
                   Field("pages", "", noise("pages", PAGE_SIZE * pages)))


def pv_info(width: int, levels: Optional[int] = None) -> Part:
    return _record("X86_PV_INFO", Field("width", "<B", width), Field("levels", "<B", levels or {4: 3, 8: 4}[width]),
                   Field("reserved1", "<H", 0), Field("reserved2", "<I", 0))


def p2m_frames(width: int, start: int, end: int, frames: Optional[list[int]] = None) -> Part:
    per_frame = PAGE_SIZE // width
    if frames is None:
        frames = [1 + i for i in range(end // per_frame + 1 - start // per_frame)]
    return _record("X86_PV_P2M_FRAMES", _u32("start", start), _u32("end", end),
                   *(Field(f"frame[{i}]", "<Q", frame) for i, frame in enumerate(frames)))


def vcpu(what: str, vcpu_id: int, size: int) -> Part:
    """what: BASIC, EXTENDED, XSAVE or MSRS."""
    return _record("X86_PV_VCPU_" + what, _u32("vcpu_id", vcpu_id), _u32("reserved"),
                   Field("context", "", noise(f"{what} {vcpu_id}", size)))


def shared_info(size: int = PAGE_SIZE) -> Part:
    return _record("SHARED_INFO", Field("page", "", noise("shared info", size)))


def tsc_info() -> Part:
    return _record("X86_TSC_INFO", _u32("mode", 1), _u32("khz", 2600000), Field("nsec", "<Q", 1 << 40),
                   _u32("incarnation", 3), _u32("reserved"))


def hvm_context(size: int = 45) -> Part:
    return _record("HVM_CONTEXT", Field("context", "", noise("hvm context", size)))


def hvm_params(*params: tuple[int, int]) -> Part:
    fields = []
    for i, (index, value) in enumerate(params):
        fields += [Field(f"index[{i}]", "<Q", index), Field(f"value[{i}]", "<Q", value)]
    return _record("HVM_PARAMS", _u32("count", len(params)), _u32("reserved"), *fields)


def cpuid_policy(size: int = 3 * 24) -> Part:
    return _record("X86_CPUID_POLICY", Field("leaves", "", noise("cpuid", size)))


def msr_policy(size: int = 16) -> Part:
    return _record("X86_MSR_POLICY", Field("entries", "", noise("msr", size)))


def blob(name: str, size: int) -> Part:
    """A known record with random content."""
    return _record(name, Field("data", "", noise(name, size)))


def unknown(type_: int, size: int = 0) -> Part:
    return Part("unknown", (Field("data", "", noise("unknown", size)),), "libxc", type_)


# libxl records ------------------------------------------------------------------------------------------------------

def libxl_record(name: str, *fields: Field) -> Part:
    return Part(name, fields, "libxl", LIBXL[name])


def _emulator(emulator_id: int, index: int) -> tuple[Field, Field]:
    return _u32("emulator_id", emulator_id), _u32("index", index)


def emulator_xenstore(strings: bytes = b"", emulator_id: int = 0, index: int = 0) -> Part:
    return libxl_record("EMULATOR_XENSTORE_DATA", *_emulator(emulator_id, index), Field("strings", "", strings))


def emulator_context(size: int = 21, emulator_id: int = 0, index: int = 0) -> Part:
    return libxl_record("EMULATOR_CONTEXT", *_emulator(emulator_id, index),
                        Field("context", "", noise("emulator", size)))


def libxl_unknown(type_: int) -> Part:
    return Part("unknown", (), "libxl", type_)


# Whole streams ------------------------------------------------------------------------------------------------------

PHYSMAP = b"physmap/10000000/start_addr\0f0000000\0physmap/10000000/name\0vga.vram\0-/_@Az09\0\0"

MAX_PFN = 0x3FF         # last pfn of the PV guests below: two p2m frames for 64 bits, one for 32


def pv(width: int = 8, version: int = 3, major: int = 0) -> Stream:
    """All records that a PV guest may have, and all relevant kinds of pages: p2m frames, page tables, holes."""
    static = (cpuid_policy(), msr_policy(), signal("STATIC_DATA_END")) if version >= 3 else ()
    return Stream((
        image_header(version), domain_header(False, major), pv_info(width), *static,
        p2m_frames(width, 0, MAX_PFN),
        page_data(NOTAB | 1, NOTAB | 2, (L4TAB if width == 8 else L3TAB) | PINNED | 5, XTAB | 9),
        page_data(L1TAB | 0x10, XALLOC | 0x11, BROKEN | 0x12, NOTAB | MAX_PFN),
        tsc_info(), shared_info(),
        vcpu("BASIC", 0, VCPU_SIZE[width]), vcpu("EXTENDED", 0, 128), vcpu("XSAVE", 0, 592), vcpu("MSRS", 0, 32),
        vcpu("BASIC", 1, VCPU_SIZE[width]), signal("END")))


def hvm(version: int = 3, major: int = 0) -> Stream:
    static = (cpuid_policy(), msr_policy(), signal("STATIC_DATA_END")) if version >= 3 else ()
    return Stream((
        image_header(version), domain_header(True, major), *static,
        page_data(NOTAB | 1, XTAB | 2, NOTAB | 3), page_data(NOTAB | 0xFEFF8, XALLOC | 0x10),
        tsc_info(), hvm_params((1, 0xFEFF8), (17, 0xFEFF7)), hvm_context(), signal("END")))


def small_pv(width: int = 4) -> Stream:
    """The required records of a PV guest, without page content."""
    return Stream((image_header(2), domain_header(False), pv_info(width), p2m_frames(width, 0, 9),
                   page_data(XALLOC | 1),
                   vcpu("BASIC", 0, VCPU_SIZE[width]), shared_info(), signal("END")))


def small_hvm() -> Stream:
    """The required records of an HVM guest, without page content."""
    return Stream((image_header(2), domain_header(True), page_data(XALLOC | 1), hvm_params((1, 2)), hvm_context(3),
                   signal("END")))


def libxl(stream: Stream, *emulator: Part, options: int = 2) -> Stream:
    return Stream((libxl_header(options), libxl_record("LIBXC_CONTEXT"), *stream.parts, *emulator,
                   libxl_record("END")))


def xl(stream: Stream, flags: int = 2) -> Stream:
    return Stream((xl_header(flags), *stream.parts))
