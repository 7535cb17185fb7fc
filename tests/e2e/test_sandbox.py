"""The sandbox of the parsing process: tests/faults/probes.c tries to escape from inside a read() of the input."""

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import tty
import unittest
from dataclasses import dataclass
from errno import EACCES, EPERM
from pathlib import Path
from typing import Optional

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import cases, expected, faults, program, v2, verifier
from kit.faults import Plan
from kit.landlock import ABI

CASE = cases.named("hvm64-age-4-5-4")
NOBODY = 65534
OLD = b"what was there before"
REJECTED = (EPERM, EACCES)

# Probes that can fail without the sandbox: depending on the kernel and on the open files, or without root's privileges.
MAY_FAIL = {"foreign-machine", "x32", "foreign-fd", "directory-fd", "fsetxattr", "execute-by-fd"}
NEEDS_PRIVILEGE = {
    "open-by-handle", "make-device", "chroot", "mount", "unmount", "pivot-root", "fsopen", "open-tree", "open-tree-attr",
    "swapoff", "accounting", "terminal-input", "console", "watch-all", "unshare-mounts", "migrate-pages", "perf", "bpf",
    "userfaultfd", "load-module", "kexec", "reboot", "kernel-log", "host-name", "set-time", "adjust-time", "quota", "setuid",
    "setgid", "setgroups", "raise-capabilities", "ptrace", "io-uring", "lease", "file-flags", "setxattr", "fsetxattr",
    "lock-memory", "session", "group", "clone-user-namespace", "unshare-user", "add-key", "request-key", "keyctl",
    "queue-signal", "queue-signal-to-thread", "remove-shared-memory", "make-link", "setxattrat"}

# Calls for which the sweep has no result: the filter checks their arguments (the sweep's are invalid), or they never return.
CHECK_ARGUMENTS = {"fcntl", "ioctl", "mmap", "mprotect", "tgkill", "sendto"}
DO_NOT_RETURN = {"exit", "exit_group", "rt_sigreturn"}

# The first read detects the container, before the sandbox is entered. All later reads are inside.
FIRST_READ_INSIDE = 2


def documented_calls() -> set[str]:
    """The system calls listed in docs/SECURITY.md."""
    text = (program.PROJECT / "docs" / "SECURITY.md").read_text()
    return set(re.search(r"\n    read\b[^`]*?\n\n", text)[0].split())


def numbers() -> dict[int, str]:
    """Number and name of each system call, from the kernel's header."""
    source = subprocess.run(["gcc", "-dM", "-E", "-include", "asm/unistd.h", "-x", "c", "/dev/null"], capture_output=True,
                            text=True, check=True).stdout
    return {int(n): name for name, n in re.findall(r"#define __NR_(\w+) (\d+)", source)}


def has_all_capabilities() -> bool:
    status = Path("/proc/self/status").read_text()
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    return int(re.search(r"CapEff:\s*(\w+)", status)[1], 16) + 1 == 2 << last


@dataclass(frozen=True)
class Situation:
    """A way to call the programs in which a hostile input could take over the parsing process."""
    name: str
    args: tuple[str, ...]       # IN, NEW: replaced by the paths of the save and the output
    binary: Path = program.PROGRAM
    old: bool = False           # the output exists and is replaced
    v2: bool = False            # the input is a v2 stream
    stdin: bool = False
    names: bool = True          # a new file is renamed into place

    def __str__(self) -> str:
        return self.name


SITUATIONS = [Situation("pipe to pipe", ("-i", "-", "-o", "-"), stdin=True, names=False),
              Situation("file to new file", ("-i", "IN", "-o", "NEW")),
              Situation("file to replaced file", ("-i", "IN", "-o", "NEW"), old=True),
              Situation("inspection", ("-i", "IN", "--inspect=json"), names=False),
              Situation("verifier", ("-i", "IN", "-q"), verifier.PROGRAM, v2=True, names=False),
              Situation("directory run", ("-i", "IN_DIR", "-o", "NEW_DIR", "-j", "1"))]


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


class SandboxTest(unittest.TestCase):
    def setUp(self):
        tmp = tempfile.TemporaryDirectory()
        self.addCleanup(tmp.cleanup)
        self.dir = Path(tmp.name)
        self.dir.chmod(0o755)
        self.save = self.dir / "in.save"
        self.save.write_bytes(CASE.octets())
        self.want = v2.version_2_of(expected.by_model(CASE, "libxl"))


class Probes(SandboxTest):
    def setUp(self):
        super().setUp()
        self.in_dir, self.out_dir, self.elsewhere = (self.dir / name for name in ("in", "out", "elsewhere"))
        self.in_dir.mkdir()
        self.port = self.listen(socket.AF_INET, ("127.0.0.1", 0))[1]
        self.abstract = self.listen(socket.AF_UNIX, f"\0{self.dir}")[1:].decode()
        self.socket = self.listen(socket.AF_UNIX, str(self.dir / "socket"))

    def listen(self, family: int, address):
        listener = socket.socket(family)
        self.addCleanup(listener.close)
        listener.bind(address)
        listener.listen()
        return listener.getsockname()

    def make_files(self, situation: Situation) -> None:
        for directory in (self.out_dir, self.elsewhere):
            shutil.rmtree(directory, ignore_errors=True)
            directory.mkdir()
            (directory / "neighbour").write_bytes(OLD)
            (directory / "removed").touch()
        self.save = self.in_dir / "in.save"
        self.save.write_bytes(self.want if situation.v2 else CASE.octets())
        self.output = self.out_dir / ("in.save" if "NEW_DIR" in situation.args else "new.save")
        if situation.old:
            self.output.write_bytes(OLD)

    def probe(self, situation: Situation, *args, landlock: Optional[int] = None, nth: int = FIRST_READ_INSIDE) -> faults.Run:
        """Runs a situation with the probes; checks the results of those that leave traces."""
        self.make_files(situation)
        where = {"IN": self.save, "IN_DIR": self.in_dir, "NEW": self.output, "NEW_DIR": self.out_dir}
        plan = Plan("read", "probe", nth, landlock=landlock,
                    **({"fd": 0} if situation.stdin else {"file": "in.save"}))
        keyboard, terminal = pty.openpty()
        with open(self.elsewhere / "neighbour", "rb") as neighbour:
            foreign = fcntl.fcntl(neighbour, fcntl.F_DUPFD, 200)        # a number that the program does not use
        tty.setraw(terminal)
        # The target of kill(): not a child of the program.
        victim = subprocess.Popen(["sleep", "100"])
        kw = {"input": self.save.read_bytes()} if situation.stdin else {}
        try:
            done = faults.run(plan, *(where.get(a, a) for a in situation.args), "-f", "libxl", *args, binary=situation.binary,
                              stderr=terminal, pass_fds=(foreign,), env={
                "PROBE_OUT": str(self.out_dir), "PROBE_ELSEWHERE": str(self.elsewhere), "PROBE_INPUT": str(self.save),
                "PROBE_PORT": str(self.port), "PROBE_ABSTRACT": self.abstract, "PROBE_SOCKET": self.socket,
                "PROBE_VICTIM": str(victim.pid), "PROBE_FD": str(foreign)}, **kw)
            killed = victim.poll() is not None or done.probes.get("kill") == 0 and victim.wait() == -signal.SIGTERM
        finally:
            victim.kill()
            victim.wait()
            printed = os.read(keyboard, 1 << 16) if select.select([keyboard], [], [], 0)[0] else b""
            for fd in (keyboard, terminal, foreign):
                os.close(fd)
        self.assertEqual((done.status, done.fired), (0, 1), printed)
        probes = done.probes
        self.assertGreater(len(probes), 120)
        self.assertEqual(killed, probes["kill"] == 0)
        self.assertEqual((self.elsewhere / "created").exists(), probes["create-elsewhere"] == 0)
        self.assertEqual((self.elsewhere / "removed").exists(), probes["unlink-elsewhere"] != 0)
        self.assertEqual((self.out_dir / "created").exists(), probes["create-beside"] == 0)
        self.assertEqual((self.out_dir / "removed").exists(), probes["unlink-beside"] != 0)
        self.assertEqual((self.out_dir / "neighbour").read_bytes() == OLD, probes["truncate-beside"] != 0)
        return done

    def assert_rejected(self, situation: Situation, **kw) -> None:
        done = self.probe(situation, **kw)
        self.assertEqual({name: os.strerror(max(n, 0)) for name, n in done.probes.items() if n not in REJECTED}, {}, "not rejected")
        wanted = ["neighbour", self.output.name, "removed"] if situation.names else ["neighbour", "removed"]
        self.assertEqual(sorted(p.name for p in self.out_dir.iterdir()), sorted(wanted))
        if situation.names:
            self.assertEqual(self.output.read_bytes(), self.want)
        if os.uname().machine == "x86_64":
            names = numbers()
            self.assertEqual({names.get(n, str(n)) for n in done.open} - {"restart_syscall"},
                             documented_calls() - CHECK_ARGUMENTS - DO_NOT_RETURN - {"restart_syscall"})

    def test_rejected(self):
        """With the Landlock ABI of this kernel, and with older ABIs or none, which the library simulates."""
        for situation in SITUATIONS:
            for landlock in (None, 0, 1, 2, 3):
                if landlock is not None and landlock > ABI:
                    continue
                with self.subTest(situation=situation.name, landlock=landlock):
                    self.assert_rejected(situation, landlock=landlock)

    def test_rejected_later(self):
        for situation in SITUATIONS:
            with self.subTest(situation=situation.name):
                self.assert_rejected(situation, nth=5)

    def test_without_sandbox(self):
        """Control: without the sandbox, the probes succeed as far as the user is allowed."""
        for situation in SITUATIONS:
            with self.subTest(situation=situation.name):
                probes = self.probe(situation, "--no-sandbox").probes
                stopped = {name for name, n in probes.items() if n in REJECTED}
                self.assertLessEqual(stopped, MAY_FAIL | (set() if has_all_capabilities() else NEEDS_PRIVILEGE))
                if situation.names:
                    self.assertEqual(probes["directory-fd"], 0, "the directory of the output")
                if "IN_DIR" not in situation.args:
                    self.assertEqual(probes["foreign-fd"], 0)


class Processes(SandboxTest):
    """The parsing process and the process that renames the output: one of them ends or gets a signal."""

    def setUp(self):
        super().setUp()
        self.old, self.new = self.dir / "old", self.dir / "new"
        self.old.mkdir()
        (self.old / "in.save").write_bytes(CASE.octets())

    def assert_gone(self, pids: list[int]) -> None:
        self.assertTrue(program.wait_until(lambda: all(program.state(p) in ("", "Z") for p in pids), 5),
                        {p: program.state(p) for p in pids})

    def stopped(self, *args, nth: int = 5) -> tuple[subprocess.Popen, list[int]]:
        """Starts the program and waits until its parsing process, the last descendant, has stopped itself."""
        env = faults.environment(Plan("read", f"before:{int(signal.SIGSTOP)}", nth, file="in.save"), -1)
        process = program.start(*args, env=env, stderr=subprocess.PIPE)
        self.addCleanup(process.communicate)
        self.assertTrue(program.wait_until(lambda: "T" in map(program.state, program.descendants(process.pid))))
        return process, program.descendants(process.pid)

    def each_run(self):
        output = self.dir / "out" / "new.save"
        output.parent.mkdir(exist_ok=True)
        yield "single", ("-i", self.old / "in.save", "-o", output), 2
        yield "directory", ("-i", self.old, "-o", self.new, "-j", "1"), 3

    def test_end_of_parent(self):
        """When the program or a worker ends, for any reason, its parsing process ends too."""
        for name, args, count in self.each_run():
            for victim in range(count - 1):
                for number in (signal.SIGKILL, signal.SIGTERM):
                    with self.subTest(run=name, victim=victim, signal=number):
                        process, pids = self.stopped(*args)
                        self.assertEqual(len(pids), count)
                        os.kill(pids[victim], number)
                        self.assert_gone(pids[victim:])
                        if victim == 0:
                            wanted = -number if number == signal.SIGKILL else 128 + number
                            self.assertEqual(process.wait(program.TIMEOUT), wanted)
                        self.assertFalse([p for p in self.dir.rglob(".convert*")])
                        process.kill()

    def test_end_of_parsing_process(self):
        """The end of the parsing process is reported, and no file is left."""
        for name, args, count in self.each_run():
            with self.subTest(run=name):
                process, pids = self.stopped(*args)
                os.kill(pids[-1], signal.SIGKILL)
                printed = process.communicate(timeout=program.TIMEOUT)[1].decode()
                self.assertEqual(process.returncode, 3)
                self.assertIn("in.save: conversion process was killed by signal 9 (Killed)", printed)
                self.assertFalse([p for d in (self.dir / "out", self.new) if d.exists() for p in d.iterdir()])

    def test_parsing_process_ignores_signals(self):
        """The parsing process ignores signals: a terminal sends them to both, and the parent handles them."""
        process, pids = self.stopped("-i", self.old / "in.save", "-o", self.dir / "new.save")
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGCONT):
            os.kill(pids[-1], number)
        self.assertEqual((process.wait(program.TIMEOUT), (self.dir / "new.save").exists()), (0, True))

    def test_early_exit(self):
        """A parsing process that exits early counts as failed, with any exit status."""
        for name, args, _ in self.each_run():
            for status in (0, 1, 2, 3, 99):
                with self.subTest(run=name, status=status):
                    done = faults.run(Plan("read", f"exit:{status}", 5, file="in.save"), *args)
                    self.assertEqual((done.status, done.fired), (3, 1), done.stderr)
                    self.assertIn(f"conversion process exited without a result, status {status}", done.stderr.decode())
                    self.assertFalse([p for d in (self.dir / "out", self.new) if d.exists() for p in d.iterdir()])

    def test_inherited_ends(self):
        """Ends inherited from libxl or xenopsd: no file is renamed, so there is only one process."""
        reader, writer = os.pipe()
        done_reader, done_writer = os.pipe()
        process = program.start("-i", reader, "-o", done_writer, "-f", "libxl", pass_fds=(reader, done_writer))
        os.write(writer, CASE.octets()[:4000])
        os.close(done_writer)
        self.assertEqual(len(os.read(done_reader, 24)), 24)
        self.assertEqual(program.descendants(process.pid), [process.pid])
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(program.TIMEOUT), 128 + signal.SIGTERM)
        for fd in (reader, writer, done_reader):
            os.close(fd)


class Outputs(SandboxTest):
    """Conversions succeed in the sandbox, with the output in any directory that root may have to use."""

    def convert(self, output: Path, *options: str, hidden: bool = False, **kw) -> faults.Run:
        done = faults.run(Plan(no_tmpfile=hidden), "-i", self.save, "-o", output, "-f", "libxl", *options, **kw)
        self.assertEqual(done.status, 0, done.stderr)
        self.assertEqual(output.read_bytes(), self.want)
        self.assertEqual([p.name for p in output.parent.iterdir()], [output.name])
        return done

    def both_ways(self, make, *options: str, **kw):
        """Converts with and without O_TMPFILE; make() returns a new path, at which a file may exist."""
        for hidden in (False, True):
            with self.subTest(hidden=hidden):
                output = make()
                before = output.stat() if output.exists() else None
                self.convert(output, *options, hidden=hidden, **kw)
                if before:
                    after = output.stat()
                    self.assertEqual((after.st_mode, after.st_uid, after.st_gid),
                                     (before.st_mode, before.st_uid, before.st_gid))
                    self.assertNotEqual(after.st_ino, before.st_ino)
                else:
                    self.assertEqual(mode(output), 0o600)

    def place(self, mode_: int = 0o755, owner: int = 0, old: Optional[int] = None) -> Path:
        """A path in a new directory of this mode and owner; old: owner of an existing file, or None."""
        directory = Path(tempfile.mkdtemp(dir=self.dir))
        path = directory / "new.save"
        if old is not None:
            path.write_bytes(OLD)
            path.chmod(0o640)
            if old:
                os.chown(path, old, old)
        directory.chmod(mode_)
        if owner:
            os.chown(directory, owner, owner)
        return path

    def test_new(self):
        self.both_ways(self.place)

    def test_no_clobber(self):
        self.both_ways(self.place, "--no-clobber")

    def test_replacing(self):
        self.both_ways(lambda: self.place(old=0))

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_directory_of_other_user(self):
        for old in (None, 0, NOBODY, 1):
            with self.subTest(old=old):
                self.both_ways(lambda: self.place(0o700, NOBODY, old))

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_file_of_other_user(self):
        """A file of another user in root's directory. With fs.protected_hardlinks linkat() needs the ownership of the
        new file or write access to it, but its owner has already been changed."""
        self.both_ways(lambda: self.place(0o755, 0, NOBODY))

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_sticky_directory(self):
        """In a sticky directory such as /tmp, owner and mode are kept only if the old file belongs to root or to the
        directory's owner. Other users must not get access to the guest's memory."""
        for owner in (0, NOBODY):
            for old in (None, 0, NOBODY, 1):
                with self.subTest(owner=owner, old=old):
                    if old in (None, 0, owner):
                        self.both_ways(lambda: self.place(0o1777, owner, old))
                        continue
                    for hidden in (False, True):
                        output = self.place(0o1777, owner, old)
                        self.convert(output, hidden=hidden)
                        st = output.stat()
                        self.assertEqual((st.st_mode & 0o7777, st.st_uid, st.st_gid), (0o600, 0, 0))

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_mode_until_complete(self):
        """Owner and mode of the old file are set only when the new file is complete."""
        output = self.place(old=NOBODY)
        process = program.start("-i", "-", "-o", output, stdin=subprocess.PIPE)
        process.stdin.write(CASE.octets()[:8192])
        process.stdin.flush()
        self.assertTrue(program.wait_until(lambda: len(list(output.parent.iterdir())) == 2))
        new = next(p for p in output.parent.iterdir() if p != output)
        self.assertEqual((mode(new), new.stat().st_uid), (0o600, 0))
        process.stdin.write(CASE.octets()[8192:])
        process.stdin.close()
        self.assertEqual(process.wait(program.TIMEOUT), 0)
        self.assertEqual((mode(output), output.stat().st_uid), (0o640, NOBODY))

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_link_of_other_user(self):
        """A symbolic link in a directory such as /tmp is followed only if fs.protected_symlinks would allow it."""
        victim = self.dir / "victim"
        victim.write_bytes(OLD)
        for directory, link, follows in ((0o1777, 1, False), (0o777, 1, False), (0o1775, 1, False), (0o755, 1, True),
                                         (0o1777, 0, True), (0o1777, NOBODY, True)):
            with self.subTest(directory=oct(directory), link=link):
                output = self.place(directory, NOBODY)
                output.symlink_to(victim)
                os.chown(output, link, link, follow_symlinks=False)
                done = program.run("-i", self.save, "-o", output, "-f", "libxl")
                self.assertEqual(done.returncode, 0 if follows else 3, done.stderr)
                self.assertTrue(output.is_symlink())
                self.assertEqual(victim.read_bytes(), self.want if follows else OLD)
                if not follows:
                    self.assertEqual(len(program.lines(done.stderr)), 1)
                    self.assertIn(b"Permission denied", done.stderr)
                victim.write_bytes(OLD)

    def test_chown_failure(self):
        """If fchown() fails, the mode is narrowed, so that no other user or group gains access."""
        for times, wanted in ((1, 0o751), (0, 0o700)):
            with self.subTest(times=times):
                output = self.place(old=0)
                output.chmod(0o6751)
                done = faults.run(Plan("fchown", EPERM, times=times), "-i", self.save, "-o", output)
                self.assertEqual((done.status, mode(output)), (0, wanted), done.stderr)

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_read_only_directory(self):
        """A directory that root can write to only by its capabilities."""
        self.both_ways(lambda: self.place(0o555, 0, None))
        self.both_ways(lambda: self.place(0o555, NOBODY, NOBODY))

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_unprivileged_user(self):
        kw = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        self.both_ways(lambda: self.place(0o700, NOBODY), **kw)
        self.both_ways(lambda: self.place(0o700, NOBODY, NOBODY), **kw)

    def test_verbose(self):
        for binary, args in ((program.PROGRAM, ["-o", self.place()]), (verifier.PROGRAM, [])):
            with self.subTest(program=binary.name):
                self.save.write_bytes(CASE.octets() if binary == program.PROGRAM else self.want)
                for landlock, printed in ((None, f"Landlock ABI {ABI}" if ABI else "no Landlock"), (0, "no Landlock")):
                    done = faults.run(Plan(landlock=landlock), "-i", self.save, "-v", *args, binary=binary)
                    lines = [line for line in program.lines(done.stdout + done.stderr) if "sandbox: " in line]
                    self.assertEqual(len(lines), 1, lines)
                    self.assertIn(printed, lines[0])
                done = faults.run(Plan(), "-i", self.save, "-v", "--no-sandbox", *args, binary=binary)
                self.assertNotIn(b"sandbox: ", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
