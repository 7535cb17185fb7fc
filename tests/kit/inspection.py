"""The expected result of --inspect for a stream, as the objects of its JSON form and as text.

It is derived from the description of a legacy stream, or by the kit's decoder of v2 streams, not from the program.
"""

import struct
from dataclasses import replace
from itertools import groupby
from typing import Any, Optional

from . import legacy, model, v2
from .legacy import Save

PAGE = legacy.PAGE_SIZE
PFN_MASK = legacy.PFN_MASK
TYPES = ("NOTAB", "L1TAB", "L2TAB", "L3TAB", "L4TAB", "", "", "", "", "L1TAB pinned", "L2TAB pinned", "L3TAB pinned",
         "L4TAB pinned", "BROKEN", "XALLOC", "XTAB")
XTAB = 15

# xen/include/public/hvm/params.h
PARAM_NAMES = {1: "STORE_PFN", 5: "IOREQ_PFN", 6: "BUFIOREQ_PFN", 9: "VIRIDIAN", 12: "IDENT_PT", 15: "VM86_TSS",
               17: "CONSOLE_PFN", 19: "ACPI_IOPORTS_LOCATION", 27: "PAGING_RING_PFN", 28: "MONITOR_RING_PFN",
               29: "SHARING_RING_PFN", 32: "IOREQ_SERVER_PFN", 33: "NR_IOREQ_SERVER_PAGES",
               34: "VM_GENERATION_ID_ADDR", 36: "X87_FIP_WIDTH"}
CHUNKS = {value: name for name, value in vars(legacy).items() if name.startswith("XC_SAVE_ID_")}

# Names of the fields of legacy.py.
PARTS = (("p2m_size", "p2m_size"), ("ext.", "extended info"), ("frame[", "p2m frame list"), ("end", "XC_SAVE_ID_END"),
         ("unmapped", "unmapped pfns"), ("vcpu[", "vcpu"), ("shared_info", "shared info"), ("magic.", "magic pfns"),
         ("context.", "HVM context"), ("qemu.", "qemu record"))

Object = dict[str, Any]


def _squash(parts: list[tuple[str, str, int]], end: int) -> list[Object]:
    """Joins adjacent parts of the same name; parts: (layer, name, offset)."""
    ends = [offset for _, _, offset in parts[1:]] + [end]
    out = []
    for (layer, name), run in groupby(zip(parts, ends), key=lambda p: p[0][:2]):
        run = list(run)
        first = run[0][0][2]
        out.append({**({"layer": layer} if layer else {}), "name": name, "offset": first, "count": len(run),
                    "bytes": run[-1][1] - first})
    return out


def _legacy_parts(save: Save, fields: list[legacy.Field], end: int) -> list[Object]:
    """The parts of a legacy stream. Only the tail of the last checkpoint is listed."""
    found, last, checkpoint, in_tail = [], None, 0, False
    for f in fields:
        if f.name.startswith("xl."):
            continue
        in_body = f.name == "end" or f.name.startswith("chunk[")
        checkpoint += in_body and in_tail
        in_tail = (in_tail and not in_body) or f.name == "end"
        if f.name.startswith("chunk["):
            nr = int(f.name[len("chunk["):f.name.index("]")])
            chunk = save.checkpoints()[checkpoint].body[nr]
            piece = f.name.split(".")[1]    # a number, for the sender's compressed data
            part = ("page batch" if isinstance(chunk, legacy.Batch) else CHUNKS[chunk.id],
                    f"chunk {checkpoint} {nr} {piece if piece.isdigit() else ''}")
        elif in_tail and not in_body and checkpoint < len(save.later):
            part = ("tail of a checkpoint", "")
        else:
            name = next(n for prefix, n in PARTS if f.name.startswith(prefix))
            part = (name, f.name[:f.name.index("]")] if name == "vcpu" else f"{checkpoint}")
        if part != last:
            found.append(("", part[0], f.offset))
        last = part
    return _squash(found, end)


def _pages(entries: list[tuple[int, int]]) -> Object:
    """The pages object; entries: (type, pfn)."""
    mapped = [pfn for type_, pfn in entries if type_ != XTAB]
    passes = bool(mapped) + sum(b <= a for a, b in zip(mapped, mapped[1:]))
    counts = [sum(t == type_ for t, _ in entries) for type_ in range(16)]
    return {"entries": len(entries), "passes": passes, "distinct": len(set(mapped)),
            "distinct_bytes": PAGE * len(set(mapped)), "sent_again": len(mapped) - len(set(mapped)),
            "types": [{"name": TYPES[t], "entries": n} for t, n in enumerate(counts) if n]}


def _param(index: int, value: int) -> Object:
    return {**({"name": PARAM_NAMES[index]} if index in PARAM_NAMES else {}), "index": hex(index), "value": hex(value)}


def _vcpus_of_context(context: bytes) -> int:
    """The number of HVM save records of type CPU."""
    at = count = 0
    while at + 8 <= len(context):
        type_, _, length = struct.unpack_from("<HHI", context, at)
        if type_ == 0 or at + 8 + length > len(context):
            break
        count += type_ == 2
        at += 8 + length
    return count


def _emulator(kind: str, data: bytes) -> Object:
    savevm = {"savevm_version": int.from_bytes(data[4:8], "big")} if data[:4] == b"QEVM" and len(data) >= 8 else {}
    return {"kind": kind, "bytes": len(data), **savevm}


def _qemu_kind(signature: bytes) -> str:
    return signature.decode().replace("\n", " of XAPI")


def _guest(pv_width: Optional[int], vcpus: int, p2m_size: Optional[int]) -> Object:
    width = {"width": pv_width * 8, "levels": {4: 3, 8: 4}[pv_width]} if pv_width else {}
    p2m = {"p2m_size": p2m_size, "p2m_bytes": p2m_size * PAGE} if p2m_size else {}
    return {"type": "pv" if pv_width else "hvm", **width, "vcpus": vcpus, **p2m}


def _lost(save: Save, fields: list[legacy.Field], fmt: str, physmap: list) -> list[Object]:
    notes = []
    at = {f.name: f.offset for f in fields}
    unknown = [block for block in save.extended_info or [] if block.id not in (b"vcpu", b"extv", b"xcnt")]
    if unknown:
        notes.append(f"byte {at['ext.marker']:#x}: unknown extended info blocks skipped (Xen skips them, too): {len(unknown)}")
    for i, chunk in enumerate(save.body):
        if isinstance(chunk, legacy.Tmem):
            notes.append(f"byte {at[f'chunk[{i}].Tmem.id']:#x}: tmem pools without pages dropped: {len(chunk.pools)}")
        elif save.guest == "pv" and isinstance(chunk, legacy.Param):
            notes.append(f"byte {at[f'chunk[{i}].Param.id']:#x}: {CHUNKS[chunk.id]} dropped: "
                         "it has no effect on a PV guest")
        elif save.guest == "pv" and isinstance(chunk, legacy.Toolstack) and chunk.entries:
            size = sum(f.size for f in fields if f.name.startswith(f"chunk[{i}].")) - 8
            notes.append(f"toolstack blob of {size} bytes dropped: it has no effect on a PV guest")
    unmapped = save.guest == "pv" and model.last(save).tail.unmapped
    if unmapped:
        notes.append(f"list of {len(unmapped)} unmapped pfns: v2 has no record for it (matters only "
                     "if the guest released memory during a live save)")
    if physmap and fmt == "libxc":
        notes.append("QEMU physmap entries: libxc format cannot hold them (libxl format can)")
    return [{"text": note} for note in notes]


def _hvm_of(save: Save) -> tuple[Object, list]:
    params = {}
    for chunk in model.chunks(save):
        if isinstance(chunk, legacy.Param):
            params[model.HVM_PARAM[chunk.id]] = chunk.value
    pairs = list(model.not_ignored(params).items()) + list(zip((5, 6, 1), model.last(save).tail.magic_pfns))
    blobs = [chunk for chunk in model.chunks(save) if isinstance(chunk, legacy.Toolstack)]
    physmap = [{**({"name": e.name[:e.name.index(b"\0")].decode()} if e.name else {}),
                "phys_offset": hex(e.phys_offset), "start_addr": hex(e.start_addr), "size": hex(e.size)}
               for e in (blobs[-1].entries if blobs else None) or []]
    qemu = model.last(save).qemu
    hvm = {"context_bytes": len(model.last(save).tail.context), "hvm_params": [_param(*pair) for pair in pairs],
           "physmap": physmap}
    if qemu:
        hvm["emulator"] = _emulator(_qemu_kind(qemu.signature), qemu.data)
    return hvm, physmap


def _envelope(header: Optional[legacy.XlHeader], about: Object) -> Object:
    if not header:
        return {"kind": "none"}
    config = {} if header.bare else {"config": {"format": "json" if header.flags & 1 else "text", "offset": 52,
                                                "bytes": len(header.config)}}
    return {"kind": "xl", **about, **config}


def of_legacy(save: Save, name: str, fmt: str, about: Optional[Object] = None, version: int = 2,
              envelope: Optional[Object] = None, before: int = 0, behind: int = 0) -> Object:
    """The inspection of a valid legacy stream. about: facts from the xl config. envelope: a container other than xl's, with
    this many octets before and after the stream."""
    data, fields = legacy.fields(save)
    fields = [replace(f, offset=f.offset + before) for f in fields]
    start = next(f.offset for f in fields if f.name == "p2m_size")
    end = before + len(data)
    pv = save.guest == "pv"
    entries = [(e >> 28 & 0xF, e & PFN_MASK) for chunk in model.chunks(save) if isinstance(chunk, legacy.Batch)
               for e in chunk.entries]
    tscs = [chunk for chunk in model.chunks(save) if isinstance(chunk, legacy.TscInfo)]
    hvm, physmap = ({}, []) if pv else _hvm_of(save)
    vcpus = len(model.online_vcpus(save)) if pv else _vcpus_of_context(model.last(save).tail.context)
    out = {"input": name, "bytes": end + behind, "envelope": envelope or _envelope(save.header, about or {}),
           "stream": {"kind": "legacy", "offset": start, "bytes": end - start, "width": save.width,
                      "checkpoints": len(save.checkpoints())},
           "guest": _guest(model.guest_width(save) if pv else None, vcpus, save.p2m_size),
           "pages": _pages(entries)}
    if tscs:
        last = tscs[-1]
        out["tsc"] = {"mode": last.mode, "khz": last.khz, "nsec": hex(last.nsec), "incarnation": last.incarnation}
    if not pv:
        out["hvm"] = hvm
    return {**out, "parts": _legacy_parts(save, fields, end),
            "conversion": {"possible": True, "format": fmt, "version": version,
                           "lost": _lost(save, fields, fmt, physmap)},
            "remarks": []}


def _v2_parts(stream: v2.Stream, start: int, end: int) -> list[Object]:
    parts = [("libxl", "header", start)] if stream.libxl else []
    libxc = start + (v2.LIBXL_HEADER_SIZE + 8 if stream.libxl else 0)
    headers = [("libxc", "image header", libxc), ("libxc", "domain header", libxc + 24)]
    records = [(r.layer, r.name, start + r.offset) for r in stream.records]
    return _squash(sorted(parts + headers + records, key=lambda p: p[2]), end)


def _v2_hvm(stream: v2.Stream, qemu: Optional[legacy.Qemu]) -> Object:
    pairs = [pair for r in stream.of(v2.REC_TYPE_HVM_PARAMS) for pair in v2.params(r)]
    hvm = {"context_bytes": len(stream.of(v2.REC_TYPE_HVM_CONTEXT)[0].body),
           "hvm_params": [_param(*pair) for pair in pairs], "physmap": []}
    for record in stream.of(v2.LIBXL_REC_TYPE_EMULATOR_XENSTORE_DATA, "libxl"):
        keys = v2.xenstore(record)
        for root in dict.fromkeys(key.rpartition("/")[0] for key in keys):
            name = {"name": keys[root + "/name"]} if root + "/name" in keys else {}
            hvm["physmap"].append({**name, "phys_offset": hex(int(root.partition("/")[2], 16)),
                                   **{leaf: "0x" + keys[f"{root}/{leaf}"] for leaf in ("start_addr", "size")}})
    for record in stream.of(v2.LIBXL_REC_TYPE_EMULATOR_CONTEXT, "libxl"):
        hvm["emulator"] = _emulator("unknown", record.body[8:])
    if qemu and not stream.libxl:
        hvm["emulator"] = _emulator(_qemu_kind(qemu.signature), qemu.data)
    return hvm


def of_v2(data: bytes, name: str, header: Optional[legacy.XlHeader] = None, about: Optional[Object] = None,
          qemu: Optional[legacy.Qemu] = None, envelope: Optional[Object] = None, before: int = 0) -> Object:
    """The inspection of a stream that our converter writes. qemu: the record after it in libxc format. envelope: a
    container other than xl's, with this many octets before the stream; data after the stream belongs to it as well."""
    start = len(model.xl_header(header, "libxl")) if header else before
    stream = v2.decode(data[start:], whole=False)
    end = start + stream.end if envelope else len(data)
    parts = _v2_parts(stream, start, start + stream.end)
    if end > start + stream.end:
        parts.append({"name": "qemu record", "offset": start + stream.end, "count": 1,
                      "bytes": end - start - stream.end})
    entries = [(t, pfn) for r in stream.of(v2.REC_TYPE_PAGE_DATA) for t, pfn, _ in v2.pages(r)]
    if stream.hvm:
        guest = _guest(None, _vcpus_of_context(stream.of(v2.REC_TYPE_HVM_CONTEXT)[0].body), None)
    else:
        last_pfn = struct.unpack_from("<I", stream.of(v2.REC_TYPE_X86_PV_P2M_FRAMES)[0].body, 4)[0]
        guest = _guest(stream.of(v2.REC_TYPE_X86_PV_INFO)[0].body[0], len(stream.of(v2.REC_TYPE_X86_PV_VCPU_BASIC)),
                       last_pfn + 1)
    out = {"input": name, "bytes": len(data), "envelope": envelope or _envelope(header, about or {}),
           "stream": {"kind": "libxl" if stream.libxl else "libxc", "offset": start, "bytes": end - start,
                      "version": stream.version, "converted": True},
           "guest": guest, "pages": _pages(entries)}
    tscs = stream.of(v2.REC_TYPE_X86_TSC_INFO)
    if tscs:
        mode, khz, nsec, incarnation, _ = struct.unpack("<IIQII", tscs[-1].body)
        out["tsc"] = {"mode": mode, "khz": khz, "nsec": hex(nsec), "incarnation": incarnation}
    if stream.hvm:
        out["hvm"] = _v2_hvm(stream, None if envelope else qemu)
    return {**out, "parts": parts, "remarks": []}


# As text ------------------------------------------------------------------------------------------------------------

def _memory(octets: int) -> str:
    return f"{octets / (1 << 20):.1f} MiB" if octets >= 1 << 20 else f"{octets >> 10} KiB"


def _envelope_text(envelope: Object) -> list[str]:
    config = envelope.get("config")
    with_config = f", with a {config['format']} config of {config['bytes']} bytes at byte {config['offset']:#x}" \
        if config else ""
    return [f"container: {envelope['kind']}{with_config}"] + [f"  {key}: {envelope[key]}"
                                                             for key in ("name", "uuid", "guest") if key in envelope]


def _stream_text(stream: Object) -> list[str]:
    if stream["kind"] == "legacy":
        what = f"legacy, {stream['width']}-bit toolstack"
    else:
        made = "converted from legacy" if stream["converted"] else "saved by Xen"
        what = f"{stream['kind']}, version {stream['version']}, {made}"
    lines = [f"stream: {what}, {stream['bytes']} bytes at byte {stream['offset']:#x}"]
    if stream.get("checkpoints", 1) > 1:
        lines.append(f"checkpoints: {stream['checkpoints']} (the last one is used)")
    return lines


def _guest_text(guest: Object, pages: Object) -> list[str]:
    width = f", {guest['width']} bits, {guest['levels']} page table levels" if "width" in guest else ""
    lines = [f"guest: {guest['type']}{width}, vcpus: {guest['vcpus']}"]
    if "p2m_size" in guest:
        lines.append(f"p2m size: {guest['p2m_size']} pages ({_memory(guest['p2m_bytes'])})")
    lines.append(f"pages: {pages['entries']} entries, passes: {pages['passes']}")
    lines += [f"  {t['name']}: {t['entries']}" for t in pages["types"]]
    return lines + [f"  RAM: {pages['distinct']} different pages ({_memory(pages['distinct_bytes'])}), "
                    f"sent again: {pages['sent_again']}"]


def _more(of: Object, what: str) -> list[str]:
    return [f"  and {of[what + '_left_out']} more"] if what + "_left_out" in of else []


def _hvm_text(hvm: Object) -> list[str]:
    lines = [f"HVM parameters: {len(hvm['hvm_params']) + hvm.get('hvm_params_left_out', 0)}"]
    lines += [f"  {p.get('name', 'unknown')} ({int(p['index'], 16)}) = {p['value']}" for p in hvm["hvm_params"]]
    lines += _more(hvm, "hvm_params") + [f"HVM context: {hvm['context_bytes']} bytes"]
    lines.append(f"physmap entries: {len(hvm['physmap']) + hvm.get('physmap_left_out', 0)}")
    for e in hvm["physmap"]:
        name = f": {e['name']}" if "name" in e else ""
        lines.append(f"  {e['size']} bytes at {e['start_addr']}, offset {e['phys_offset']}{name}")
    lines += _more(hvm, "physmap")
    if "other_xenstore_keys" in hvm:
        lines.append(f"other keys for xenstore: {hvm['other_xenstore_keys']}")
    if "emulator" not in hvm:
        return lines + ["qemu record: none"]
    e = hvm["emulator"]
    savevm = f"savevm version {e['savevm_version']}" if "savevm_version" in e else "not of savevm"
    return lines + [f"qemu record: {e['kind']}, {e['bytes']} bytes, {savevm}"]


def _parts_text(d: Object) -> list[str]:
    lines = ["parts:"] if d["parts"] else []
    for part in d["parts"]:
        name = f"{part['layer']} {part['name']}" if "layer" in part else part["name"]
        count = f" x {part['count']}" if part["count"] > 1 else ""
        lines.append(f"  0x{part['offset']:08x}  {name}{count}, {part['bytes']} bytes")
    return lines + _more(d, "parts")


def _end_text(d: Object) -> list[str]:
    lines = []
    if d.get("stream", {}).get("kind") in ("libxc", "libxl"):
        lines.append("conversion: none, already v2")
    elif "conversion" in d:
        to = d["conversion"]
        lines.append(f"conversion: {'to' if to['possible'] else 'fails; target:'} {to['format']} format, "
                     f"version {to['version']}")
        lines += [f"  lost: {note['text']}" for note in to["lost"]] + _more(to, "lost")
        if to["possible"] and not to["lost"]:
            lines.append("  lost: nothing")
    lines += ["remarks:"] * bool(d["remarks"]) + [f"  odd: {note['text']}" for note in d["remarks"]]
    lines += _more(d, "remarks")
    if "error" in d:
        error = d["error"]
        where = f"byte {error['offset']:#x}: {error['place']}: " if "offset" in error else ""
        lines.append(f"error: {where}{error['reason']}")
    return lines


def text(d: Object) -> str:
    """The inspection as text."""
    lines = [f"input: {d['input']}, {d['bytes']} bytes"]
    lines += _envelope_text(d["envelope"]) if "envelope" in d else []
    lines += _stream_text(d["stream"]) if "stream" in d else []
    lines += _guest_text(d["guest"], d["pages"]) if "guest" in d else []
    if "tsc" in d:
        tsc = d["tsc"]
        lines.append(f"TSC: mode {tsc['mode']}, {tsc['khz']} kHz, {int(tsc['nsec'], 16)} ns, "
                     f"incarnation {tsc['incarnation']}")
    if "hvm" in d:
        lines += _hvm_text(d["hvm"])
    return "\n".join(lines + _parts_text(d) + _end_text(d) + [""])
