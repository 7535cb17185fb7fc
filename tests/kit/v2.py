"""Decodes libxl and libxc v2/v3 streams strictly: all reserved fields and padding must be zero.

It is independent of the programs that write streams, so it can check ours, Xen's and the model's.
"""

import struct
from dataclasses import dataclass
from typing import Optional

REC_TYPE_END = 0x00
REC_TYPE_PAGE_DATA = 0x01
REC_TYPE_X86_PV_INFO = 0x02
REC_TYPE_X86_PV_P2M_FRAMES = 0x03
REC_TYPE_X86_PV_VCPU_BASIC = 0x04
REC_TYPE_X86_PV_VCPU_EXTENDED = 0x05
REC_TYPE_X86_PV_VCPU_XSAVE = 0x06
REC_TYPE_SHARED_INFO = 0x07
REC_TYPE_X86_TSC_INFO = 0x08
REC_TYPE_HVM_CONTEXT = 0x09
REC_TYPE_HVM_PARAMS = 0x0A
REC_TYPE_STATIC_DATA_END = 0x10

LIBXL_REC_TYPE_END = 0
LIBXL_REC_TYPE_LIBXC_CONTEXT = 1
LIBXL_REC_TYPE_EMULATOR_XENSTORE_DATA = 2
LIBXL_REC_TYPE_EMULATOR_CONTEXT = 3

LIBXL_IDENT = b"LibxlFmt"
LIBXL_HEADER_SIZE = 16
LIBXC_MARKER = b"\xff" * 8 + b"XENF"
LIBXC_HEADERS_SIZE = 24 + 16

NAMES = {"libxc": {value: name[len("REC_TYPE_"):] for name, value in globals().items() if name.startswith("REC_TYPE_")},
         "libxl": {value: name[len("LIBXL_REC_TYPE_"):]
                   for name, value in globals().items() if name.startswith("LIBXL_REC_TYPE_")}}


class Unsound(Exception):
    """The stream violates the specification."""


@dataclass
class Record:
    layer: str          # "libxl" or "libxc"
    type: int
    offset: int
    body: bytes

    @property
    def name(self) -> str:
        return NAMES[self.layer].get(self.type, f"{self.type:#x}")

    def __str__(self) -> str:
        return f"{self.offset:#x}: {self.layer} {self.name}, {len(self.body)} octets {_detail(self)}".rstrip()


@dataclass
class Stream:
    libxl: bool
    version: int                    # version of the libxc image
    hvm: bool
    records: list[Record]
    end: int                        # offset after the last octet read

    def of(self, type_: int, layer: str = "libxc") -> list[Record]:
        return [r for r in self.records if (r.layer, r.type) == (layer, type_)]


def check(condition: bool, offset: int, what: str) -> None:
    if not condition:
        raise Unsound(f"byte {offset:#x}: {what}")


class _Reader:
    def __init__(self, data: bytes):
        self.data = data
        self.at = 0

    def take(self, size: int) -> bytes:
        check(self.at + size <= len(self.data), self.at, f"{size} octets expected, {len(self.data) - self.at} left")
        self.at += size
        return self.data[self.at - size:self.at]

    def record(self, layer: str) -> Record:
        offset = self.at
        type_, length = struct.unpack("<II", self.take(8))
        check(type_ in NAMES[layer], offset, f"{layer} record of type {type_:#x}")
        body = self.take(length)
        check(not any(self.take(-length % 8)), offset, "padding is not zero")
        record = Record(layer, type_, offset, body)
        _check_body(record)
        return record


def decode(data: bytes, whole: bool = True) -> Stream:
    """Decodes a libxl or libxc stream; whole: data after it is an error."""
    reader = _Reader(data)
    libxl = data.startswith(LIBXL_IDENT)
    records: list[Record] = []
    if libxl:
        _, version, options = struct.unpack(">8sII", reader.take(LIBXL_HEADER_SIZE))
        check((version, options) == (2, 2), 8, f"libxl version {version}, options {options:#x}")
        records.append(reader.record("libxl"))
        check(records[0].type == LIBXL_REC_TYPE_LIBXC_CONTEXT, 16, "first record is not LIBXC_CONTEXT")
    version, hvm = _libxc(reader, records)
    while libxl:
        record = reader.record("libxl")
        check(record.type != LIBXL_REC_TYPE_LIBXC_CONTEXT, record.offset, "second LIBXC_CONTEXT")
        records.append(record)
        if record.type == LIBXL_REC_TYPE_END:
            break
    check(not whole or reader.at == len(data), reader.at, "octets behind the end")
    return Stream(libxl, version, hvm, records, reader.at)


def _libxc(reader: _Reader, records: list[Record]) -> tuple[int, bool]:
    start = reader.at
    marker, version, options, reserved = struct.unpack(">12sIH6s", reader.take(24))
    check(marker == LIBXC_MARKER, start, "no libxc image header")
    check(version in (2, 3) and options == 0 and not any(reserved), start, "libxc image header")
    type_, shift, zero, major, minor = struct.unpack("<IHHII", reader.take(16))
    check(type_ in (1, 2) and (shift, zero) == (12, 0), start + 24, "libxc domain header")
    check((major, minor) == (0, 1), start + 24, f"made by {major}.{minor}")
    first = len(records)
    while True:
        records.append(reader.record("libxc"))
        if records[-1].type == REC_TYPE_END:
            break
    _check_order([r.type for r in records[first:]], version, type_ == 2, start)
    return version, type_ == 2


def _check_order(types: list[int], version: int, hvm: bool, start: int) -> None:
    """Checks the order of records by the rules of Xen's restore code."""
    check(types.count(REC_TYPE_STATIC_DATA_END) == (version == 3), start, "STATIC_DATA_END belongs to version 3, once")
    pages = [i for i, t in enumerate(types) if t == REC_TYPE_PAGE_DATA]
    before = [REC_TYPE_STATIC_DATA_END] if version == 3 else []
    if hvm:
        behind = [REC_TYPE_HVM_PARAMS, REC_TYPE_HVM_CONTEXT]
        check(types.count(REC_TYPE_HVM_CONTEXT) == 1, start, "one HVM_CONTEXT")
    else:
        before = [REC_TYPE_X86_PV_INFO, *before, REC_TYPE_X86_PV_P2M_FRAMES]
        behind = [REC_TYPE_X86_PV_VCPU_BASIC, REC_TYPE_SHARED_INFO]
        check(types.count(REC_TYPE_SHARED_INFO) == 1, start, "one SHARED_INFO")
    check(types[:len(before)] == before, start, "records before the pages")
    for type_ in behind:
        check(type_ in types, start, f"no {NAMES['libxc'][type_]}")
        check(not pages or types.index(type_) > pages[-1], start, f"{NAMES['libxc'][type_]} before a page")


def _check_body(record: Record) -> None:
    body, at = record.body, record.offset
    if record.layer == "libxl":
        if record.type in (LIBXL_REC_TYPE_EMULATOR_XENSTORE_DATA, LIBXL_REC_TYPE_EMULATOR_CONTEXT):
            check(body[:8] == bytes(8), at, "emulator id and index")
            if record.type == LIBXL_REC_TYPE_EMULATOR_XENSTORE_DATA:
                xenstore(record)
        else:
            check(not body, at, "a record without body has one")
        return
    if record.type in (REC_TYPE_END, REC_TYPE_STATIC_DATA_END):
        check(not body, at, "a record without body has one")
    elif record.type == REC_TYPE_PAGE_DATA:
        pages(record)
    elif record.type == REC_TYPE_X86_PV_INFO:
        check(body in (b"\x04\x03" + bytes(6), b"\x08\x04" + bytes(6)), at, "guest width and levels")
    elif record.type == REC_TYPE_X86_PV_P2M_FRAMES:
        check(len(body) > 8 and len(body) % 8 == 0, at, "length")
    elif record.type in (REC_TYPE_X86_PV_VCPU_BASIC, REC_TYPE_X86_PV_VCPU_EXTENDED, REC_TYPE_X86_PV_VCPU_XSAVE):
        check(len(body) > 8 and body[4:8] == bytes(4), at, "vcpu record")
    elif record.type == REC_TYPE_SHARED_INFO:
        check(len(body) == 4096, at, "length")
    elif record.type == REC_TYPE_X86_TSC_INFO:
        check(len(body) == 24 and body[20:] == bytes(4), at, "tsc info")
    elif record.type == REC_TYPE_HVM_CONTEXT:
        check(len(body) > 0, at, "empty context")
    elif record.type == REC_TYPE_HVM_PARAMS:
        params(record)


def pages(record: Record) -> list[tuple[int, int, Optional[bytes]]]:
    """(type, pfn, content) of each entry of a PAGE_DATA record."""
    body, at = record.body, record.offset
    check(len(body) >= 8, at, "length")
    count, zero = struct.unpack_from("<II", body)
    check(1 <= count <= 1024 and zero == 0 and len(body) >= 8 + 8 * count, at, f"{count} pfns")
    entries, data = [], 8 + 8 * count
    for entry in struct.unpack_from(f"<{count}Q", body, 8):
        type_, pfn = entry >> 60, entry & ((1 << 52) - 1)
        check(type_ not in (5, 6, 7, 8), at, f"page of type {type_}")
        content = None
        if type_ < 0xD:
            check(len(body) >= data + 4096, at, "page data is short")
            content, data = body[data:data + 4096], data + 4096
        entries.append((type_, pfn, content))
    check(data == len(body), at, "page data is long")
    return entries


def params(record: Record) -> list[tuple[int, int]]:
    """(index, value) of each entry of an HVM_PARAMS record."""
    body = record.body
    check(len(body) >= 8, record.offset, "length")
    count, zero = struct.unpack_from("<II", body)
    check(count > 0 and zero == 0 and len(body) == 8 + 16 * count, record.offset, f"{count} params")
    return [struct.unpack_from("<QQ", body, 8 + 16 * i) for i in range(count)]


def xenstore(record: Record) -> dict[str, str]:
    """Keys and values of an EMULATOR_XENSTORE_DATA record."""
    text = record.body[8:]
    check(text.endswith(b"\0"), record.offset, "no NUL at the end")
    items = [item.decode("ascii") for item in text[:-1].split(b"\0")]
    check(len(items) % 2 == 0, record.offset, "a key without value")
    keys = items[0::2]
    check(all(key and not key.startswith("/") for key in keys), record.offset, "keys are relative, not empty")
    check(len(set(keys)) == len(keys), record.offset, "a key twice")
    return dict(zip(keys, items[1::2]))


def memory(stream: Stream) -> dict[int, tuple[int, Optional[bytes]]]:
    """The guest's memory after a restore: type and content of each pfn."""
    state = {}
    for record in stream.of(REC_TYPE_PAGE_DATA):
        for type_, pfn, content in pages(record):
            state[pfn] = (type_, content)
    return state


def version_2_of(stream: bytes) -> bytes:
    """Converts a version 3 stream to version 2: without STATIC_DATA_END, and with 2 in the image header."""
    start = LIBXL_HEADER_SIZE + 8 if stream.startswith(LIBXL_IDENT) else 0
    records = decode(stream, whole=False).of(REC_TYPE_STATIC_DATA_END)
    cut = records[0].offset
    return (stream[:start + 12] + struct.pack(">I", 2) + stream[start + 16:cut] + stream[cut + 8:])


def _detail(record: Record) -> str:
    try:
        if record.layer == "libxl":
            if record.type == LIBXL_REC_TYPE_EMULATOR_XENSTORE_DATA:
                return str(xenstore(record))
        elif record.type == REC_TYPE_PAGE_DATA:
            entries = [f"{t:x}:{pfn:x}" for t, pfn, _ in pages(record)]
            return " ".join(entries[:16] + ["..."] * (len(entries) > 16))
        elif record.type == REC_TYPE_HVM_PARAMS:
            return " ".join(f"{index}={value:#x}" for index, value in params(record))
        elif record.type in (REC_TYPE_X86_PV_INFO, REC_TYPE_X86_PV_P2M_FRAMES, REC_TYPE_X86_TSC_INFO):
            return record.body[:32].hex(" ", 4)
        elif record.type in (REC_TYPE_X86_PV_VCPU_BASIC, REC_TYPE_X86_PV_VCPU_EXTENDED, REC_TYPE_X86_PV_VCPU_XSAVE):
            return f"vcpu {struct.unpack_from('<I', record.body)[0]}"
    except (Unsound, struct.error, UnicodeDecodeError) as unsound:
        return f"({unsound})"
    return ""


def _lenient(data: bytes) -> list[str]:
    """Describes each record in one line, up to the first error."""
    try:
        return [str(r) for r in decode(data, whole=False).records]
    except Unsound as unsound:
        return [f"not decodable: {unsound}"]


def difference(expected: bytes, got: bytes) -> str:
    """Describes the first difference between two streams; empty if they are equal."""
    if expected == got:
        return ""
    at = next((i for i, (a, b) in enumerate(zip(expected, got)) if a != b), min(len(expected), len(got)))
    lines = [f"{len(expected)} octets expected, {len(got)} got, first difference at {at:#x}: "
             f"{expected[at:at + 16].hex(' ')} expected, {got[at:at + 16].hex(' ')} got"]
    wanted, found = _lenient(expected), _lenient(got)
    for i in range(max(len(wanted), len(found))):
        a, b = (x[i] if i < len(x) else "-" for x in (wanted, found))
        if a != b:
            lines.append(f"record {i}: expected {a}\n          got      {b}")
            break
    return "\n".join(lines)
