#!/usr/bin/python3
"""terminal.py OUT.svg: converts a generated archive on a terminal, and draws the screen during the run and at its end.

Makes the picture in README.md: tests/report/terminal.py docs/progress.svg"""

import argparse
import fcntl
import os
import pty
import re
import struct
import sys
import tempfile
import termios
import time
from html import escape
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import flavours, legacy, make_stream, program

COLUMNS, ROWS = 100, 24
CHARACTER, LINE, MARGIN = 8.0, 19, 16
SIZES = {"atlas/mail": 192, "atlas/web": 256, "boreas/dns": 128, "boreas/build": 320, "ceres/wiki": 192, "ceres/backup": 256}


class Screen:
    """Emulates the terminal functions that the progress display uses."""

    def __init__(self):
        self.lines, self.row, self.column = [""], 0, 0

    def feed(self, text: str) -> None:
        for part in re.findall(r"\033\[\d*[AJ]|\r|\n|[^\033\r\n]+", text):
            if part == "\r":
                self.column = 0
            elif part == "\n":
                self.row, self.column = self.row + 1, 0
                self.lines += [""] * (self.row + 1 - len(self.lines))
            elif part.endswith("A") and part.startswith("\033"):
                self.row -= int(part[2:-1])
            elif part.startswith("\033"):
                self.lines[self.row:] = [self.lines[self.row][:self.column]]
            else:
                self.put(part)

    def put(self, text: str) -> None:
        for start in range(0, len(text), COLUMNS):
            piece, line = text[start:start + COLUMNS], self.lines[self.row]
            self.lines[self.row] = line[:self.column].ljust(self.column) + piece + line[self.column + len(piece):]
            self.column += len(piece)
            if start + COLUMNS < len(text):
                self.feed("\n")


def make_archive(old: Path) -> None:
    for name, size in SIZES.items():
        path = old / f"{name}-2011.save"
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "wb") as out:
            legacy.write(make_stream.big(flavours.PV64, size << 20), out)
    cut = old / "ceres/backup-2011.save"
    os.truncate(cut, cut.stat().st_size - 1000000)


def run(work: Path, command: list[str]) -> tuple[list[str], list[str]]:
    """Returns the screen during the run, and at its end."""
    screen, best = Screen(), []
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(work)
        os.execv(program.PROGRAM, command)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    begun = time.monotonic()
    while True:
        try:
            data = os.read(fd, 65536)
        except OSError:  # the terminal has been closed
            break
        if not data:
            break
        screen.feed(data.decode())
        if len(screen.lines) >= 3 and (not best or time.monotonic() - begun < 4):
            best = list(screen.lines)
    os.waitpid(pid, 0)
    return best, [line for line in screen.lines if line]


def draw(lines: list[tuple[str, str]]) -> str:
    width, height = COLUMNS * CHARACTER + 2 * MARGIN, len(lines) * LINE + 2 * MARGIN
    texts = "\n".join(f'<text class="{css}" x="{MARGIN}" y="{MARGIN + LINE * i + 14}" xml:space="preserve">{escape(line)}</text>'
                      for i, (css, line) in enumerate(lines) if line)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height}" width="{width:g}" height="{height}" role="img">\n'
            "<title>A conversion of an archive on a terminal</title>\n<style>\n"
            'text { font: 13.3px "DejaVu Sans Mono", "Liberation Mono", Menlo, Consolas, monospace; fill: #d8d8d2; }\n'
            ".note { fill: #8fa3b8; } .command { fill: #ffffff; }\n</style>\n"
            f'<rect width="{width:g}" height="{height}" rx="8" fill="#1e2227"/>\n{texts}\n</svg>\n')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out.resolve()
    command = ["convert-legacy-stream", "old-saves", "new-saves", "--report", "report.html", "-j", "3"]
    with tempfile.TemporaryDirectory() as work:
        make_archive(Path(work) / "old-saves")
        during, end = run(Path(work), command)
    shown = [("command", "$ " + " ".join(command))]
    shown += [("", line) for line in during] + [("", ""), ("note", "at the end:")] + [("", line) for line in end]
    out.write_text(draw(shown), encoding="utf-8")
    print("\n".join(line for _, line in shown))


if __name__ == "__main__":
    main()
