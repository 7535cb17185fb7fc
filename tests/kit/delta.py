"""How Remus codes the pages of compressed checkpoints, written from the format's description.

A page's code: 0x00, unchanged; 0x80 and the whole page; or runs that cover 4096 octets, each an octet with the number of
4-octet words (1 to 127), which are skipped if bit 7 is set and follow if it is not.
"""

from collections import OrderedDict
from typing import Optional

PAGE_SIZE = 4096
UNCHANGED, WHOLE = b"\x00", b"\x80"
SKIP = 0x80
MAX_RUN = 127
CACHE_PAGES = 8192


def _words(page: bytes) -> list[bytes]:
    return [page[i:i + 4] for i in range(0, PAGE_SIZE, 4)]


def runs(old: bytes, new: bytes) -> bytes:
    """The code of new against old, as runs of words that differ or don't."""
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


class Compressor:
    """The sender: it remembers the pages it sent lately, and sends whole what it does not remember."""

    def __init__(self, cache_pages: int = CACHE_PAGES):
        self.cache: OrderedDict[int, bytes] = OrderedDict()
        self.cache_pages = cache_pages

    def code(self, pfn: int, page: bytes, is_table: bool) -> bytes:
        if is_table:
            self.cache.pop(pfn, None)
            return WHOLE + page
        old = self.cache.pop(pfn, None)
        self.cache[pfn] = page
        if len(self.cache) > self.cache_pages:
            self.cache.popitem(last=False)
        if old is None:
            return WHOLE + page
        return UNCHANGED if old == page else runs(old, page)


class Corrupt(Exception):
    """The data is no code of a page."""


def decode(data: bytes, at: int, old: Optional[bytes]) -> tuple[bytes, int]:
    """The page whose code begins at an offset of data, and where that code ends. Knows nothing of the compressor."""
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
