"""Kinds of guests and toolstacks ("flavours"), with a default save of each as written by each release of Xen."""

from dataclasses import dataclass
from typing import Iterable, Optional

from . import legacy
from .legacy import (Batch, Block, HvmTail, LastCheckpoint, Param, Physmap, PvTail, Qemu, Save, Toolstack, TscInfo,
                     Vcpu, VcpuInfo, Xsave, noise)

PINNED = legacy.XEN_DOMCTL_PFINFO_LPINTAB
L1TAB, L2TAB, L3TAB, L4TAB = (n << 28 for n in range(1, 5))
BROKEN, XALLOC, XTAB = (legacy.XEN_DOMCTL_PFINFO_BROKEN, legacy.XEN_DOMCTL_PFINFO_XALLOC, legacy.XEN_DOMCTL_PFINFO_XTAB)

P2M_SIZE = 0x480

# HVM param chunks in the order of Xen 4.5's saver, with the release that introduced each.
PARAMS = [
    (legacy.XC_SAVE_ID_HVM_GENERATION_ID_ADDR, 0xFC001000, (4, 2)),
    (legacy.XC_SAVE_ID_HVM_IDENT_PT, 0xFEFFF000, (3, 3)),
    (legacy.XC_SAVE_ID_HVM_PAGING_RING_PFN, 0xFEFF9, (4, 2)),
    (legacy.XC_SAVE_ID_HVM_ACCESS_RING_PFN, 0xFEFFA, (4, 2)),
    (legacy.XC_SAVE_ID_HVM_SHARING_RING_PFN, 0xFEFFB, (4, 2)),
    (legacy.XC_SAVE_ID_HVM_VM86_TSS, 0xFC000000, (3, 4)),
    (legacy.XC_SAVE_ID_HVM_CONSOLE_PFN, 0xFEFF7, (4, 1)),
    (legacy.XC_SAVE_ID_HVM_ACPI_IOPORTS_LOCATION, 1, (4, 1)),
    (legacy.XC_SAVE_ID_HVM_VIRIDIAN, 0x67, (4, 2)),
    (legacy.XC_SAVE_ID_HVM_IOREQ_SERVER_PFN, 0xFEFF0, (4, 5)),
    (legacy.XC_SAVE_ID_HVM_NR_IOREQ_SERVER_PAGES, 8, (4, 5)),
    (legacy.XC_SAVE_ID_HVM_X87_FIP_WIDTH, 4, (4, 5, 4)),
]

PHYSMAP = [Physmap(0x10000000, 0xF0000000, 0x800000, b"vga.vram\0"),
           Physmap(0xABCDEF0123, 0xF1000000, 0x10, b"a\0")]

QEMU_DATA = b"QEVM\0\0\0\3" + noise("qemu", 301)


def qemu_0002(data: bytes = QEMU_DATA) -> Qemu:
    return Qemu(b"DeviceModelRecord0002", "<I", data)


def qemu_to_end(data: bytes = QEMU_DATA) -> Qemu:
    return Qemu(b"QemuDeviceModelRecord", None, data)


def qemu_remus(data: bytes = QEMU_DATA) -> Qemu:
    return Qemu(b"RemusDeviceModelState", "<I", data)


def qemu_xapi(data: bytes = QEMU_DATA) -> Qemu:
    return Qemu(b"QemuDeviceModelRecord\n", ">I", data)


def hvm_context(size: int = 200) -> bytes:
    """HVM save records: a valid header, an unknown record, the end."""
    return (legacy.HVM_SAVE_HEADER + b"\2\0\0\0" + size.to_bytes(4, "little") + noise("hvm context", size) + bytes(8))


@dataclass(frozen=True)
class Flavour:
    name: str
    width: int
    guest: str
    guest_width: int = 8

    @property
    def pv(self) -> bool:
        return self.guest == "pv"

    def basic(self, vcpu: int, online: bool = True) -> bytes:
        data = bytearray(noise(f"basic {vcpu}", legacy.VCPU_SIZE[self.guest_width]))
        data[legacy.VCPU_FLAGS_OFFSET:legacy.VCPU_FLAGS_OFFSET + 4] = (0x25 if online else 0x05).to_bytes(4, "little")
        return bytes(data)

    def vcpus(self, ids: Iterable[int], age: tuple, xsave: Optional[dict[int, int]] = None) -> dict[int, Vcpu]:
        """The vcpu contexts; xsave: the size of the xsave data of each, by default 16 + 576."""
        return {i: Vcpu(self.basic(i, online=age >= (3, 1)),
                        noise(f"extended {i}", legacy.EXTENDED_SIZE) if age >= (3, 2) else None,
                        Xsave(noise(f"xsave {i}", (xsave or {}).get(i, 592))) if age >= (4, 1) else None)
                for i in ids}

    def extended_info(self, age: tuple) -> Optional[list[Block]]:
        """The blocks of the extended info. In 3.0.3 to 3.1 only PAE guests have it, with only the "vcpu" block."""
        vcpu = Block(b"vcpu", self.basic(0))
        if age < (3, 2):
            return [vcpu] if self.guest_width == 4 and age >= (3, 0, 3) else None
        blocks = [vcpu, Block(b"extv", b"")]
        return blocks + [Block(b"xcnt", (16 + 592).to_bytes(4, "little"))] if age >= (4, 1) else blocks

    def frames(self, first: int = 0x401, p2m_size: int = P2M_SIZE) -> list[int]:
        """The p2m frame list. Without extended info, a first frame up to 1024 could be mistaken for a batch count."""
        per_frame = 4096 // self.guest_width
        return [first + i for i in range((p2m_size + per_frame - 1) // per_frame)]

    def entries(self) -> list[int]:
        """The default batch, in ascending order: a page table of each level, a p2m frame, a hole."""
        if not self.pv:
            return [0x0, 0x1, 0x2, XTAB, 0x47F]
        tables = [L1TAB | 0x10, L2TAB | 0x11, (L3TAB if self.guest_width == 8 else L3TAB | PINNED) | 0x12]
        if self.guest_width == 8:
            tables.append(L4TAB | PINNED | 0x13)
        else:
            tables.insert(0, 0x0)
        return tables + [XTAB] + self.frames()[:1]

    def params(self, age: tuple) -> list[Param]:
        return [Param(id_, value) for id_, value, since in PARAMS if age >= since]

    def body(self, age: tuple, batches: Optional[list] = None, vcpu_info: Optional[list] = None,
             params: Optional[list] = None, toolstack: Optional[list] = None) -> list:
        """Chunks in the saver's order; those not given are the release's defaults."""
        chunks = [TscInfo()] if age >= (4, 0) else []
        chunks += [Batch(self.entries())] if batches is None else batches
        if age >= (3, 1):
            chunks += [VcpuInfo.of([0])] if vcpu_info is None else vcpu_info
        if not self.pv:
            chunks += self.params(age) if params is None else params
        if age >= (4, 2):
            chunks += [Toolstack([] if self.pv else PHYSMAP)] if toolstack is None else toolstack
        if age >= (4, 1):
            chunks.append(LastCheckpoint())
        return chunks

    def tail(self, age: tuple, online: Iterable[int] = (0,), xsave: Optional[dict[int, int]] = None,
             unmapped: Iterable[int] = ()):
        if not self.pv:
            return HvmTail(hvm_context())
        return PvTail(self.vcpus(online, age, xsave), list(unmapped), noise("shared info", 4096))

    def save(self, age: tuple = (4, 5), online: Iterable[int] = (0,), xsave: Optional[dict[int, int]] = None,
             unmapped: Iterable[int] = (), **body) -> Save:
        """The default save of this release; the arguments of body() change its chunks."""
        online = list(online)
        if online != [0]:
            body.setdefault("vcpu_info", [VcpuInfo.of(online)])
        save = Save(self.width, self.guest, P2M_SIZE, self.body(age, **body), self.tail(age, online, xsave, unmapped),
                    self.guest_width)
        if self.pv:
            save.extended_info, save.frames = self.extended_info(age), self.frames()
        else:
            save.qemu = qemu_0002() if age >= (4, 1) else qemu_to_end()
        return save


PV64 = Flavour("pv64", 64, "pv", 8)
PV32ON64 = Flavour("pv32on64", 64, "pv", 4)
PV32 = Flavour("pv32", 32, "pv", 4)
HVM64 = Flavour("hvm64", 64, "hvm")
HVM32 = Flavour("hvm32", 32, "hvm")

PV = (PV64, PV32ON64, PV32)
HVM = (HVM64, HVM32)
ALL = PV + HVM
