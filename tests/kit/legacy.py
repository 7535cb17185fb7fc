"""Writes legacy (Xen < 4.6) save streams from a description of their content.

cases.py varies the description (Save and its parts), and model.py turns it into the expected v2 stream.
Streams are written sequentially, so a body may be a generator and the stream larger than memory.
"""

import hashlib
import io
import struct
from dataclasses import dataclass, field
from typing import Any, Callable, Iterable, Iterator, Optional

from .delta import BUFFER, CACHE_PAGES, Sender

PAGE_SIZE = 4096
MAX_BATCH_SIZE = 1024

# Types of a page, bits 31..28 of a pfn entry.
XEN_DOMCTL_PFINFO_NOTAB = 0x0 << 28
XEN_DOMCTL_PFINFO_L1TAB = 0x1 << 28
XEN_DOMCTL_PFINFO_L2TAB = 0x2 << 28
XEN_DOMCTL_PFINFO_L3TAB = 0x3 << 28
XEN_DOMCTL_PFINFO_L4TAB = 0x4 << 28
XEN_DOMCTL_PFINFO_LPINTAB = 0x8 << 28
XEN_DOMCTL_PFINFO_BROKEN = 0xD << 28
XEN_DOMCTL_PFINFO_XALLOC = 0xE << 28
XEN_DOMCTL_PFINFO_XTAB = 0xF << 28
PFN_MASK = 0x0FFFFFFF
TYPE_MASK = 0xF0000000

# Chunks of the body.
XC_SAVE_ID_ENABLE_VERIFY_MODE = -1
XC_SAVE_ID_VCPU_INFO = -2
XC_SAVE_ID_HVM_IDENT_PT = -3
XC_SAVE_ID_HVM_VM86_TSS = -4
XC_SAVE_ID_TMEM = -5
XC_SAVE_ID_TMEM_EXTRA = -6
XC_SAVE_ID_TSC_INFO = -7
XC_SAVE_ID_HVM_CONSOLE_PFN = -8
XC_SAVE_ID_LAST_CHECKPOINT = -9
XC_SAVE_ID_HVM_ACPI_IOPORTS_LOCATION = -10
XC_SAVE_ID_HVM_VIRIDIAN = -11
XC_SAVE_ID_COMPRESSED_DATA = -12
XC_SAVE_ID_ENABLE_COMPRESSION = -13
XC_SAVE_ID_HVM_GENERATION_ID_ADDR = -14
XC_SAVE_ID_HVM_PAGING_RING_PFN = -15
XC_SAVE_ID_HVM_ACCESS_RING_PFN = -16
XC_SAVE_ID_HVM_SHARING_RING_PFN = -17
XC_SAVE_ID_TOOLSTACK = -18
XC_SAVE_ID_HVM_IOREQ_SERVER_PFN = -19
XC_SAVE_ID_HVM_NR_IOREQ_SERVER_PAGES = -20
XC_SAVE_ID_HVM_X87_FIP_WIDTH = -21

VGCF_ONLINE = 1 << 5      # bit in the flags of a vcpu context
VCPU_FLAGS_OFFSET = 512   # offset of the flags: after the FPU area, in both guest widths
VCPU_SIZE = {4: 2800, 8: 5168}
EXTENDED_SIZE = 128

HVM_SAVE_HEADER = struct.pack("<HHI", 1, 0, 24) + struct.pack("<IIQII", 0x54381286, 1, 0x1234, 0x306A9, 0)
XL_MAGIC = b"Xen saved domain, xl format\n \0 \r"

_NOISE = hashlib.shake_128(b"legacy save").digest(65536 + PAGE_SIZE).replace(b"\0", b"\x5a")


def noise(key: str, size: int) -> bytes:
    """Data that is unique for this key, without zero octets."""
    return hashlib.shake_128(key.encode()).digest(size).replace(b"\0", b"\xa5")


def page(pfn: int, iteration: int = 0) -> bytes:
    """The content of a page in one iteration."""
    start = (pfn * 2654435761 + iteration * 40503) & 0xFFFF
    return struct.pack("<QII", pfn, iteration, 0xA55A5AA5) + _NOISE[start:start + PAGE_SIZE - 16]


def touched(pfn: int, iteration: int = 0) -> bytes:
    """A page of which each iteration changes a part that depends on the pfn."""
    words = [page(pfn)[i:i + 4] for i in range(0, PAGE_SIZE, 4)]
    new = struct.pack("<I", 0xC0DE0000 + iteration)
    where = {0: [], 1: [5], 2: range(200, 900), 3: range(0, 1024, 2), 4: range(1024), 5: [0, 1023], 6: range(127),
             7: range(1024 - 127, 1024)}[pfn % 8]
    for i in where:
        words[i] = new
    return b"".join(words)


def has_data(entry: int) -> bool:
    """Whether the pfn entry has page data in its batch."""
    return (entry & TYPE_MASK) < XEN_DOMCTL_PFINFO_BROKEN


# Parts of a stream -------------------------------------------------------------------------------------------

@dataclass
class Block:
    """A block of the extended info."""
    id: bytes
    data: bytes
    claimed: Optional[int] = None   # the size written, if not the data's


@dataclass
class Batch:
    """A page batch. The page of the k-th occurrence of a pfn is that of iteration + k."""
    entries: Any
    iteration: int = 0
    content: Callable[[int, int], bytes] = page

    def pages(self) -> Iterator[tuple[int, bytes]]:
        seen: dict[int, int] = {}
        for entry in self.entries:
            if has_data(entry):
                pfn = entry & PFN_MASK
                yield entry, self.content(pfn, self.iteration + seen.get(pfn, 0))
                seen[pfn] = seen.get(pfn, 0) + 1


@dataclass
class Verify:
    id = XC_SAVE_ID_ENABLE_VERIFY_MODE


@dataclass
class LastCheckpoint:
    id = XC_SAVE_ID_LAST_CHECKPOINT


@dataclass
class EnableCompression:
    id = XC_SAVE_ID_ENABLE_COMPRESSION


@dataclass
class CompressedData:
    """The next size octets of the body's encoded pages; None: all remaining ones."""
    size: Optional[int] = None
    claimed: Optional[int] = None   # the size written, if not the data's
    data: Optional[bytes] = None    # replaces the encoded pages
    id = XC_SAVE_ID_COMPRESSED_DATA


@dataclass
class SenderData:
    """All encoded pages of the body, in chunks as the sender makes them."""
    id = XC_SAVE_ID_COMPRESSED_DATA


@dataclass
class TmemPool:
    pool_id: int
    flags: int = 1                  # persistent
    pages: list = field(default_factory=list)   # of (oid, index, content)
    n_pages: Optional[int] = None   # the number written, if not that of pages; then a terminator follows the pages


@dataclass
class Tmem:
    pools: list[TmemPool]
    version: int = 1
    max_pools: int = 16
    id = XC_SAVE_ID_TMEM


@dataclass
class TmemExtra:
    """Invalidated pages: pool, oid and index of each."""
    pages: list[tuple[int, bytes, int]]
    id = XC_SAVE_ID_TMEM_EXTRA


@dataclass
class VcpuInfo:
    max_vcpu_id: int
    words: list[int]
    id = XC_SAVE_ID_VCPU_INFO

    @staticmethod
    def of(online: Iterable[int], max_vcpu_id: Optional[int] = None) -> "VcpuInfo":
        online = list(online)
        top = max(online) if max_vcpu_id is None else max_vcpu_id
        words = [0] * (top // 64 + 1)
        for vcpu in online:
            words[vcpu // 64] |= 1 << (vcpu % 64)
        return VcpuInfo(top, words)


@dataclass
class Param:
    """A chunk with an HVM param: id, four octets of padding, value."""
    id: int
    value: int
    pad: int = 0


@dataclass
class TscInfo:
    mode: int = 1
    nsec: int = 0x123456789ABC
    khz: int = 2394000
    incarnation: int = 3
    id = XC_SAVE_ID_TSC_INFO


@dataclass
class Physmap:
    """An entry of the toolstack blob. name includes the terminating NUL; empty: namelen 0."""
    phys_offset: int
    start_addr: int
    size: int
    name: bytes
    claimed: Optional[int] = None   # the namelen written, if not the name's


@dataclass
class Toolstack:
    """The toolstack blob of libxl; entries None: the chunk has length 0."""
    entries: Optional[list[Physmap]]
    version: int = 1
    behind: bytes = b""             # data in the blob after the entries
    id = XC_SAVE_ID_TOOLSTACK


@dataclass
class Raw:
    """A chunk with this content."""
    id: int
    data: bytes = b""


@dataclass
class Xsave:
    data: bytes
    mask: int = 7


@dataclass
class Vcpu:
    basic: bytes
    extended: Optional[bytes] = None
    xsave: Optional[Xsave] = None


@dataclass
class PvTail:
    vcpus: dict[int, Vcpu]
    unmapped: list[int] = field(default_factory=list)
    shared_info: bytes = b""


@dataclass
class HvmTail:
    context: bytes
    magic_pfns: tuple[int, int, int] = (0xFEFFC, 0xFEFFD, 0xFEFFE)


@dataclass
class Qemu:
    """The qemu record: signature, format of the data's length ("<I", ">I"; None: the data ends with the input)."""
    signature: bytes
    length: Optional[str]
    data: bytes

    def octets(self) -> bytes:
        return self.signature + (struct.pack(self.length, len(self.data)) if self.length else b"") + self.data


@dataclass
class XlHeader:
    config: bytes
    flags: int = 0
    optional_flags: int = 0
    more: bytes = b""               # optional data after the config
    bare: bool = False              # optional_data_len is 0

    def optional_data(self) -> bytes:
        return b"" if self.bare else struct.pack("<I", len(self.config)) + self.config + self.more


@dataclass
class Checkpoint:
    """A further body and tail after the first tail (Remus)."""
    body: Any
    tail: Any
    qemu: Optional[Qemu] = None
    compressed: bool = False


@dataclass
class Save:
    width: int                      # toolstack width: 32 or 64
    guest: str                      # "pv" or "hvm"
    p2m_size: int
    body: Any                       # chunks without the closing 0
    tail: Any
    guest_width: int = 8            # only for PV
    extended_info: Optional[list[Block]] = None
    frames: list[int] = field(default_factory=list)
    qemu: Optional[Qemu] = None
    header: Optional[XlHeader] = None
    later: list[Checkpoint] = field(default_factory=list)
    cache_pages: int = CACHE_PAGES  # size of the sender's cache
    buffer: int = BUFFER            # size of the sender's output buffer

    def checkpoints(self) -> list[Checkpoint]:
        return [Checkpoint(self.body, self.tail, self.qemu), *self.later]


# Writing ------------------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Field:
    """Position of a field. Readers decode "number" fields, copy "opaque" ones and decompress "coded" ones."""
    name: str
    offset: int
    size: int
    kind: str


class Writer:
    """Writes a Save to a file object; records the fields if requested."""

    def __init__(self, out, width: int, fields: Optional[list[Field]] = None):
        self.out = out
        self.ulong = "I" if width == 32 else "Q"
        self.width = width
        self.fields = fields
        self.offset = 0

    def put(self, name: str, data: bytes, kind: str = "opaque") -> None:
        if self.fields is not None and data:
            self.fields.append(Field(name, self.offset, len(data), kind))
        self.out.write(data)
        self.offset += len(data)

    def number(self, name: str, code: str, value: int) -> None:
        self.put(name, struct.pack("<" + code, value), "number")

    def save(self, save: Save) -> None:
        if save.header:
            self._xl_header(save.header)
        self.number("p2m_size", self.ulong, save.p2m_size)
        if save.guest == "pv":
            self._extended_info(save)
            for i, frame in enumerate(save.frames):
                self.number(f"frame[{i}]", self.ulong, frame)
        self.sender = Sender(save.cache_pages, save.buffer)
        for checkpoint in save.checkpoints():
            self._checkpoint(save, checkpoint)

    def _xl_header(self, header: XlHeader) -> None:
        data = header.optional_data()
        self.put("xl.magic", XL_MAGIC, "number")
        self.number("xl.byteorder", "I", 0x01020304)
        self.number("xl.mandatory_flags", "I", header.flags)
        self.number("xl.optional_flags", "I", header.optional_flags)
        self.number("xl.optional_data_len", "I", len(data))
        self.put("xl.config_len", data[:4], "number")
        self.put("xl.config", data[4:])

    def _extended_info(self, save: Save) -> None:
        if save.extended_info is None:
            return
        blocks = save.extended_info
        self.number("ext.marker", self.ulong, (1 << save.width) - 1)
        self.number("ext.total", "I", sum(8 + len(b.data) for b in blocks))
        for block in blocks:
            name = "ext." + block.id.decode("ascii", "replace")
            self.put(name + ".id", block.id, "number")
            self.number(name + ".size", "I", len(block.data) if block.claimed is None else block.claimed)
            self.put(name + ".data", block.data, "number" if block.id == b"xcnt" else "opaque")

    def _code(self, checkpoint: Checkpoint) -> list[bytes]:
        """The encoded pages of a compressed checkpoint."""
        return self.sender.chunks([(entry & PFN_MASK, data, 0 < (entry >> 28 & 7) < 5)
                                   for chunk in checkpoint.body if isinstance(chunk, Batch)
                                   for entry, data in chunk.pages()])

    def _checkpoint(self, save: Save, checkpoint: Checkpoint) -> None:
        self.compressed = checkpoint.compressed
        chunks = self._code(checkpoint) if checkpoint.compressed else []
        self.sizes, self.code = [len(chunk) for chunk in chunks], b"".join(chunks)
        for i, chunk in enumerate(checkpoint.body):
            self._chunk(f"chunk[{i}]", chunk)
        self.number("end", "i", 0)
        if save.guest == "pv":
            self._pv_tail(checkpoint.tail)
        else:
            self._hvm_tail(checkpoint.tail)
            if checkpoint.qemu:
                self._qemu(checkpoint.qemu)

    def _chunk(self, at: str, chunk) -> None:
        if isinstance(chunk, Batch):
            self._batch(at + ".batch", chunk)
            return
        if isinstance(chunk, SenderData):
            for i, size in enumerate(self.sizes):
                self._chunk(f"{at}.{i}", CompressedData(size))
            return
        at += f".{type(chunk).__name__}"
        self.number(at + ".id", "i", chunk.id)
        if isinstance(chunk, VcpuInfo):
            self.number(at + ".max_vcpu_id", "i", chunk.max_vcpu_id)
            for i, word in enumerate(chunk.words):
                self.number(f"{at}.map[{i}]", "Q", word)
        elif isinstance(chunk, Param):
            self.number(at + ".pad", "I", chunk.pad)
            self.number(at + ".value", "Q", chunk.value)
        elif isinstance(chunk, TscInfo):
            self.number(at + ".mode", "I", chunk.mode)
            self.number(at + ".nsec", "Q", chunk.nsec)
            self.number(at + ".khz", "I", chunk.khz)
            self.number(at + ".incarnation", "I", chunk.incarnation)
        elif isinstance(chunk, Toolstack):
            self._toolstack(at, chunk)
        elif isinstance(chunk, CompressedData):
            self._compressed_data(at, chunk)
        elif isinstance(chunk, Tmem):
            self._tmem(at, chunk)
        elif isinstance(chunk, TmemExtra):
            for pool_id, oid, index in chunk.pages:
                self.put(at + ".page", struct.pack("<I", pool_id) + oid + struct.pack("<I", index), "coded")
            self.number(at + ".end", "I", 0xFFFFFFFF)
        elif isinstance(chunk, Raw):
            self.put(at + ".data", chunk.data)

    def _batch(self, at: str, batch: Batch) -> None:
        self.number(at + ".count", "i", len(batch.entries))
        if self.fields is None:     # write the page data in one call, since streams may be large
            self.out.write(struct.pack(f"<{len(batch.entries)}{self.ulong}", *batch.entries))
            pages = b"" if self.compressed else b"".join(data for _, data in batch.pages())
            self.out.write(pages)
            self.offset += len(batch.entries) * self.width // 8 + len(pages)
            return
        for i, entry in enumerate(batch.entries):
            self.number(f"{at}.entry[{i}].{entry >> 28:x}", self.ulong, entry)
        for entry, data in batch.pages() if not self.compressed else ():
            self.put(f"{at}.page.{entry & PFN_MASK:#x}", data)

    def _compressed_data(self, at: str, chunk: CompressedData) -> None:
        size = len(self.code) if chunk.size is None else chunk.size
        data, self.code = self.code[:size], self.code[size:]
        if chunk.data is not None:
            data = chunk.data
        self.number(at + ".size", self.ulong, len(data) if chunk.claimed is None else chunk.claimed)
        self.put(at + ".data", data, "coded")

    def _tmem(self, at: str, tmem: Tmem) -> None:
        self.number(at + ".version", "I", tmem.version)
        self.number(at + ".max_pools", "I", tmem.max_pools)
        self.number(at + ".mark", "I", 0xFFFFFFFF)
        for name in ("flags", "weight", "cap"):
            self.number(f"{at}.{name}", "I", 0)
        self.number(at + ".second_mark", "I", 0xFFFFFFFF)
        for pool in tmem.pools:
            self.number(at + ".pool_id", "I", pool.pool_id)
            self.number(at + ".pool_flags", "I", pool.flags)
            self.number(at + ".n_pages", "I", len(pool.pages) if pool.n_pages is None else pool.n_pages)
            self.put(at + ".uuid", noise(f"uuid {pool.pool_id}", 16))
            for oid, index, content in pool.pages:
                self.put(at + ".page", oid + struct.pack("<I", index) + content)
            if pool.n_pages is not None:
                self.put(at + ".no_oid", b"\xff" * (24 if tmem.version else 8), "number")
        self.number(at + ".end", "I", 0xFFFFFFFF)

    def _toolstack(self, at: str, chunk: Toolstack) -> None:
        # The 64-bit toolstack writes four octets of struct padding after each name.
        junk = b"\x99\0\xfe\x7f" if self.width == 64 else b""
        if chunk.entries is None:
            self.number(at + ".len", "I", 0)
            return
        size = 8 + sum(28 + len(e.name) + len(junk) for e in chunk.entries) + len(chunk.behind)
        self.number(at + ".len", "I", size)
        self.number(at + ".version", "I", chunk.version)
        self.number(at + ".count", "I", len(chunk.entries))
        for i, entry in enumerate(chunk.entries):
            name = f"{at}.entry[{i}]"
            self.number(name + ".phys_offset", "Q", entry.phys_offset)
            self.number(name + ".start_addr", "Q", entry.start_addr)
            self.number(name + ".size", "Q", entry.size)
            self.number(name + ".namelen", "I", len(entry.name) if entry.claimed is None else entry.claimed)
            self.put(name + ".name", entry.name, "number")
            self.put(name + ".junk", junk)
        self.put(at + ".behind", chunk.behind)

    def _pv_tail(self, tail: PvTail) -> None:
        self.number("unmapped.count", "I", len(tail.unmapped))
        for i, pfn in enumerate(tail.unmapped):
            self.number(f"unmapped[{i}]", self.ulong, pfn)
        for vcpu_id, vcpu in tail.vcpus.items():
            at = f"vcpu[{vcpu_id}]"
            self.put(at + ".basic", vcpu.basic)
            self.put(at + ".extended", vcpu.extended or b"")
            if vcpu.xsave:
                self.number(at + ".xsave.mask", "Q", vcpu.xsave.mask)
                self.number(at + ".xsave.size", "Q", len(vcpu.xsave.data))
                self.put(at + ".xsave.data", vcpu.xsave.data)
        self.put("shared_info", tail.shared_info)

    def _hvm_tail(self, tail: HvmTail) -> None:
        for name, pfn in zip(("ioreq", "bufioreq", "store"), tail.magic_pfns):
            self.number("magic." + name, "Q", pfn)
        self.number("context.len", "I", len(tail.context))
        self.put("context.header", tail.context[:len(HVM_SAVE_HEADER)], "anchor")
        self.put("context.rest", tail.context[len(HVM_SAVE_HEADER):])

    def _qemu(self, qemu: Qemu) -> None:
        self.put("qemu.signature", qemu.signature, "number")
        if qemu.length:
            self.put("qemu.len", struct.pack(qemu.length, len(qemu.data)), "number")
        self.put("qemu.data", qemu.data)


def write(save: Save, out) -> int:
    """Writes a save to a file object; returns its size."""
    writer = Writer(out, save.width)
    writer.save(save)
    return writer.offset


def octets(save: Save) -> bytes:
    out = io.BytesIO()
    write(save, out)
    return out.getvalue()


def fields(save: Save) -> tuple[bytes, list[Field]]:
    """The stream and its fields."""
    out, found = io.BytesIO(), []
    Writer(out, save.width, found).save(save)
    return out.getvalue(), found


def memory(save: Save) -> dict[int, tuple[int, Optional[bytes]]]:
    """The guest's memory after a restore: type and content of each pfn (None: allocated or broken, without data)."""
    state: dict[int, tuple[int, Optional[bytes]]] = {}
    for chunk in (chunk for checkpoint in save.checkpoints() for chunk in checkpoint.body):
        if not isinstance(chunk, Batch):
            continue
        pages = chunk.pages()
        for entry in chunk.entries:
            if entry & TYPE_MASK != XEN_DOMCTL_PFINFO_XTAB:
                data = next(pages)[1] if has_data(entry) else None
                state[entry & PFN_MASK] = (entry >> 28 & 0xF, data)
    return state
