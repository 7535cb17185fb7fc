#!/usr/bin/python3
"""Writes a legacy stream to a file: a case of the catalogue, or a stream with a given amount of memory."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Iterator

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import cases, flavours, legacy
from kit.legacy import MAX_BATCH_SIZE, PAGE_SIZE, Batch, Save

UNITS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def octets(text: str) -> int:
    """Parses a size: a number of octets, or one with a unit such as 512M or 16G."""
    unit = UNITS.get(text[-1:].lower(), 0)
    return int(text[:-1]) * unit if unit else int(text)


def batches(pages: int) -> Iterator[Batch]:
    for start in range(0, pages, MAX_BATCH_SIZE):
        yield Batch(range(start, min(start + MAX_BATCH_SIZE, pages)))


def body(ordinary: list, pages: int, again: int) -> Iterator:
    """The default body with other batches, which are generated while they are written."""
    for chunk in ordinary:
        if isinstance(chunk, Batch):
            yield from batches(pages)
            yield from batches(again)
        else:
            yield chunk


def big(flavour: flavours.Flavour, size: int, age: tuple = (4, 5), again: int = 0) -> Save:
    """A save of a guest with size octets of memory. Each page is sent once; the first again octets are sent twice."""
    pages = max(size // PAGE_SIZE, 1)
    save = flavour.save(age)
    frames = flavour.frames(1, pages) if flavour.pv else []
    return replace(save, p2m_size=pages, frames=frames, body=body(save.body, pages, again // PAGE_SIZE))


def with_xl(case: cases.Case) -> cases.Case:
    return case.with_header(cases.xl_text(case.flavour.guest))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", nargs="?", help="file to write, - for standard output")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--case", metavar="NAME", help="a case of the catalogue")
    what.add_argument("--size", metavar="SIZE", type=octets, help="memory of the guest, e.g. 16G")
    what.add_argument("--list", action="store_true", help="print the cases and their descriptions")
    parser.add_argument("--flavour", default="hvm64", choices=[f.name for f in flavours.ALL], help="with --size")
    parser.add_argument("--xl", action="store_true", help="add an xl header")
    args = parser.parse_args()

    if args.list:
        for case in cases.CASES:
            print(f"{case.name:40}{'refused: ' if case.refused else ''}{case.shows}")
        return
    if not args.output:
        parser.error("missing output")
    out = sys.stdout.buffer if args.output == "-" else open(args.output, "wb")
    with out:
        if args.case:
            names = [c for c in cases.CASES if c.name == args.case]
            if not names:
                parser.error(f"no case {args.case} (see --list)")
            out.write((with_xl(names[0]) if args.xl else names[0]).octets())
        else:
            flavour = next(f for f in flavours.ALL if f.name == args.flavour)
            save = big(flavour, args.size)
            legacy.write(replace(save, header=cases.xl_json(flavour.guest)) if args.xl else save, out)


if __name__ == "__main__":
    main()
