"""The encoding of pages in compressed checkpoints of Remus, written from the format's description.

A page is encoded as 0x00 (unchanged), as 0x80 and the uncompressed page, or as runs that cover 4096 octets. A run begins
with an octet that has the number of 4-octet words (1 to 127). If bit 7 is set they are unchanged, otherwise they follow.
"""

from typing import Iterator, Optional

PAGE_SIZE = 4096
UNCHANGED, WHOLE = b"\x00", b"\x80"
SKIP = 0x80
MAX_RUN = 127
CACHE_PAGES = 8192
GROUP = 8192                # pages that are encoded together
BUFFER = 16 * 1024 * 1024   # size of the sender's output buffer
WORST = PAGE_SIZE + 9       # space required in the buffer for a page that is in the cache


def _words(page: bytes) -> list[bytes]:
    return [page[i:i + 4] for i in range(0, PAGE_SIZE, 4)]


def runs(old: bytes, new: bytes) -> bytes:
    """Encodes new relative to old, as runs of changed and unchanged words."""
    out, at = b"", 0
    pairs = list(zip(_words(old), _words(new)))
    while at < len(pairs):
        same = pairs[at][0] == pairs[at][1]
        end = at
        while end < len(pairs) and end - at < MAX_RUN and (pairs[end][0] == pairs[end][1]) == same:
            end += 1
        if same:
            out += bytes([SKIP | end - at])
        else:
            out += bytes([end - at]) + b"".join(new for _, new in pairs[at:end])
        at = end
    return out


class Slot:
    """A slot of the sender's cache."""

    def __init__(self):
        self.pfn: Optional[int] = None
        self.page = bytes(PAGE_SIZE)


class Sender:
    """The sender of compressed checkpoints. It encodes each page relative to its cached copy, and sends pages that are
    not cached uncompressed. If its output buffer is full, it encodes the page again for the next buffer; by then the
    page has a slot, and is encoded relative to the slot's previous content."""

    def __init__(self, cache_pages: int = CACHE_PAGES, buffer: int = BUFFER):
        self.order = [Slot() for _ in range(cache_pages)]     # most recently used slot first
        self.slots: dict[int, Slot] = {}
        self.buffer = buffer

    def _move(self, slot: Slot, to: int) -> None:
        self.order.remove(slot)
        self.order.insert(to, slot)

    def _drop(self, pfn: int) -> None:
        slot = self.slots.pop(pfn, None)
        if slot:
            slot.pfn = None
            self._move(slot, len(self.order))

    def _use(self, pfn: int) -> tuple[Slot, bool]:
        slot = self.slots.get(pfn)
        known = slot is not None
        if not known:
            slot = self.order[-1]
            self.slots.pop(slot.pfn, None)
            slot.pfn = pfn
            self.slots[pfn] = slot
        self._move(slot, 0)
        return slot, known

    def _code(self, pfn: int, page: bytes, is_table: bool) -> tuple[bytes, int, Optional[Slot]]:
        """Returns the code, the room required for it, and the slot of the page."""
        slot, known = (None, False) if is_table else self._use(pfn)
        if not known:
            return WHOLE + page, len(WHOLE + page), slot
        return UNCHANGED if slot.page == page else runs(slot.page, page), WORST, slot

    def _group(self, pages: list[tuple[int, bytes, bool]]) -> Iterator[bytes]:
        out = b""
        for pfn, _, is_table in pages:
            if is_table:
                self._drop(pfn)
        for page in pages:
            code, room, slot = self._code(*page)
            if len(out) + room > self.buffer:
                yield out
                out = b""
                code, room, slot = self._code(*page)
            out += code
            if slot:
                slot.page = page[1]
        if out:
            yield out

    def chunks(self, pages: list[tuple[int, bytes, bool]]) -> list[bytes]:
        """Encodes the pages of a checkpoint: (pfn, content, whether it is a page table)."""
        groups = (pages[i:i + GROUP] for i in range(0, len(pages), GROUP))
        return [chunk for group in groups for chunk in self._group(group)]


class Corrupt(Exception):
    """The data is not a valid code of a page."""


def decode(data: bytes, at: int, old: Optional[bytes]) -> tuple[bytes, int]:
    """Decodes the page at an offset of data; returns it and the end offset. Independent of the encoder."""
    if at >= len(data):
        raise Corrupt("no code")
    first = data[at]
    if first == 0x80:
        if at + 1 + PAGE_SIZE > len(data):
            raise Corrupt("a whole page that is not there")
        return data[at + 1:at + 1 + PAGE_SIZE], at + 1 + PAGE_SIZE
    if old is None:
        raise Corrupt("a change to an unknown page")
    if first == 0x00:
        return old, at + 1
    page = bytearray()
    while len(page) < PAGE_SIZE:
        if at >= len(data):
            raise Corrupt("ends within a page")
        length, skips = 4 * (data[at] & 0x7F), data[at] & 0x80
        at += 1
        if length == 0 or len(page) + length > PAGE_SIZE:
            raise Corrupt("run length")
        piece = old[len(page):len(page) + length] if skips else data[at:at + length]
        if len(piece) < length:
            raise Corrupt("ends within a run")
        page += piece
        at += 0 if skips else length
    return bytes(page), at
