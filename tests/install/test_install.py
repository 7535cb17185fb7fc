"""cmake --install installs all files; builds in two directories are identical."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import program as convert, verifier
from kit.program import PROJECT

PROGRAMS = ("convert-legacy-stream", "verify-stream-v2")
FILES = {
    *(f"bin/{p}" for p in PROGRAMS),
    *(f"share/man/man1/{p}.1" for p in PROGRAMS),
    "share/man/man5/xen-legacy-stream.5",
    *(f"share/bash-completion/completions/{p}" for p in PROGRAMS),
    *(f"share/doc/convert-legacy-stream/{p}" for p in (
        "README.md", "LICENSE", "CHANGELOG.md", "examples/good-xl-hvm64.legacy", "examples/good-xl-pv64.legacy",
        "examples/xl-restore-legacy", "examples/libvirtd-converter.conf")),
    *(f"share/doc/convert-legacy-stream/docs/{p.name}" for p in (PROJECT / "docs").iterdir()
      if p.is_file() and p.name not in ("CHANGELOG.md", "CMakeLists.txt")),
}


def run(*argv, **kw) -> None:
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, **kw)


def tree(root: Path) -> set[str]:
    return {str(p.relative_to(root)) for p in root.rglob("*") if not p.is_dir()}


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """Copies the tree, and builds it in another directory."""
        tmp = tempfile.TemporaryDirectory()
        cls.addClassCleanup(tmp.cleanup)
        cls.dir = Path(tmp.name)
        source = cls.dir / "some" / "where"
        cls.build = cls.dir / "build"
        shutil.copytree(PROJECT, source, ignore=shutil.ignore_patterns("build", ".git"))
        run("cmake", "-S", source, "-B", cls.build, "-DCMAKE_BUILD_TYPE=RelWithDebInfo", "-DBUILD_TESTING=OFF",
            "-DXEN_LIBEXEC_BIN=/opt/xen/libexec/bin")
        run("cmake", "--build", cls.build, "-j", str(len(os.sched_getaffinity(0))))

    def install(self, *options: str) -> Path:
        destdir = Path(tempfile.mkdtemp(dir=self.dir))
        run("cmake", "--install", self.build, *options, env={**os.environ, "DESTDIR": str(destdir)})
        return destdir

    def test_anywhere(self):
        """With any prefix and DESTDIR, all files are installed, and the programs work in DESTDIR."""
        for prefix in ("/usr", "/opt/a b"):
            with self.subTest(prefix=prefix):
                destdir = self.install("--prefix", prefix)
                wanted = {f"{prefix[1:]}/{name}" for name in FILES} | {"opt/xen/libexec/bin/convert-legacy-stream"}
                self.assertEqual(tree(destdir), wanted)
                root = destdir / prefix[1:]
                save = root / "share" / "doc" / "convert-legacy-stream" / "examples" / "good-xl-hvm64.legacy"
                for program in (root / "bin" / PROGRAMS[0], destdir / "opt/xen/libexec/bin" / PROGRAMS[0]):
                    run(program, "-i", save, "-o", destdir / "new.save")
                    run(root / "bin" / PROGRAMS[1], "-i", destdir / "new.save")

    def test_links(self):
        """The targets of links in README.md are installed, except for fixtures."""
        doc = self.install("--prefix", "/usr") / "usr/share/doc/convert-legacy-stream"
        for target in re.findall(r"\]\((?!fixtures)([^)#]+)", (doc / "README.md").read_text()):
            self.assertTrue((doc / target).exists(), target)

    def test_example(self):
        """xl-restore-legacy runs xl with its own arguments and our program as the helper."""
        bin_dir = self.install("--prefix", "/usr") / "usr" / "bin"
        (bin_dir / "xl").write_text('#!/bin/sh\necho "$LIBXL_CONVERT_HELPER" "$@"\n')
        (bin_dir / "xl").chmod(0o755)
        script = bin_dir.parent / "share/doc/convert-legacy-stream/examples/xl-restore-legacy"
        output = subprocess.run([script, "-p", "old save"], env={"PATH": f"{bin_dir}:{os.environ['PATH']}"},
                              capture_output=True, text=True, check=True).stdout
        self.assertEqual(output, f"{bin_dir}/convert-legacy-stream restore -p old save\n")

    def test_reproducible(self):
        """The programs are identical to those of the tested build."""
        for program in (convert.PROGRAM, verifier.PROGRAM):
            self.assertEqual(program.read_bytes(), (self.build / "bin" / program.name).read_bytes(),
                             f"{program.name} depends on its build directory")


if __name__ == "__main__":
    unittest.main()
