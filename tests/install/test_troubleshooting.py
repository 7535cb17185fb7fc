"""docs/troubleshooting.md lists exactly the messages of the programs."""

import re
import sys
import unittest
from pathlib import Path
from typing import Iterator

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit.program import PROJECT

DOCUMENT = PROJECT / "docs" / "troubleshooting.md"
# Without the verifier's messages, which name record and rule (docs/deviations.md lists the rules), and progress lines.
SOURCES = [path for path in (*sorted((PROJECT / "src").rglob("*.c")), *sorted((PROJECT / "legacy").glob("*.c")))
           if path.name != "progress.c"]

STRING = r'"(?:[^"\\]|\\.)*"'
FORMAT = re.compile(rf"{STRING}(?:\s*(?:[A-Z_]+\s*)?{STRING})*")
CALL = re.compile(rf"\b(cls_fail|cls_input_fail|cls_fail_errno|cls_warn|usage_error|messages_usage|fprintf)\(((?:[^;{{\"]|{STRING})*)\)", re.S)
PRI = re.compile(r'%(\d*)"\s*PRI[a-z]+\d+\s*(")?')
SPECIFIER = re.compile(r"%[-0 ]*\d*(?:\.\*)?(?:ll|l|z|j|hh|h)?[a-zA-Z]")

# Errors in texts of containers: these functions return the message.
TEXTS = [PROJECT / "src" / "envelope" / name for name in ("sexp.c", "domain_xml.c")]
RETURNED = re.compile(rf"\breturn (?:[^;]*? \? )?(?:NULL : )?({STRING})")

# System errors are explained together: these messages end with the system's reason.
SYSTEM = re.compile(r"cannot .*")


def messages() -> Iterator[tuple[str, str, str]]:
    """Yields file, function and message, with … for variable parts."""
    for source in SOURCES:
        for function, arguments in CALL.findall(source.read_text()):
            if function == "fprintf" and not arguments.startswith("stderr"):
                continue
            found = FORMAT.search(PRI.sub(lambda m: "…" + ("" if m[2] else '"'), arguments))
            text = "".join(literal[1:-1] for literal in re.findall(STRING, found[0] if found else ""))
            text = re.sub("…+", "…", SPECIFIER.sub("…", text)).replace('\\"', '"').replace("\\n", "").strip()
            if function == "fprintf":  # remove the program's name
                text = re.sub(r"^…?: ", "", text)
            if function == "messages_usage":  # remove the reference to --help
                text = text.removesuffix(" (see --help)")
            if text.strip("…: "):
                yield source.name, function, text
    for source in TEXTS:
        for text in RETURNED.findall(source.read_text()):
            yield source.name, "return", text[1:-1]


def documented() -> set[str]:
    """The messages in the tables: in the first column, in the table of damages in the second."""
    found: set[str] = set()
    for section in DOCUMENT.read_text().split("\n## "):
        if section.startswith("Restore problems"):
            continue
        for line in section.splitlines():
            cells = re.split(r"(?<!\\) \| ", line.strip("| "))
            if line.startswith("| ") and "`" in line:
                found.update(re.findall(r"`([^`]+)`", cells[1 if section.startswith("Damaged") else 0]))
    return found


class Troubleshooting(unittest.TestCase):
    def test_all_explained(self):
        known = documented()
        for file, function, text in messages():
            if not SYSTEM.fullmatch(text):
                with self.subTest(file=file, function=function):
                    self.assertTrue(text in known, text)

    def test_system_errors_read_alike(self):
        for file, function, text in messages():
            if function == "cls_fail_errno":
                with self.subTest(file=file):
                    self.assertRegex(text, SYSTEM)

    def test_nothing_stale(self):
        texts = {text for _, _, text in messages()}
        for text in sorted(documented()):
            with self.subTest():
                self.assertTrue(text in texts or text == "cannot …", text)


if __name__ == "__main__":
    unittest.main()
