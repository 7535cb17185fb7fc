"""Help, man pages, completion, README and changelog agree with the programs."""

import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import program, verifier
from kit.program import PROJECT

PROGRAMS = {"convert-legacy-stream": program.PROGRAM, "verify-stream-v2": verifier.PROGRAM}
PAGES = [PROJECT / "docs" / "man" / name for name in (*(f"{p}.1" for p in PROGRAMS), "xen-legacy-stream.5")]
COMPLETION = PROJECT / "docs" / "completion" / "convert-legacy-stream.bash"


def output(*argv) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def help_options(path: Path) -> set[str]:
    """The options listed by --help."""
    lines = re.findall(r"^ +(?:(-[a-zA-Z]), )?(--[a-z0-9-]+)", output(path, "--help"), re.M)
    return {option for pair in lines for option in pair if option}


def page_options(page: Path) -> set[str]:
    """The options listed in a man page."""
    items = re.findall(r"^\.It (Fl .*)$", page.read_text(), re.M)
    return {f"-{option}" for item in items for option in re.findall(r"\bFl (-?[A-Za-z0-9-]+)", item)}


def completions(*words: str) -> list[str]:
    """The completions of bash for the last word of this command line."""
    script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); current=${@: -1}; ' \
             'if [[ $current == = ]]; then current=""; fi; function=$(complete -p "${1##*/}"); ' \
             'function=${function#*-F }; ${function%% *} "$1" "$current" "${@: -2:1}"; printf "%s\\n" "${COMPREPLY[@]}"'
    return output("bash", "-c", script, "bash", COMPLETION, *words).split()


class Options(unittest.TestCase):
    def test_help_and_man_page(self):
        for name, path in PROGRAMS.items():
            with self.subTest(name):
                self.assertEqual(page_options(PROJECT / "docs" / "man" / f"{name}.1"), help_options(path))

    def test_completion_of_options(self):
        for name, path in PROGRAMS.items():
            with self.subTest(name):
                self.assertEqual(set(completions(str(path), "-")), help_options(path))

    def test_completion_of_words(self):
        convert, verify = map(str, PROGRAMS.values())
        for words, expected in (
                ((convert, "-w", ""), ["32", "64"]),
                ((convert, "--guest-type", "h"), ["hvm"]),
                ((convert, "-i", "x", "--format", ""), ["libxc", "libxl"]),
                ((convert, "--progress", "=", "a"), ["auto", "always"]),
                ((convert, "--progress", "="), ["auto", "always", "never"]),
                ((convert, "--checkpointed", "=", ""), ["yes", "no"]),
                ((convert, "--inspect", "=", ""), ["text", "xml", "json"]),
                # Optional arguments are only completed after "=".
                ((convert, "--inspect", "js"), []),
                ((convert, "--progress", "al"), []),
                ((convert, "--checkpointed", "y"), []),
                ((verify, "-f", "libx"), ["libxc", "libxl"]),
                ((verify, "-f", ""), ["auto", "libxc", "libxl", "xl", "libvirt"]),
                ((convert, "-i", str(PROJECT / "READM")), [str(PROJECT / "README.md")])):
            with self.subTest(words=words[1:]):
                self.assertEqual(completions(*words), expected)


class Pages(unittest.TestCase):
    def test_lint(self):
        """mandoc has no complaints, except about references between our pages, which are not installed, and the order of sections."""
        done = subprocess.run(["mandoc", "-T", "lint", *PAGES], capture_output=True, text=True, check=False)
        names = "|".join(page.stem for page in PAGES)
        others = [line for line in done.stdout.splitlines()
                  if not re.search(rf"referenced manual not found: Xr ({names}) [15]$|sections out of conventional order: Sh (ENVIRONMENT|EXIT STATUS)$", line)]
        self.assertEqual(others, [])

    def test_version(self):
        """--version prints the newest release in the changelog."""
        newest = re.search(r"^## (\S+) - \d{4}-\d\d-\d\d$", (PROJECT / "docs" / "CHANGELOG.md").read_text(), re.M)
        for name, path in PROGRAMS.items():
            self.assertEqual(output(path, "--version"), f"{name} {newest[1]}\n")


class Examples(unittest.TestCase):
    """The sh commands in README.md print the documented output (newcomer.sh tests that on a minimal Debian)."""

    def test_readme(self):
        blocks = re.findall(r"^```(sh)?\n(.*?)^```$", (PROJECT / "README.md").read_text(), re.M | re.S)
        tried = 0
        with tempfile.TemporaryDirectory() as work:
            path = os.pathsep.join([*{str(Path(p).parent) for p in PROGRAMS.values()}, os.environ["PATH"]])
            for (shell, text), (other, expected) in zip(blocks, blocks[1:]):
                if shell and not other:
                    with self.subTest(text.splitlines()[0]):
                        done = subprocess.run(["sh", "-eu", "-c", text.replace("/tmp/", f"{work}/")], cwd=PROJECT, env={**os.environ, "PATH": path},
                                              text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True)
                        self.assertEqual(done.stdout.replace(f"{work}/", "/tmp/"), expected)
                        tried += 1
        self.assertGreater(tried, 4)


class Links(unittest.TestCase):
    def test_links(self):
        """Relative links in the documents are valid."""
        for document in (p for pattern in ("*.md", "[!b]*/**/*.md") for p in PROJECT.glob(pattern)):
            for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text()):
                with self.subTest(document=document.name, target=target):
                    self.assertTrue((document.parent / target).exists())


if __name__ == "__main__":
    unittest.main()
