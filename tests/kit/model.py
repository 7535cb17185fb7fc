"""The expected v2/v3 stream of a legacy save, built from its description by the specification.

If Xen's script and the old restore code differ, this follows the restore code. Where the script is incorrect, our
program is compared with the model; where it is correct, the model must equal the script's output.
"""

import struct
from dataclasses import replace

from . import legacy, v2
from .legacy import Save

# Index of the HVM param in each chunk.
HVM_PARAM = {
    legacy.XC_SAVE_ID_HVM_VIRIDIAN: 9,
    legacy.XC_SAVE_ID_HVM_IDENT_PT: 12,
    legacy.XC_SAVE_ID_HVM_VM86_TSS: 15,
    legacy.XC_SAVE_ID_HVM_CONSOLE_PFN: 17,
    legacy.XC_SAVE_ID_HVM_ACPI_IOPORTS_LOCATION: 19,
    legacy.XC_SAVE_ID_HVM_PAGING_RING_PFN: 27,
    legacy.XC_SAVE_ID_HVM_ACCESS_RING_PFN: 28,
    legacy.XC_SAVE_ID_HVM_SHARING_RING_PFN: 29,
    legacy.XC_SAVE_ID_HVM_IOREQ_SERVER_PFN: 32,
    legacy.XC_SAVE_ID_HVM_NR_IOREQ_SERVER_PAGES: 33,
    legacy.XC_SAVE_ID_HVM_GENERATION_ID_ADDR: 34,
    legacy.XC_SAVE_ID_HVM_X87_FIP_WIDTH: 36,
}
HVM_PARAM_IOREQ_PFN, HVM_PARAM_BUFIOREQ_PFN, HVM_PARAM_STORE_PFN = 5, 6, 1
HVM_PARAM_ACPI_IOPORTS_LOCATION, HVM_PARAM_IOREQ_SERVER = 19, (32, 33)

XL_FLAG_STREAM_V2 = 2


def record(type_: int, body: bytes = b"") -> bytes:
    return struct.pack("<II", type_, len(body)) + body + bytes(-len(body) % 8)


def guest_width(save: Save) -> int:
    """Octets in a word of the guest, by the size of the last "vcpu" block; by default as in the toolstack."""
    width = save.width // 8
    for block in save.extended_info or []:
        if block.id == b"vcpu":
            width = {2800: 4, 5168: 8}[len(block.data)]
    return width


def chunks(save: Save) -> list:
    """The chunks of all bodies, since each checkpoint builds on those before it."""
    return [chunk for checkpoint in save.checkpoints() for chunk in checkpoint.body]


def last(save: Save) -> legacy.Checkpoint:
    """The checkpoint whose tail is used."""
    return save.checkpoints()[-1]


def online_vcpus(save: Save) -> list[int]:
    """The vcpus in the last VCPU_INFO, up to its maximum; without one, vcpu 0."""
    online = [0]
    for chunk in chunks(save):
        if isinstance(chunk, legacy.VcpuInfo):
            online = [i for i in range(chunk.max_vcpu_id + 1) if chunk.words[i // 64] >> (i % 64) & 1]
    return online


def _image_headers(save: Save) -> bytes:
    return (struct.pack(">Q4sIHHI", (1 << 64) - 1, b"XENF", 3, 0, 0, 0)
            + struct.pack("<IHHII", 1 if save.guest == "pv" else 2, 12, 0, 0, 1))


def _page_data(batch: legacy.Batch) -> bytes:
    entries = [e for e in batch.entries if e >> 28 & 0xF != 0xF]
    if not entries:
        return b""
    body = struct.pack("<II", len(entries), 0)
    body += b"".join(struct.pack("<Q", (e >> 28 & 0xF) << 60 | e & 0x0FFFFFFF) for e in entries)
    return record(v2.REC_TYPE_PAGE_DATA, body + b"".join(data for _, data in batch.pages()))


def _hvm_params(params: list[tuple[int, int]]) -> bytes:
    return record(v2.REC_TYPE_HVM_PARAMS, struct.pack("<II", len(params), 0)
                  + b"".join(struct.pack("<QQ", index, value) for index, value in params))


def not_ignored(params: dict[int, int]) -> dict[int, int]:
    """Those that the restore code set."""
    kept = {index: value for index, value in params.items() if value != 0}
    if kept.get(HVM_PARAM_ACPI_IOPORTS_LOCATION) != 1:
        kept.pop(HVM_PARAM_ACPI_IOPORTS_LOCATION, None)
    if not all(index in kept for index in HVM_PARAM_IOREQ_SERVER):
        kept = {index: value for index, value in kept.items() if index not in HVM_PARAM_IOREQ_SERVER}
    return kept


def _body(save: Save) -> bytes:
    out, params = [], {}            # of duplicates, the dict keeps the first position and the last value
    for chunk in chunks(save):
        if isinstance(chunk, legacy.Batch):
            out.append(_page_data(chunk))
        elif isinstance(chunk, legacy.TscInfo):
            out.append(record(v2.REC_TYPE_X86_TSC_INFO, struct.pack(
                "<IIQII", chunk.mode, chunk.khz, chunk.nsec, chunk.incarnation, 0)))
        elif isinstance(chunk, legacy.Param) and save.guest == "hvm":
            params[HVM_PARAM[chunk.id]] = chunk.value
    params = not_ignored(params)
    if params:
        out.append(_hvm_params(list(params.items())))
    return b"".join(out)


def _vcpu(type_: int, vcpu_id: int, data: bytes) -> bytes:
    return record(type_, struct.pack("<II", vcpu_id, 0) + data)


def _pv_tail(save: Save) -> bytes:
    ids = online_vcpus(save)
    assert ids == list(last(save).tail.vcpus), "the description contradicts itself"
    has_vcpu_info = any(isinstance(chunk, legacy.VcpuInfo) for chunk in chunks(save))
    blocks = {b.id: b.data for b in save.extended_info or []}
    out = []
    for vcpu_id, vcpu in last(save).tail.vcpus.items():
        basic = bytearray(vcpu.basic)
        if not has_vcpu_info:
            basic[legacy.VCPU_FLAGS_OFFSET] |= legacy.VGCF_ONLINE
        out.append(_vcpu(v2.REC_TYPE_X86_PV_VCPU_BASIC, vcpu_id, bytes(basic)))
        if b"extv" in blocks:
            out.append(_vcpu(v2.REC_TYPE_X86_PV_VCPU_EXTENDED, vcpu_id, vcpu.extended))
        if any(blocks.get(b"xcnt", b"")):
            out.append(_vcpu(v2.REC_TYPE_X86_PV_VCPU_XSAVE, vcpu_id, vcpu.xsave.data))
    out.append(record(v2.REC_TYPE_SHARED_INFO, last(save).tail.shared_info))
    return b"".join(out)


def libxc(save: Save) -> bytes:
    """The libxc image in version 3, including END."""
    out = [_image_headers(save)]
    if save.guest == "pv":
        width = guest_width(save)
        out.append(record(v2.REC_TYPE_X86_PV_INFO, struct.pack("<BB6x", width, 3 if width == 4 else 4)))
    out.append(record(v2.REC_TYPE_STATIC_DATA_END))
    if save.guest == "pv":
        out.append(record(v2.REC_TYPE_X86_PV_P2M_FRAMES, struct.pack("<II", 0, save.p2m_size - 1)
                          + struct.pack(f"<{len(save.frames)}Q", *save.frames)))
    out.append(_body(save))
    if save.guest == "pv":
        out.append(_pv_tail(save))
    else:
        ioreq, bufioreq, store = last(save).tail.magic_pfns
        out.append(_hvm_params([(HVM_PARAM_IOREQ_PFN, ioreq), (HVM_PARAM_BUFIOREQ_PFN, bufioreq),
                                (HVM_PARAM_STORE_PFN, store)]))
        out.append(record(v2.REC_TYPE_HVM_CONTEXT, last(save).tail.context))
    out.append(record(v2.REC_TYPE_END))
    return b"".join(out)


def _xenstore_data(save: Save) -> bytes:
    """Keys and values of the last toolstack blob."""
    blobs = [chunk for chunk in chunks(save) if isinstance(chunk, legacy.Toolstack)]
    text = b""
    for entry in (blobs[-1].entries if blobs else None) or []:
        root = b"physmap/%x/" % entry.phys_offset
        text += root + b"start_addr\0%x\0" % entry.start_addr + root + b"size\0%x\0" % entry.size
        if entry.name:
            text += root + b"name\0" + entry.name[:entry.name.index(b"\0")] + b"\0"
    return text


def stream(save: Save, fmt: str, skip_qemu: bool = False) -> bytes:
    """The version 3 stream in libxl or libxc format, without a container."""
    if fmt == "libxc":
        if skip_qemu and save.guest == "hvm":
            return libxc(replace(save, later=[]))       # the conversion ends before the first qemu record
        return libxc(save) + (last(save).qemu.octets() if last(save).qemu else b"")
    out = [struct.pack(">8sII", b"LibxlFmt", 2, 2), record(v2.LIBXL_REC_TYPE_LIBXC_CONTEXT), libxc(save)]
    if save.guest == "hvm":
        text = _xenstore_data(save)
        if text:
            out.append(record(v2.LIBXL_REC_TYPE_EMULATOR_XENSTORE_DATA, bytes(8) + text))
        out.append(record(v2.LIBXL_REC_TYPE_EMULATOR_CONTEXT, bytes(8) + last(save).qemu.data))
    out.append(record(v2.LIBXL_REC_TYPE_END))
    return b"".join(out)


def xl_header(header: legacy.XlHeader, fmt: str) -> bytes:
    """The xl header of the output, marked as v2 if a libxl stream follows."""
    flags = header.flags | (XL_FLAG_STREAM_V2 if fmt == "libxl" else 0)
    data = header.optional_data()
    return legacy.XL_MAGIC + struct.pack("<IIII", 0x01020304, flags, header.optional_flags, len(data)) + data
