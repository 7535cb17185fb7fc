"""Code in the parsing process gets at nothing: tried from inside a read() of the input, see tests/faults/probes.c."""

import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
from errno import EACCES, ENOSYS, EPERM
from pathlib import Path
from typing import Optional

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import cases, expected, faults, program, v2, verifier
from kit.faults import Plan

CASE = cases.named("hvm64-age-4-5-4")
NOBODY = 65534
OLD = b"what was there before"
STOPPED = (EPERM, EACCES)

LANDLOCK_CREATE_RULESET = 444
VERSION = 1


def landlock_abi() -> int:
    """0: this kernel has none."""
    return max(0, ctypes.CDLL(None).syscall(LANDLOCK_CREATE_RULESET, None, 0, VERSION))


ABI = landlock_abi()

# What each probe needs of Landlock to be stopped; and the capability without which it fails outside, too.
FROM_ABI = {"truncate-beside": 3, "connect-tcp": 4, "bind-tcp": 4, "connect-abstract": 6, "kill": 6}
BY_CAPABILITY = {"make-device": "mknod", "setuid": "setuid", "raise-capabilities": "sys_admin",
                 "load-module": "sys_module", "mount": "sys_admin"}
CAPABILITIES = {"setuid": 7, "sys_module": 16, "sys_admin": 21, "mknod": 27}

# The first read takes the bytes that are compared with the envelopes' magics, outside; all others are inside.
FIRST_READ_INSIDE = 2

# What Landlock has no right for. See docs/reliability.md.
BEYOND_LANDLOCK = ("chmod-elsewhere", "connect-path")
# What naming the output leaves open: one directory's names.
NAMING = ("unlink-beside",)


def has_capability(name: str) -> bool:
    status = Path("/proc/self/status").read_text()
    return bool(int(re.search(r"CapEff:\s*(\w+)", status)[1], 16) >> CAPABILITIES[name] & 1)


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


@unittest.skipIf(program.SANITIZED, "built without the sandbox")
class Probes(SandboxTest):
    def setUp(self):
        super().setUp()
        self.out_dir, self.elsewhere = self.dir / "out", self.dir / "elsewhere"
        for directory in (self.out_dir, self.elsewhere):
            directory.mkdir()
        self.port = self.listen(socket.AF_INET, ("127.0.0.1", 0))[1]
        self.abstract = self.listen(socket.AF_UNIX, f"\0{self.dir}")[1:].decode()
        self.socket = self.listen(socket.AF_UNIX, str(self.dir / "socket"))

    def listen(self, family: int, address):
        listener = socket.socket(family)
        self.addCleanup(listener.close)
        listener.bind(address)
        listener.listen()
        return listener.getsockname()

    def probe(self, *args, binary: Path = program.PROGRAM,
              nth: int = FIRST_READ_INSIDE) -> dict[str, int]:
        """Runs it and returns what the probes met; checks that what they say is true."""
        for directory in (self.out_dir, self.elsewhere):
            shutil.rmtree(directory)
            directory.mkdir()
            (directory / "neighbour").write_bytes(OLD)
            (directory / "removed").touch()
        # In a process group of its own, and no child of the program.
        victim = subprocess.Popen(["sleep", "100"])
        try:
            done = faults.run(Plan("read", "probe", nth), "-i", self.save, *args, binary=binary, env={
                "PROBE_OUT": str(self.out_dir), "PROBE_ELSEWHERE": str(self.elsewhere),
                "PROBE_INPUT": str(self.save), "PROBE_PORT": str(self.port), "PROBE_ABSTRACT": self.abstract,
                "PROBE_SOCKET": self.socket, "PROBE_VICTIM": str(victim.pid)})
            killed = victim.poll() is not None or done.probes.get("kill") == 0 and victim.wait() == -signal.SIGTERM
        finally:
            victim.kill()
            victim.wait()
        self.assertEqual((done.status, done.fired), (0, 1), done.stderr)
        probes = done.probes
        self.assertEqual(killed, probes["kill"] == 0)
        self.assertEqual((self.elsewhere / "created").exists(), probes["create-elsewhere"] == 0)
        self.assertEqual((self.elsewhere / "removed").exists(), probes["unlink-elsewhere"] != 0)
        self.assertEqual((self.out_dir / "removed").exists(), probes["unlink-beside"] != 0)
        self.assertEqual((self.out_dir / "neighbour").read_bytes() == OLD, probes["truncate-beside"] != 0)
        return probes

    def assert_stopped(self, probes: dict[str, int], but: tuple[str, ...] = ()) -> None:
        through = {name: os.strerror(max(n, 0)) for name, n in probes.items()
                   if n not in STOPPED and name not in but and FROM_ABI.get(name, 1) <= ABI
                   # A kernel without modules says so first.
                   and not (name == "load-module" and n == ENOSYS)}
        self.assertEqual(through, {}, "not stopped")
        self.assertGreater(len(probes), 20)

    @unittest.skipUnless(ABI, "this kernel has no Landlock")
    def test_named_output(self):
        for old in (None, OLD):
            for nth in (FIRST_READ_INSIDE, 5):
                with self.subTest(replaces=bool(old), read=nth):
                    output = self.dir / "out" / "new.save"
                    if old:
                        output.write_bytes(old)
                    probes = self.probe("-f", "libxl", "-o", output, nth=nth)
                    self.assert_stopped(probes, but=BEYOND_LANDLOCK + NAMING)
                    self.assertEqual(output.read_bytes(), self.want)
                    # The right to name makes a file that may neither be written to nor read.
                    created = self.out_dir / "created"
                    self.assertTrue(not created.exists() or created.read_bytes() == b"")

    @unittest.skipUnless(ABI, "this kernel has no Landlock")
    def test_straight_output(self):
        """Nothing is to be named: so no directory is open to it at all."""
        probes = self.probe("-f", "libxl", "-o", "-")
        self.assert_stopped(probes, but=BEYOND_LANDLOCK)
        self.assertEqual(sorted(p.name for p in self.out_dir.iterdir()), ["neighbour", "removed"])

    @unittest.skipUnless(ABI, "this kernel has no Landlock")
    def test_new_output_removes_nothing(self):
        """A new name needs the right to make one, not the right to remove the names of others."""
        self.assert_stopped(self.probe("-o", self.out_dir / "new.save"), but=BEYOND_LANDLOCK)

    @unittest.skipUnless(ABI, "this kernel has no Landlock")
    def test_beyond_landlock(self):
        """As root, what is root's obeys without any capability: files' modes, and whoever listens on a socket (the
        system bus, xenstored)."""
        self.assert_stopped(self.probe("-o", "-"))

    @unittest.skipUnless(ABI, "this kernel has no Landlock")
    def test_verifier(self):
        self.save.write_bytes(self.want)
        self.assert_stopped(self.probe("-q", binary=verifier.PROGRAM), but=BEYOND_LANDLOCK)

    @unittest.skipUnless(ABI, "this kernel has no Landlock")
    def test_inspection(self):
        """Its libraries are loaded before."""
        for form in ("text", "xml", "json"):
            self.assert_stopped(self.probe(f"--inspect={form}"), but=BEYOND_LANDLOCK)

    def test_without(self):
        """These tests can fail: without the sandbox nothing is stopped that we may do ourselves."""
        for binary, args in ((program.PROGRAM, ["-o", "-"]), (verifier.PROGRAM, ["-q"])):
            with self.subTest(program=binary.name):
                self.save.write_bytes(CASE.octets() if binary == program.PROGRAM else self.want)
                probes = self.probe("--no-sandbox", *args, binary=binary)
                stopped = {name for name, n in probes.items() if n in STOPPED}
                may_fail = {name for name, capability in BY_CAPABILITY.items() if not has_capability(capability)}
                if os.geteuid() != 0:
                    may_fail |= {"ptrace"}      # where Yama says so
                self.assertLessEqual(stopped, may_fail)


class Works(SandboxTest):
    """Naming the output from inside, wherever root may have to put it."""

    def convert(self, output: Path, *options: str, hidden: bool = False, **kw) -> faults.Run:
        done = faults.run(Plan(no_tmpfile=hidden), "-i", self.save, "-o", output, "-f", "libxl", *options, **kw)
        self.assertEqual(done.status, 0, done.stderr)
        self.assertEqual(output.read_bytes(), self.want)
        self.assertEqual([p.name for p in output.parent.iterdir()], [output.name])
        return done

    def both_ways(self, make, *options: str, **kw):
        """Yields the output converted to; make(): gives a fresh path, with or without a file there."""
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
        """A path in a new directory of this mode and owner; old: the owner of the file that is there."""
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

    def test_new_not_to_be_clobbered(self):
        self.both_ways(self.place, "--no-clobber")

    def test_replacing(self):
        self.both_ways(lambda: self.place(old=0))

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_foreign_directory(self):
        for old in (None, 0, NOBODY, 1):
            with self.subTest(old=old):
                self.both_ways(lambda: self.place(0o700, NOBODY, old))

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_foreign_file(self):
        """Of somebody else, in root's own directory: where fs.protected_hardlinks is set, only who owns a file or may
        write to it gives it a name, and the new one is somebody else's by then."""
        self.both_ways(lambda: self.place(0o755, 0, NOBODY))

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_sticky_directory(self):
        """As /tmp is."""
        for owner in (0, NOBODY):
            for old in (None, 0, NOBODY, 1):
                with self.subTest(owner=owner, old=old):
                    self.both_ways(lambda: self.place(0o1777, owner, old))

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_read_only_directory(self):
        """What root writes to by capability alone."""
        self.both_ways(lambda: self.place(0o555, 0, None))
        self.both_ways(lambda: self.place(0o555, NOBODY, NOBODY))

    @unittest.skipUnless(os.geteuid() == 0, "root alone can become somebody else")
    def test_as_an_ordinary_user(self):
        kw = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        self.both_ways(lambda: self.place(0o700, NOBODY), **kw)
        self.both_ways(lambda: self.place(0o700, NOBODY, NOBODY), **kw)

    @unittest.skipIf(program.SANITIZED, "built without the sandbox")
    def test_it_is_said(self):
        for binary, args in ((program.PROGRAM, ["-o", self.place()]), (verifier.PROGRAM, [])):
            with self.subTest(program=binary.name):
                self.save.write_bytes(CASE.octets() if binary == program.PROGRAM else self.want)
                done = faults.run(Plan(), "-i", self.save, "-v", *args, binary=binary)
                said = [line for line in program.lines(done.stdout + done.stderr) if "sandbox: " in line]
                self.assertEqual(len(said), 1, said)
                self.assertIn(f"Landlock ABI {ABI}" if ABI else "no Landlock", said[0])
                done = faults.run(Plan(), "-i", self.save, "-v", "--no-sandbox", *args, binary=binary)
                self.assertNotIn(b"Landlock", done.stdout + done.stderr)

    @unittest.skipIf(program.SANITIZED, "built without the sandbox")
    def test_kernel_without_landlock(self):
        """The first try to find out its version is refused: it goes on, and says so when asked."""
        for nth in range(1, 10):
            output = self.place()
            done = faults.run(Plan("syscall", ENOSYS, nth), "-i", self.save, "-o", output, "-v")
            if b"no Landlock" in done.stderr:
                self.assertEqual(done.status, 0)
                self.assertTrue(output.exists())
                return
        self.fail("no call asked for the version")


if __name__ == "__main__":
    unittest.main()
