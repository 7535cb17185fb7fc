#!/usr/bin/python3
"""Compares the program with cp, cat, Xen's script and bare loops of splice or copy_file_range; writes docs/benchmarks.md.

    cmake --preset release && cmake --build --preset release
    tests/bench/bench.py                # everything: some ten minutes, on an otherwise idle machine
    tests/bench/bench.py --quick        # two minutes, written to build/bench/ and not to docs/
    tests/bench/bench.py --render       # rewrites the document from the figures of the last run

Needs cc and python3. Optional: strace for the table of system calls, liburing-dev for one of the alternative ways, root for the cold
cache. The raw figures are stored in build/bench/results.json. Comments on the figures are in notes.md, which is copied into the document.
"""

import argparse
import datetime
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE.parent), str(HERE)]
from kit import program, xen
from kit.make_stream import octets
import machine
import report

MIB, GIB = 1 << 20, 1 << 30
FILE_PATHS = ("file-file", "durable", "start-up", "ways")     # paths whose output is a file
BATCH = 4 * MIB             # page data of a full batch
SMALL = 64 * MIB            # inputs up to this size are made again each time, and are not removed
TINY = 1 * MIB

OURS, XEN, LOOP, HEADERS, AGAIN = "convert-legacy-stream", "Xen's script", "bare loop", "loop with headers", "again"
PATHS = ("file-file", "durable", "file-pipe", "pipe-pipe", "start-up", "ways")
WAYS = [way + more for way in ("stage", "splice-pipe", "copy_file_range", "sendfile", "loop-64", "loop-256", "loop-1024", "loop-4096",
                               "mmap-in", "mmap-out", "threads", "uring") for more in ("", " fallocate")]
PEER = {"file-file": "cp", "durable": "cp + sync", "file-pipe": "cat", "pipe-pipe": "cat"}
HAVE_URING = Path("/usr/include/liburing.h").exists()
DROP_CACHES = Path("/proc/sys/vm/drop_caches")


@dataclass
class Series:
    """All runs of one tool on one path and input. Times in seconds, memory in KiB."""
    path: str
    flavour: str
    size: int
    cache: str
    tool: str
    wall: list[float] = field(default_factory=list)
    user: list[float] = field(default_factory=list)
    system: list[float] = field(default_factory=list)
    rss: list[int] = field(default_factory=list)
    output: int = 0


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


class Bench:
    def __init__(self, args: argparse.Namespace):
        self.dir = args.dir.absolute()
        self.dir.mkdir(parents=True, exist_ok=True)
        self.args = args
        self.verify = program.PROGRAM.with_name("verify-stream-v2")
        self.output, self.ballast = self.dir / "output.v2", self.dir / "ballast"
        self.made: list[Path] = []
        self.bin = {}
        self.ways = [w for w in WAYS if HAVE_URING or not w.startswith("uring")]
        for name, flags in (("launch", ["-static"]), ("splice_loop", []), ("discard", []),
                            ("ways", ["-lpthread", *(["-luring"] if HAVE_URING else [])])):
            self.bin[name] = str(self.dir / name)
            subprocess.run(["cc", "-std=gnu11", "-O2", "-o", self.bin[name], str(HERE / f"{name}.c"), *flags], check=True)
        scripts, env = xen._installed()
        self.xen = [sys.executable, str(scripts / "convert-legacy-stream")]
        self.env = {**env, "PYTHONPYCACHEPREFIX": str(self.dir / "pycache")}    # compiled once, as an installed script
        del self.env["PYTHONDONTWRITEBYTECODE"]

    # Inputs

    def input(self, flavour: str, size: int) -> Path:
        path = self.dir / f"{flavour}-{report.short(size)}.legacy"
        if path not in self.made:
            self.made.append(path)
            if size <= SMALL or not path.exists():
                say(f"making {path.name}")
                part = path.with_suffix(".part")
                self.made.append(part)
                subprocess.run([sys.executable, str(HERE.parent / "kit" / "make_stream.py"), "--size", str(size),
                                "--flavour", flavour, str(part)], check=True)
                part.rename(path)
                os.sync()
        return path

    def clean(self) -> None:
        for path in (self.output, self.ballast, *self.made):
            if path.exists() and (path.suffix != ".legacy" or path.stat().st_size > 2 * SMALL and not self.args.keep):
                path.unlink()

    # One run

    def argv(self, tool: str, path: str, source: Path, flavour: str) -> list[str]:
        """The command to measure; - is a pipe."""
        into = "-" if path == "pipe-pipe" else str(source)
        out = str(self.output) if path in FILE_PATHS else "-"
        tool = tool.removesuffix(f" {AGAIN}")
        if tool == OURS:
            return [str(program.PROGRAM), "-i", into, "-o", out, *(["--no-sync"] if out != "-" and path != "durable" else [])]
        if tool == XEN:
            return [*self.xen, "-i", "0" if into == "-" else into, "-o", "1" if out == "-" else out, "-w", "64",
                    "-g", flavour[:-2], "-f", "libxc"]
        if tool in (LOOP, HEADERS):
            return [self.bin["splice_loop"], *(["-b"] if tool == HEADERS else []), into, out]
        if tool in WAYS:
            way, *more = tool.split()
            return [self.bin["ways"], way, into, out, *more]
        return {"cp": ["cp", into, out], "cp + sync": ["sh", "-c", 'cp "$0" "$1" && sync "$1"', into, out], "cat": ["cat", *([into] if into != "-" else [])], "true": ["/bin/true"]}[tool]

    def pipeline(self, measured: list[str], path: str, source: Path) -> tuple[list[str], int]:
        """Returns the argv of the launcher, and the index of the measured command in it."""
        feeder = ["cat", str(source)] if self.args.feeder == "cat" else [self.bin["splice_loop"], "-k", str(source), "-"]
        commands = [measured] if path in FILE_PATHS else [measured, [self.bin["discard"], self.args.reader]]
        if path == "pipe-pipe":
            commands.insert(0, feeder)
        argv = [self.bin["launch"]]
        for i, command in enumerate(commands):
            argv += [*(["::"] if i else []), *command]
        return argv, commands.index(measured)

    def launch(self, measured: list[str], path: str, source: Path) -> tuple[float, float, float, int, int]:
        """Returns wall, user and system time, peak RSS, and the size of the output."""
        argv, index = self.pipeline(measured, path, source)
        done = subprocess.run(argv, env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        lines = [[int(x) for x in line.split()] for line in done.stdout.splitlines()]
        if done.returncode or any(line[0] for line in lines):
            sys.exit(f"bench: failed: {shlex.join(argv)}\n{done.stdout}{done.stderr}")
        counted = re.search(r"^discarded (\d+)$", done.stderr, re.MULTILINE)
        came = int(counted[1]) if counted else self.output.stat().st_size if self.output.exists() else 0
        _, _, user, system, rss = lines[index]
        return max(line[1] for line in lines) / 1e6, user / 1e6, system / 1e6, rss, came

    def prepare(self, one: Series, source: Path) -> None:
        """Restores the same state before each run; not measured."""
        self.output.unlink(missing_ok=True)
        if one.path in ("file-file", "durable", "ways"):
            # In virtual machines the first use of memory is slow: use as much as the run needs, and free it.
            block = bytes(MIB)
            with self.ballast.open("wb", buffering=0) as out:
                for _ in range(source.stat().st_size // MIB + 1):
                    out.write(block)
            self.ballast.unlink()
        os.sync()
        if one.cache == "cold":
            DROP_CACHES.write_text("3")
        # The programs themselves are always in the page cache.
        tiny = self.input(one.flavour, TINY)
        self.launch(self.argv(one.tool, one.path, tiny, one.flavour), one.path, tiny)
        self.output.unlink(missing_ok=True)

    def run(self, one: Series, source: Path) -> None:
        wall, user, system, rss, came = self.launch(self.argv(one.tool, one.path, source, one.flavour), one.path, source)
        one.wall.append(wall)
        one.user.append(user)
        one.system.append(system)
        one.rss.append(rss)
        if one.tool.startswith("true"):
            return
        plain = one.tool not in (OURS, XEN)
        if came < one.size or (plain and one.path != "ways" and came != source.stat().st_size) or (one.output and came != one.output):
            sys.exit(f"bench: {one.tool} on {one.path} wrote {came} bytes from {source.stat().st_size}")
        if one.tool == OURS and one.path in FILE_PATHS and not one.output:
            subprocess.run([str(self.verify), "-i", str(self.output)], check=True)
        one.output = came

    # All runs of one table

    def case(self, path: str, flavour: str, size: int, cache: str) -> list[Series]:
        tools = {"ways": ["cp", OURS, *self.ways], "durable": [OURS, PEER["durable"]]}.get(path, [])
        tools = tools or [OURS, PEER[path], LOOP, *([HEADERS] if path == "pipe-pipe" else [])]
        if cache == "warm" and path in ("file-file", "file-pipe", "pipe-pipe"):
            if size <= 4 * GIB:
                tools.append(XEN)       # slow, and its cost grows linearly like that of the others
            if size <= GIB:
                tools.append(f"{PEER[path]} {AGAIN}")
        series = [Series(path, flavour, size, cache, tool) for tool in tools]
        source = self.input(flavour, size)
        if cache == "warm":
            with source.open("rb", buffering=0) as f:
                while f.read(MIB):
                    pass
        say(f"{path}, {flavour}, {report.short(size)}, {cache}")
        for i in range(self.args.repeat):
            for k in range(len(series)):
                one = series[(i + k) % len(series)]     # so that the first command of a round varies
                self.prepare(one, source)
                self.run(one, source)
        self.output.unlink(missing_ok=True)
        return series

    def start_up(self) -> list[Series]:
        say("start-up")
        source = self.input("hvm64", TINY)
        series = [Series("start-up", "hvm64", TINY, "warm", tool) for tool in (OURS, "true", "true again", "cp", XEN)]
        for i in range(self.args.starts + 5):
            for one in series:
                if one.tool == XEN and i % 5:           # slow: fewer runs are enough
                    continue
                self.output.unlink(missing_ok=True)
                self.run(one, source)
                if i < 5:
                    one.wall.clear(), one.user.clear(), one.system.clear(), one.rss.clear()
        return series

    def calls(self, path: str) -> list[dict]:
        """Counts the system calls of each tool with strace."""
        size, trace = min(self.args.sizes), self.dir / "strace.out"
        say(f"system calls, {path}")
        rows = []
        for tool in (OURS, PEER[path], LOOP, XEN):
            counts = {}
            for n in (TINY, size):
                source = self.input("hvm64", n)
                self.output.unlink(missing_ok=True)
                self.launch(["strace", "-c", "-f", "-o", str(trace), *self.argv(tool, path, source, "hvm64")], path, source)
                lines = re.findall(r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+)(?: +\d+)? +(\w+)$", trace.read_text(), re.MULTILINE)
                counts[n] = {name: int(calls) for calls, name in lines if name != "total"}
            total = sum(counts[size].values())
            more = total - sum(counts[TINY].values())
            top = sorted(counts[size].items(), key=lambda x: -x[1])[:4]
            rows.append({"path": path, "tool": tool, "size": size, "total": total,
                         "per_batch": more / ((size - TINY) / BATCH), "top": top})
        self.output.unlink(missing_ok=True)
        trace.unlink()
        return rows


def may_drop_caches() -> bool:
    return os.access(DROP_CACHES, os.W_OK) and os.geteuid() == 0


def fitting(bench: Bench, sizes: list[int]) -> list[int]:
    """The sizes for which input and output fit on the disk together with the other inputs."""
    free, fit = shutil.disk_usage(bench.dir).free - GIB, []
    for size in sorted(sizes):
        if sum(fit) + 2 * size > free:
            say(f"left out: {report.short(size)}, {free // MIB} MiB free in {bench.dir}")
        else:
            fit.append(size)
    return fit or sys.exit("bench: no space")


def measure(args: argparse.Namespace) -> dict:
    idle = machine.Others()
    load = os.getloadavg()[0]
    time.sleep(3)
    before = idle.percent()[0]
    if before > 5:
        say(f"THE MACHINE IS NOT QUIET: {before:.0f} % of its CPUs were busy before the start")
    bench, begin, others = Bench(args), time.monotonic(), machine.Others()
    args.sizes = fitting(bench, args.sizes)
    one_size = min([s for s in args.sizes if s >= GIB], default=max(args.sizes))
    pv = [one_size] if args.pv is None else args.pv
    cold = [one_size] if args.cold is None else args.cold
    notes = []
    if cold and not may_drop_caches():
        cold = []
        notes.append("Cold cache: not measured, since it needs root.")
    for size in args.sizes:
        if 2.5 * size > machine.memory_available():
            notes.append(f"{report.short(size)}: input and output may not fit in the page cache, so it may not be warm.")
    series, calls = [], []
    try:
        if "start-up" in args.paths:
            series += bench.start_up()
        if "ways" in args.paths:
            series += bench.case("ways", "hvm64", one_size, "warm")
        for path in (p for p in args.paths if p in PEER):
            if shutil.which("strace") and path != "durable":
                calls += bench.calls(path)
            for flavour, size, cache in ([("hvm64", s, "warm") for s in args.sizes] + [("pv64", s, "warm") for s in pv] +
                                         [("hvm64", s, "cold") for s in cold if path not in ("pipe-pipe", "durable")]):
                if path != "durable" or size <= 4 * GIB:
                    series += bench.case(path, flavour, size, cache)
    finally:
        bench.clean()
    busy, steal = others.percent()
    return {
        "command": shlex.join([str(Path(sys.argv[0]).resolve().relative_to(PROJECT)), *sys.argv[1:]]),
        "date": datetime.datetime.now().astimezone().isoformat(" ", "minutes"),
        "revision": machine.revision(PROJECT, program.PROGRAM),
        "machine": machine.describe(bench.dir),
        "quiet": {"load": load, "before": before, "during": busy, "steal": steal, "minutes": (time.monotonic() - begin) / 60},
        "repeat": args.repeat, "starts": args.starts, "feeder": args.feeder, "reader": args.reader, "notes": notes,
        "series": [asdict(x) for x in series], "calls": calls,
    }


def main() -> None:
    def sizes(text: str) -> list[int]:
        return [octets(x) for x in text.split(",") if x and x != "none"]

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=sizes, default="256M,1G,4G,16G", help="memory of the HVM guests (%(default)s)")
    parser.add_argument("--pv", type=sizes, metavar="SIZES", help="memory of the PV guests (default: the first of --sizes from 1G on)")
    parser.add_argument("--cold", type=sizes, metavar="SIZES", help="sizes for a cold cache, or none (default: like --pv)")
    parser.add_argument("--repeat", type=int, default=5, help="runs of each command (%(default)s)")
    parser.add_argument("--starts", type=int, default=200, help="runs for the start-up (%(default)s)")
    parser.add_argument("--paths", type=lambda x: x.split(","), default=",".join(PATHS), help="(%(default)s)")
    parser.add_argument("--feeder", choices=["splice", "cat"], default="splice", help="writer of the input pipe in pipe-pipe")
    parser.add_argument("--reader", choices=["read", "splice"], default="read", help="how the reader of the output pipe reads")
    parser.add_argument("--dir", type=Path, default=PROJECT / "build" / "bench", help="directory for the files")
    parser.add_argument("--out", type=Path, help="document to write (docs/benchmarks.md); the plot is written to the same directory")
    parser.add_argument("--keep", action="store_true", help="keep the inputs for the next run")
    parser.add_argument("--quick", action="store_true", help="256M and 1G, 3 runs, HVM, warm only")
    parser.add_argument("--render", action="store_true", help="measure nothing, use results.json in --dir")
    args = parser.parse_args()
    if args.quick:
        args.sizes, args.repeat, args.pv, args.cold = sizes("256M,1G"), 3, [], []
        args.paths = [p for p in args.paths if p != "ways"]
    if set(args.paths) - set(PATHS) or not args.sizes or args.repeat < 1 or args.starts < 1:
        parser.error(f"paths are {', '.join(PATHS)}; at least one size and one run")
    if not program.PROGRAM.exists():
        parser.error(f"{program.PROGRAM} does not exist: cmake --preset release && cmake --build --preset release")
    out = args.out or (args.dir / "quick.md" if args.quick else PROJECT / "docs" / "benchmarks.md")

    kept = args.dir / "results.json"
    if not args.render:
        results = measure(args)
        kept.write_text(json.dumps(results, indent=1) + "\n")
    notes = HERE / "notes.md"
    report.write(json.loads(kept.read_text()), out, notes.read_text() if notes.exists() else "")
    say(f"written: {out} and {out.with_suffix('.svg')}")


if __name__ == "__main__":
    main()
