#!/usr/bin/env python3
"""Edits a real xl save of Xen 4.5 (64-bit toolstack) so that a current Xen rejects it, to test verdicts and repairs in the lab.

    edit_save.py IN OUT EDIT...

tsc-mode-3            sets the mode in the TSC record to 3 (PVRDTSCP)
mcg-caps              sets SER_P and TES_P in MCG_CAP of all vcpus, as Xen 4.2 does
xsave-of-host         PV: extends xsave records with zeros to the size on a host with LWP
viridian-state        HVM: a VIRIDIAN_DOMAIN record in the context, and no HVM parameter
viridian=N            HVM: adds the HVM parameter, chunk -11
fip-width=N           HVM: adds chunk -21
viridian-config       sets viridian: True in the configuration (JSON)

Shares no code with the program, and parses chunks only to find their ends.
"""

import struct
import sys

MAGIC = b"Xen saved domain, xl format\n \0 \r"
SER_P, TES_P = 1 << 24, 1 << 11
LWP_EXCESS = 128


class Save:
    """The parts of a save: header, configuration, and the stream in pieces that can be changed."""

    def __init__(self, data: bytes):
        assert data.startswith(MAGIC), "no save of xl"
        optional, = struct.unpack_from("<I", data, 44)
        length, = struct.unpack_from("<I", data, 48)
        self.head, self.config, self.slack = data[:44], data[52:52 + length], data[52 + length:48 + optional]
        self.data, self.at = data, 48 + optional
        self.pieces: list[list] = []  # [name, bytes]
        self.parse()

    def take(self, name: str, n: int) -> bytes:
        piece = self.data[self.at:self.at + n]
        assert len(piece) == n, name
        self.at += n
        self.pieces.append([name, piece])
        return piece

    def u32(self, offset: int = 0) -> int:
        return struct.unpack_from("<I", self.data, self.at + offset)[0]

    def parse(self) -> None:
        self.take("p2m_size", 8)
        self.extended, self.xcnt = False, 0
        hvm = b'"type": "hvm"' in self.config
        if not hvm:
            self.parse_frames()
        self.parse_body()
        if hvm:
            self.take("magic", 24)
            self.take("context", 4 + self.u32())
        else:
            self.parse_vcpus()
        self.pieces.append(["rest", self.data[self.at:]])

    def parse_frames(self) -> None:
        p2m_size, = struct.unpack_from("<Q", self.pieces[0][1])
        assert self.data[self.at:self.at + 8] == b"\xff" * 8, "no extended info"
        self.take("marker", 8)
        total = self.u32()
        info = self.data[self.at + 4:self.at + 4 + total]
        at = 0
        while at < total:
            block, size = info[at:at + 4], struct.unpack_from("<I", info, at + 4)[0]
            self.extended |= block == b"extv"
            if block == b"xcnt":
                self.xcnt, = struct.unpack_from("<I", info, at + 8)
            at += 8 + size
        self.take("extended info", 4 + total)
        self.take("frames", (p2m_size + 511) // 512 * 8)

    def parse_body(self) -> None:
        self.vcpus, self.max_id = [0], 0
        while True:
            chunk, = struct.unpack_from("<i", self.data, self.at)
            if chunk > 0:
                types = [t >> 28 for t in struct.unpack_from(f"<{chunk}Q", self.data, self.at + 4)]
                self.take("pages", 4 + 8 * chunk + 4096 * sum(t not in (13, 14, 15) for t in types))
            elif chunk == 0:
                self.take("end", 4)
                return
            elif chunk == -2:
                self.max_id = self.u32(4)
                words = self.max_id // 64 + 1
                piece = self.take("vcpus", 8 + 8 * words)
                bits = int.from_bytes(piece[8:], "little")
                self.vcpus = [i for i in range(self.max_id + 1) if bits >> i & 1]
            elif chunk == -7:
                self.take("tsc", 4 + 20)
            elif chunk in (-1, -9, -13):
                self.take("flag", 4)
            elif chunk == -18:
                self.take("toolstack", 8 + self.u32(4))
            else:
                assert chunk in (-3, -4, -8, -10, -11, -14, -15, -16, -17, -19, -20, -21), chunk
                self.take(f"param{chunk}", 16)

    def parse_vcpus(self) -> None:
        self.take("unmapped", 4 + 8 * self.u32())
        for _ in self.vcpus:
            self.take("vcpu", 5168)
            if self.extended:
                self.take("extv", 128)
            if self.xcnt:
                size, = struct.unpack_from("<Q", self.data, self.at + 8)
                self.take("xsave", 16 + size)

    def change(self, name: str, function) -> int:
        count = 0
        for piece in self.pieces:
            if piece[0] == name:
                piece[1] = function(piece[1])
                count += 1
        return count

    def put_chunk(self, data: bytes) -> None:
        """Inserts a chunk before the end of the body."""
        at = next(i for i, piece in enumerate(self.pieces) if piece[0] == "end")
        self.pieces.insert(at, ["new", data])

    def octets(self) -> bytes:
        optional = struct.pack("<I", len(self.config)) + self.config + self.slack
        return self.head + struct.pack("<I", len(optional)) + optional + b"".join(piece for _, piece in self.pieces)


def records(context: bytes):
    """Yields type, instance, offset and length of each record in an HVM context."""
    at = 4
    while True:
        type_, instance, length = struct.unpack_from("<HHI", context, at)
        yield type_, instance, at + 8, length
        if type_ == 0:
            return
        at += 8 + length


def with_caps(data: bytes, at: int) -> bytes:
    caps, = struct.unpack_from("<Q", data, at)
    return data[:at] + struct.pack("<Q", caps | SER_P | TES_P) + data[at + 8:]


def context_with_caps(context: bytes) -> bytes:
    for type_, _, at, _ in list(records(context)):
        if type_ == 18:
            context = with_caps(context, at)
    return context


def context_with_viridian(context: bytes) -> bytes:
    """Adds struct hvm_viridian_domain_context of 4.5 (24 octets): the guest id of Windows, no hypercall page."""
    assert all(type_ != 15 for type_, *_ in records(context))
    end = next(at for type_, _, at, _ in records(context) if type_ == 0) - 8
    record = struct.pack("<HHIQQQ", 15, 0, 24, 0, 0x0001040601010000, 0)
    body = context[4:end] + record + context[end:]
    return struct.pack("<I", len(body)) + body


def longer_xsave(piece: bytes) -> bytes:
    mask, size = struct.unpack_from("<QQ", piece)
    return struct.pack("<QQ", mask, size + LWP_EXCESS) + piece[16:] + bytes(LWP_EXCESS)


def edit(save: Save, what: str) -> int:
    name, _, value = what.partition("=")
    if name == "tsc-mode-3":
        return save.change("tsc", lambda p: p[:4] + struct.pack("<I", 3) + p[8:])
    if name == "mcg-caps":
        return save.change("context", context_with_caps) + save.change("extv", lambda p: with_caps(p, 32))
    if name == "xsave-of-host":
        return save.change("xsave", longer_xsave)
    if name == "viridian-state":
        return save.change("context", context_with_viridian)
    if name in ("viridian", "fip-width"):
        save.put_chunk(struct.pack("<iIQ", {"viridian": -11, "fip-width": -21}[name], 0, int(value)))
        return 1
    if name == "viridian-config":
        old, new = b'"type.hvm": {', b'"type.hvm": {\n            "viridian": "True",'
        changed = old in save.config
        save.config = save.config.replace(old, new)
        return changed
    raise SystemExit(f"no such edit: {what}")


def main(source: str, target: str, *edits: str) -> None:
    with open(source, "rb") as f:
        save = Save(f.read())
    for what in edits:
        assert edit(save, what), f"nothing to change for {what}"
    with open(target, "wb") as f:
        f.write(save.octets())


if __name__ == "__main__":
    main(*sys.argv[1:])
