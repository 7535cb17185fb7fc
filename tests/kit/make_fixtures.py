#!/usr/bin/python3
"""Makes fixtures/: the streams, what each of the good ones has to become, and the README that says so."""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import cases, expected, model
from kit.legacy import XlHeader

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"


@dataclass(frozen=True)
class Fixture:
    name: str
    case: cases.Case
    header: Optional[XlHeader] = None

    @property
    def format(self) -> str:
        """What the program chooses: libxl where the envelope belongs to libxl."""
        return "libxl" if self.header else "libxc"

    def stream(self) -> bytes:
        return (self.case.with_header(self.header) if self.header else self.case).octets()

    def expected(self) -> Optional[bytes]:
        """The version 3 output."""
        if self.case.refused:
            return None
        header = model.xl_header(self.header, self.format) if self.header else b""
        return header + expected.stream(self.case, self.format)

    def paragraph(self) -> str:
        case = self.case
        text = f"**`{self.name}`** shows: {case.shows}."
        if self.header:
            text += f" With an xl header and a {'JSON' if self.header.flags & 1 else 'text'} config."
        if case.refused:
            return text + " Must be refused with exit status 1."
        if case.script_is_right(self.format):
            how = "is what Xen 4.17's script makes of the stream"
        else:
            how = f"comes from `tests/kit/model.py`, as Xen's script is wrong here: it {case.wrong}"
        return text + f" The expected output, {self.format} format, {how}."


def fixture(name: str, case: str, header: Optional[Callable[[str], XlHeader]] = None) -> Fixture:
    found = cases.named(case)
    return Fixture(name, found, header(found.flavour.guest) if header else None)


TEXT, JSON = cases.xl_text, cases.xl_json

ALL = [
    fixture("good-none-pv64", "pv64-types-small"),
    fixture("good-none-pv32", "pv32-age-4-5"),
    fixture("good-none-pv32on64", "pv32on64-age-4-5"),
    fixture("good-none-hvm64", "hvm64-age-4-5"),
    fixture("good-none-hvm32", "hvm32-age-4-5"),
    fixture("good-xl-pv64", "pv64-age-4-5", JSON),
    fixture("good-xl-pv32", "pv32-age-4-1", TEXT),
    fixture("good-xl-hvm64", "hvm64-age-4-5-4", JSON),
    fixture("good-xl-hvm32", "hvm32-age-4-2", TEXT),
    fixture("good-none-pv64-3.0", "pv64-age-3-0"),
    fixture("good-none-pv32-3.0", "pv32-age-3-0"),
    fixture("good-none-pv32-3.2-vcpus", "pv32-age-3-2"),
    fixture("good-none-pv32-xsave", "pv32-xsave-sizes"),
    fixture("good-none-pv32-ext-unknown", "pv32-ext-unknown"),
    fixture("good-xl-hvm32-nameless", "hvm32-toolstack-nameless", TEXT),
    fixture("good-xl-hvm64-params-twice", "hvm64-params-twice", TEXT),
    fixture("good-none-hvm32-xenserver", "hvm32-xenserver"),
    fixture("good-none-hvm64-no-data", "hvm64-no-data"),
    fixture("good-none-hvm32-tmem", "hvm32-tmem"),
    fixture("remus-none-hvm32", "hvm32-remus"),
    fixture("remus-none-pv32-ended", "pv32-remus-ended"),
    fixture("remus-none-pv32-compressed", "pv32-compressed-small"),
    fixture("remus-xl-hvm64-compressed", "hvm64-compressed-small", TEXT),
    fixture("unsupported-hvm32-tmem", "hvm32-tmem-pages-0"),
    fixture("unsupported-pv32-two-level", "pv32-two-level"),
    fixture("bad-pv32-pfn-beyond", "pv32-pfn-beyond"),
    fixture("bad-hvm64-toolstack-namelen", "hvm64-toolstack-namelen", TEXT),
    fixture("bad-hvm64-compressed-overrun", "hvm64-corrupt-copy-over"),
    fixture("bad-hvm64-compressed-too-few", "hvm64-corrupt-too-few"),
    fixture("bad-hvm64-compressed-marker-last", "hvm64-corrupt-marker-last"),
]

HEAD = """# Fixtures

Small legacy streams (`NAME.legacy`) and, for the good ones, what
`convert-legacy-stream -i NAME.legacy -o OUT --stream-version 3` has to write, octet by octet (`NAME.v3.expected`).
`remus-` begins the names of good ones with several checkpoints, of which only files are read to the last.
They have the formats' shape and made-up contents. The name says the envelope (xl, none), the guest and the toolstack's
width; pv32on64 is a 32-bit guest saved by a 64-bit toolstack.

Made by `tests/kit/make_fixtures.py` from the catalogue in `tests/kit/cases.py`; a test makes them anew and compares.
"""


def files() -> dict[str, bytes]:
    """Everything that belongs into fixtures/."""
    made = {"README.md": (HEAD + "".join(f"\n{f.paragraph()}\n" for f in ALL)).encode()}
    for item in ALL:
        made[item.name + ".legacy"] = item.stream()
        output = item.expected()
        if output is not None:
            made[item.name + ".v3.expected"] = output
    return made


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    made = files()
    FIXTURES.mkdir(exist_ok=True)
    for old in FIXTURES.iterdir():
        if old.name not in made:
            old.unlink()
    for name, data in made.items():
        (FIXTURES / name).write_bytes(data)


if __name__ == "__main__":
    main()
