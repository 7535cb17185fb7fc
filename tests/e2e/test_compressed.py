"""Compressed input: named files are decompressed by the system's programs, fds are not."""

import os
import shutil
import signal
import subprocess
import sys
import unittest
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import cases, envelopes, expected, program, v2, verifier
from kit.base import ProgramTest
from kit.landlock import ABI
from kit.make_fixtures import FIXTURES

PROGRAMS = {"zstd": "zstd", "xz": "xz-utils", "gzip": "gzip", "bzip2": "bzip2", "lz4": "lz4"}     # Debian package of each program
CASE, LARGER = cases.named("hvm64-age-4-5"), cases.named("hvm64-full-batch")

# Replaces zstd: prints its environment and fails. Python ignores SIGPIPE and a shell opens fds, so both are needed.
REPORT = """
ignored=$(grep SigIgn /proc/$$/status | cut -f 2)
exec {python} -c "$(sed '1,/^exec/d' "$0")" "$ignored"
import os, resource, sys
def failing(call, *args):
    try:
        call(*args)
        return "done"
    except OSError as e:
        return e.strerror
fds = [n for n in range(64) if failing(os.fstat, n) == "done"]
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status"))
print(sys.argv[1], fds, os.path.basename(os.readlink("/proc/self/fd/0")), int(status["NoNewPrivs"]),
      int(status["CapEff"], 16), resource.getrlimit(resource.RLIMIT_AS)[0] >> 20,
      failing(open, {created!r}, "w"), failing(os.truncate, {victim!r}, 0), sep="; ", file=sys.stderr)
sys.exit(7)
"""


def compress(tool: str, data: bytes, *options: str) -> bytes:
    return subprocess.run([tool, "-c", *options], input=data, stdout=subprocess.PIPE, check=True).stdout


class Compressed(ProgramTest):
    def with_fake(self, script: str) -> dict:
        """An environment in which zstd is this shell script."""
        fake = self.dir / "bin" / "zstd"
        fake.parent.mkdir(exist_ok=True)
        fake.write_text("#!/bin/sh\n" + script)
        fake.chmod(0o755)
        return {**os.environ, "PATH": f"{fake.parent}:{os.environ['PATH']}"}

    def test_each(self):
        want = v2.version_2_of(expected.by_model(LARGER, "libxc"))
        for tool in PROGRAMS:
            for options in ([], ["-1"]):
                with self.subTest(tool=tool, options=options):
                    source, output = self.file("old.save", compress(tool, LARGER.octets(), *options)), self.out()
                    done = program.run("-i", source, "-o", output)
                    self.assert_status(done, 0)
                    self.assertEqual(program.without_physmap(done.stderr), b"")
                    self.assertEqual(output.read_bytes(), want)
                    self.assert_status(verifier.run("-i", self.file("new.save", compress(tool, want))), 0)

    def test_gzip_without_a_time(self):
        source = self.file("old.save", compress("gzip", CASE.octets(), "-n"))
        self.assert_status(program.run("-i", source, "-o", self.out()), 0)

    def test_envelopes(self):
        for envelope in (e for e in envelopes.ALL if program.LIBRARIES or e is not envelopes.LIBVIRT):
            with self.subTest(envelope=envelope.name):
                source, output = self.file("old.save", compress("zstd", envelope.octets(CASE))), self.out()
                self.assert_status(program.run("-i", source, "-o", output, "--stream-version", "3"), 0)
                self.assertEqual(output.read_bytes(), envelope.expected(CASE))

    def test_truncated(self):
        """Truncated data or a wrong checksum: the conversion fails with the message of the decompressor."""
        for tool in PROGRAMS:
            data = compress(tool, CASE.octets())
            for cut in (20, len(data) // 2, len(data) - 1):
                with self.subTest(tool=tool, cut=cut):
                    source, output = self.file("old.save", data[:cut]), self.out()
                    line = self.assert_refused(program.run("-i", source, "-o", output), output)
                    self.assertRegex(line, rf"{tool} cannot decompress it \(exit status \d+\): .")
        data = compress("zstd", CASE.octets(), "--check")
        source, output = self.file("old.save", data[:-1] + bytes([data[-1] ^ 1])), self.out()
        self.assertIn("zstd cannot", self.assert_refused(program.run("-i", source, "-o", output), output))
        self.assert_status(verifier.run("-i", source), 1)

    def test_not_a_save(self):
        """Valid compressed data that is no save is rejected without decompressing all of its 256 MiB."""
        source, output = self.dir / "old.save", self.out()
        with open(source, "wb") as f:
            zeros = subprocess.Popen(["head", "-c", "256M", "/dev/zero"], stdout=subprocess.PIPE)
            subprocess.run(["zstd", "-1", "-c"], stdin=zeros.stdout, stdout=f, check=True)
            zeros.stdout.close()
            zeros.wait()
        line = self.assert_refused(program.run("-i", source, "-o", output), output)
        self.assertIn("not a legacy stream", line)

    def test_trailing_data(self):
        source, output = self.file("old.save", compress("zstd", CASE.octets() + b"xyz")), self.out()
        line = self.assert_refused(program.run("-i", source, "-o", output), output)
        self.assertIn("3 bytes follow the end of the stream (to convert without them: zstd -dc FILE | convert-legacy-stream -i -)", line)

    def test_padding(self):
        for n in (1, 3, 70000, 1 << 20):
            source, output = self.file("old.save", compress("zstd", CASE.octets() + bytes(n))), self.out()
            done = program.run("-i", source, "-o", output)
            self.assert_status(done, 0)
            self.assertIn(f"warning: byte 0x{len(CASE.octets()):x}: {n} zero bytes after the end of the stream ignored", done.stderr.decode())
            self.assertEqual(output.read_bytes(), v2.version_2_of(expected.by_model(CASE, "libxc")))
        source, output = self.file("old.save", compress("zstd", CASE.octets() + bytes(70000) + b"x")), self.out()
        self.assertIn("70001 bytes follow", self.assert_refused(program.run("-i", source, "-o", output), output))

    def test_verify(self):
        """--verify decompresses the file twice and compares."""
        for tool in PROGRAMS:
            with self.subTest(tool=tool):
                source, output = self.file("old.save", compress(tool, LARGER.octets())), self.out()
                done = program.run("-i", source, "-o", output, "--verify", "-v")
                self.assert_status(done, 0)
                self.assertIn("verified: ", done.stderr.decode())
                self.assertEqual(output.read_bytes(), v2.version_2_of(expected.by_model(LARGER, "libxc")))
        # The second decompression gives other data or fails.
        zstd = shutil.which("zstd")
        for second, reason in (("| sed 's/\\(.\\{20\\}\\)./\\1~/20'", "expected|read again"), ("| head -c 9000", "read again|cannot"),
                             ("; exit 9", "exit status 9")):
            with self.subTest(second=second):
                # The first decompressor is the program's first child.
                env = self.with_fake(f"read first rest < /proc/$PPID/task/$PPID/children\n"
                                     f"if [ $first = $$ ]; then exec {zstd} \"$@\"; else {zstd} \"$@\" {second}; fi")
                source, output = self.file("old.save", compress("zstd", LARGER.octets())), self.out()
                done = program.run("-i", source, "-o", output, "--verify", env=env)
                self.assert_status(done, 3)
                self.assertRegex(done.stderr.decode(), reason)
                self.assert_clean(output)

    def test_checkpoints(self):
        """All checkpoints are converted, as from any named file. --compact is rejected: it needs a second pass."""
        for fixture in sorted(FIXTURES.glob("remus-*.legacy")):
            source, output = self.file("old.save", compress("zstd", fixture.read_bytes())), self.out()
            self.assert_status(program.run("-i", source, "-o", output, "--stream-version", "3"), 0)
            self.assertEqual(output.read_bytes(), fixture.with_suffix(".v3.expected").read_bytes())
            self.assert_status(program.run("-i", source, "-o", output, "--compact"), 2)

    def test_truncated_checkpoint(self):
        fixture = next(p for p in sorted(FIXTURES.glob("remus-*.legacy")) if "-xl-" in p.name)
        source, output = self.file("old.save", compress("zstd", fixture.read_bytes()[:-100])), self.out()
        done = program.run("-i", source, "-o", output)
        self.assert_status(done, 0)
        self.assertIn(b"incomplete; using", done.stderr)

    def test_compressed_twice(self):
        source, output = self.file("old.save", compress("zstd", compress("xz", CASE.octets()))), self.out()
        line = self.assert_refused(program.run("-i", source, "-o", output), output)
        self.assertIn("compressed with xz: decompress it first", line)

    def test_fds_are_not_decompressed(self):
        for tool in PROGRAMS:
            source, output = self.file("old.save", compress(tool, CASE.octets())), self.out()
            with self.subTest(tool=tool), open(source, "rb") as f:
                line = self.assert_refused(program.run("-i", "-", "-o", output, stdin=f), output)
                self.assertIn(f"compressed with {tool}: decompress it first", line)

    @unittest.skipIf(program.EMULATED, "qemu does not report that a program could not be started")
    def test_not_installed(self):
        for tool, package in PROGRAMS.items():
            with self.subTest(tool=tool):
                source, output = self.file("old.save", compress(tool, CASE.octets())), self.out()
                done = program.run("-i", source, "-o", output, env={"PATH": str(self.dir)})
                self.assert_status(done, 3)
                self.assertIn(f"compressed with {tool}, which is not installed (package {package})".encode(), done.stderr)
                self.assertEqual(len(program.lines(done.stderr)), 1)
                self.assert_clean(output)

    def test_decompressor_environment(self):
        """The decompressor gets only the standard descriptors and default SIGPIPE; it cannot write files."""
        source, victim = self.file("old.save", compress("zstd", CASE.octets())), self.file("victim", b"x")
        env = self.with_fake(REPORT.format(python=sys.executable, created=str(self.dir / "created"), victim=str(victim)))
        reader, writer = os.pipe()
        output = self.out()
        try:
            line = self.assert_refused(program.run("-i", source, "-o", output, env=env, pass_fds=[reader, writer]), output)
        finally:
            os.close(reader)
            os.close(writer)
        ignored, *has = line.partition("(exit status 7): ")[2].split("; ")
        self.assertFalse(int(ignored, 16) >> (signal.SIGPIPE - 1) & 1, "SIGPIPE is ignored")
        refused = ["Permission denied"] * 2 if ABI >= 3 else has[-2:]
        self.assertEqual(has, ["[0, 1, 2]", source.name, "1", "0", "1024", *refused])

    @unittest.skipIf(program.EMULATED, "qemu adds processes")
    def test_decompressor_ends_with_program(self):
        """The decompressor ends when the program is killed."""
        source = self.file("old.save", compress("zstd", CASE.octets()))
        process = program.start("-i", source, "-o", self.out(), env=self.with_fake("exec sleep 60\n"), stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        is_sleep = lambda pid: Path(f"/proc/{pid}/comm").read_text() == "sleep\n"
        self.assertTrue(program.wait_until(lambda: any(map(is_sleep, program.descendants(process.pid)))))
        pids = program.descendants(process.pid)
        process.kill()
        self.assertTrue(program.wait_until(lambda: all(program.state(pid) in ("", "Z") for pid in pids), 5))

    def test_bomb(self):
        """Data after the stream is not fully decompressed."""
        source, output = self.file("old.save", compress("zstd", CASE.octets() + bytes(1 << 28))), self.out()
        line = self.assert_refused(program.run("-i", source, "-o", output), output)
        self.assertRegex(line, "byte 0x[0-9a-f]+: compressed file: [0-9]{8} bytes or more follow the end of the stream")

    def test_what_may_follow(self):
        """A compressed save is judged as the same file uncompressed."""
        remus = cases.named("pv64-remus").octets()
        old = cases.named("hvm64-age-3-4").octets()
        for data, options in ((CASE.octets(), ["--skip-qemu"]), (remus, ["--checkpointed=no"]), (remus[:-1], []),
                              (old + b"x" * 8, []), (remus + b"x" * 8, []), (envelopes.XAPI.octets(CASE) + bytes(200000), [])):
            plain, packed = self.file("plain", data), self.file("packed", compress("zstd", data))
            with self.subTest(options=options, size=len(data)):
                first, second = self.out(), self.dir / "second"
                want = program.run("-i", plain, "-o", first, *options)
                done = program.run("-i", packed, "-o", second, *options)
                self.assert_status(done, want.returncode)
                self.assertEqual(second.exists() and second.read_bytes(), first.exists() and first.read_bytes())
                self.assertEqual(b"another checkpoint follows" in done.stderr, b"another checkpoint follows" in want.stderr)
                self.assert_status(program.run("-i", packed, "--inspect", *options), want.returncode)
                for path in (first, second):
                    path.unlink(missing_ok=True)

    def test_damage_before_a_dropped_rest(self):
        """The checksum at the end is checked, even if the stream ended before."""
        remus, xapi = cases.named("pv64-remus").octets()[:-5], envelopes.XAPI.octets(CASE) + bytes(200000)
        for data in (remus, xapi):
            packed = bytearray(zlib.compress(data, 0, 31))
            packed[0x3800] ^= 0xFF
            source = self.file("save.gz", bytes(packed))
            for options in ([], ["--verify"]):
                with self.subTest(size=len(data), options=options):
                    line = self.assert_refused(program.run("-i", source, "-o", self.out(), *options), self.out())
                    self.assertIn("gzip cannot decompress it", line)

    def test_limit_of_checkpoints(self):
        """A limit within the newest checkpoint is an error; an older checkpoint is not used instead."""
        data = cases.named("pv64-remus").octets()
        for tool in ("zstd", None):
            source = self.file("save", compress(tool, data) if tool else data)
            line = self.assert_refused(program.run("-i", source, "-o", self.out(), f"--max-input-size={len(data) - 1}"), self.out())
            self.assertIn("of --max-input-size", line)

    def test_limit(self):
        """--max-input-size limits the size of decompressed data and of any other input."""
        size = len(LARGER.octets())
        for tool in ("zstd", None):
            source = self.file("old.save", compress(tool, LARGER.octets()) if tool else LARGER.octets())
            for limit in (str(size), "8M", "1T"):
                self.assert_status(program.run("-i", source, "-o", self.out(), "--max-input-size", limit), 0)
            for limit in (str(size - 1), "1M", "1", "9K"):
                with self.subTest(tool=tool, limit=limit):
                    output = self.out()
                    for end in (("-o", output), ("--inspect",)):
                        done = program.run("-i", source, *end, "--max-input-size", limit)
                        self.assert_status(done, 1)
                        self.assertIn(b"of --max-input-size", done.stderr)
                    self.assert_clean(output)
            padded = self.file("padded.save", compress(tool, LARGER.octets() + bytes(5000)) if tool else LARGER.octets() + bytes(5000))
            for limit, status in ((size + 4999, 1), (size + 5000, 0)):
                self.assert_status(program.run("-i", padded, "-o", self.out(), "--max-input-size", str(limit)), status)
        new = self.file("new.save", compress("zstd", v2.version_2_of(expected.by_model(LARGER, "libxc"))))
        self.assertEqual([subprocess.run([verifier.PROGRAM, "-q", "-i", new, "--max-input-size", limit], check=False).returncode
                          for limit in ("1M", "8M")], [1, 0])
        for wrong in ("0", "-1", "1X", "1KK", "99999999T", "", "K"):
            self.assert_status(program.run("-i", source, "-o", self.out(), "--max-input-size", wrong), 2)

    def test_progress_knows_no_total(self):
        """For compressed files progress has no percentage, since the size of the stream is unknown."""
        for tool in (None, "zstd"):
            source = self.file("old.save", compress(tool, CASE.octets()) if tool else CASE.octets())
            done = program.run("-i", source, "-o", self.out(), "--progress=always")
            self.assert_status(done, 0)
            self.assertEqual(b"100 %" in done.stderr, tool is None, done.stderr)

    def test_decompressor_killed(self):
        source, output = self.file("old.save", compress("zstd", CASE.octets())), self.out()
        done = program.run("-i", source, "-o", output, env=self.with_fake("kill -KILL $$\n"))
        self.assert_status(done, 3)
        self.assertIn(b"killed by signal 9", done.stderr)
        self.assert_clean(output)

    def test_hostile_messages(self):
        source, output = self.file("old.save", compress("zstd", CASE.octets())), self.out()
        env = self.with_fake("printf 'a\\033[31m\\nsecond line\\n' >&2; exit 7\n")
        line = self.assert_refused(program.run("-i", source, "-o", output, env=env), output)
        self.assertTrue(line.endswith("zstd cannot decompress it (exit status 7): a\\x1b[31m"), line)


if __name__ == "__main__":
    unittest.main()
