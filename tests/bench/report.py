"""Writes the figures as a document: ratios first, then the measured values."""

from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Iterable, Optional

import plot
import summary

MIB, GIB = 1 << 20, 1 << 30
OURS, XEN, LOOP, HEADERS = "convert-legacy-stream", "Xen's script", "bare loop", "loop with headers"
TITLE = {"file-file": "file → file", "durable": "file → file, on disk", "file-pipe": "file → pipe", "pipe-pipe": "pipe → pipe"}
PEER = {"file-file": "cp", "durable": "cp + sync", "file-pipe": "cat", "pipe-pipe": "cat"}


def short(size: int) -> str:
    return f"{size // GIB}G" if size % GIB == 0 else f"{size // MIB}M"


def long(size: int) -> str:
    return f"{size // GIB} GiB" if size % GIB == 0 else f"{size // MIB} MiB"


def cpu(series: dict) -> list[float]:
    return [u + s for u, s in zip(series["user"], series["system"])]


def value(series: dict, what: str) -> float:
    """The median. CPU is user plus system time; memory is the maximum of all runs, in MiB."""
    if what == "memory":
        return max(series["rss"]) / 1024
    return median(cpu(series) if what == "CPU" else series[what])


def table(head: list[str], rows: Iterable[list[str]], left: int = 1) -> str:
    marks = ["---"] * left + ["---:"] * (len(head) - left)
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, marks, *rows]) + "\n"


@dataclass
class Target:
    path: str
    what: str                       # wall, CPU, memory
    over: Optional[str]             # for a ratio, the other tool; None for an absolute value
    most: float
    inverse: bool = False           # ratio of the other's value to ours; most is the minimum
    least_size: int = 0             # smaller sizes are not judged
    warm: bool = False              # only judged if the save is in the page cache

    def text(self) -> str:
        if not self.over:
            return f"≤ {self.most:g} MiB"
        return f"≥ {self.most:g}" if self.inverse else "≤ 1/3" if self.most == 1 / 3 else f"≤ {self.most:g}"

    def name(self) -> str:
        if not self.over:
            return "peak RSS"
        return f"{self.over} / ours" if self.inverse else f"ours / {self.over}"

    def measured(self, ours: dict, other: Optional[dict]) -> tuple[str, bool]:
        x = value(ours, self.what)
        if other:
            y = value(other, self.what)
            x = (y / x if x else float("inf")) if self.inverse else (x / y if y else float("inf"))
        met = x >= self.most if self.inverse else x <= self.most
        for digits in (1 if not self.over else 2, 3, 4):
            text = f"{x:.{digits}f}"
            if (float(text) >= self.most if self.inverse else float(text) <= self.most) == met:
                break
        return text, met


TARGETS = [
    Target("file-file", "wall", "cp", 1.05, least_size=GIB),
    Target("file-file", "CPU", "cp", 1.05, least_size=GIB),
    Target("file-file", "CPU", XEN, 1, inverse=True),
    Target("file-file", "memory", None, 8),
    Target("file-file", "memory", XEN, 1 / 3),
    Target("durable", "wall", "cp + sync", 1.05, least_size=GIB),
    Target("durable", "memory", None, 8),
    Target("file-pipe", "wall", "cat", 0.55, warm=True),
    Target("file-pipe", "wall", LOOP, 1.1, least_size=GIB),
    Target("file-pipe", "CPU", "cat", 0.3),
    Target("file-pipe", "CPU", XEN, 3, inverse=True),
    Target("file-pipe", "memory", None, 8),
    Target("file-pipe", "memory", XEN, 1 / 3),
    Target("pipe-pipe", "wall", "cat", 0.75),
    Target("pipe-pipe", "wall", LOOP, 1.1),
    Target("pipe-pipe", "CPU", "cat", 0.35),
    Target("pipe-pipe", "CPU", XEN, 3, inverse=True),
    Target("pipe-pipe", "memory", None, 8),
    Target("pipe-pipe", "memory", XEN, 1 / 3),
]


class Figures:
    def __init__(self, results: dict):
        self.results = results
        self.series = {(s["path"], s["flavour"], s["size"], s["cache"], s["tool"]): s for s in results["series"]}
        # In order of measurement, without duplicates.
        self.cases = list(dict.fromkeys(key[1:4] for key in self.series if key[0] in TITLE))
        self.cases.sort(key=lambda c: (c[2] == "cold", c[0] != "hvm64", c[1]))
        self.paths = [p for p in TITLE if any(key[0] == p for key in self.series)]

    def get(self, path: str, case: tuple, tool: str) -> Optional[dict]:
        return self.series.get((path, *case, tool))

    @staticmethod
    def case_name(case: tuple) -> str:
        flavour, size, cache = case
        return f"{flavour[:-2].upper()} {long(size)}{', cold' if cache == 'cold' else ''}"

    # Ratios

    def target_row(self, target: Target) -> Optional[list[str]]:
        cells, verdicts = [], []
        for case in self.cases:
            ours = self.get(target.path, case, OURS)
            other = self.get(target.path, case, target.over) if target.over else None
            if not ours or (target.over and not other):
                cells.append("")
                continue
            text, met = target.measured(ours, other)
            if case[1] < target.least_size or (target.warm and case[2] == "cold"):
                text = f"({text})"
            else:
                verdicts.append(met)
                text = text if met else f"**{text}**"
            cells.append(text)
        if not any(cells):
            return None
        verdict = "not judged" if not verdicts else "met" if all(verdicts) else "**not met**"
        return [TITLE[target.path], "memory" if target.what == "memory" else target.what, target.name(), target.text(),
                *cells, verdict]

    def control_row(self, path: str, what: str) -> Optional[list[str]]:
        cells = []
        for case in self.cases:
            one, two = self.get(path, case, PEER[path]), self.get(path, case, f"{PEER[path]} again")
            cells.append(f"{value(two, what) / value(one, what):.2f}" if one and two else "")
        return [TITLE[path], what, f"{PEER[path]} / {PEER[path]}", "1", *cells, "(noise)"] if any(cells) else None

    def ratios(self) -> str:
        rows = [self.target_row(t) for t in TARGETS]
        head = ["path", "cost", "ratio", "target", *map(self.case_name, self.cases), ""]
        text = ""
        if any(rows):
            text += table(head, filter(None, rows), left=4)
            control = [self.control_row(path, what) for path in self.paths for what in ("wall", "CPU")]
            if any(control):
                text += ("\nThe same command measured twice as two commands. Deviations from 1 are noise, which also "
                         "limits the accuracy of the\nratios above.\n\n" + table(head, filter(None, control), left=4))
        return text + self.start_up()

    def ways(self) -> str:
        rows = {key[4]: s for key, s in self.series.items() if key[0] == "ways"}
        if not rows:
            return ""
        base, size = rows["cp"], next(iter(rows.values()))["size"]
        cells = [[f"`{tool}`" if tool not in ("cp", OURS) else f"**{tool}**",
                  *(f"{value(s, what) / value(base, what):.2f}" for what in ("wall", "CPU")),
                  f"{min(s['wall']) / min(base['wall']):.2f}", spread(s["wall"]), spread(cpu(s)), f"{value(s, 'memory'):.1f}"]
                 for tool, s in sorted(rows.items(), key=lambda x: value(x[1], "CPU"))]
        return (f"## Ways that were tried, file → file\n\n`tests/bench/ways.c` moves the bytes of an HVM save of {long(size)} as the converter "
                "does, in one of several ways. The data is not\nexamined. With `fallocate` the output is allocated in advance. Ratios to cp, sorted by CPU.\n\n"
                + table(["way", "wall", "CPU", "least wall", "wall, s", "CPU, s", "peak RSS, MiB"], cells) + "\n")

    def start_up(self) -> str:
        rows = {key[4]: s for key, s in self.series.items() if key[0] == "start-up"}
        if not rows:
            return ""
        base = value(rows["true"], "wall")
        text = [f"\nConversion of a 1 MiB save from start to end (file → file, `--no-sync`), medians of {self.results['starts']} runs:\n"]
        cells = []
        for tool, s in rows.items():
            ratio = value(s, "wall") / base
            met = {OURS: "≤ 3: met" if ratio <= 3 else "≤ 3: **not met**", "true again": "(noise)"}.get(tool, "")
            cells.append([f"`/bin/true`{tool[4:]}" if tool.startswith("true") else tool, f"{ratio:.2f}", met,
                          spread(s["wall"], 1e3), spread(cpu(s), 1e3), f"{value(s, 'memory'):.1f}"])
        text.append(table(["command", "wall / true's", "target", "wall, ms", "CPU, ms", "peak RSS, MiB"], cells))
        return "\n".join(text)

    def growth(self) -> str:
        sizes = [c for c in self.cases if c[0] == "hvm64" and c[2] == "warm"]
        if len(sizes) < 2:
            return ""
        rows = []
        for path in self.paths:
            own = [self.get(path, c, OURS) for c in sizes]
            for what in ("wall", "CPU"):
                rows.append([TITLE[path], f"{what}, ms per GiB",
                             *(f"{value(s, what) * 1e3 / (s['size'] / GIB):.0f}" if s else "" for s in own)])
            rows.append([TITLE[path], "peak RSS, MiB", *(f"{value(s, 'memory'):.2f}" if s else "" for s in own)])
        return ("## Growth with size\n\nThis program, HVM. Cost grows linearly if the values in a row are equal. "
                "Memory does not grow.\n\n"
                + table(["path", "", *(long(c[1]) for c in sizes)], rows, left=2) + "\n")

    # Measured values

    def details(self) -> str:
        text = ("## Wall, CPU, memory\n\nMedian (minimum–maximum). Wall: until the last process of the pipeline ends. CPU, user, "
                "system, peak RSS: only of the command.\n\n")
        for path in self.paths:
            rows = []
            for case in self.cases:
                first = True
                for tool in (OURS, PEER[path], f"{PEER[path]} again", LOOP, HEADERS, XEN):
                    s = self.get(path, case, tool)
                    if not s:
                        continue
                    rows.append([self.case_name(case) if first else "", tool, spread(s["wall"]), spread(cpu(s)),
                                 f"{median(s['user']):.3f}", f"{median(s['system']):.3f}", f"{value(s, 'memory'):.1f}"])
                    first = False
            head = ["save", "command", "wall, s", "CPU, s", "user, s", "system, s", "peak RSS, MiB"]
            text += f"### {TITLE[path]}\n\n{table(head, rows, left=2)}\n"
        return text

    def calls(self) -> str:
        if not self.results["calls"]:
            return "## System calls\n\nNot counted: strace is not installed.\n\n"
        rows = [[TITLE[c["path"]], c["tool"], str(c["total"]), f"{c['per_batch']:.1f}",
                 ", ".join(f"{name} {n}" for name, n in c["top"])] for c in self.results["calls"]]
        return (f"## System calls\n\n`strace -c -f`, one run each on the HVM save of {long(self.results['calls'][0]['size'])}; per "
                "batch: calls for each further 4 MiB of page data (1024\npages). On pipes the number of moves depends on how "
                "full the pipe is, especially under strace.\n\n"
                + table(["path", "command", "all", "per batch", "most frequent"], rows, left=2) + "\n")

    def circumstances(self) -> str:
        r, q = self.results, self.results["quiet"]
        lines = [f"- {key}: {text}" for key, text in r["machine"].items()]
        lines += [f"- {r['date']}, revision {r['revision']}",
                  f"- load: CPUs {q['before']:.0f} % busy just before (load {q['load']:.1f}); in the {q['minutes']:.0f} minutes of "
                  f"measuring {q['during']:.0f} % of the CPU time was used by other processes (including\n  kernel threads for writeback), "
                  f"{q['steal']:.1f} % was stolen by the hypervisor",
                  f"- to repeat: `{r['command']}` after `cmake --preset release && cmake --build --preset release`"]
        return "## Where\n\n" + "\n".join(lines + [f"- {n}" for n in r["notes"]]) + "\n\n"


def spread(numbers: list[float], factor: float = 1) -> str:
    digits = 2 if factor != 1 else 3
    low, mid, high = (f"{x * factor:.{digits}f}" for x in (min(numbers), median(numbers), max(numbers)))
    return f"{mid} ({low}–{high})"


METHOD = """## How it is measured

- The saves come from `tests/kit/make_stream.py`: every page has content, batches of 1024 pages.
- {repeat} runs of each command, in rounds with one run of each; each round starts with another command. Before each run the last
  output is deleted, `sync` is called, and the command runs once on a tiny save, so that the program is in the page cache. Before
  each file → file run a file of the same size is written and deleted: in a virtual machine the first use of memory is slow, which
  would be a disadvantage for the first command. Warm: the save is in the page cache. Cold: `drop_caches` before each run.
- file → file: `cp SAVE OUT`, `convert-legacy-stream -i SAVE -o OUT --no-sync`. No command waits for the disk at the end.
- file → file, on disk: `cp SAVE OUT && sync OUT`, `convert-legacy-stream -i SAVE -o OUT`.
- file → pipe: the reader {reader}. pipe → pipe: {feeder} feeds.
  Reader and feeder are the same for all commands. Their CPU is not counted, but they use the machine as well, so wall time is
  bounded by the slowest of them.
- bare loop: `tests/bench/splice_loop.c`, which does not examine the data: copy_file_range between files, otherwise splice with pipes of 1 MiB.
- loop with headers: the same program with `-b`. Of each batch, it reads and writes 8 KiB, as a converter must with the header, and splices the rest.
- Xen's script: Debian's xen-utils-4.17, `-w 64 -f libxc`, with its modules compiled.
- A small launcher (`tests/bench/launch.c`) starts the commands and asks the kernel (wait4) for each one's CPU and peak RSS.
  Peak RSS is the maximum of all runs and includes shared libraries. Most kernels sample how CPU time is divided into user and
  system, so only the sum is accurate.
- The length of the output is checked in each run. The first output of each file → file case is checked by `verify-stream-v2`.
"""


def write(results: dict, out: Path, notes: str) -> None:
    figures = Figures(results)
    feeder = {"cat": "`cat`", "splice": "a splice loop (which leaves the pipe at its 64 KiB)"}[results["feeder"]]
    reader = {"read": "reads 1 MiB at a time into memory and drops it", "splice": "splices into /dev/null"}[results["reader"]]
    picture = out.with_suffix(".svg")
    parts = [
        "# Benchmarks\n\n<!-- Written by tests/bench/bench.py; the comments on the figures are in tests/bench/notes.md. -->\n\n",
        notes.strip() + "\n\n" if notes.strip() else "",
        f"## Plots\n\n![Wall, CPU and memory against size]({picture.name})\n\n",
        METHOD.format(repeat=results["repeat"], feeder=feeder, reader=reader) + "\n",
        figures.circumstances(),
        f"## Ratios and targets\n\nRatios of medians of {results['repeat']} runs, in one session. **Bold** misses the target; figures in brackets are not judged.\n\n",
        figures.ratios() + "\n",
        figures.growth(), figures.ways(), figures.details(), figures.calls(),
    ]
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("".join(parts), encoding="utf-8")
    picture.write_text(plot.draw(figures), encoding="utf-8")
    summary.insert(out)
