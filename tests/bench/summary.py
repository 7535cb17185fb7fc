#!/usr/bin/python3
"""summary.py BENCHMARKS.md: inserts a picture and five sentences at the top of the document, from the figures in its tables.

bench.py calls this. After an edit of the figures, run: tests/bench/summary.py docs/benchmarks.md"""

import re
import sys
from pathlib import Path

BEGIN, END = "<!-- summary: begin -->\n", "<!-- summary: end -->\n"
SAVE = "HVM 1 GiB"
PATHS = {"file → file": "cp", "file → pipe": "cat", "pipe → pipe": "cat"}
OURS, XEN = "convert-legacy-stream", "Xen's script"
COLOURS = {OURS: "#2a78d6", "cp": "#c9551f", "cat": "#c9551f", XEN: "#7a6ad0"}


def rows(text: str, path: str) -> dict[str, list[str]]:
    """The cells of the rows for SAVE in the section of a path, by command."""
    section = re.search(rf"^### {path}$\n(.*?)(?=^##|\Z)", text, re.S | re.M)
    found, save = {}, ""
    for line in section[1].splitlines() if section else ():
        cells = [cell.strip() for cell in line.strip("| ").split(" | ")] if line.startswith("| ") else []
        if line.startswith("|  |"):
            cells = ["", *[cell.strip() for cell in line[4:].strip("| ").split(" | ")]]
        if len(cells) > 4:
            save = cells[0] or save
            if save == SAVE:
                found[cells[1]] = cells[2:]
    return found


def number(cell: str) -> float:
    return float(cell.split()[0])


def draw(cpu: dict[str, dict[str, float]]) -> str:
    most = max(value for bars in cpu.values() for value in bars.values())
    y, out = 42, []
    for path, bars in cpu.items():
        out.append(f'<text class="head" x="20" y="{y + 12}">{path}</text>')
        for name, value in bars.items():
            y += 22
            out.append(f'<text x="36" y="{y + 12}">{name}</text><rect x="200" y="{y}" width="{max(2, 420 * value / most):.0f}" height="15" '
                       f'fill="{COLOURS[name]}"/><text x="{208 + 420 * value / most:.0f}" y="{y + 12}">{value:.2f} s</text>')
        y += 34
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 {y}" width="720" height="{y}" role="img">\n'
            f"<title>CPU time for a save of 1 GiB</title>\n<style>\n"
            'text { font: 13px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #52514e; }\n'
            ".head { font-weight: 600; fill: #0b0b0b; }\n</style>\n"
            f'<rect width="720" height="{y}" fill="#fcfcfb"/>\n<text class="head" x="20" y="26">CPU time for a save of 1 GiB (HVM)</text>\n'
            + "\n".join(out) + "\n</svg>\n")


def sentences(text: str, tables: dict[str, dict[str, list[str]]], cpu: dict[str, dict[str, float]]) -> list[str]:
    to_file, to_pipe = cpu["file → file"], cpu["file → pipe"]
    memory = max(number(table[OURS][-1]) for table in tables.values())
    script = max(number(table[XEN][-1]) for table in tables.values())
    start = {name: re.search(rf"^\| {name} \|[^|]*\|[^|]*\| ([0-9.]+)", text, re.M) for name in (OURS, XEN)}
    return [
        f"Converting a save of 1 GiB from file to file takes {to_file[OURS]:.2f} s of CPU time; `cp` takes {to_file['cp']:.2f} s for the same bytes.",
        f"From a file to a pipe, as libxl runs it, it takes {to_pipe[OURS]:.2f} s; `cat` takes {to_pipe['cat']:.2f} s.",
        f"Xen's script takes {to_file[XEN]:.2f} s and {to_pipe[XEN]:.2f} s of CPU time.",
        f"Memory does not depend on the size of the save: {memory:.1f} MiB; Xen's script needs {script:.0f} MiB.",
        f"A save of 1 MiB takes {number(start[OURS][1]):.1f} ms from start to end; Xen's script takes {number(start[XEN][1]):.0f} ms.",
    ]


def insert(document: Path) -> None:
    text = re.sub(f"{BEGIN}.*?{END}\n?", "", document.read_text(encoding="utf-8"), flags=re.S)
    tables = {path: rows(text, path) for path in PATHS}
    if not all({OURS, peer, XEN} <= tables[path].keys() for path, peer in PATHS.items()):
        print(f"summary: {document} has no figures for {SAVE}")
        return
    cpu = {path: {name: number(tables[path][name][1]) for name in (OURS, peer, XEN)} for path, peer in PATHS.items()}
    picture = document.with_name(document.stem + "-summary.svg")
    picture.write_text(draw(cpu), encoding="utf-8")
    lines = "\n".join(sentences(text, tables, cpu))
    head, rest = text.split("\n\n", 1)
    summary = f"{BEGIN}![CPU time for a save of 1 GiB: this program, cp or cat, and Xen's script]({picture.name})\n\n{lines}\n{END}"
    document.write_text(f"{head}\n\n{summary}\n{rest}", encoding="utf-8")


if __name__ == "__main__":
    insert(Path(sys.argv[1]))
