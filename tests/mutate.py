#!/usr/bin/env python3
"""Mutation test: plants small faults one by one in a copy of the tree, builds it, and runs the tests that reach the line.

    tests/coverage.sh && tests/mutate.py --seed 1 --count 300
    tests/mutate.py --files 'src/base/*' --kinds call,flag

Needs build/coverage/reached.json, which tests/coverage.sh writes. A fault counts as killed if a test that passes without it fails or takes
more than ten times its usual duration. Faults that compile to the same code are ignored. Tests run in separate namespaces (root only), since
a faulty program may kill any process or remove any file. Results are appended to build/mutate/results.jsonl. Faults that have a result are
not planted again; --again runs the surviving ones once more. tests/mutants.md lists faults that cannot be detected.
"""

import argparse
import fnmatch
import json
import os
import random
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Iterable, Iterator, NamedTuple

PROJECT = Path(__file__).resolve().parents[1]
COVERAGE = PROJECT / "build" / "coverage"
WORK = PROJECT / "build" / "mutate"
TREE = WORK / "tree"        # for the first job; each other job has its own
BUILD = TREE / "build" / "mutate"
FLOORS = ("legacy", "v2", "src/envelope", "src/limits", "src/base", "src/lazy", "src/config", "src/convert", "src/tool")
PROGRAMS = {"convert-legacy-stream": "src/tool", "verify-stream-v2": "src/tool", "unit-tests": "tests/unit"}

SWAPPED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&",
           "CLS_SYSTEM": "CLS_BAD_INPUT", "CLS_BAD_INPUT": "CLS_SYSTEM", "CLS_USAGE": "CLS_SYSTEM", "CLS_OK": "CLS_SYSTEM",
           "true": "false", "false": "true", "SIGKILL": "SIGTERM", "SIGTERM": "SIGKILL"}


class Fault(NamedTuple):
    file: str
    line: int
    kind: str
    start: int
    end: int
    text: str       # replaces the source from start to end

    def of(self, source: str) -> str:
        return source[:self.start] + self.text + source[self.end:]

    def key(self) -> str:
        return f"{self.file}:{self.line}:{self.start}:{self.text}"


def masked(source: str) -> str:
    """Replaces comments, strings and character constants by blanks; keeps line ends."""
    blank = lambda m: re.sub(r"[^\n]", " ", m[0])
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, source, flags=re.S)


def closing(text: str, opening: int) -> int:
    """The offset of the parenthesis that matches the one at opening."""
    depth = 0
    for i in range(opening, len(text)):
        depth += {"(": 1, ")": -1}.get(text[i], 0)
        if depth == 0:
            return i
    return -1


def places(text: str) -> Iterator[tuple[str, int, int, str]]:
    """Yields kind, start, end and replacement of each fault; text is masked."""
    for m in re.finditer(r"(?<![<>=!&|\-])(<=|>=|==|!=|&&|\|\||<|>)(?![<>=&|])", text):
        if m[1] in ("<", ">") and not re.match(r" ", text[m.end():]):
            continue        # not a comparison
        yield "logic" if m[1] in ("&&", "||") else "comparison", m.start(), m.end(), SWAPPED[m[1]]
    for m in re.finditer(r"\b(?:if|while) (\()", text):
        end = closing(text, m.start(1))
        yield "negation", m.start(1), end + 1, f"(!{text[m.start(1):end + 1]})"
    for m in re.finditer(r"(?<=[ (])!(?=[\w(])", text):
        yield "negation", m.start(), m.end(), ""
    for m in re.finditer(r"(?<![\w.])(0x[0-9a-fA-F]+|\d+)(?=[uUlL]*\b)(?![\w.]*\.)", text):
        if re.match(r"0[0-7]{2,}$", m[1]):
            yield "mode", m.start(), m.end(), "0666" if m[1] != "0666" else "0600"
        else:
            value = int(m[1], 0)
            yield "constant", m.start(), m.end(), str(value + 1)
            if value:
                yield "constant", m.start(), m.end(), str(value - 1)
    for m in re.finditer(r"(?<=[;{}\n])(\s+)(?:\(void\))?([a-z_]\w*)(\()", text):
        end = closing(text, m.start(3))
        if m[2] not in ("if", "for", "while", "switch", "return", "sizeof", "va_start", "va_end") and text[end + 1:end + 2] == ";":
            yield "call", m.end(1), end + 1, "(void)0"
    for m in re.finditer(r" \| ([A-Z][A-Z0-9_]+)\b(?!\()", text):
        yield "flag", m.start(), m.end(), ""
    for m in re.finditer(r"\b([A-Z][A-Z0-9_]+) \| ", text):
        yield "flag", m.start(), m.end(), ""
    for m in re.finditer(r"\b(CLS_SYSTEM|CLS_BAD_INPUT|CLS_USAGE|CLS_OK|SIGKILL|SIGTERM|true|false)\b", text):
        yield "status", m.start(), m.end(), SWAPPED[m[1]]
    for m in re.finditer(r"(?<=[\w)\]]) ([+-]) (?=[\w(])", text):
        yield "arithmetic", m.start(1), m.end(1), "-" if m[1] == "+" else "+"


def faults_of(file: str) -> list[Fault]:
    source = (PROJECT / file).read_text()
    text = masked(source)
    # In preprocessor lines, only change the values of defined constants.
    for m in re.finditer(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", text, re.M):
        kept = re.match(r"#define \w+ +(?=[(\w])", m[0])
        head = kept.end() if kept else len(m[0])
        text = text[:m.start()] + re.sub(r"[^\n]", " ", m[0][:head]) + text[m.start() + head:]
    found = []
    for kind, start, end, instead in places(text):
        # Restore strings in the text, which were blanked.
        instead = instead.replace(text[start:end], source[start:end]) if kind == "negation" else instead
        found.append(Fault(file, source.count("\n", 0, start) + 1, kind, start, end, instead))
    return found


def chosen(files: list[str], kinds: set[str], count: int, seed: int) -> list[Fault]:
    """Selects faults evenly by floor, and by kind in each floor."""
    rng = random.Random(seed)
    queues = defaultdict(list)      # by floor and kind
    for file in files:
        floor = next(f for f in FLOORS if file.startswith(f + "/"))
        for fault in faults_of(file):
            if not kinds or fault.kind in kinds:
                queues[floor, fault.kind].append(fault)
    for queue in queues.values():
        rng.shuffle(queue)
    result = []
    while len(result) < count and queues:
        for floor in FLOORS:
            own = [key for key in queues if key[0] == floor]
            if own:
                key = rng.choice(own)
                result.append(queues[key].pop())
                if not queues[key]:
                    del queues[key]
    return result[:count]


class Copy:
    """A copy of the tree with its build."""

    def __init__(self):
        TREE.mkdir(parents=True, exist_ok=True)
        listed = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=PROJECT, capture_output=True, text=True,
                                check=True).stdout
        for file in filter(None, listed.split("\0")):
            if not (TREE / file).exists() or (TREE / file).read_bytes() != (PROJECT / file).read_bytes():
                (TREE / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(PROJECT / file, TREE / file)
        for beside in (PROJECT.parent / "shared", PROJECT / "build" / "xen-utils"):
            link = TREE.parent / "shared" if beside.name == "shared" else TREE / "build" / "xen-utils"
            link.parent.mkdir(parents=True, exist_ok=True)
            if beside.exists() and not link.exists():
                link.symlink_to(beside)
        quiet = {"check": True, "stdout": subprocess.DEVNULL, "cwd": TREE}
        subprocess.run(["cmake", "-S", TREE, "-B", BUILD, "-DBUILD_TESTING=ON", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON",
                        "-DCMAKE_C_FLAGS=-O1", "-DCLS_WERROR=OFF"], **quiet)
        subprocess.run(["cmake", "--build", BUILD, f"-j{os.cpu_count()}"], **quiet)
        self.commands = {os.path.relpath(one["file"], TREE): one for one in json.loads((BUILD / "compile_commands.json").read_text())}

    def compile(self, file: str) -> bytes | None:
        """The object code of a file; None if it does not compile."""
        command = self.commands[file]
        done = subprocess.run(shlex.split(command["command"]) + ["-w"], cwd=command["directory"], capture_output=True, check=False)
        return self.object(file).read_bytes() if done.returncode == 0 else None

    def object(self, file: str) -> Path:
        command = self.commands[file]
        argv = shlex.split(command["command"])
        return Path(command["directory"]) / argv[argv.index("-o") + 1]

    def link(self, file: str) -> bool:
        """Links the object file into the programs."""
        target = self.object(file)
        while not target.name.endswith(".dir"):
            target = target.parent
        directory = target.parent.parent
        link = (target / "link.txt").read_text().splitlines()
        for archive in re.findall(r" qc (\S+\.a) ", link[0]):       # ar would append
            (directory / archive).unlink(missing_ok=True)
        steps = [(directory, line) for line in link]
        for program, where in PROGRAMS.items():
            text = (BUILD / where / "CMakeFiles" / f"{program}.dir" / "link.txt").read_text().strip()
            if f"{program}.dir" != target.name:
                steps.append((BUILD / where, text))
        return all(subprocess.run(step, shell=True, cwd=where, capture_output=True, check=False).returncode == 0
                   for where, step in steps)


# Runs a test with its own processes, /tmp and /dev/shm, and limited memory.
ALONE = ["unshare", "-pfm", "--mount-proc", "--kill-child", "sh", "-c",
         'mount -t tmpfs -o size=4g tmpfs /tmp && mount -t tmpfs -o size=1g tmpfs /dev/shm && ulimit -v 8388608 && exec "$@"', "-"]


def special(lines: dict[str, list[str]]) -> Counter:
    """How specific each test is for a file: lines that few tests reach count most."""
    points = Counter()
    for tests in lines.values():
        for test in tests:
            points[test] += 1 / len(tests)
    return points


class Tests:
    def __init__(self, longest: float):
        self.reached = json.loads((COVERAGE / "reached.json").read_text())
        self.seconds = {test: seconds for test, seconds in json.loads((COVERAGE / "seconds.json").read_text()).items() if seconds <= longest}
        self.special = {file: special(lines) for file, lines in self.reached.items()}
        self.kills = Counter()      # by file and test
        self.fail_anyway = set()    # fail without a fault
        self.pass_else = set()

    def of(self, fault: Fault) -> list[tuple[str, ...]]:
        """The tests that reach the line, in groups that run together: first quick unit suites and tests that killed most faults in the
        file, then those that are specific for the file, relative to their duration."""
        lines = self.reached.get(fault.file, {})
        tests = lines.get(str(fault.line))
        if tests is None:       # no code, but data or a constant
            tests = sorted({test for tests in lines.values() for test in tests})
        ordered = sorted((t for t in tests or () if t in self.seconds and t not in self.fail_anyway),
                         key=lambda t: (not (t.startswith("unit-") and self.seconds[t] < 5), -self.kills[fault.file, t],
                                        -self.special[fault.file][t] / (self.seconds[t] + 0.3)))
        groups = []         # methods of one file, for some seconds
        for test in ordered:
            suite = test.partition(".")[0]
            open_group = next((g for g in groups if g[0].startswith(suite + ".") and sum(self.seconds[t] for t in g) < 3), None)
            if open_group:
                open_group.append(test)
            else:
                groups.append([test])
        return list(map(tuple, groups))

    def failing(self, group: tuple[str, ...]) -> str:
        """The first test that fails; empty if all pass."""
        name = group[0].partition(".")[0]
        if name.startswith("unit-"):
            argv = [BUILD / "bin" / "unit-tests", name.removeprefix("unit-")]
        else:
            argv = ["/usr/bin/python3", f"tests/e2e/test_{name.removeprefix('e2e-')}.py", "-f", *(t.partition(".")[2] for t in group)]
        env = os.environ | {"CLS_CONVERT": str(BUILD / "bin" / "convert-legacy-stream"), "PYTHONDONTWRITEBYTECODE": "1",
                            "CLS_VERIFY": str(BUILD / "bin" / "verify-stream-v2")}
        try:
            done = subprocess.run([*ALONE, *map(str, argv)], cwd=TREE, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, timeout=30 + 10 * sum(self.seconds[t] for t in group), check=False)
        except subprocess.TimeoutExpired:
            return group[0]
        if done.returncode == 0:
            return ""
        failed = re.search(rb"^(?:FAIL|ERROR): (\w+) ", done.stderr, re.M)
        return next((t for t in group if failed and t.endswith("." + failed[1].decode())), group[0])


def processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Run:
    def __init__(self, copy: Copy, tests: Tests, budget: float):
        self.copy, self.tests, self.budget = copy, tests, budget
        self.originals = {}

    def original(self, file: str) -> bytes:
        if file not in self.originals:
            self.originals[file] = self.copy.compile(file)
        return self.originals[file]

    def restore(self, file: str) -> None:
        (TREE / file).write_text((PROJECT / file).read_text())
        self.copy.compile(file)
        self.copy.link(file)

    def passes_else(self, test: str, fault: Fault, source: str) -> bool:
        """Whether the test passes without the fault."""
        if test not in self.tests.pass_else:
            self.restore(fault.file)
            (self.tests.fail_anyway if self.tests.failing((test,)) else self.tests.pass_else).add(test)
            (TREE / fault.file).write_text(fault.of(source))
            self.copy.compile(fault.file)
            self.copy.link(fault.file)
        return test in self.tests.pass_else

    def sees(self, fault: Fault) -> tuple[str, str]:
        """Plants a fault; returns the result, and the test that failed or the number of tests that passed."""
        source = (PROJECT / fault.file).read_text()
        groups = self.tests.of(fault)
        original = self.original(fault.file)
        (TREE / fault.file).write_text(fault.of(source))
        try:
            changed = self.copy.compile(fault.file)
            if changed is None:
                return "does not compile", ""
            if changed == original:
                return "same code", ""
            if not self.copy.link(fault.file):
                return "does not compile", ""
            began, ran = processor_seconds(), 0
            for group in groups:
                if processor_seconds() - began > self.budget:
                    return "survived", f"{ran} of {sum(map(len, groups))} tests that reach the line (out of time)"
                failed = self.tests.failing(group)
                if failed and self.passes_else(failed, fault, source):
                    self.tests.kills[fault.file, failed] += 1
                    return "killed", failed
                ran += len(group)
            return "survived", f"all {ran} tests that reach the line"
        finally:
            self.restore(fault.file)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--files", nargs="*", default=["*"], help="patterns")
    parser.add_argument("--kinds", default="", help="comparison,logic,negation,constant,mode,call,flag,status,arithmetic")
    parser.add_argument("--budget", type=float, default=60, help="CPU seconds for the tests of one fault")
    parser.add_argument("--longest", type=float, default=30, help="maximum duration of the tests to run, in seconds")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--again", action="store_true", help="run the surviving faults again")
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):       # the tests send them, but nohup and & ignore them
        signal.signal(number, signal.SIG_DFL)
    results = WORK / "results.jsonl"
    before = [json.loads(line) for line in results.read_text().splitlines()] if results.exists() else []
    latest = {Fault(*one["fault"]).key(): one for one in before}
    if args.again:
        faults = [Fault(*one["fault"]) for one in latest.values() if one["result"] == "survived"]
    else:
        tracked = subprocess.run(["git", "ls-files", "*.c"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout.split()
        files = [f for f in tracked if f.startswith(tuple(x + "/" for x in FLOORS)) and any(fnmatch.fnmatch(f, p) for p in args.files)]
        faults = chosen(files, set(filter(None, args.kinds.split(","))), args.count, args.seed)
        faults = [fault for fault in faults if fault.key() not in latest]
    if args.list:
        for fault in faults:
            print(f"{fault.file}:{fault.line}: {fault.kind}: {fault.text}")
        return 0
    children = [pid for job in range(args.jobs) if (pid := start_job(job, faults[job::args.jobs], args, results))]
    for pid in children:
        os.waitpid(pid, 0)
    print_table({Fault(*one["fault"]).key(): one for one in map(json.loads, results.read_text().splitlines())}.values())
    return 0


def start_job(job: int, faults: list[Fault], args: argparse.Namespace, results: Path) -> int:
    """Runs some of the faults in a child process with its own copy; returns its pid."""
    global TREE, BUILD
    if pid := os.fork():
        return pid
    TREE = WORK / (f"tree-{job}" if job else "tree")
    BUILD = TREE / "build" / "mutate"
    run = Run(Copy(), Tests(args.longest), args.budget)
    for fault in faults:
        source = (PROJECT / fault.file).read_text()
        result, by = run.sees(fault)
        line = source.splitlines()[fault.line - 1].strip()
        with open(results, "a") as out:
            out.write(json.dumps({"fault": fault, "result": result, "by": by, "line": line}) + "\n")
        if result == "survived":
            print(f"{fault.file}:{fault.line}: {fault.kind}: {source[fault.start:fault.end]!r} -> {fault.text!r}: {by}\n    {line}", flush=True)
    os._exit(0)


def print_table(ended: Iterable[dict]) -> None:
    print("| floor | planted | killed | survived |\n| --- | --- | --- | --- |")
    for floor in FLOORS:
        of = Counter(one["result"] for one in ended if one["fault"][0].startswith(floor + "/"))
        print(f"| `{floor}` | {of['killed'] + of['survived']} | {of['killed']} | {of['survived']} |")


if __name__ == "__main__":
    sys.exit(main())
