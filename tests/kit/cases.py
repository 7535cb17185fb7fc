"""The catalogue of legacy streams for tests: name, stream, what it tests, and the expected result.

Each function below makes one stream for each flavour, with the function's name. The expected output is that of Xen's
script; where the script is incorrect, `wrong` has the reason, and the output of model.py is expected.
"""

import struct
from dataclasses import dataclass, field, replace
from typing import Callable, Iterable, Union

from . import legacy
from .flavours import (ALL, BROKEN, HVM, HVM32, HVM64, L1TAB, L2TAB, L3TAB, L4TAB, P2M_SIZE, PHYSMAP, PINNED, PV, PV32, PV32ON64,
                       PV64, XALLOC, XTAB, Flavour, hvm_context, qemu_0002, qemu_remus, qemu_to_end, qemu_xapi)
from .legacy import (Batch, Block, Checkpoint, CompressedData, EnableCompression, HvmTail, LastCheckpoint, Param, Physmap,
                     Raw, Save, SenderData, Tmem, TmemExtra, TmemPool, Toolstack, TscInfo, VcpuInfo,
                     Verify, XlHeader, noise, touched)

FORMATS = ("libxl", "libxc", "libxc --skip-qemu")


def xl_text(guest: str) -> XlHeader:
    """An xl header as written by xl 4.1 to 4.4."""
    return XlHeader((b'builder = "hvm"\n' if guest == "hvm" else b"") + b'name = "old"\nmemory = 32\n')


def xl_json(guest: str) -> XlHeader:
    """An xl header as written by xl 4.5."""
    return XlHeader(b'{"c_info": {"type": "%s", "name": "old"}, "b_info": {}}\0' % guest.encode(), flags=1)


@dataclass(frozen=True)
class Case:
    name: str
    flavour: Flavour
    save: Save
    shows: str
    wrong: str = ""                         # why the output of Xen's script is not expected
    wrong_in: tuple[str, ...] = FORMATS     # the formats to which wrong applies
    refused: str = ""                       # part of the error, if the stream must be rejected
    ambiguous: bool = False                 # the guest type cannot be detected
    by_name: bool = False                   # rejected only if opened by name
    patch: dict = field(default_factory=dict, compare=False, hash=False)

    def first(self) -> "Case":
        """The case with only its first checkpoint."""
        return replace(self, save=replace(self.save, later=[]))

    def script_is_right(self, fmt: str) -> bool:
        return not self.refused and not (self.wrong and fmt in self.wrong_in)

    def with_header(self, header: XlHeader) -> "Case":
        return replace(self, name=self.name + "-xl", save=replace(self.save, header=header))

    def fields(self) -> tuple[bytes, list[legacy.Field]]:
        """The stream and its fields."""
        data, found = legacy.fields(self.save)
        for name, value in self.patch.items():
            if name == "behind":
                data += value
                continue
            hits = [f for f in found if f.name.endswith(name)]
            assert len(hits) == 1, f"{self.name}: {name} names {len(hits)} fields"
            data = put(data, hits[0], value)
        return data, found

    def octets(self) -> bytes:
        return self.fields()[0]


def put(data: bytes, at: legacy.Field, value: Union[int, bytes]) -> bytes:
    """Returns data with another value in a field."""
    if isinstance(value, int):
        value = (value & (1 << 8 * at.size) - 1).to_bytes(at.size, "little")
    assert len(value) == at.size
    return data[:at.offset] + value + data[at.offset + at.size:]


CASES: list[Case] = []


def case(on: tuple[Flavour, ...], shows: str, **kw) -> Callable:
    """Decorator: adds the saves that the function makes to the catalogue, one for each flavour."""
    def add(make: Callable[[Flavour], Union[Save, tuple[Save, dict]]]) -> Callable:
        for flavour in on:
            made = make(flavour)
            save, patch = made if isinstance(made, tuple) else (made, {})
            CASES.append(Case(f"{flavour.name}-{make.__name__.strip('_').replace('_', '-')}", flavour, save, shows,
                              patch=patch, **kw))
        return make
    return add


def good() -> list[Case]:
    return [c for c in CASES if not c.refused]


def bad() -> list[Case]:
    return [c for c in CASES if c.refused]


def named(name: str) -> Case:
    return next(c for c in CASES if c.name == name)


# Ages ---------------------------------------------------------------------------------------------------------------

NO_EXTENDED_INFO = "refuses a stream without extended info"
NO_VCPU_INFO = "takes no vcpu at all and a wrong shared info, with exit status 0"
TO_END = "knows only DeviceModelRecord0002"
QEMU_ONLY = ("libxl", "libxc")


def signed(entry: int) -> int:
    """The entry as read by a 64-bit toolstack from a hypervisor with signed page types."""
    return entry | 0xFFFFFFFF << 32 if entry >> 31 else entry


def shuffled(entries: Iterable[int]) -> list[int]:
    """Reorders so that there are no long ascending runs."""
    return sorted(entries, key=lambda e: e * 2654435761 & 0xFFFF)


@case((PV64, PV32), "Xen 3.0.0: no extended info, no VCPU_INFO, mfns in XTAB entries", wrong=NO_EXTENDED_INFO)
def age_3_0(f):
    return f.save((3, 0), batches=[Batch(f.entries() + [XTAB | 0x123456, XTAB | 0x3])])


@case((PV64, PV32), "Xen 3.0.0 with a first p2m frame that could be a batch count", wrong=NO_EXTENDED_INFO)
def age_3_0_low_frames(f):
    return replace(f.save((3, 0)), frames=f.frames(first=5))


@case((PV64, PV32), "Xen 3.0.0 with a p2m table in page 0 and where the guest has other things", wrong=NO_EXTENDED_INFO)
def age_3_0_frame_0(f):
    return replace(f.save((3, 0)), frames=f.frames(first=0))


@case((PV64,), "Xen 3.0.0 to 3.0.4: ones in the upper half of the entries of pinned page tables and of XTAB",
      wrong=NO_EXTENDED_INFO)
def age_3_0_signed(f):
    return f.save((3, 0), batches=[Batch([signed(e) for e in [*f.entries(), XTAB | 0x123456, PINNED | L1TAB | 0x30]])])


@case((PV64, PV32), "Xen before 3.3: pages in a shuffled order", wrong=NO_EXTENDED_INFO)
def age_3_0_shuffled(f):
    return replace(f.save((3, 0), batches=[Batch(shuffled(f.entries() + [*range(0x60, 0x90)]))]), frames=f.frames(first=7))


@case(HVM, "Xen 3.1: pages in a shuffled order", wrong=TO_END, wrong_in=QEMU_ONLY)
def age_3_1_shuffled(f):
    return f.save((3, 1), batches=[Batch(shuffled(range(0x20)))])


@case((PV32,), "Xen 3.0.3: PAE guests have a vcpu block, still no VCPU_INFO", wrong=NO_VCPU_INFO)
def age_3_0_3(f):
    return f.save((3, 0, 3))


@case((PV64,), "Xen 3.1, 64-bit: VCPU_INFO, still no extended info", wrong=NO_EXTENDED_INFO)
def age_3_1(f):
    return f.save((3, 1), online=[0, 1])


@case((PV32,), "Xen 3.1, PAE: VCPU_INFO, a vcpu block")
def age_3_1_pae(f):
    return f.save((3, 1), online=[0, 1])


@case(PV, "Xen 3.2: vcpu and extv blocks, no TSC_INFO")
def age_3_2(f):
    return f.save((3, 2), online=[0, 1])


@case(PV, "Xen 4.0: TSC_INFO; no xcnt, no LAST_CHECKPOINT")
def age_4_0(f):
    return f.save((4, 0))


@case(PV, "Xen 4.1: xsave, LAST_CHECKPOINT; no toolstack blob")
def age_4_1(f):
    return f.save((4, 1))


@case(PV, "Xen 4.2 to 4.5: an empty toolstack blob, which is for HVM only")
def age_4_5(f):
    return f.save((4, 5))


@case(HVM, "Xen 3.1: no HVM param, the qemu record goes to the end", wrong=TO_END, wrong_in=QEMU_ONLY)
def age_3_1(f):
    return f.save((3, 1))


@case(HVM, "Xen 3.4: IDENT_PT, VM86_TSS", wrong=TO_END, wrong_in=QEMU_ONLY)
def age_3_4(f):
    return f.save((3, 4))


@case(HVM, "Xen 4.0: XTAB entries keep their pfn", wrong="forwards XTAB entries with low bits")
def age_4_0(f):
    return f.save((4, 0), batches=[Batch([0, XTAB | 1, XTAB | 2, 3])])


@case(HVM, "Xen 4.1: DeviceModelRecord0002, console and ACPI params")
def age_4_1(f):
    return f.save((4, 1))


@case(HVM, "Xen 4.2: toolstack blob, rings, viridian")
def age_4_2(f):
    return f.save((4, 2))


@case(HVM, "Xen 4.5: IOREQ server")
def age_4_5(f):
    return f.save((4, 5))


@case(HVM, "Xen 4.5.4: HVM_X87_FIP_WIDTH", wrong="does not know chunk -21")
def age_4_5_4(f):
    return f.save((4, 5, 4))


@case(HVM, "XenServer 6: no console chunk, XAPI's qemu record", wrong=TO_END, wrong_in=QEMU_ONLY)
def xenserver(f):
    params = [p for p in f.params((4, 1)) if p.id != legacy.XC_SAVE_ID_HVM_CONSOLE_PFN]
    return replace(f.save((4, 1), params=params), qemu=qemu_xapi())


# Pages --------------------------------------------------------------------------------------------------------------

@case(PV, "every page type, with pfns that show the type's move to bits 63..60")
def types(f):
    entries = [0x20, *(n << 28 | 0x20 + n for n in range(1, 5)), *(PINNED | n << 28 | 0x30 + n for n in range(1, 5)),
               BROKEN | 0x40, XALLOC | 0x41, XTAB, P2M_SIZE - 1]
    return f.save(batches=[Batch(f.entries()), Batch(entries)])


@case(PV, "pinned and plain page tables, BROKEN, XALLOC and XTAB in one batch")
def types_small(f):
    return f.save(batches=[Batch([L1TAB | 0x10, L2TAB | PINNED | 0x11, XALLOC | 0x12, L3TAB | 0x13, XTAB,
                                  L4TAB | PINNED | 0x14 if f.guest_width == 8 else 0x14, BROKEN | 0x15, 0x401])])


@case(HVM, "plain, BROKEN, XALLOC and XTAB pages mixed")
def types(f):
    return f.save(batches=[Batch([5, XALLOC | 6, 7, BROKEN | 8, XTAB, 9, P2M_SIZE - 1, XALLOC | 0xA])])


@case(ALL, "batches without any page data; those of XTAB alone vanish",
      wrong="writes a PAGE_DATA record with count 0, which every restorer refuses")
def no_data(f):
    return f.save(batches=[Batch([XTAB]), Batch(f.entries()), Batch([XTAB] * 1024),
                           Batch([XALLOC | 0x50, XALLOC | 0x51]), Batch([BROKEN | 0x52]),
                           Batch([XTAB, XALLOC | 0x53, XTAB])])


@case(ALL, "batches without page data, none of them empty")
def no_data_but_entries(f):
    return f.save(batches=[Batch(f.entries()), Batch([XALLOC | 0x50, XALLOC | 0x51]), Batch([BROKEN | 0x52]),
                           Batch([XTAB, XALLOC | 0x53, XTAB])])


@case(ALL, "XTAB entries with anything in their low bits, pfns beyond the guest too", wrong="forwards them")
def xtab_junk(f):
    return f.save(batches=[Batch(f.entries() + [XTAB | 1, 0x60, XTAB | 0x0FFFFFFF, XTAB | P2M_SIZE, 0x61])])


@case(ALL, "the same pfn twice in a batch", wrong="refuses duplicates in a batch")
def duplicates(f):
    return f.save(batches=[Batch(f.entries() + [0x70, 0x71, 0x70, XALLOC | 0x71])])


@case(ALL, "a batch of 1024 pages, the largest there is, and one of 1")
def full_batch(f):
    return f.save(batches=[Batch(range(P2M_SIZE - 1024, P2M_SIZE)), Batch(f.entries()), Batch([P2M_SIZE - 1], 1)])


@case(ALL, "a live save: pfns sent again, with other content and type, then TSC_INFO")
def live(f):
    chunks = f.body((4, 5), batches=[Batch(f.entries()), Batch([0x80, L1TAB | 0x81 if f.pv else 0x81], 1),
                                     Batch([0x81, XTAB, 0x80], 2), Batch(f.entries(), 3)])
    return replace(f.save(), body=chunks[1:-2] + [chunks[0]] + chunks[-2:])


@case(ALL, "xl migrate --debug: all pages once more behind ENABLE_VERIFY_MODE")
def verify(f):
    batches = [Batch(f.entries()), Batch([0x80, 0x81])]
    return f.save(batches=[*batches, Verify(), *batches])


@case(HVM, "no page at all")
def no_pages(f):
    return f.save(batches=[])


# Other chunks -------------------------------------------------------------------------------------------------------

@case(ALL, "Xen 4.0 and before: no LAST_CHECKPOINT, the stream just ends")
def no_last_checkpoint(f):
    save = f.save()
    return replace(save, body=[c for c in save.body if not isinstance(c, LastCheckpoint)])


@case(ALL, "chunks in an order that no saver uses")
def any_order(f):
    save = f.save()
    batches = [c for c in save.body if isinstance(c, Batch)]
    return replace(save, body=batches + [c for c in save.body if c not in batches][::-1])


@case(ALL, "TSC_INFO twice: both go on in their places, the last one wins at the restore")
def tsc_twice(f):
    return f.save(batches=[Batch(f.entries()), TscInfo(0, 5, 6, 7), TscInfo(2, 0xFFFFFFFFFFFFFFFF, 0xFFFFFFFF, 0)])


@case(ALL, "chunks with all zeros and all ones in their values")
def extreme_values(f):
    params = [Param(p.id, 1 if i % 2 else (1 << 64) - 1, pad=0xDEADBEEF) for i, p in enumerate(f.params((4, 5)))]
    return f.save(params=params, batches=[TscInfo(0, 0, 0, 0), Batch(f.entries())])


@case(HVM, "HVM params repeated: one of each, at its first place with its last value", wrong="writes all of them")
def params_twice(f):
    params = f.params((4, 5))
    again = [Param(p.id, p.value + 0x1000) for p in params[4:1:-1]]
    return f.save(params=params[:6] + again + params[6:] + [Param(params[0].id, 0x77)])


@case(HVM, "HVM params of value 0 are none", wrong="passes them on")
def params_zero(f):
    return f.save(params=[replace(p, value=0) if i % 2 else p for i, p in enumerate(f.params((4, 5)))])


@case(HVM, "an ACPI location other than 1, and an IOREQ server without pages, are none", wrong="passes them on")
def params_ignored(f):
    odd = {legacy.XC_SAVE_ID_HVM_ACPI_IOPORTS_LOCATION: 2}
    return f.save(params=[replace(p, value=odd.get(p.id, p.value)) for p in f.params((4, 5))
                          if p.id != legacy.XC_SAVE_ID_HVM_NR_IOREQ_SERVER_PAGES])


@case(HVM, "HVM params among the pages go out behind all pages")
def params_early(f):
    params = f.params((4, 5))
    return f.save(params=params[4:], batches=[params[0], Batch([0, 1]), *params[1:4], Batch([2, 3])])


@case(HVM, "a single HVM param")
def one_param(f):
    return f.save(params=f.params((3, 3)))


@case(PV, "an HVM-only chunk in a PV stream is dropped", wrong="refuses HVM-only chunks")
def hvm_chunk(f):
    return f.save(batches=[Param(legacy.XC_SAVE_ID_HVM_IDENT_PT, 0xFEFFF000), Batch(f.entries()),
                           Param(legacy.XC_SAVE_ID_HVM_X87_FIP_WIDTH, 4)])


@case(HVM, "the VCPU_INFO of an HVM guest does not matter, nor does its absence")
def no_vcpu_info(f):
    return f.save(vcpu_info=[])


# Vcpus --------------------------------------------------------------------------------------------------------------

@case(PV, "several vcpus, some offline")
def vcpu_holes(f):
    return f.save(online=[0, 2, 5])


@case(PV, "more than 64 vcpus (Xen 4.2 and later)")
def vcpus_many(f):
    return f.save(online=[0, 1, 63, 64, 127, 130], xsave={130: 592})


@case(PV, "the largest vcpu id there is")
def vcpu_4095(f):
    return f.save(online=[0, 4095])


@case(PV, "VCPU_INFO twice, the last one counts", wrong="adds the two up")
def vcpu_info_twice(f):
    return f.save(online=[0, 2], vcpu_info=[VcpuInfo.of([0, 1, 70]), VcpuInfo.of([0, 2])])


@case(PV, "bits of the online map above the maximum id do not count", wrong="counts them")
def vcpu_bits_above(f):
    return f.save(online=[0, 1], vcpu_info=[VcpuInfo(2, [0b11 | 0b11000 | 1 << 63])])


@case(PV, "a maximum id above the last online vcpu")
def vcpu_max_above(f):
    return f.save(online=[0, 1], vcpu_info=[VcpuInfo.of([0, 1], max_vcpu_id=200)])


@case(PV, "no VCPU_INFO in a stream with all extended info: vcpu 0, made online", wrong=NO_VCPU_INFO)
def no_vcpu_info(f):
    save = f.save(vcpu_info=[])
    save.tail.vcpus[0].basic = f.basic(0, online=False)
    return save


@case(PV, "no VCPU_INFO and a vcpu 0 that is online already", wrong=NO_VCPU_INFO)
def no_vcpu_info_online(f):
    return f.save(vcpu_info=[])


@case(PV, "a vcpu that is not marked online stays so where VCPU_INFO exists")
def vcpu_not_online(f):
    save = f.save()
    save.tail.vcpus[0].basic = f.basic(0, online=False)
    return save


@case(PV, "xsave sizes differ between vcpus: each record's own counts", wrong="asserts that they agree")
def xsave_sizes(f):
    return f.save(online=[0, 1, 2], xsave={0: 592, 1: 16 + 832, 2: 16})


@case(PV, "the smallest and the largest xsave", wrong="asserts that they agree with xcnt")
def xsave_limits(f):
    return f.save(online=[0, 1], xsave={0: 16, 1: 16400})


@case(PV, "an xcnt block of 0: no xsave follows")
def xcnt_zero(f):
    save = f.save((4, 0))
    return replace(save, extended_info=save.extended_info + [Block(b"xcnt", bytes(4))])


@case(PV, "pfns unmapped at the end are read and dropped")
def unmapped(f):
    return f.save(unmapped=range(0x100, 0x100 + 300))


@case(PV, "a few unmapped pfns")
def unmapped_few(f):
    return f.save(unmapped=[0x200, 0x201, 0x300])


# Extended info ------------------------------------------------------------------------------------------------------

@case(PV, "extended info blocks in another order")
def ext_order(f):
    save = f.save()
    return replace(save, extended_info=save.extended_info[::-1])


@case(PV, "an unknown extended info block is skipped", wrong="refuses it")
def ext_unknown(f):
    save = f.save()
    return replace(save, extended_info=[Block(b"what", noise("what", 21)), *save.extended_info,
                                        Block(b"\0\xff\n ", b"")])


@case((PV64, PV32), "no vcpu block: the guest is as wide as the toolstack", wrong="divides by zero")
def ext_no_vcpu(f):
    save = f.save()
    return replace(save, extended_info=[b for b in save.extended_info if b.id != b"vcpu"])


@case((PV64,), "extended info without any block", wrong="divides by zero")
def ext_empty(f):
    return replace(f.save((3, 1)), extended_info=[])


@case((PV32,), "extended info without any block: with 32 bits as good as an HVM guest's verify mode",
      wrong="divides by zero", ambiguous=True)
def ext_empty(f):
    return replace(f.save((3, 1)), extended_info=[])


@case(PV, "two vcpu blocks: the last one counts, one X86_PV_INFO",
      wrong="writes two X86_PV_INFO, which no restorer takes")
def ext_vcpu_twice(f):
    save = f.save()
    other = Block(b"vcpu", noise("other width", legacy.VCPU_SIZE[12 - f.guest_width]))
    return replace(save, extended_info=[other, *save.extended_info])


@case(PV, "data in the extv block is skipped")
def ext_extv_data(f):
    save = f.save()
    return replace(save, extended_info=[replace(b, data=noise("extv", 12)) if b.id == b"extv" else b
                                        for b in save.extended_info])


# p2m ----------------------------------------------------------------------------------------------------------------

@case(PV, "p2m sizes around the border of a p2m frame")
def p2m_exact_frame(f):
    size = 4096 // f.guest_width
    save = f.save(batches=[Batch([L1TAB | 1, L3TAB | 2, L4TAB | 3 if f.guest_width == 8 else 3, size - 1])])
    return replace(save, p2m_size=size, frames=f.frames(first=1, p2m_size=size))


@case(PV, "one pfn more than fits a p2m frame")
def p2m_frame_and_one(f):
    size = 4096 // f.guest_width + 1
    save = f.save(batches=[Batch([L1TAB | 1, L3TAB | 2, 3, size - 1])])
    return replace(save, p2m_size=size, frames=f.frames(first=1, p2m_size=size))


@case(HVM, "the largest p2m size there is")
def p2m_largest(f):
    return replace(f.save(batches=[Batch([0, 0x0FFFFFFE])]), p2m_size=0x0FFFFFFF)


@case(PV, "the smallest guest: one pfn")
def p2m_one(f):
    return replace(f.save(batches=[Batch([L3TAB | 0])]), p2m_size=1, frames=[0])


# Toolstack blob and emulator ----------------------------------------------------------------------------------------

LIBXL = ("libxl",)


@case(PV, "physmap entries of a PV guest are dropped",
      wrong="writes xenstore data, which libxl refuses for PV", wrong_in=LIBXL)
def toolstack(f):
    return f.save(toolstack=[Toolstack(PHYSMAP)])


@case(HVM, "a toolstack blob without entries")
def toolstack_empty(f):
    return f.save(toolstack=[Toolstack([])])


@case(ALL, "a toolstack blob of length 0 is none")
def toolstack_none(f):
    return f.save(toolstack=[Toolstack(None)])


@case(HVM, "a physmap entry without a name", wrong="refuses namelen 0", wrong_in=LIBXL)
def toolstack_nameless(f):
    return f.save(toolstack=[Toolstack([Physmap(1, 2, 3, b""), *PHYSMAP, Physmap(0xFFFFFFFFFFFFFFFF, 0, 4, b"")])])


@case(HVM, "a physmap entry with an empty name")
def toolstack_empty_name(f):
    return f.save(toolstack=[Toolstack([Physmap(1, 2, 3, b"\0"), *PHYSMAP])])


@case(HVM, "a name that ends before namelen does", wrong="takes the NUL into the name", wrong_in=LIBXL)
def toolstack_name_short(f):
    return f.save(toolstack=[Toolstack([Physmap(1, 2, 3, b"vga\0ram\0"), *PHYSMAP])])


@case(HVM, "the toolstack blob twice, the last one counts", wrong="writes both", wrong_in=LIBXL)
def toolstack_twice(f):
    return f.save(toolstack=[Toolstack(PHYSMAP), Toolstack([Physmap(7, 8, 9, b"last\0")])])


@case(HVM, "many physmap entries")
def toolstack_many(f):
    return f.save(toolstack=[Toolstack([Physmap(i << 20, i << 24, i, b"ram%d\0" % i) for i in range(100)])])


@case(HVM, "octets behind the entries of a toolstack blob are for no one")
def toolstack_left_over(f):
    return f.save(toolstack=[Toolstack(PHYSMAP, behind=b"\1\2\3\4\5")])


@case(HVM, "a RemusDeviceModelState record", wrong=TO_END, wrong_in=QEMU_ONLY)
def qemu_remus_state(f):
    return replace(f.save(), qemu=qemu_remus())


@case(HVM, "a QemuDeviceModelRecord, which goes to the end of input", wrong=TO_END, wrong_in=QEMU_ONLY)
def qemu_to_the_end(f):
    return replace(f.save(), qemu=qemu_to_end())


@case(HVM, "XAPI's qemu record with its big-endian length", wrong=TO_END, wrong_in=QEMU_ONLY)
def qemu_of_xapi(f):
    return replace(f.save(), qemu=qemu_xapi())


@case(HVM, "a qemu record of length 0")
def qemu_empty(f):
    return replace(f.save(), qemu=qemu_0002(b""))


@case(HVM, "a large qemu record, not a multiple of 8")
def qemu_large(f):
    return replace(f.save(), qemu=qemu_0002(b"QEVM" + noise("large", 300001)))


@case(HVM, "a large qemu record to the end of input", wrong=TO_END, wrong_in=QEMU_ONLY)
def qemu_large_to_the_end(f):
    return replace(f.save(), qemu=qemu_to_end(b"QEVM" + noise("large", 300001)))


@case(HVM, "an HVM context that is not a multiple of 8, and a large one")
def context_odd(f):
    return replace(f.save(), tail=HvmTail(hvm_context(9001)))


# Remus --------------------------------------------------------------------------------------------------------------

FIRST_ONLY = "takes the stream for its first checkpoint"
TODO = "gives up on it (\"todo\")"


def remus_body(f: Flavour, batches: list, online: tuple = (0,), more: tuple = (), params: bool = True) -> list:
    """The body of a checkpoint as sent by Remus: without LAST_CHECKPOINT and TSC info."""
    chunks = [c for c in f.body((4, 5), batches=batches, vcpu_info=[VcpuInfo.of(online)],
                                params=None if params else []) if not isinstance(c, (LastCheckpoint, TscInfo))]
    return [*chunks, *more]


def remus_save(f: Flavour, later: list, first: tuple = (), cache_pages: int = 8192) -> Save:
    """first: chunks at the end of the first body; later: bodies, compressed if they hold CompressedData."""
    save = f.save()
    qemu = None if f.pv else qemu_remus(b"QEVM" + noise("qemu of checkpoint 1", 100))
    save = replace(save, body=[TscInfo(), *remus_body(f, [Batch(f.entries())], more=first)], qemu=qemu)
    for i, body in enumerate(later, 2):
        online = [c for c in body if isinstance(c, VcpuInfo)][-1]
        ids = [v for v in range(online.max_vcpu_id + 1) if online.words[0] >> v & 1]
        tail = HvmTail(hvm_context(100 + i), (0xFE000 + i, 0xFE100 + i, 0xFE200 + i)) if not f.pv else f.tail((4, 5), ids)
        if f.pv:
            tail = replace(tail, shared_info=noise(f"shared info {i}", 4096))
        else:
            qemu = qemu_remus(b"QEVM" + noise(f"qemu of checkpoint {i}", 100 + i))
        compressed = any(isinstance(c, (CompressedData, SenderData)) for c in body)
        save.later.append(Checkpoint(body, tail, qemu, compressed))
    return replace(save, cache_pages=cache_pages)


def pages_of(f: Flavour, numbers: Iterable[int]) -> list[int]:
    """Entries of dirty pages: ordinary pages, and a page table for PV."""
    return [*numbers] + ([L1TAB | 0x30] if f.pv else [])


@case(ALL, "an uncompressed Remus stream of three checkpoints", wrong=FIRST_ONLY, wrong_in=QEMU_ONLY)
def remus(f):
    return remus_save(f, [remus_body(f, [Batch(pages_of(f, [3, 4]), 7)]),
                          remus_body(f, [Batch([0x1, 0x5], 8), Batch([XTAB, BROKEN | 0x40, 0x41], 8)])])


@case((PV32, HVM64), "Remus: the third checkpoint says that it is the last", wrong=FIRST_ONLY, wrong_in=QEMU_ONLY)
def remus_ended(f):
    return remus_save(f, [remus_body(f, [Batch([3], 7)]), remus_body(f, [Batch([4], 8)], more=(LastCheckpoint(),))])


@case(PV, "Remus: a vcpu comes and another goes from checkpoint to checkpoint", wrong=FIRST_ONLY)
def remus_vcpus(f):
    return remus_save(f, [remus_body(f, [Batch([3], 7)], online=(0, 1, 2)), remus_body(f, [Batch([4], 8)], online=(0, 2))])


@case(HVM, "Remus: parameters change and are left out from checkpoint to checkpoint", wrong=FIRST_ONLY,
      wrong_in=QEMU_ONLY)
def remus_params(f):
    changed = (Param(legacy.XC_SAVE_ID_HVM_CONSOLE_PFN, 0xABC),)
    return remus_save(f, [remus_body(f, [Batch([3], 7)], more=changed), remus_body(f, [Batch([4], 8)], params=False)])


@case((PV64, HVM32), "Remus: a checkpoint without pages", wrong=FIRST_ONLY, wrong_in=QEMU_ONLY)
def remus_idle(f):
    return remus_save(f, [remus_body(f, []), remus_body(f, [Batch([XTAB])])])


def compressed_body(f: Flavour, iteration: int, numbers: Iterable[int], **kw) -> list:
    """A compressed body as written by the saver: entries, the data of their pages, other chunks."""
    entries = pages_of(f, numbers)
    batches = [Batch(entries[i:i + 5], iteration, touched) for i in range(0, len(entries), 5)]
    return remus_body(f, [*batches, CompressedData()], **kw)


def compressed_save(f: Flavour, later: list, cache_pages: int = 8192) -> Save:
    return remus_save(f, later, first=(EnableCompression(),), cache_pages=cache_pages)


def with_full_buffer(f: Flavour, later: list) -> Save:
    """Gives the sender an output buffer for two uncompressed pages, so that it is full at each third page."""
    return replace(compressed_save(f, later), buffer=2 * 4097 + 1000)


@case(ALL, "Remus compression: the sender's buffer is full before a page that it has not sent yet", wrong=TODO)
def compressed_full(f):
    return with_full_buffer(f, [remus_body(f, [Batch(pages_of(f, range(0x20, 0x20 + 6 + i)), i, touched), SenderData()])
                                for i in range(1, 5)])


@case((PV64, PV32), "Remus compression: the same, and the new page gets the slot of what became a page table", wrong=TODO)
def compressed_stale(f):
    return with_full_buffer(f, [
        remus_body(f, [Batch([0x20, 0x21, 0x22], 1, touched), SenderData()]),
        remus_body(f, [Batch([0x20, L1TAB | 0x21, 0x28, 0x29, L1TAB | 0x22, 0x2A, 0x21], 2, touched), SenderData()])])


@case(ALL, "Remus compression: whole pages, then every kind of change to them", wrong=TODO)
def compressed(f):
    return compressed_save(f, [compressed_body(f, i, range(0x20, 0x28)) for i in range(1, 5)])


@case((PV32, HVM64), "Remus compression: two pages, whole and as changes", wrong=TODO)
def compressed_small(f):
    return compressed_save(f, [remus_body(f, [Batch([0x21, 0x22], i, touched), CompressedData()]) for i in (1, 2)])


@case((PV64, HVM32), "Remus compression announced, no second checkpoint", wrong=TODO)
def compression_only(f):
    return compressed_save(f, [])


@case((PV64, HVM32), "Remus compression: the sender forgets pages and sends them whole again", wrong=TODO)
def compressed_cache(f):
    return compressed_save(f, [compressed_body(f, i, numbers) for i, numbers in
                               enumerate((range(0x20, 0x28), [0x20], range(0x24, 0x2C), range(0x20, 0x28)), 1)], 4)


@case((PV32, HVM64), "Remus compression: data before, between and behind the entries, pages across chunks", wrong=TODO)
def compressed_order(f):
    def body(iteration: int, *sizes: int) -> list:
        batches = [Batch([0x20, 0x21], iteration, touched), Batch([XALLOC | 0x50, 0x22, XTAB], iteration, touched),
                   Batch([0x23, 0x24], iteration, touched)]
        chunks = []
        for i, size in enumerate(sizes):
            chunks += [CompressedData(size), *batches[i:i + 1]]
        return remus_body(f, [*chunks, *batches[len(sizes):], CompressedData()])
    return compressed_save(f, [body(1, 100, 0, 4096, 5000), body(2, 1, 1, 1, 3), body(3, 7), body(4, 100000)])


@case((PV64, HVM32), "Remus compression: the same pfn twice in a checkpoint", wrong=TODO)
def compressed_twice(f):
    return compressed_save(f, [remus_body(f, [Batch([0x20], 1, touched), Batch([0x21, 0x22, 0x21], 1, touched),
                                              Batch([0x21], 4, touched), CompressedData()])])


@case((PV64, HVM32), "Remus: compression that a later checkpoint announces does not count", wrong=FIRST_ONLY,
      wrong_in=QEMU_ONLY)
def compression_late(f):
    return remus_save(f, [remus_body(f, [Batch([3], 7)], more=(EnableCompression(),)), remus_body(f, [Batch([4], 8)])])


@case((PV64, HVM32), "compressed data that nothing announced", refused=r"compressed data without")
def compressed_unannounced(f):
    return f.save(batches=[Batch(f.entries()), CompressedData(data=bytes(5))])


def corrupt(reason: str, data: bytes) -> Callable:
    """Decorator: a checkpoint that sends pages 0x20 and 0x21 uncompressed, and another with this compressed data."""
    def add(make: Callable) -> Callable:
        def save(f):
            entries = [0x20, 0x21]
            return compressed_save(f, [remus_body(f, [Batch(entries, 1, touched), CompressedData()]),
                                       remus_body(f, [Batch(entries, 2, touched), CompressedData(data=data)])])
        save.__name__ = make.__name__
        return case((PV32, HVM64), make.__doc__, refused=reason)(save)
    return add


SKIP_PAGE = b"\xff" * 8 + b"\x88"        # 8 * 127 + 8 words: a page


@corrupt("run that crosses the end of the page", SKIP_PAGE + b"\xff" * 8 + b"\x89")
def corrupt_skip_over():
    """compressed data that skips over the page's end"""


@corrupt("run that crosses the end of the page", SKIP_PAGE + b"\xff" * 8 + b"\x09" + bytes(36))
def corrupt_copy_over():
    """compressed data that copies over the page's end"""


@corrupt("run of length 0", SKIP_PAGE + b"\x81\x80")
def corrupt_no_run():
    """compressed data with a run of length 0"""


@corrupt("run of length 0", SKIP_PAGE + b"\x81\x00")
def corrupt_unchanged_within():
    """compressed data with the code of an unchanged page within a page"""


@corrupt("ends before the page is complete", SKIP_PAGE + b"\xff" * 8)
def corrupt_short():
    """compressed data that ends before the page does"""


@corrupt("ends before the page is complete", SKIP_PAGE + b"\x05")
def corrupt_marker_last():
    """compressed data that ends in a marker"""


@corrupt("ends before the page is complete", SKIP_PAGE + b"\x80" + bytes(4095))
def corrupt_whole_short():
    """compressed data with a whole page that lacks an octet"""


@corrupt("compressed data ends before", SKIP_PAGE)
def corrupt_too_few():
    """compressed data with too few pages"""


@corrupt("compressed data continues after", SKIP_PAGE * 3)
def corrupt_too_many():
    """compressed data with too many pages"""


@case((PV32, HVM64), "a change to a page that no compressed checkpoint sent", refused="is delta-encoded")
def corrupt_unknown(f):
    return compressed_save(f, [remus_body(f, [Batch([0x1], 1, touched), CompressedData(data=b"\x00")])])


@case((PV64, HVM32), "a bogus page type in a complete further checkpoint", refused="invalid page type")
def remus_bogus(f):
    return remus_save(f, [remus_body(f, [Batch([3], 7), Batch([6 << 28 | 4], 7)])])


# tmem ---------------------------------------------------------------------------------------------------------------

def with_tmem(f: Flavour, tmem: Tmem, *more) -> Save:
    save = f.save()
    return replace(save, body=[tmem, save.body[0], *more, *save.body[1:]])


def tmem_pages(count: int, oid_size: int = 24, page_size: int = 4096) -> list:
    return [(noise(f"oid {i}", oid_size), i, noise(f"tmem {i}", page_size)) for i in range(count)]


@case((PV64, HVM32), "a guest with tmem, but no pages in it", wrong=TODO)
def tmem(f):
    return with_tmem(f, Tmem([TmemPool(0, 0), TmemPool(1, 3)]))


@case((PV64, HVM32), "tmem without pools, as Xen 4.0.0 wrote it", wrong=TODO)
def tmem_none(f):
    return with_tmem(f, Tmem([], version=0))


@case((PV32, HVM64), "a tmem pool whose pages vanished, and pages to invalidate", wrong=TODO)
def tmem_extra(f):
    return with_tmem(f, Tmem([TmemPool(0, 1, n_pages=5)]), TmemExtra([(0, noise("gone", 24), 3), (0, bytes(24), 4)]))


@case((PV32, HVM64), "pages to invalidate in tmem of Xen 4.0.0", wrong=TODO)
def tmem_extra_0(f):
    return with_tmem(f, Tmem([TmemPool(0, 1, n_pages=5)], version=0), TmemExtra([(0, noise("gone", 8), 3)]))


@case((PV32, HVM64), "a guest with memory in tmem", refused=r"pools with pages: 2, pages: 5\); --drop-tmem")
def tmem_pages_two_pools(f):
    return with_tmem(f, Tmem([TmemPool(0, 0), TmemPool(1, 1, tmem_pages(3)), TmemPool(3, 0x11, tmem_pages(2, 24, 8192), 9)]))


@case((PV64, HVM32), "memory in tmem of Xen 4.0.0", refused=r"pools with pages: 1, pages: 2\); --drop-tmem")
def tmem_pages_0(f):
    return with_tmem(f, Tmem([TmemPool(7, 1, tmem_pages(2, 8))], version=0))


@case((PV64, HVM32), "tmem of an unknown version", refused="unknown tmem version 2")
def tmem_version(f):
    return with_tmem(f, Tmem([], version=2))


@case((PV64, HVM32), "a tmem header without its first mark", refused="tmem.*has no end marks")
def tmem_mark(f):
    return with_tmem(f, Tmem([])), {"Tmem.mark": 0}


@case((PV64, HVM32), "a tmem header without its second mark", refused="tmem.*has no end marks")
def tmem_second_mark(f):
    return with_tmem(f, Tmem([])), {"Tmem.second_mark": 0}


@case((PV64, HVM32), "a tmem pool beyond the number of pools", refused="pool id 16 is not below the maximum 16")
def tmem_pool_beyond(f):
    return with_tmem(f, Tmem([TmemPool(16)]))


# Rejected: not convertible -------------------------------------------------------------------------------------------

ALREADY = "(?i)already.*v[23]|v[23].*already"


@case((PV32,), "a guest with 2-level page tables, which no Xen since 4.6 runs", refused=r"(?i)level|PAE")
def two_level(f):
    return f.save((3, 0), batches=[Batch([L1TAB | 0x10, L2TAB | PINNED | 0x11, *f.frames()])])


@case((PV32,), "such a guest saved by Xen 3.2, which always writes an extended info", refused=r"(?i)level|PAE")
def two_level_info(f):
    return f.save((3, 2), batches=[Batch([L1TAB | 0x10, L2TAB | PINNED | 0x11, *f.frames()])])


# Rejected: malformed -------------------------------------------------------------------------------------------------

@case(ALL, "a p2m size of 0", refused="p2m|legacy")
def p2m_zero(f):
    return f.save(), {"p2m_size": 0}


@case(ALL, "a p2m size above 28 bits", refused="p2m|legacy|v2")
def p2m_huge(f):
    return f.save(), {"p2m_size": 0x10000000}


@case(ALL, "a pfn just behind the guest's memory", refused="pfn")
def pfn_beyond(f):
    return f.save(batches=[Batch(f.entries() + [P2M_SIZE])])


@case(ALL, "an allocate-only pfn behind the guest's memory", refused="pfn")
def pfn_beyond_xalloc(f):
    return f.save(batches=[Batch(f.entries() + [XALLOC | P2M_SIZE])])


@case(ALL, "a broken pfn behind the guest's memory", refused="pfn")
def pfn_beyond_broken(f):
    return f.save(batches=[Batch(f.entries() + [BROKEN | P2M_SIZE])])


@case((PV64, PV32ON64, *HVM[:1]), "a pfn entry with more than 32 bits", refused="pfn")
def pfn_high_bits(f):
    return f.save(batches=[Batch(f.entries() + [1 << 32 | 5])])


@case(PV, "a p2m frame that is not the guest's", refused="p2m|frame")
def frame_beyond(f):
    save = f.save()
    return replace(save, frames=save.frames[:-1] + [P2M_SIZE])


for _type in (5, 6, 7, 8):
    def _type_n(f, type_=_type):
        return f.save(batches=[Batch(f.entries() + [type_ << 28 | 0x20])])
    _type_n.__name__ = f"type_{_type}"
    case(ALL, f"page type {_type}, which does not exist", refused="type")(_type_n)


@case((PV64, *HVM), "a batch of 1025 pages", refused="batch|1025")
def batch_too_large(f):
    return f.save(batches=[Batch(f.entries()), Batch([XTAB] * 1025)])


@case((PV64, PV32, *HVM), "an unknown chunk", refused="-22")
def chunk_unknown(f):
    return f.save(batches=[Batch(f.entries()), Raw(-22, bytes(12))])


@case(PV, "no page at all: a PV guest's p2m frames at least must be there", refused="page")
def no_pages(f):
    return f.save(batches=[])


@case(PV, "an xcnt block that is not 4 octets", refused="xcnt")
def xcnt_size(f):
    save = f.save()
    return replace(save, extended_info=save.extended_info[:-1] + [Block(b"xcnt", bytes(8))])


@case(PV, "a vcpu block of a size that no guest has", refused="vcpu")
def ext_vcpu_size(f):
    save = f.save()
    return replace(save, extended_info=[Block(b"vcpu", noise("odd", 2804)), *save.extended_info[1:]])


@case(PV, "an extended info block larger than what is left of it", refused="(?i)ext")
def ext_block_beyond(f):
    save = f.save()
    return save, {"ext.total": sum(8 + len(b.data) for b in save.extended_info) - 1}


@case(PV, "an online map without vcpu 0", refused="vcpu")
def vcpu_0_missing(f):
    return f.save(online=[1, 2])


@case((PV64, PV32, *HVM), "a vcpu id above 4095", refused="(?i)vcpu")
def vcpu_4096(f):
    return f.save(vcpu_info=[VcpuInfo.of([0, 4096])])


@case((PV64, PV32, *HVM), "a negative vcpu id", refused="(?i)vcpu")
def vcpu_negative(f):
    return f.save(), {"max_vcpu_id": 0xFFFFFFFF}


@case(PV, "an xsave record below its header's size", refused="xsave")
def xsave_small(f):
    return f.save(xsave={0: 15})


@case(PV, "an xsave record above any CPU's", refused="xsave")
def xsave_large(f):
    return f.save(xsave={0: 16401})


@case(PV, "more unmapped pfns than pfns exist", refused="unmapped")
def unmapped_huge(f):
    return f.save(unmapped=[1]), {"unmapped.count": (1 << 28) + 1}


@case(HVM, "an empty HVM context", refused="(?i)context")
def context_empty(f):
    return replace(f.save(), tail=HvmTail(b""))


@case(HVM, "no qemu record", refused="(?i)qemu|device model")
def qemu_missing(f):
    return replace(f.save(), qemu=None)


@case(HVM, "an unknown qemu signature", refused="(?i)qemu|signature|device model")
def qemu_unknown(f):
    return replace(f.save(), qemu=replace(qemu_0002(), signature=b"DeviceModelRecord0003"))


@case(HVM, "a qemu record to the end that is not qemu's", refused="(?i)qemu|qevm|device model")
def qemu_not_qevm(f):
    return replace(f.save(), qemu=qemu_to_end(b"ABCD" + noise("x", 50)))


BLOB = r"(?i)toolstack"


@case(HVM, "a toolstack blob of another version", refused=BLOB)
def toolstack_version(f):
    return f.save(toolstack=[Toolstack(PHYSMAP, version=2)])


@case(HVM, "a toolstack blob too short for its own header", refused=BLOB)
def toolstack_short(f):
    return f.save(toolstack=[Raw(legacy.XC_SAVE_ID_TOOLSTACK, struct.pack("<II", 4, 1))])


@case(HVM, "more toolstack entries than fit the blob", refused=BLOB)
def toolstack_count(f):
    return f.save(), {"Toolstack.count": 3}


@case(HVM, "an endless number of toolstack entries", refused=BLOB)
def toolstack_count_huge(f):
    return f.save(), {"Toolstack.count": 0xFFFFFFFF}


@case(HVM, "a name longer than the blob", refused=BLOB)
def toolstack_namelen(f):
    return f.save(toolstack=[Toolstack([Physmap(1, 2, 3, b"vga\0", claimed=5000)])])


@case(HVM, "a name without NUL", refused=BLOB)
def toolstack_name_no_nul(f):
    return f.save(toolstack=[Toolstack([Physmap(1, 2, 3, b"vga.vram")])])


@case(HVM, "a name that is not text", refused=BLOB)
def toolstack_name_binary(f):
    return f.save(toolstack=[Toolstack([Physmap(1, 2, 3, b"vga\x1b[31m\0")])])


@case((PV64, PV32, *HVM), "octets behind the end of a file", refused=".", by_name=True)
def left_over(f):
    return f.save(), {"behind": b"\0x"}


@case((PV64, PV32, *HVM), "an xl header in another byte order", refused="(?i)byte ?order|endian")
def xl_byteorder(f):
    return replace(f.save(), header=xl_text(f.guest)), {"xl.byteorder": 0x04030201}


@case((PV64, PV32, *HVM), "an xl header with an unknown mandatory flag", refused="(?i)flag")
def xl_flag(f):
    return replace(f.save(), header=xl_text(f.guest)), {"xl.mandatory_flags": 4}


@case((PV64, PV32, *HVM), "an xl header that says the stream is v2", refused=ALREADY)
def xl_already(f):
    return replace(f.save(), header=xl_text(f.guest)), {"xl.mandatory_flags": 2}
