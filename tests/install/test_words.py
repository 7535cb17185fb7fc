"""Messages and documents contain no construction of a short list, and no misspelt word (codespell)."""

import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Iterator

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit.program import PROJECT

SOURCES = [path for folder in ("src", "legacy", "v2") for path in sorted((PROJECT / folder).rglob("*.[ch]"))]
DOCUMENTS = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md")), *sorted((PROJECT / "docs" / "man").glob("*.[15]"))]

# Regular expression: what to write instead.
EVERYWHERE = {
    r"\bwhoever\b": "name who it is",
    r"\bnobody\b": "name what cannot do it",
    r"\bthat which\b": "say it directly",
    r"\bas was said\b": "name the option",
    r"\b(is|are) believed\b": "is used",
    r"\bput right\b|\bmended\b": "corrected, fixed",
    r"\bgoes on where\b": "resumes where it stopped",
    r"\bheeded\b": "used, obeyed",
    r"\bhas no like\b|\bno such like\b": "has no equivalent",
    r"\b(came|come|comes) up meanwhile\b": "appeared, was created",
    r"\bbeyond caring\b": "is ignored",
    r"\bnone of (Xen|xend|libxl|QEMU|qemu)'s\b": "unknown",
    r"\bcourtesy to\b": "say what it does",
    r"\brefused\b": "rejected",
    r"\bto the letter\b": "say what is compared",
    r"\bnever seen\b|\bseen:": "tested, not tested",
    r"\btaken? for (a|an|one)\b": "detected as",
    r"\b(is|are) none\b": "is not one",
    r"\b(some|any)body\b": "name who it is",
    r"\b(honest|bogus|junk)\b": "valid, invalid, undefined",
    r"\bastray\b|\bloses? its way\b": "loses its position",
    r"\bcut (off|short)\b": "truncated",
    r"\blitter\b": "files left behind",
    r"\bas (they say|it says)\b": "say what to do",
    r"\bbut for\b": "except",
}
MESSAGES = {
    r"^which\b|\?$": "no questions: say what is needed",
    r"^(Whoever|What|Whose) ": "subject, verb, object",
    r"\benvelope\b": "container",
    r"\bsaid\b|\btold\b": "name the option or the field",
    r"\bwants\b": "needs",
    r"^(a|an) .* (instead of|is none)\b": "found and expected values",
}

# Words that codespell must accept: a disk, the signature of VHD, a macro of mdoc.
SPELLING = "hda,conectix,nd"

STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')


def messages() -> Iterator[tuple[str, str]]:
    """Yields file and text of each string literal of more than one word; adjacent literals are joined."""
    for path in SOURCES:
        text = re.sub(r"/\*.*?\*/|^#include[^\n]*", "", path.read_text(), flags=re.S | re.M)
        text = re.sub(r'"\s*PRI\w+\s*"', "u", text)
        for joined in re.findall(r'"(?:[^"\\\n]|\\.)*"(?:\s*"(?:[^"\\\n]|\\.)*")*', text):
            literal = "".join(STRING.findall(joined))
            if re.search(r"[a-z] [a-z%]", literal) and not literal.startswith("<"):
                yield str(path.relative_to(PROJECT)), literal


def paragraphs(document: Path) -> Iterator[str]:
    """The paragraphs of a document without code, that is without text in backticks."""
    for paragraph in re.sub(r"^```.*?^```", "", document.read_text(), flags=re.S | re.M).split("\n\n"):
        yield re.sub(r"`[^`]*`", "", " ".join(paragraph.split()))


class Words(unittest.TestCase):
    def check(self, where: str, text: str, banned: dict[str, str]) -> None:
        for pattern, instead in banned.items():
            found = re.search(pattern, text, re.I)
            with self.subTest(where=where):
                self.assertFalse(found, f"{found and found[0]!r} in {text[:120]!r}: {instead}")

    def test_messages(self):
        for where, text in messages():
            self.check(where, text, {**EVERYWHERE, **MESSAGES})

    def test_documents(self):
        for document in DOCUMENTS:
            for text in paragraphs(document):
                self.check(document.name, text, EVERYWHERE)

    @unittest.skipUnless(shutil.which("codespell"), "codespell is not installed")
    def test_spelling(self):
        done = subprocess.run(["codespell", "-L", SPELLING, *SOURCES, *DOCUMENTS], cwd=PROJECT, capture_output=True, text=True, check=False)
        self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    unittest.main()
