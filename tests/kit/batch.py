"""Reads the reports of directory runs."""

import json
import subprocess
import xml.etree.ElementTree as xml
from html.parser import HTMLParser
from pathlib import Path
from typing import Optional

from . import program

SCHEMA = program.PROJECT / "docs" / "report.rng"
DIFFERS = ("seconds", "elapsed", "ended")       # fields that differ between runs with the same result

# Elements without an end tag.
VOID = {"meta", "input", "br"}


def lines(report: Path) -> list[dict]:
    return [json.loads(line) for line in report.read_text("utf-8").splitlines()]


def name_of(row: dict) -> bytes:
    """The file name as bytes."""
    return bytes.fromhex(row["path_hex"]) if "path_hex" in row else row["path"].encode()


def rows(report: Path) -> dict[bytes, dict]:
    return {name_of(line): line for line in lines(report) if line["type"] == "file"}


def valid_xml(report: Path) -> Optional[str]:
    """The errors that xmllint finds; None if the report is valid."""
    done = subprocess.run(["xmllint", "--noout", "--relaxng", SCHEMA, report], capture_output=True, check=False)
    return done.stderr.decode() if done.returncode else None


def comparable_xml(report: Path) -> bytes:
    """The report without fields that differ between runs."""
    tree = xml.parse(report)
    for element in tree.iter():
        for name in DIFFERS:
            element.attrib.pop(name, None)
    return xml.tostring(tree.getroot())


class Page(HTMLParser):
    """Parses an HTML report, whose elements must nest. Table rows are stored as lists of texts."""

    def __init__(self, report: Path):
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.rows: list[list[str]] = []
        self.policy = ""
        self.feed(report.read_text("utf-8"))
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if ("http-equiv", "Content-Security-Policy") in attrs:
            self.policy = dict(attrs)["content"]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"{tag} closes {self.open}"
        self.open.pop()

    def handle_data(self, data):
        if "title" not in self.open[-1:] and {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data
