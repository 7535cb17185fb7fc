"""Directory runs: results, file names, resuming, reports, shards, signals and crashes."""

import fcntl
import gzip
import hashlib
import json
import os
import pty
import random
import re
import resource
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
import unittest
from collections import Counter
from errno import EIO, EMFILE, ENOMEM
from pathlib import Path
from typing import Union

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import archive, batch, cases, expected, faults, legacy, make_stream, program, v2
from kit.base import ProgramTest
from kit.faults import Plan
from kit.program import PROJECT

CASE = cases.named("hvm64-age-4-5-4")
GOOD = CASE.octets()
WANT = v2.version_2_of(expected.by_model(CASE, "libxc"))
BAD = GOOD[:-1]

ROUNDS = int(os.environ.get("BATCH_ROUNDS", 2))
SMALL = int(os.environ.get("BATCH_SMALL", 100 if program.SANITIZED else 200))
LARGE = int(os.environ.get("BATCH_LARGE", 2))
LARGE_SIZE = int(os.environ.get("BATCH_LARGE_MIB", 8)) << 20
UNUSED_ID = 31337    # a user without other processes
BUSY = 600      # number of files: enough to interrupt the run


class BatchTest(ProgramTest):
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.old, self.new = self.dir / "old", self.dir / "new"
        self.old.mkdir()

    def put(self, name: Union[str, bytes], data: bytes = GOOD) -> None:
        path = os.path.join(os.fsencode(self.old), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data)

    def run_batch(self, *args, **kw) -> subprocess.CompletedProcess:
        return program.run("-i", self.old, "-o", self.new, "--no-sync", *args, **kw)

    def report_of(self, *args, status: int = 0, **kw) -> dict[bytes, dict]:
        """Converts the directory; returns the row of each file in the report."""
        report = self.dir / "report.jsonl"
        report.unlink(missing_ok=True)
        self.assert_status(self.run_batch("--report", report, *args, **kw), status)
        return batch.rows(report)

    def results(self, *args, **kw) -> dict[str, str]:
        return {os.fsdecode(name): row["result"] for name, row in self.report_of(*args, **kw).items()}

    def new_files(self) -> dict[str, bytes]:
        return {os.fsdecode(p.relative_to(self.new)): p.read_bytes() for p in self.new.rglob("*") if p.is_file()}


class Results(BatchTest):
    def test_every_case(self):
        """Each file gets the result, the output and the message of a single conversion."""
        picked = [c for c in cases.CASES if not c.ambiguous and not c.by_name and c.save.header is None][::3]
        for case in picked:
            self.put(f"{case.flavour.name}/{case.name}", case.octets())
        done = self.run_batch("-f", "libxl", "--report", self.dir / "r.jsonl")
        self.assert_status(done, 1)
        self.assert_silent_stdout(done)
        rows, new = batch.rows(self.dir / "r.jsonl"), self.new_files()
        for case in picked:
            name = f"{case.flavour.name}/{case.name}"
            row = rows[name.encode()]
            with self.subTest(case=name):
                self.assertEqual(row["bytes_in"], len(case.octets()))
                if not case.refused:
                    self.assertEqual(row["result"], "converted")
                    self.assertTrue(new.pop(name) == v2.version_2_of(expected.by_model(case, "libxl")))
                    self.assertEqual((row["guest"], row["width"]), (case.flavour.guest.upper(), case.flavour.width))
                    self.assertEqual(row["bytes_out"], (self.new / name).stat().st_size)
                elif "legacy" in case.refused:
                    self.assertEqual(row["result"], "other", "its start is not that of a save")
                else:
                    self.assertEqual((row["result"], row["status"]), ("failed", 1))
                    alone = program.run("-i", self.old / name, "-o", self.dir / "alone", "-f", "libxl")
                    self.assertIn(program.lines(alone.stderr)[-1], program.lines(done.stderr))
                    self.assertRegex(f"{row['why'].get('place')}: {row['why']['reason']}", case.refused)
        self.assertEqual(list(new), [], "unexpected outputs")

    def test_pages_are_counted_by_type(self):
        case = cases.named("pv64-types")
        self.put("a", case.octets())
        pages = self.report_of()[b"a"]["pages"]
        entries = [e for c in case.save.body if isinstance(c, legacy.Batch) for e in c.entries]
        names = ["NOTAB", *(f"L{n}TAB" for n in range(1, 5)), *[""] * 4, *(f"L{n}TAB pinned" for n in range(1, 5)),
                 "BROKEN", "XALLOC"]
        want = {name: sum(e >> 28 == i for e in entries) for i, name in enumerate(names) if name}
        self.assertEqual(pages, {name: n for name, n in want.items() if n})

    def test_envelopes(self):
        self.put("xl", make_stream.with_xl(CASE).octets())
        self.put("bad-head", b"Xen saved domain, xl format\n \0 \r" + bytes(100))
        rows = self.report_of(status=1)
        self.assertEqual((rows[b"xl"]["result"], rows[b"xl"]["envelope"]), ("converted", "xl"))
        self.assertEqual(rows[b"bad-head"]["result"], "failed", "a damaged save counts as a save")

    def test_other_files_and_v2_saves(self):
        self.put("a.save")
        self.put("notes.txt", b"hello\n" * 100)
        self.put("empty", b"")
        self.put("v2.save", WANT)
        self.put("libxl.save", v2.version_2_of(expected.by_model(CASE, "libxl")))
        want = {"a.save": "converted", "notes.txt": "other", "empty": "other", "v2.save": "already-v2",
                "libxl.save": "already-v2"}
        self.assertEqual(self.results(), want)
        self.assertEqual(self.new_files(), {"a.save": WANT})

        os.chmod(self.old / "notes.txt", 0o751)
        rows = self.report_of("--copy-others", "--force")
        self.assertEqual({n.decode(): r["result"] for n, r in rows.items()}, want)
        self.assertEqual({n for n, r in rows.items() if r.get("copied")}, {n for n in rows if n != b"a.save"})
        for name in want:
            self.assertEqual(self.new_files()[name], WANT if name == "a.save" else (self.old / name).read_bytes())
        self.assertEqual((self.new / "notes.txt").stat().st_mode & 0o777, 0o751)
        self.assertEqual(set(self.results("--copy-others").values()), {"up-to-date"})

    def test_files_that_may_contain_saves(self):
        """A file that was or may contain a save gets a message and a row. Other files get no message."""
        made = archive.unreadable(GOOD)
        for name, data in made.items():
            self.put(name, data)
        quiet = {"notes.txt": b"hello", "empty": b"", "zeros": bytes(9000), "core": b"\x7fELF" + bytes(100), "vm.gz": gzip.compress(b"x" * 9000)}
        for name, data in quiet.items():
            self.put(name, data)
        done = self.run_batch("--copy-others", "-q", "--report", self.dir / "r.jsonl", "--report", self.dir / "r.xml")
        self.assert_status(done, 1)
        rows, messages = batch.rows(self.dir / "r.jsonl"), program.lines(done.stderr)
        self.assertEqual({n.decode(): r["result"] for n, r in rows.items()},
                         {**dict.fromkeys(made, "unreadable"), **dict.fromkeys(quiet, "other")})
        self.assertEqual(len(messages), len(made))
        for name in made:
            self.assertEqual(len([x for x in messages if f"{self.old}/{name}: byte 0x" in x]), 1, name)
        for name, way_out in (("vhd", "qemu-img convert"), ("tar", "unpack it"), ("xva", "join the chunks"), ("zip", "unpack it"),
                              ("ext2", "mount it"), ("tar.gz", "a tar archive"), ("empty.save", "an empty file")):
            self.assertIn(way_out, rows[name.encode()]["why"]["reason"])
            alone = program.run("-i", self.old / name, "-o", self.dir / "alone")
            self.assert_status(alone, 1)
            self.assertIn(way_out, alone.stderr.decode())
        self.assertEqual(set(self.new_files()), set(quiet), "unreadable files must not be copied: they would then be up to date")
        self.assertIsNone(batch.valid_xml(self.dir / "r.xml"))
        again = self.run_batch("--copy-others")
        self.assert_status(again, 1)
        self.assertIn(f" {len(quiet)} up to date, 0 already v2, 0 other, {len(made)} unreadable, 0 failed", again.stderr.decode())

    def test_real_container_formats(self):
        save = self.file("save", GOOD + bytes(-len(GOOD) % 512))
        made = {}
        for fmt, name in (("vpc", "VHD"), ("vhdx", "VHDX"), ("qcow2", "qcow2"), ("vmdk", "VMDK"), ("vdi", "VDI")):
            made[fmt] = (["qemu-img", "convert", "-O", fmt, save, self.old / fmt], f"a {name} disk image")
        made["fixed"] = (["qemu-img", "convert", "-O", "vpc", "-o", "subformat=fixed", self.file("x", b"\xa5" * 1024), self.old / "fixed"],
                         "a VHD disk image")
        (self.dir / "in").mkdir()
        (self.dir / "in/suspend-image").write_bytes(GOOD)
        made["ext2"] = (["mke2fs", "-qq", "-F", "-d", self.dir / "in", self.old / "ext2", "1M"], "an ext2 file system")
        made["lzop"] = (["lzop", "-o", self.old / "lzop", save], "compressed with lzop")
        for name, (command, _) in list(made.items()):
            if not shutil.which(command[0]):
                del made[name]
                continue
            subprocess.run(command, check=True, capture_output=True)
        rows = self.report_of("-q", status=1)
        self.assertEqual(len(rows), len(made))
        for name, (_, reason) in made.items():
            self.assertEqual(rows[name.encode()]["result"], "unreadable")
            self.assertIn(reason, rows[name.encode()]["why"]["reason"])

    def test_padding(self):
        """Zeros after a save, as left by dd and tapes, are ignored; other bytes are an error that names a remedy."""
        for name, more in (("dd", bytes(-len(GOOD) % 4096)), ("one", b"\0"), ("three", bytes(3)), ("tape", bytes(200000))):
            self.put(name, GOOD + more)
        self.put("bad", GOOD + bytes(70000) + b"x")
        done = self.run_batch("--report", self.dir / "r.jsonl")
        self.assert_status(done, 1)
        messages = done.stderr.decode()
        self.assertEqual(messages.count("zero bytes after the end of the stream ignored"), 4)
        self.assertIn(f"{self.old}/bad: byte 0x{len(GOOD):x}: end of the stream: 70001 bytes follow the end of the stream (to convert without "
                      "them: -i 0 <FILE)", messages)
        self.assertEqual(self.new_files(), dict.fromkeys(("dd", "one", "three", "tape"), WANT))
        with open(self.old / "bad", "rb") as bad:
            self.assert_status(program.run("-i", "0", "-o", self.dir / "good", stdin=bad), 0)
        self.assertEqual((self.dir / "good").read_bytes(), WANT)

    def test_modes(self):
        """Modes of directories and copied files are not widened."""
        self.put("dir/a")
        self.put("dir/notes", b"hello")
        modes = {self.old: 0o750, self.old / "dir": 0o710, self.old / "dir/a": 0o644, self.old / "dir/notes": 0o705}
        for path, mode in modes.items():
            os.chmod(path, mode)
        self.results("--copy-others", umask=0o022)
        for path, mode in {**modes, self.old / "dir/a": 0o600}.items():
            self.assertEqual((self.new / path.relative_to(self.old)).stat().st_mode & 0o7777, mode, path)

    def test_modes_of_reports(self):
        """Reports contain file names, so only the owner can read them."""
        self.put("a")
        names = [self.dir / name for name in ("r.xml", "r.html", "r.jsonl")]
        self.assert_status(self.run_batch(*(x for name in names for x in ("--report", name)), umask=0), 0)
        self.assertEqual([name.stat().st_mode & 0o7777 for name in names], [0o600] * 3)

    def test_conversion_options(self):
        self.put("a")
        self.run_batch("-f", "libxl", "--stream-version", "3")
        self.assertEqual(self.new_files()["a"], expected.by_model(CASE, "libxl"))

    def test_exit_status(self):
        self.assertEqual(self.results(), {}, "an empty directory has no results")
        self.put("good")
        self.assertEqual(self.results(), {"good": "converted"})
        self.put("bad", BAD)
        self.assertEqual(self.results(status=1), {"good": "up-to-date", "bad": "failed"})
        self.put("dir/lost")
        (self.new / "dir").write_bytes(b"in the way")
        listed = self.file("list", b"bad\ndir/lost\ndir\n")
        rows = self.report_of("--files-from", listed, status=1)
        self.assertEqual({n.decode(): r["status"] for n, r in rows.items()}, {"bad": 1, "dir/lost": 2, "dir": 2})
        rows = self.report_of("--files-from", self.file("list", b"bad\ngone"), status=3)
        self.assertEqual({n.decode(): r["status"] for n, r in rows.items()}, {"bad": 1, "gone": 3})

    def test_usage(self):
        self.put("a")
        save = self.file("save", GOOD)
        for argv in (["-i", self.old, "-o", self.old], ["-i", self.old, "-o", self.old / "."], ["-i", self.old, "-o", self.dir],
                     ["-i", self.old, "-o", save], ["-i", self.old], ["-i", self.old, "-o", self.new, "-j", "0"], ["-i", self.old, "-o", self.new, "-j", "+2"],
                     ["-i", self.old, "-o", self.new, "--shard", "0/2"], ["-i", self.old, "-o", self.new, "--shard", "3/2"],
                     ["-i", self.old, "-o", self.new, "--shard", "1"], ["-i", self.old, "-o", self.new, "--report", "r.txt"],
                     ["-i", self.old, "-o", self.new, "--timeout", "x"], ["-i", save, "-o", self.new, "-j", "2"],
                     ["-i", self.old, "-o", "-"], ["-i", self.old, "-o", "5"],
                     ["-i", self.old, "-o", self.new, "--write-config", self.dir / "xl.cfg"],
                     ["-i", save, "-o", self.new, "--force"], ["--merge-reports", "x.html"],
                     ["--merge-reports", "x", "y.jsonl"], ["-i", self.old, "-o", self.new, "more"]):
            with self.subTest(argv=argv):
                done = program.run(*argv, cwd=self.dir)
                self.assert_status(done, 2)
                self.assertEqual(len(program.lines(done.stderr)), 1, done.stderr)
        self.assertEqual(self.new_files() if self.new.exists() else {}, {})

    def test_output_in_the_input(self):
        """An output directory inside the input directory is skipped."""
        self.put("a")
        self.new = self.old / "new"
        for result in ("converted", "up-to-date"):
            self.assertEqual(self.results(), {"a": result})


class Names(BatchTest):
    def test_odd_names(self):
        names = [b"new\nline", b"\xff\xfe not utf-8", b"x" * 255, b"-", b"5", b"-i", b" ", b"a\\b", b"quote'\"<&>", b"\x1b[31m",
                 "\u202egnp".encode(), "\u00e9t\u00e9".encode(), b"deep/" * 40 + b"down", b"d/\xff/e"]
        for name in names:
            self.put(name)
        done = self.run_batch("--report", self.dir / "r.jsonl", "--report", self.dir / "r.xml", "-v",
                              env={**os.environ, "LC_ALL": "C.UTF-8"})
        self.assert_status(done, 0)
        text = done.stderr.decode()
        self.assertTrue(all(c == "\n" or c.isprintable() for c in text), "names are not escaped in messages")
        self.assertEqual(set(batch.rows(self.dir / "r.jsonl")), set(names))
        self.assertEqual(set(archive.snapshot(self.new)), set(names))
        self.assertEqual(set(self.new_files().values()), {WANT})
        self.assertIsNone(batch.valid_xml(self.dir / "r.xml"))

    def test_long_names_in_messages(self):
        """Messages about files with very long names are printed."""
        long = b"d" * 200 + b"/" + b"\xff" * 255
        self.put(long, BAD)
        listed = self.file("list", long + b"\n" + b"e/" * 200 + b"gone")
        messages = program.lines(self.run_batch("--files-from", listed).stderr)
        self.assertRegex(messages[0], r": cannot open .*/e/e.*: No such file or directory$")
        self.assertRegex(messages[-2], r"(\\xff){255}: byte 0x[0-9a-f]+: qemu record: .* input ended after \d+$")

    def put_deep(self, depth: int, name: str, every: int = 0) -> int:
        """Creates depth nested directories with a save in the last one and, if every is set, in each every-th one;
        returns the number of saves."""
        fd, count = os.open(self.old, os.O_RDONLY), 0
        for level in range(depth + 1):
            if level == depth or (every and level % every == 0):
                with open(os.open("save", os.O_WRONLY | os.O_CREAT, dir_fd=fd), "wb") as f:
                    f.write(GOOD)
                count += 1
            if level < depth:
                os.mkdir(name, dir_fd=fd)
                down = os.open(name, os.O_RDONLY, dir_fd=fd)
                os.close(fd)
                fd = down
        os.close(fd)
        return count

    def remove_trees(self) -> None:
        """By rm: shutil.rmtree() is recursive."""
        subprocess.run(["rm", "-rf", self.old, self.new], check=True)
        self.old.mkdir()

    def test_paths_longer_than_path_max(self):
        self.put_deep(30, "d" * 200)
        self.assertEqual(self.results(), {("d" * 200 + "/") * 30 + "save": "converted"})

    def test_deep_trees(self):
        """The number of open() calls is linear in the depth; few directories are open at the same time."""
        self.addCleanup(self.remove_trees)
        opened, trace = [], self.dir / "trace"
        for depth in (500, 1000):
            self.remove_trees()
            count = self.put_deep(depth, "d", 50)
            done = subprocess.run(["strace", "-f", "-o", trace, "-e", "trace=openat", "-e", "signal=none", program.PROGRAM, "-i", self.old,
                                   "-o", self.new, "--no-sync", "-j", "1"], check=False, capture_output=True,
                                  env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"},
                                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24)))
            self.assert_status(done, 0)
            self.assertIn(f" {count} converted", done.stderr.decode())
            opened.append(len(trace.read_text().splitlines()))
        self.assertLess(opened[1], 2.2 * opened[0])
        self.assertLess(opened[1], 20 * 1000)

    def test_too_deep(self):
        """Too deep directories are skipped, with one row; the rest is converted."""
        self.addCleanup(self.remove_trees)
        self.put_deep(10002, "d", 10000)
        rows = self.report_of("--no-sync", status=1)
        self.assertEqual({n: r["result"] for n, r in rows.items()},
                         {b"save": "converted", b"d/" * 10000 + b"save": "converted", (b"d/" * 10001)[:-1]: "failed"})
        row = rows[(b"d/" * 10001)[:-1]]
        self.assertEqual(row["status"], 2)
        self.assertRegex(row["why"]["reason"], "^more than 10000 directory levels, skipped: ")

    def test_links_are_not_followed(self):
        outside = self.dir / "outside"
        outside.mkdir()
        (outside / "save").write_bytes(GOOD)
        self.put("a")
        os.symlink(outside, self.old / "dir")
        os.symlink(outside / "save", self.old / "file")
        os.symlink("a", self.old / "inside")
        os.symlink("nowhere", self.old / "broken")
        os.mkfifo(self.old / "fifo")
        want = {"a": "converted", **dict.fromkeys(("dir", "file", "inside", "broken", "fifo"), "other")}
        self.assertEqual(self.results("--copy-others"), want)
        self.assertEqual(list(self.new_files()), ["a"])

    def test_links_in_the_output_are_not_followed(self):
        outside = self.dir / "outside"
        outside.mkdir()
        (outside / "b").write_bytes(b"mine")
        self.put("dir/a")
        self.put("b")
        self.new.mkdir()
        os.symlink(outside, self.new / "dir")
        os.symlink(outside / "b", self.new / "b")
        self.assertEqual(self.results(status=1), {"dir/a": "failed", "b": "failed"})
        self.assertEqual([p.name for p in outside.iterdir()], ["b"])
        self.assertEqual((outside / "b").read_bytes(), b"mine")

    def test_temporary_files(self):
        """Only saves that need a temporary file get one."""
        compressed = cases.named("pv64-compressed")
        self.put("compressed", compressed.octets())
        self.put("plain")
        nowhere = {**os.environ, "TMPDIR": str(self.dir / "nowhere")}
        self.assertEqual(self.results(env=nowhere, status=3), {"compressed": "failed", "plain": "converted"})
        trace = self.dir / "trace"
        command = [program.PROGRAM, "-i", self.old, "-o", self.new, "--no-sync", "--force", "-q"]
        subprocess.run(["strace", "-f", "-o", trace, "-e", "trace=openat", "-e", "signal=none", *command], check=True,
                       env={**os.environ, "TMPDIR": str(self.dir), "ASAN_OPTIONS": "detect_leaks=0"})
        self.assertEqual(trace.read_text().count(f'"{self.dir}", O_RDWR|O_EXCL|O_CLOEXEC|O_TMPFILE'), 1)
        self.assertEqual((self.new / "compressed").read_bytes(), expected.stream(compressed, "libxc", 2))

    def test_copies_and_the_input_limit(self):
        """--max-input-size is for saves: other files are copied, however long."""
        self.put("notes.txt", bytes(range(256)) * 20)
        self.put("v2.save", WANT)
        self.assertEqual(self.results("--copy-others", "--max-input-size=4K"), {"notes.txt": "other", "v2.save": "already-v2"})
        self.assertEqual(self.new_files(), {"notes.txt": bytes(range(256)) * 20, "v2.save": WANT})

    def test_directory_that_cannot_be_searched(self):
        self.put("dir/a")
        for path in (self.old, self.dir):
            os.chmod(path, 0o755)
        os.chmod(self.old / "dir", 0o644)
        self.new.mkdir()
        os.chown(self.new, 65534, 65534)
        done = program.run("-i", self.old, "-o", self.new, user=65534, group=65534)
        self.assert_status(done, 3)
        self.assertIn(b"dir: Permission denied", done.stderr)

    def test_unreadable_and_missing_files(self):
        self.put("readonly")
        os.chmod(self.old / "readonly", 0o400)
        self.put("closed")
        self.put("dir/hidden")
        self.put("fine")
        for path in (self.old, self.dir):
            os.chmod(path, 0o755)
        os.chmod(self.old / "closed", 0)
        os.chmod(self.old / "dir", 0)
        os.chmod(self.old / "readonly", 0o444)
        self.new.mkdir()
        os.chown(self.new, 65534, 65534)
        report = self.new / "r.jsonl"
        done = program.run("-i", self.old, "-o", self.new, "--no-sync", "--report", report, user=65534, group=65534)
        self.assert_status(done, 3)
        rows = batch.rows(report)
        self.assertEqual({n.decode(): r["result"] for n, r in rows.items()},
                         {"readonly": "converted", "fine": "converted", "closed": "failed", "dir": "failed"})
        self.assertEqual({r["status"] for r in rows.values() if r["result"] == "failed"}, {3})
        os.chmod(self.old / "dir", 0o755)
        listed = self.file("list", b"fine\ngone\ndir/hidden")
        self.assertEqual(self.results("--files-from", listed, status=3),
                         {"fine": "up-to-date", "gone": "failed", "dir/hidden": "converted"})


class Resuming(BatchTest):
    def identities(self) -> dict[str, tuple[int, int]]:
        """Inode and change time: inode numbers alone may be reused."""
        return {p.name: (p.stat().st_ino, p.stat().st_ctime_ns) for p in self.new.iterdir()}

    def make_newer(self, name: str, ns: int) -> None:
        """Makes the input ns nanoseconds newer than its output. Real times may be equal on a coarse clock."""
        at = (self.new / name).stat().st_mtime_ns + ns
        os.utime(self.old / name, ns=(at, at))

    def test_up_to_date(self):
        for name in "abc":
            self.put(name)
        self.results()
        self.make_newer("a", 0)
        before = self.identities()
        self.make_newer("b", 1)
        (self.new / "c").unlink()
        self.assertEqual(self.results(), {"a": "up-to-date", "b": "converted", "c": "converted"})
        after = self.identities()
        self.assertEqual([n for n in before if before[n] == after[n]], ["a"])
        self.assertEqual(set(self.results("--force").values()), {"converted"})
        self.make_newer("a", 1)
        rows = self.report_of("--no-clobber", status=1)
        self.assertEqual((rows[b"a"]["result"], rows[b"a"]["status"]), ("failed", 2))

    def test_the_same_file_in_both_trees(self):
        self.put("a")
        self.new.mkdir()
        os.link(self.old / "a", self.new / "a")
        self.assert_status(self.run_batch("--force"), 1)
        self.assertEqual((self.old / "a").read_bytes(), GOOD)

    def test_killed_and_started_again(self):
        """Killed at random moments, a resumed run ends as an undisturbed one. docs/batch.md has a longer run."""
        made = archive.make(self.old, SMALL, LARGE, LARGE_SIZE)
        begun = time.monotonic()
        rows = self.report_of("-q", status=1)
        self.assertEqual({name: row["result"] for name, row in rows.items()}, made, "results differ from those that the kit expects")
        took, want = time.monotonic() - begun, archive.snapshot(self.new)
        rng, killed = random.Random(int(os.environ.get("BATCH_SEED", 1))), 0
        for number in range(ROUNDS):
            self.new = self.dir / f"new{number}"
            kills = rng.choice((1, 1, 3))
            while kills:
                begun = time.monotonic()
                process = program.start("-i", self.old, "-o", self.new, "--no-sync", "-q", stderr=subprocess.DEVNULL,
                                        start_new_session=True)
                try:
                    process.wait(rng.uniform(0, took))
                    took = time.monotonic() - begun     # it has finished: start again with an empty directory
                    subprocess.run(["rm", "-rf", self.new], check=True)
                except subprocess.TimeoutExpired:
                    # Kill the whole group, or only the program, so that its workers must notice.
                    (os.killpg if rng.random() < 0.5 else os.kill)(process.pid, signal.SIGKILL)
                    process.wait()
                    killed += 1
                    kills -= 1
            self.assert_status(self.run_batch("-q"), 1)
            self.assertTrue(archive.snapshot(self.new) == want, f"round {number}")
            subprocess.run(["rm", "-rf", self.new], check=True)
        print(f"killed {killed} times in {ROUNDS} rounds of {len(want)} outputs", file=sys.stderr)

    def test_concurrent_runs(self):
        """Two runs with the same output directory at the same time: the result is that of one run."""
        archive.make(self.old, 60, 1, 4 << 20)
        self.assert_status(self.run_batch("-q"), 1)
        want = archive.snapshot(self.new)
        for _ in range(3):
            subprocess.run(["rm", "-rf", self.new], check=True)
            both = [program.start("-i", self.old, "-o", self.new, "--no-sync", "-q", stderr=subprocess.DEVNULL)
                    for _ in range(2)]
            self.assertEqual([p.wait(program.TIMEOUT) for p in both], [1, 1])
            self.assertTrue(archive.snapshot(self.new) == want)


class Failures(BatchTest):
    def environment(self, plan: Plan) -> dict[str, str]:
        return faults.environment(plan, -1)

    def test_killed_workers(self):
        """Workers that are killed before the rename leave no outputs; the next run converts the files."""
        for name in ("a", "b", "c"):
            self.put(name)
        self.put("bad", BAD)
        rows = self.report_of(status=3, env=self.environment(Plan("linkat", f"before:{int(signal.SIGKILL)}", times=0)))
        self.assertEqual({r["result"] for r in rows.values()}, {"failed"})
        self.assertIn("signal 9", rows[b"a"]["why"]["reason"])
        self.assertEqual(rows[b"bad"]["status"], 1)
        self.assertEqual(self.new_files(), {})
        self.results(status=1)
        self.assertEqual(set(self.new_files()), {"a", "b", "c"})

    def test_hanging_worker(self):
        """Two saves stop at the second pread, which checks for data after the stream. The truncated one fails before."""
        for name in ("1/a", "2/a"):
            self.put(name)
        self.put("3/bad", BAD)
        rows = self.report_of("--timeout", "1", "-j", "1", status=3,
                              env=self.environment(Plan("pread", f"before:{int(signal.SIGSTOP)}", 2, file="a")))
        self.assertEqual({r["result"] for r in rows.values()}, {"failed"})
        for name in (b"1/a", b"2/a"):
            self.assertIn("--timeout", rows[name]["why"]["reason"])
        self.assertIn("input ended", rows[b"3/bad"]["why"]["reason"], "the file after the hanging ones")
        self.assertEqual(self.new_files(), {})

    def test_timeout_after_rename(self):
        """The timeout ends a worker after the rename but before its result: the file counts as converted, once."""
        for name in "ab":
            self.put(name)
        process = program.start("-i", self.old, "-o", self.new, "--no-sync", "-j", "1", "--timeout", "1", "--report", self.dir / "r.jsonl",
                                stderr=subprocess.DEVNULL, env=self.environment(Plan("linkat", f"after:{int(signal.SIGSTOP)}")))
        self.addCleanup(process.kill)
        for _ in "ab":
            program.when_stopped(process.pid, lambda: time.sleep(1.5))
        self.assertEqual(process.wait(program.TIMEOUT), 0)
        rows = [(r["path"], r["result"]) for r in batch.lines(self.dir / "r.jsonl")[:-1]]
        self.assertEqual(sorted(rows), [("a", "converted"), ("b", "converted")])
        self.assertEqual(self.new_files(), dict.fromkeys("ab", WANT))

    def test_output_created_meanwhile(self):
        """A file of the output's name appears before the rename: up to date if it is newer than the input, else the conversion fails."""
        self.put("a")
        changed = (self.old / "a").stat().st_mtime_ns
        for newer in (True, False):
            process = program.start("-i", self.old, "-o", self.new, "--no-sync", "-j", "1", "--report", self.dir / "r.jsonl", stderr=subprocess.DEVNULL,
                                    env=self.environment(Plan("linkat", f"before:{int(signal.SIGSTOP)}")))
            self.addCleanup(process.kill)

            def create():
                (self.new / "a").write_bytes(b"other")
                os.utime(self.new / "a", ns=(changed + (1 if newer else -1),) * 2)
            program.when_stopped(process.pid, create)
            self.assertEqual(process.wait(program.TIMEOUT), 0 if newer else 3)
            self.assertEqual(batch.rows(self.dir / "r.jsonl")[b"a"]["result"], "up-to-date" if newer else "failed")
            self.assertEqual(self.new_files(), {"a": b"other"})
            (self.new / "a").unlink()
            (self.dir / "r.jsonl").unlink()

    def test_modified_input(self):
        """An input modified while it is read gives no output: it could be a mixture and would count as up to date."""
        self.put("a")
        os.utime(self.old / "a", (1, 1))
        process = program.start("-i", self.old, "-o", self.new, "--report", self.dir / "r.jsonl", stderr=subprocess.PIPE,
                                env=self.environment(Plan("pread", f"before:{int(signal.SIGSTOP)}", 2, file="a")))
        self.addCleanup(process.communicate)
        program.when_stopped(process.pid, lambda: self.put("a"))
        self.assertEqual(process.wait(program.TIMEOUT), 3)
        row = batch.rows(self.dir / "r.jsonl")[b"a"]
        self.assertEqual((row["result"], row["status"]), ("failed", 3))
        self.assertIn("modified while it was read", row["why"]["reason"])
        self.assertEqual(self.new_files(), {})
        self.assertEqual(self.results(), {"a": "converted"})

    def test_worker_ignores_sigterm(self):
        """A worker that does not react to SIGTERM is killed after 5 seconds, with its processes."""
        self.put("a")
        env = self.environment(Plan("linkat", f"before:{int(signal.SIGSTOP)}", times=0))
        process = program.start("-i", self.old, "-o", self.new, "--timeout", "1", stderr=subprocess.PIPE, env=env)
        self.addCleanup(process.communicate)
        self.assertTrue(program.wait_until(lambda: "T" in map(program.state, program.descendants(process.pid))))
        pids, begun = program.descendants(process.pid), time.monotonic()
        self.assertEqual(process.wait(20), 3)
        self.assertGreater(time.monotonic() - begun, 4)
        self.assertEqual([program.state(p) for p in pids], [""] * len(pids))
        self.assertEqual(self.new_files(), {})

    def test_stopped_worker_after_failure(self):
        """The run ends because its report cannot be written; a stopped worker is killed."""
        for name in ("1/a", "2/a"):
            self.put(name, BAD)
        report = self.dir / "r.jsonl"
        report.symlink_to("/dev/full")
        env = self.environment(Plan("read", f"before:{int(signal.SIGSTOP)}", 5, file="a"))
        process = program.start("-i", self.old, "-o", self.new, "-j", "2", "--report", report, stderr=subprocess.PIPE, env=env)
        self.addCleanup(process.communicate)
        self.assertTrue(program.wait_until(lambda: [program.state(p) for p in program.descendants(process.pid)].count("T") == 2))
        pids, begun = program.descendants(process.pid), time.monotonic()
        _, _, conversion, other_worker, _ = pids
        os.kill(other_worker, signal.SIGSTOP)
        os.kill(conversion, signal.SIGCONT)
        self.assertEqual(process.wait(20), 3)
        self.assertGreater(time.monotonic() - begun, 4)
        self.assertTrue(program.wait_until(lambda: all(program.state(p) in ("", "Z") for p in pids), 5))
        self.assertEqual(self.new_files(), {})

    def test_directory_sync_failure(self):
        """If the directory cannot be synced, the output may be lost after a power failure: the exit status is 3."""
        for nth, there in ((1, 0), (2, 1)):
            self.put("a")
            self.new.mkdir(exist_ok=True)
            with self.subTest(fsync=nth):
                done = faults.run(Plan("fsync", EIO, nth), "-i", self.old, "-o", self.new, "-j", "1")
                self.assertEqual((done.status, done.fired), (3, 1), done.stderr)
                self.assertIn("cannot sync", done.stderr.decode())
                self.assertEqual(len(self.new_files()), there)

    def synced(self, *args) -> list[str]:
        """Names of the synced files and directories, in order."""
        trace = self.dir / "trace"
        subprocess.run(["strace", "-f", "-y", "-e", "trace=fsync", "-o", trace, program.PROGRAM, "-q", *map(str, args)],
                       check=True, env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
        return re.findall(rf"fsync\(\d+<{re.escape(str(self.dir))}/?([^>]*)>", trace.read_text())

    def test_files_and_directories_are_synced(self):
        """Each new file is synced, then its directory; parents of new directories are synced as well."""
        for name in ("a", "1/2/b", "1/c"):
            self.put(name)
        found = self.synced("-i", self.old, "-o", self.new, "-j", "1")
        directories = [name for name in found if "#" not in name and "deleted" not in name]
        self.assertEqual(len(found) - len(directories), 3, found)
        self.assertEqual(Counter(directories) - Counter([""]), Counter(["new", "new", "new/1", "new/1", "new/1/2"]))
        output = self.out()
        where = str(output.parent.relative_to(self.dir))
        self.assertEqual([n.split("/#")[0] for n in self.synced("-i", self.old / "a", "-o", output)], [where, where])

    def test_input_replaced_by_link(self):
        """A file that is replaced by a symbolic link after it was listed is not followed."""
        self.put("a")
        secret = self.dir / "secret"
        secret.write_bytes(GOOD)
        process = program.start("-i", self.old, "-o", self.new, stderr=subprocess.PIPE,
                                env=self.environment(Plan("openat", f"before:{int(signal.SIGSTOP)}", file="a")))

        def swap():
            (self.old / "a").unlink()
            (self.old / "a").symlink_to(secret)
        program.when_stopped(process.pid, swap)
        messages = process.communicate(timeout=program.TIMEOUT)[1]
        self.assertEqual(process.returncode, 3)
        self.assertIn(b"Too many levels of symbolic links", messages)
        self.assertEqual(self.new_files(), {})

    def test_readdir_failure(self):
        """A failing readdir() is an error: files would be missing without a message."""
        self.put("a")
        done = self.run_batch(env=self.environment(Plan("readdir", 5, 2)))
        self.assert_status(done, 3)
        self.assertRegex(program.lines(done.stderr)[-1], "cannot list all of the directory.*: Input/output error")

    def test_process_start_failure(self):
        self.put("a")
        # The 1st and 2nd pipe are the worker's, the 4th is the conversion's. The 3rd, for page data, is optional.
        for call, kind, nth, messages in (("pipe2", EMFILE, 1, "a worker"), ("pipe2", EMFILE, 2, "a worker"),
                                      ("pipe2", EMFILE, 4, "a process for"), ("fork", ENOMEM, 1, "a worker"),
                                      ("fork", ENOMEM, 2, "a process for")):
            with self.subTest(call=call, nth=nth):
                done = faults.run(Plan(call, kind, nth), "-i", self.old, "-o", self.new, "-j", "1")
                self.assertEqual((done.status, done.fired), (3, 1), done.stderr)
                self.assertIn(f"cannot start {messages}", done.stderr.decode())
                self.assertEqual(self.new_files(), {})

    def test_too_few_workers(self):
        """If not all workers can be started, the others convert everything."""
        for i in range(100):
            self.put(str(i))
        done = self.run_batch("-j", "40", "-f", "libxl", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24)))
        self.assert_status(done, 0)
        messages = program.lines(done.stderr)
        self.assertRegex(messages[0], "warning: cannot start a worker: Too many open files$")
        self.assertEqual(len(messages), 2, "the warning must be printed once")
        self.assertEqual(len(self.new_files()), 100)

    def test_number_of_workers(self):
        """By default 4 small saves per processor are converted in parallel (they wait for the disk), or 1 large one."""
        processors = len(os.sched_getaffinity(0))
        large = GOOD + bytes(2 << 20)
        for data, args, want in ((GOOD, [], 4 * processors), (GOOD, ["--no-sync"], processors), (large, [], processors), (large, ["-j", "03"], 3)):
            with self.subTest(size=len(data), args=args):
                subprocess.run(["rm", "-rf", self.old, self.new], check=True)
                for i in range(10 * processors):
                    self.put(str(i), data)
                process = program.start("-i", self.old, "-o", self.new, "-q", *args, stderr=subprocess.DEVNULL, start_new_session=True,
                                        env=self.environment(Plan("linkat", f"before:{int(signal.SIGSTOP)}")))
                stopped = lambda: sum(program.state(p) == "T" for p in program.descendants(process.pid))
                self.assertTrue(program.wait_until(lambda: stopped() >= want))
                time.sleep(0.3)
                self.assertEqual(stopped(), want)
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    @unittest.skipIf(program.HUNGRY, "processes of the sanitizer count as well")
    def test_process_limit(self):
        """With a limit on processes, conversions wait for each other."""
        for i in range(100):
            self.put(str(i))
        os.chmod(self.dir, 0o755)
        self.new.mkdir()
        os.chown(self.new, UNUSED_ID, UNUSED_ID)
        # 8: the program, 4 workers and 3 conversions at a time.
        for number, status in ((8, 0), (1, 3)):
            done = self.run_batch("-j", "4", "--force", "-f", "libxl", user=UNUSED_ID, group=UNUSED_ID, extra_groups=[], preexec_fn=lambda:
                                  resource.setrlimit(resource.RLIMIT_NPROC, (number, number)))
            self.assert_status(done, status)
            self.assertEqual(len(program.lines(done.stderr)), 1, done.stderr)

    def test_report_that_cannot_be_written(self):
        self.put("a")
        for name in ("missing/r.html", "missing/r.jsonl"):
            self.assert_status(self.run_batch("--report", self.dir / name), 3)
        self.assert_status(self.run_batch("--report", "/dev/full/r.xml"), 3)

    def test_new_output_directory_is_synced(self):
        """A new output directory and its parent are synced first. If that fails, nothing is converted."""
        trace = self.dir / "trace"
        self.put("a/b")
        subprocess.run(["strace", "-y", "-f", "-o", trace, "-e", "trace=fsync", "-e", "signal=none", program.PROGRAM, "-i", self.old,
                        "-o", self.new, "-q"], check=True, env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
        synced = re.findall(r"fsync\(\d+<([^>]*)>", trace.read_text())
        self.assertEqual([str(self.dir), str(self.new)], synced[:2], "parent directories must be synced first")
        self.assertIn(str(self.new / "a"), synced)
        subprocess.run(["rm", "-r", self.new], check=True)
        done = program.run("-i", self.old, "-o", self.new, env=self.environment(Plan("fsync", 5, 1)))
        self.assert_status(done, 3)
        self.assertIn("cannot sync the directory of", done.stderr.decode())
        self.assertEqual(self.new_files(), {})

    def test_one_of_the_reports_cannot_be_written(self):
        self.put("notes.txt", b"hello")
        names = [self.dir / name for name in ("r.xml", "r.html", "r.jsonl")]
        done = self.run_batch(*(x for name in names for x in ("--report", name)), env=self.environment(Plan("linkat", 28)))
        self.assert_status(done, 3)
        self.assertEqual([name.exists() for name in names], [False, True, True])
        self.assertEqual(batch.lines(names[2])[-1]["type"], "totals")

    def start_busy_run(self, *args, **kw) -> subprocess.Popen:
        """Starts a run and waits until its first output exists."""
        archive.make(self.old, BUSY, 0, 0)
        process = program.start("-i", self.old, "-o", self.new, *args, stderr=subprocess.PIPE, **kw)
        self.addCleanup(process.communicate)
        until = time.monotonic() + 30
        while not any(p.is_file() for p in self.new.rglob("*")):
            self.assertLess(time.monotonic(), until)
        return process

    def test_terminated(self):
        report = self.dir / "r.xml"
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(signal=number):
                process = self.start_busy_run("--report", report)
                process.send_signal(number)
                messages = process.communicate(timeout=program.TIMEOUT)[1]
                self.assertEqual(process.returncode, 128 + number)
                self.assertRegex(messages, rb"; \d+ not reached\n$")
                self.assertIsNone(batch.valid_xml(report))
                self.assertNotIn(b'not-reached="0"', report.read_bytes())
                self.assertFalse([n for n in archive.snapshot(self.new) if b".convert-legacy" in n])
                self.assert_status(self.run_batch("-q"), 1)
                subprocess.run(["rm", "-rf", self.old, self.new], check=True)

    def test_terminated_while_a_worker_hangs(self):
        """After SIGTERM the program waits for a stopped worker. --timeout does not apply to workers that have exited."""
        process = self.start_busy_run("-j", "2", "--timeout", "1", start_new_session=True)
        workers = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(workers[0]), signal.SIGSTOP)
        process.send_signal(signal.SIGTERM)
        time.sleep(1.5)
        self.assertIsNone(process.poll(), "the program must wait for the worker")
        os.kill(int(workers[0]), signal.SIGCONT)
        process.communicate(timeout=program.TIMEOUT)
        self.assertEqual(process.returncode, 128 + signal.SIGTERM)

    def test_terminated_while_reading_list(self):
        """A run that waits for the list on standard input can be interrupted."""
        self.put("a")
        for number in (signal.SIGINT, signal.SIGTERM):
            process = program.start("-i", self.old, "-o", self.new, "--files-from", "-", stdin=subprocess.PIPE,
                                    stderr=subprocess.PIPE)
            self.addCleanup(process.communicate)
            while not self.new.exists():
                self.assertIsNone(process.poll())
            process.send_signal(signal.SIGUSR1)
            time.sleep(0.1)
            self.assertIsNone(process.poll(), "SIGUSR1 must not end the program")
            process.send_signal(number)
            self.assertEqual(process.wait(program.TIMEOUT), 128 + number)
            self.new.rmdir()
        env = faults.environment(Plan("openat", f"before:{int(signal.SIGINT)}", 2), -1)
        self.assert_status(self.run_batch(env=env), 128 + signal.SIGINT)
        self.assertEqual(self.new_files(), {})

    def test_progress_signal(self):
        process = self.start_busy_run("-q")
        process.send_signal(signal.SIGUSR1)
        text = process.communicate(timeout=program.TIMEOUT)[1].decode()
        self.assertRegex(text, rf"{program.NAME}: \d+ of {BUSY} files.*: .* of .*\(\d+ %\)")


class Progress(BatchTest):
    def run_on_terminal(self, *args, columns: int, narrower: int = 0, rows: int = 24, term: str = "xterm",
                    **kw) -> str:
        """Returns the output to a terminal of this size. After the first line its width changes to narrower."""
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        env = {**kw.pop("env", os.environ), "TERM": term}
        process = program.start(*args, stderr=follower, env=env, **kw)
        self.addCleanup(process.wait)
        os.close(follower)
        sent = b""
        try:
            while data := os.read(leader, 4096):
                sent += data
                if narrower and b"/s" in sent:
                    fcntl.ioctl(leader, termios.TIOCSWINSZ, struct.pack("HHHH", 24, narrower, 0, 0))
                if sent.count(b"/s") > 12:
                    process.send_signal(signal.SIGTERM)
        except OSError:     # no process has the follower open any more
            pass
        os.close(leader)
        return sent.decode()

    def progress_lines(self, sent: str) -> list[str]:
        return [line for line in re.split(r"\r\n|\r|\x1b\[\d*[AJ]", sent) if "/s" in line]

    def test_one_conversion(self):
        feeder = subprocess.Popen([sys.executable, "-c", "import sys, time\nfor i in range(0, len(d := sys.stdin.buffer.read()), 400):"
                                   "\n sys.stdout.buffer.write(d[i:i + 400]); sys.stdout.flush(); time.sleep(0.05)"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        feeder.stdin.write(GOOD)
        feeder.stdin.close()
        output = self.out()
        sent = self.run_on_terminal("-i", "-", "-o", output, columns=40, stdin=feeder.stdout)
        feeder.stdout.close()
        feeder.wait()
        lines = self.progress_lines(sent)
        self.assertGreater(len(lines), 2)
        self.assertTrue(all(len(line) < 40 for line in lines), lines)
        self.assertTrue(all("standard input" in line for line in lines), lines)
        self.assertEqual(self.progress_lines(sent.rpartition("\x1b[J")[2]), [], "progress must be cleared at the end")
        self.assertEqual(output.read_bytes(), WANT)

    def test_archive(self):
        """The conversions stop before the rename, so that progress can be observed."""
        for i in range(3):
            self.put(f"{i}-{'name ' * 30}")
        env = faults.environment(Plan("linkat", f"before:{int(signal.SIGSTOP)}", times=0), -1)
        sent = self.run_on_terminal("-i", self.old, "-o", self.new, "-j", "2", columns=100, narrower=60, env=env)
        lines = self.progress_lines(sent)
        self.assertTrue(all(len(line) < 100 for line in lines), lines)
        self.assertTrue(all(len(line) < 60 for line in lines[3:]), lines)
        self.assertIn("0 of 3 files", lines[0])
        self.assertIn("[....", lines[0])
        self.assertTrue(all(f"{i}-name" in lines[1 + i] for i in range(2)), lines)
        self.assertNotIn("[", lines[-1], "no room for the bar")
        self.assertIn("\x1b[5A", sent, "two long lines take two rows each after the width has changed")
        self.assertTrue(self.progress_lines(sent.rpartition("\x1b[J")[2]) == [], "progress must be cleared at the end")

    def test_low_terminal(self):
        """No more lines are drawn than the terminal has, since others could not be cleared."""
        for i in range(4):
            self.put(str(i))
        env = faults.environment(Plan("linkat", f"before:{int(signal.SIGSTOP)}", times=0), -1)
        sent = self.run_on_terminal("-i", self.old, "-o", self.new, "-j", "4", columns=100, rows=3, env=env)
        self.assertIn("\x1b[2A", sent)
        self.assertNotIn("\x1b[3A", sent)
        self.assertNotIn("\x1b[4A", sent)

    def test_dumb_terminal(self):
        """Progress is printed as single lines without control sequences."""
        self.put("a")
        env = faults.environment(Plan("linkat", f"before:{int(signal.SIGSTOP)}", times=0), -1)
        sent = self.run_on_terminal("-i", self.old, "-o", self.new, "--timeout", "3", columns=100, term="dumb", env=env)
        self.assertNotIn("\x1b", sent)
        self.assertIn("0 of 1 files: ", sent)

    def test_not_a_terminal(self):
        self.put("a")
        done = self.run_batch("-f", "libxl")
        self.assertEqual(len(program.lines(done.stderr)), 1, "the summary only")
        self.assertEqual(self.run_batch("-q", "--force").stderr, b"")


class Reports(BatchTest):
    def test_formats_agree(self):
        archive.make(self.old, 120, 1, 1 << 20)
        self.put(b"\xff<img src=x onerror=alert(1)>\n\"'&.save")
        self.put(b"</script><script>alert(1)</script>".replace(b"/", b"\\"))
        names = [self.dir / f"r.{end}" for end in ("jsonl", "xml", "html")]
        self.assert_status(self.run_batch(*(a for n in names for a in ("--report", n))), 1)
        rows = batch.rows(names[0])
        totals = batch.lines(names[0])[-1]
        self.assertEqual(totals["type"], "totals")
        self.assertEqual(totals["files"], len(rows))
        for result in ("converted", "failed", "other", "already-v2", "up-to-date", "unreadable"):
            self.assertEqual(totals[result], sum(r["result"] == result for r in rows.values()))
        for verdict in ("yes", "needs attention", "no"):
            self.assertEqual(totals["restore"][verdict], sum(r.get("restore") == verdict for r in rows.values()))
        self.assertGreater(totals["restore"]["no"], 0)
        self.assertEqual(totals["bytes_in"], sum(r["bytes_in"] for r in rows.values() if r["result"] == "converted"))
        self.assertIsNone(batch.valid_xml(names[1]))

        page = batch.Page(names[2])
        table = [row for row in page.rows if len(row) == 11][1:]
        self.assertEqual([r[0] for r in table], sorted((r[0] for r in table), key=lambda x: (x != "failed", x != "unreadable")), "failures first")
        self.assertEqual(sorted(r[1] for r in table), sorted(r["path"] for r in rows.values()))
        shown = {r[1]: r[5] for r in table}
        for row in rows.values():
            verdict = f"{row['restore']}{': ' + row['limits'] if row['limits'] else ''}" if "restore" in row else ""
            self.assertEqual(shown[row["path"]], verdict)
            self.assertEqual("restore" in row, row["result"] == "converted")
        self.assertFalse(page.tags & {"img", "iframe", "link", "object"})
        self.assertFalse({a for a in page.attributes if a.startswith("on")} | page.attributes & {"src", "href", "style"})
        self.assertIn("default-src 'none'", page.policy)
        self.assertNotIn("unsafe", page.policy)
        self.assertEqual(names[2].read_text().count("<script"), 1)

    def test_digests_and_repairs(self):
        """With --verify, rows have the digests of both files; rows name the repairs. The same in each form of report, and after merging."""
        old = (PROJECT / "fixtures" / "good-xl-hvm64.legacy").read_bytes()
        self.put("a.save", old)
        lines, xml, html, merged = (self.dir / name for name in ("r.jsonl", "r.xml", "r.html", "m.xml"))
        self.assert_status(self.run_batch("--verify", "--repair=fip-width", "--report", lines, "--report", xml, "--report", html), 0)
        digests = tuple(hashlib.sha256(data).hexdigest() for data in (old, (self.new / "a.save").read_bytes()))
        row = batch.rows(lines)[b"a.save"]
        self.assertEqual((row["sha256_in"], row["sha256_out"], row["repaired"]), (*digests, "fip-width"))
        self.assertIsNone(batch.valid_xml(xml))
        self.assertIn('repaired="fip-width" sha256-in="%s" sha256-out="%s"' % digests, xml.read_text())
        self.assertIn("<code>in %s<br>out %s</code>" % digests, html.read_text())
        self.assertIn("(repaired: fip-width)", html.read_text())
        self.assert_status(program.run("--merge-reports", merged, lines), 0)
        self.assertEqual(batch.comparable_xml(merged), batch.comparable_xml(xml))
        self.assertIn('repaired="fip-width" sha256-in="%s" sha256-out="%s"' % digests, merged.read_text())

    def test_html_report_of_many_files(self):
        """The table has at most 5,000 rows, failed files first. Reasons are counted over all files."""
        row = '{"type":"file","path":"%05d","result":"%s","status":1,"bytes_in":5,"bytes_out":0,"why":{"reason":"pfn %d is bad"}}\n'
        report = self.file("r.jsonl", "".join(row % (i, "failed" if i % 3 == 0 else "other", i) for i in range(7000)).encode())
        self.assert_status(program.run("--merge-reports", self.dir / "r.html", report), 0)
        page = batch.Page(self.dir / "r.html")
        results = [r[0] for r in page.rows if len(r) == 11][1:]
        self.assertEqual(results, ["failed"] * 2334 + ["other"] * 2666)
        self.assertIn(["2334", "pfn N is bad", "00000"], page.rows)
        self.assertIn("Only the first 5000 of 7000 files are here: a .jsonl report has all", (self.dir / "r.html").read_text())

    def test_merging(self):
        """Reports of shards merge to the report of the whole run. Duplicate rows are merged."""
        archive.make(self.old, 150, 0, 0)
        whole = self.dir / "whole.xml"
        self.assert_status(self.run_batch("--report", whole), 1)
        self.new = self.dir / "parts"
        parts = []
        for k in (1, 2, 3):
            parts.append(self.dir / f"{k}.jsonl")
            self.run_batch("--shard", f"{k}/3", "--report", parts[-1])
        self.run_batch("--shard", "2/3", "--report", parts[1])      # a second run: all is up to date
        parts[0].write_bytes(parts[0].read_bytes() + b'{"type":"file","pa')     # a run killed while writing
        done = program.run("--merge-reports", self.dir / "merged.xml", *parts, parts[0])
        self.assert_status(done, 0)
        self.assertIn(b"may be truncated", done.stderr)
        self.assertEqual(batch.comparable_xml(self.dir / "merged.xml"), batch.comparable_xml(whole))
        program.run("--merge-reports", parts[0], *parts)            # the output is one of the inputs
        program.run("--merge-reports", self.dir / "again.xml", parts[0])
        self.assertEqual(batch.comparable_xml(self.dir / "again.xml"), batch.comparable_xml(whole))
        self.assertIsNone(batch.valid_xml(self.dir / "again.xml"))

    def test_merging_into_an_input(self):
        """A report that is both input and output is unchanged until the result is complete."""
        self.put("a")
        report = self.dir / "r.jsonl"
        self.report_of()
        subprocess.run(["cp", self.dir / "report.jsonl", report], check=True)
        before = report.read_bytes()
        limit = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))}
        self.assert_status(program.run("--merge-reports", report, report, **limit), 3)
        self.assertEqual(report.read_bytes(), before)
        self.assert_status(program.run("--merge-reports", report, report), 0)
        self.assertEqual(batch.rows(report)[b"a"]["result"], "converted")

    def test_merging_invalid_numbers(self):
        row = '{"type":"file","path":"%s","result":"converted","seconds":%s}\n'
        report = self.file("r.jsonl", "".join(row % (s, s) for s in ("1e300", "-5", "NaN", "1.5")).encode()
                           + b'{"type":"file","path":"w","result":"converted","width":1e99}\n')
        self.assert_status(program.run("--merge-reports", self.dir / "m.jsonl", report), 0)
        self.assertEqual({n.decode(): r["seconds"] for n, r in batch.rows(self.dir / "m.jsonl").items()},
                         {"1e300": 0, "-5": 0, "NaN": 0, "1.5": 1.5, "w": 0})
        self.assertNotIn("width", batch.rows(self.dir / "m.jsonl")[b"w"])

    def test_merging_missing_report(self):
        self.assert_status(program.run("--merge-reports", self.dir / "m.xml", self.dir / "missing.jsonl"), 3)
        self.assertFalse((self.dir / "m.xml").exists())

    def test_jsonl_report_is_appended(self):
        self.put("a")
        report = self.file("r.jsonl", b'{"type":"file","path":"cut')
        for _ in range(2):
            self.run_batch("--report", report)
        lines = report.read_bytes().splitlines()
        self.assertEqual([json.loads(x).get("result") for x in lines[1:]], ["converted", None, "up-to-date", None])

    def test_concurrent_appends(self):
        """Several runs append to one report: each locks it for a line. After a truncated line a new line is begun."""
        for i in range(20):
            self.put((b"\xff" * 250 + b"/") * 4 + b"%02d" % i, b"no save")
        report, runs = self.file("r.jsonl", b""), 3
        with open(report, "ab") as mine:
            fcntl.flock(mine, fcntl.LOCK_EX)
            started = [program.start("-i", self.old, "-o", self.dir / f"new{i}", "-q", "--no-sync", "--report", report)
                       for i in range(runs)]
            time.sleep(0.5)
            self.assertEqual(report.stat().st_size, 0, "runs must wait for the lock")
            mine.write(b'{"type":"file","pa')
        self.assertEqual([p.wait(program.TIMEOUT) for p in started], [0] * runs)
        text = report.read_bytes().splitlines()
        self.assertEqual(text[0], b'{"type":"file","pa')
        rows = [json.loads(line) for line in text[1:]]
        self.assertEqual(len(rows), runs * 21)
        self.assertEqual({len(batch.name_of(r)) for r in rows if r["type"] == "file"}, {1006})

    def test_html_report_is_replaced(self):
        self.put("a")
        report = self.file("r.html", b"old")
        self.run_batch("--report", report, "--shard", "1/1")
        batch.Page(report)
        self.assertFalse([p for p in self.dir.iterdir() if p.name.startswith(".")])


class Shards(BatchTest):
    def setUp(self):
        super().setUp()
        for i in range(40):
            self.put(f"{i % 3}/{i}")

    @staticmethod
    def shard_of(name: bytes, count: int) -> int:
        """The shard of a file, as documented in docs/batch.md."""
        value = 0xcbf29ce484222325
        for octet in name:
            value = (value ^ octet) * 0x100000001b3 & (1 << 64) - 1
        return (value ^ value >> 32) % count + 1

    def assert_shard(self, names, number: int, count: int) -> None:
        self.assertEqual(set(names), {n for n in archive.snapshot(self.old) if self.shard_of(n, count) == number})

    def test_shards(self):
        for k in range(1, 5):
            self.assert_shard(self.report_of("--shard", f"{k}/4"), k, 4)
        self.assertEqual(set(archive.snapshot(self.new)), set(archive.snapshot(self.old)))

    def test_environment(self):
        slurm = {"SLURM_ARRAY_TASK_ID": "6", "SLURM_ARRAY_TASK_MIN": "2", "SLURM_ARRAY_TASK_COUNT": "4",
                 "SLURM_ARRAY_TASK_STEP": "2"}
        kubernetes = {"JOB_COMPLETION_INDEX": "2", "JOB_COMPLETIONS": "4"}
        for env in (slurm, kubernetes):
            self.assert_shard(self.report_of("--shard", "auto", env={**os.environ, **env}), 3, 4)
            self.assertEqual(len(self.report_of(env={**os.environ, **env})), 40, "the environment must be used only with --shard auto")
        # An array that starts at 0, in steps of 1.
        self.assert_shard(self.report_of("--shard", "auto", env={**os.environ, "SLURM_ARRAY_TASK_ID": "1", "SLURM_ARRAY_TASK_COUNT": "4"}), 2, 4)
        self.assert_shard(self.report_of("--shard", "1/2", env={**os.environ, **slurm}), 1, 2)
        listed = self.file("list", b"0/0\n0/3\n1/1\n")
        self.assertEqual(len(self.report_of("--files-from", listed, env={**os.environ, **slurm})), 3)
        part = {n for n in (b"0/0", b"0/3", b"1/1") if self.shard_of(n, 4) == 3}
        self.assertEqual(set(self.report_of("--files-from", listed, "--shard", "auto", env={**os.environ, **slurm})), part)
        for env in ({}, {"JOB_COMPLETION_INDEX": "2"}, {**slurm, "SLURM_ARRAY_TASK_ID": "5"},
                    {**slurm, "SLURM_ARRAY_TASK_COUNT": "many"}, {**kubernetes, "JOB_COMPLETIONS": "2"}):
            self.assert_status(self.run_batch("--shard", "auto", env={**os.environ, **env}), 2)

    def test_lists(self):
        self.put("odd\nname")
        for text, want in ((b"0/0\n./1/1\n2//2\n\n0/0\n", {b"0/0", b"1/1", b"2/2"}), (b"0/0", {b"0/0"}),
                           (b"0/0\0odd\nname\0", {b"0/0", b"odd\nname"}), (b"", set())):
            with self.subTest(list=text):
                listed = self.file("list", text)
                self.assertEqual(set(self.report_of("--files-from", listed)), want)
                self.assertEqual(set(self.report_of("--files-from", "-", input=text)), want)
        for text in (b"/etc/passwd\n", b"../old/0/0\n", b"0/../0/0", b".\n"):
            with self.subTest(list=text):
                self.assert_status(self.run_batch("--files-from", self.file("list", text)), 2)
        self.assert_status(self.run_batch("--files-from", self.dir / "missing"), 3)


if __name__ == "__main__":
    unittest.main()
