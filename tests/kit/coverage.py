"""Used by tests/coverage.sh: runs the suites on the build with counters, with separate counters for each test. Writes to build/coverage:

    raw/TEST/       the counters of one test: a suite of unit-tests, or a method of tests/e2e
    seconds.json    duration of each test
    lines.lcov      sum of all tests by line (lcov's format)
    reached.json    for each source file: line of code -> tests that reached it; for tests/mutate.py
"""

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import time
import unittest
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
BUILD = PROJECT / "build" / "coverage"
BIN = BUILD / "bin"
PROGRAMS = ("convert-legacy-stream", "verify-stream-v2", "unit-tests")
FLOORS = ("legacy", "v2", "src/envelope", "src/limits", "src/base", "src/lazy", "src/config", "src/convert", "src/tool")


def counters(test: str) -> Path:
    """%c: the file is mapped, so that killed processes count; %m: one file for each program, shared by its processes."""
    return BUILD / "raw" / test / "%c%m"


class Result(unittest.TextTestResult):
    """Gives each method separate counters, and measures its time."""

    suite = ""
    seconds: dict[str, float] = {}

    def startTest(self, test):
        self.name = f"{self.suite}.{test.id().partition('.')[2]}"
        os.environ["LLVM_PROFILE_FILE"] = str(counters(self.name))
        for program in PROGRAMS[:2]:        # makes the files, which a program with a limit of file size cannot
            subprocess.run([BIN / program, "--version"], stdout=subprocess.DEVNULL, check=False)
        self.began = time.monotonic()
        super().startTest(test)

    def stopTest(self, test):
        self.seconds[self.name] = round(time.monotonic() - self.began, 3)
        super().stopTest(test)


def run_methods(suite: str) -> int:
    """Runs the methods of tests/e2e/test_NAME.py, in a separate process."""
    path = PROJECT / "tests" / "e2e" / f"test_{suite.removeprefix('e2e-')}.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    Result.suite = suite
    result = unittest.TextTestRunner(resultclass=Result).run(unittest.defaultTestLoader.loadTestsFromModule(module))
    (BUILD / "raw" / f"{suite}.json").write_text(json.dumps(Result.seconds))
    return not result.wasSuccessful()


def run_suite(suite: str) -> bool:
    env = os.environ | {"CLS_CONVERT": str(BIN / PROGRAMS[0]), "CLS_VERIFY": str(BIN / PROGRAMS[1]), "PYTHONDONTWRITEBYTECODE": "1",
                        "LLVM_PROFILE_FILE": str(counters(suite))}
    began = time.monotonic()
    if suite.startswith("unit-"):
        argv = [BIN / "unit-tests", suite.removeprefix("unit-")]
    else:
        argv = [sys.executable, __file__, "--methods", suite]
    with open(BUILD / f"{suite}.log", "wb") as log:
        ok = subprocess.run(argv, env=env, cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False).returncode == 0
    print(f"{suite}: {'passed' if ok else f'FAILED, see build/coverage/{suite}.log'}, {time.monotonic() - began:.0f} s", flush=True)
    if suite.startswith("unit-"):
        (BUILD / "raw" / f"{suite}.json").write_text(json.dumps({suite: round(time.monotonic() - began, 3)}))
    return ok


def all_suites() -> list[str]:
    listed = subprocess.run(["ctest", "--preset", "coverage", "-N"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    return re.findall(r": ((?:unit|e2e)-\w+)$", listed, re.M)


def export(raw: list[Path], name: Path, *form: str) -> str:
    """Merges the counters and exports the coverage of the project's sources by llvm-cov."""
    subprocess.run(["llvm-profdata", "merge", "-sparse", "-failure-mode=all", *raw, "-o", name], check=True, stderr=subprocess.DEVNULL)
    objects = [part for program in PROGRAMS[1:] for part in ("-object", BIN / program)]
    done = subprocess.run(["llvm-cov", "export", BIN / PROGRAMS[0], *objects, "-instr-profile", name, "-ignore-filename-regex=/?tests/",
                           *form], check=True, capture_output=True, text=True)
    return done.stdout


def own_path(path: str) -> str:
    """Maps a path from the debug information (legacy/legacy/reader.c, or absolute) to one in the project."""
    path = os.path.relpath(path, PROJECT) if os.path.isabs(path) else path
    parts = Path(path).parts
    for i in range(len(parts)):
        if (PROJECT / Path(*parts[i:])).is_file():
            return str(Path(*parts[i:]))
    return path


Counts = dict[str, dict[tuple, int]]        # file -> line, or line and branch -> count


def counts(lcov: str) -> tuple[Counts, Counts]:
    """Counts by line and by branch. Inline functions are in several objects: the highest count is used."""
    lines, branches = defaultdict(dict), defaultdict(dict)
    for record in lcov.splitlines():
        key, _, value = record.partition(":")
        if key == "SF":
            file = own_path(value)
        elif key in ("DA", "BRDA"):
            *place, count = value.split(",")
            of = (lines if key == "DA" else branches)[file]
            of[tuple(place)] = max(of.get(tuple(place), 0), int(count.replace("-", "0")))
    return lines, branches


def reached_lines(test: str) -> dict[str, dict[str, bool]]:
    raw = [p for p in (BUILD / "raw" / test).iterdir() if p.is_file()]
    merged = BUILD / "raw" / f"{test}.profdata"
    try:
        lines, _ = counts(export(raw, merged, "-format=lcov", "-skip-functions", "-skip-expansions"))
    except subprocess.CalledProcessError:
        return {}       # its counters are truncated, since the test limits the size of files
    merged.unlink()
    return {file: {line: count > 0 for (line,), count in of.items()} for file, of in lines.items()}


def write_map() -> None:
    tests = sorted(p.name for p in (BUILD / "raw").iterdir() if p.is_dir() and any(p.iterdir()))
    reached = defaultdict(lambda: defaultdict(list))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for test, found in zip(tests, pool.map(reached_lines, tests)):
            for file, lines in found.items():
                for line, is_reached in lines.items():
                    reached[file][line] += [test] * is_reached
    (BUILD / "reached.json").write_text(json.dumps(reached))
    seconds = {}
    for file in (BUILD / "raw").glob("*.json"):
        seconds |= json.loads(file.read_text())
    (BUILD / "seconds.json").write_text(json.dumps(seconds))


def print_table() -> None:
    raw = [p for d in (BUILD / "raw").iterdir() if d.is_dir() for p in d.iterdir()]
    lcov = export(raw, BUILD / "all.profdata", "-format=lcov", "-skip-expansions")
    (BUILD / "lines.lcov").write_text(lcov)
    lines, branches = counts(lcov)
    print("| floor | lines | branches |\n| --- | --- | --- |")
    for floor in (*FLOORS, ""):
        row = []
        for of in (lines, branches):
            own = [count for file, places in of.items() if file.startswith(floor and floor + "/") for count in places.values()]
            row.append(f"{100 * sum(map(bool, own)) / max(len(own), 1):.1f} % of {len(own):,}")
        print(f"| {f'`{floor}`' if floor else 'all'} | {' | '.join(row)} |")


def main(argv: list[str]) -> int:
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):       # the tests send them, but nohup and & ignore them
        signal.signal(number, signal.SIG_DFL)
    if argv[:1] == ["--methods"]:
        return run_methods(argv[1])
    if argv != ["--table"]:
        suites = argv or all_suites()
        subprocess.run(["rm", "-rf", BUILD / "raw"], check=True)
        (BUILD / "raw").mkdir()
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            ok = all(list(pool.map(run_suite, suites)))
    write_map()
    print_table()
    return 0 if argv == ["--table"] or ok else 1


if __name__ == "__main__":
    sys.path.insert(0, str(PROJECT / "tests"))
    sys.exit(main(sys.argv[1:]))
