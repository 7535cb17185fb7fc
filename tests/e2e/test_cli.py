"""The command line: options, file names, and the files that remain after success, failure and signals."""

import fcntl
import os
import re
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
import unittest
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import cases, expected, legacy, make_stream, program, v2
from kit.base import ProgramTest
from kit.flavours import HVM64

CASE = cases.named("hvm64-age-4-5-4")       # its expected output does not need Xen's script
OLD = b"an older file"


def converted(fmt: str = "libxc", case=CASE) -> bytes:
    return v2.version_2_of(expected.by_model(case, fmt))


class CliTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.save = self.file("in.save", CASE.octets())

    def assert_converted(self, path: Path) -> None:
        self.assertTrue(path.read_bytes() == converted(), f"{path} is not the converted save")

    def assert_one_line(self, done) -> str:
        lines = program.lines(program.without_physmap(done.stderr))
        self.assertEqual(len(lines), 1, lines)
        self.assertTrue(lines[0].startswith(program.NAME + ": "), lines[0])
        return lines[0]


class Options(CliTest):
    def test_usage_errors(self):
        save, output = str(self.save), self.out()
        good = ["-i", save, "-o", str(output)]
        for argv in ([], ["-i", save], ["-o", str(output)], good + ["-w", "16"], good + ["-w", ""],
                     good + ["-w", "064"], good + ["-g", "pvh"], good + ["-g", ""], good + ["-f", "xl"],
                     good + ["--stream-version", "1"], good + ["--stream-version", "4"],
                     good + ["--stream-version", "2x"], good + ["--no-such-option"],
                     good + ["-Z"], good + ["more"], good + ["--progress=sometimes"], good + ["-w"],
                     good + ["--skip-qemu=1"], good + ["--s"]):
            with self.subTest(argv=argv):
                done = program.run(*argv)
                self.assert_status(done, 2)
                self.assert_silent_stdout(done)
                self.assertIn(program.NAME, program.lines(done.stderr)[0])
                self.assert_clean(output)

    def test_help_and_version(self):
        for argv, expected_text in ((["-h"], "--stream-version"), (["--help"], "--skip-qemu"), (["-V"], r"\d+\.\d+"),
                           (["--version"], r"\d+\.\d+")):
            with self.subTest(argv=argv):
                done = program.run(*argv)
                self.assert_status(done, 0)
                self.assertRegex(done.stdout.decode(), expected_text)
                self.assertEqual(done.stderr, b"")

    def test_help_names_every_option(self):
        text = program.run("--help").stdout.decode()
        for option in ("--in", "--out", "--width", "--guest-type", "--format", "--xl", "--skip-qemu",
                       "--stream-version", "--verify", "--no-sync", "--progress", "--no-clobber", "--verbose", "--quiet",
                       "--syslog", "--help", "--version"):
            self.assertIn(option, text)

    def test_prefixes_of_long_options(self):
        output = self.out()
        done = program.run("--in", self.save, "--out", output, "--wid", "64", "--guest", "hvm", "--form", "libxl",
                           "--no-sy")
        self.assert_status(done, 0)
        self.assertEqual(output.read_bytes(), converted("libxl"))

    def test_spellings(self):
        for argv in (["-i", self.save, "-o", "OUT", "-w64", "-ghvm", "-flibxc"],
                     [f"--in={self.save}", "--out=OUT", "--width=64", "--guest-type=hvm", "--format=libxc"],
                     ["--stream-version=2", "--no-sync", "--progress=never", "-i", self.save, "-o", "OUT"]):
            with self.subTest(argv=argv):
                output = self.out()
                done = program.run(*(str(a).replace("OUT", str(output)) for a in argv))
                self.assert_status(done, 0)
                self.assert_converted(output)

    def test_quiet_and_verbose(self):
        wrong = ["-i", self.save, "-w", "32", "-g", "hvm"]
        warned, quiet = (program.run(*wrong, "-o", self.out(), *more) for more in ([], ["-q"]))
        self.assert_status(warned, 0)
        self.assertIn(b"warning", warned.stderr)
        self.assert_status(quiet, 0)
        self.assertEqual(quiet.stderr, b"")

        plain, verbose = (program.run("-i", self.save, "-o", self.out(), *more) for more in ([], ["-v"]))
        self.assertEqual(program.without_physmap(plain.stderr), b"", "must be silent on success")
        text = verbose.stderr.decode()
        for word in ("hvm", "64"):
            self.assertIn(word, text.lower())
        self.assertTrue(all(line.startswith(program.NAME + ": ") for line in text.splitlines()), text)
        self.assert_silent_stdout(verbose)

        bad = self.file("bad.save", CASE.octets()[:-1])
        failed = program.run("-i", bad, "-o", self.out(), "-q")
        self.assert_status(failed, 1)
        self.assert_one_line(failed)

    def test_unmapped_list_in_verbose(self):
        save = self.file("pv.save", cases.named("pv64-unmapped").octets())
        shown = program.run("-i", save, "-o", self.out(), "-v")
        self.assertIn(b"unmapped", shown.stderr)
        self.assertNotIn(b"unmapped", program.run("-i", save, "-o", self.out()).stderr)

    def test_warnings_about_dropped_data(self):
        for name, expected_text in (("pv64-hvm-chunk", "HVM"), ("pv64-ext-unknown", "extended info")):
            with self.subTest(case=name):
                save = self.file("pv.save", cases.named(name).octets())
                done = program.run("-i", save, "-o", self.out())
                self.assertRegex(done.stderr.decode(), f"warning: .*{expected_text}")

    def test_repeated_warnings(self):
        """Repeated warnings of one kind are counted, not printed."""
        count = 100_000
        chunks, blocks = (cases.named(name).save for name in ("pv64-hvm-chunk", "pv64-ext-unknown"))
        param = next(chunk for chunk in chunks.body if isinstance(chunk, legacy.Param))
        save = self.file("blocks.save", legacy.octets(
            replace(blocks, extended_info=[*[legacy.Block(b"huh?", b"")] * count, *blocks.extended_info])))
        self.assertEqual(len(program.lines(program.run("-i", save, "-o", self.out()).stderr)), 1)
        for save in (replace(chunks, body=[*[param] * count, *chunks.body]),):
            directory = self.dir / "old"
            directory.mkdir(exist_ok=True)
            (directory / "pv.save").write_bytes(legacy.octets(save))
            for source, target in ((directory / "pv.save", self.out()), (directory, self.dir / "new")):
                for options, most in (((), 3000), (("-v",), 200_000)):
                    with self.subTest(source=source.name, options=options):
                        done = program.run("-i", source, "-o", target, *options, *(["--force"] if source == directory else []))
                        self.assert_status(done, 0)
                        shown = [line for line in done.stderr.decode().splitlines() if "more warnings" in line]
                        self.assertEqual([line.split(": ", 2)[2] for line in shown], [f"warning: {count + 2 - 10} more warnings of this kind"])
                        self.assertLess(len(done.stderr), most)
            done = program.run("-i", directory / "pv.save", "--inspect", "-v")
            self.assertTrue(f"and {count + 2 - 32} more" in done.stdout.decode())
            self.assertLess(len(done.stderr), 200_000)

    def test_positional_arguments(self):
        output = self.out()
        self.assert_status(program.run(self.save, output), 0)
        self.assert_converted(output)
        output = self.out()
        self.assert_status(program.run("--no-sync", self.save, "-v", output, "--stream-version", "2"), 0)
        self.assert_converted(output)
        done = program.run("--inspect", self.save)
        self.assertEqual((done.returncode, done.stdout), (0, program.run("-i", self.save, "--inspect").stdout))
        self.assert_status(program.run("--", "./nothing here", self.out()), 3)
        for argv in (["-i", self.save, "x"], ["-o", "x", self.save], ["-i", self.save, "-o", "x", "y"],
                     [self.save, "x", "y"], [self.save], ["", "x"], [self.save, ""], ["--inspect", self.save, "x"]):
            with self.subTest(argv=argv):
                done = program.run(*argv, cwd=self.dir)
                self.assert_status(done, 2)
                self.assert_one_line(done)
                self.assertFalse((self.dir / "x").exists())

    def syslog_of(self, *argv: str, stderr: int = subprocess.DEVNULL) -> list[str]:
        """Returns the syslog messages of a run in a mount namespace with its own /dev/log."""
        dev = self.dir / "dev"
        dev.mkdir(exist_ok=True)
        (dev / "null").touch()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
            (dev / "log").unlink(missing_ok=True)
            log.bind(str(dev / "log"))
            log.settimeout(0)
            script = 'mount --bind /dev/null "$0/null" && mount --rbind "$0" /dev && exec "$@"'
            subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, dev, *argv],
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr, check=False, timeout=60)
            lines = []
            while True:
                try:
                    lines.append(log.recv(1 << 16).decode())
                except BlockingIOError:
                    return lines

    def test_syslog(self):
        """All messages go to syslog with --syslog. If standard error is /dev/null, errors and warnings do."""
        if subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "true"], check=False).returncode:
            self.skipTest("user namespaces are not available")
        bad = self.file("bad.save", CASE.octets()[:-1])
        here = [str(program.PROGRAM), "-o", str(self.out()), "--no-sync", "-f", "libxl"]
        warned, verifier = [*here, "-i", str(self.save), "-w", "32", "-v"], str(program.PROGRAM.parent / "verify-stream-v2")
        for argv, stderr, priorities, last in (
                (warned, subprocess.DEVNULL, [12], "32"), (warned, subprocess.PIPE, [], ""),
                ([*here, "-i", str(bad)], subprocess.DEVNULL, [11], "input ended"),
                ([*here, "-i", str(bad)], subprocess.PIPE, [], ""),
                ([*here, "-i", str(bad), "--syslog"], subprocess.PIPE, [11], "input ended"),
                ([*here, "-i", str(bad), "-q"], subprocess.DEVNULL, [11], "input ended"),
                ([*here, "-i", str(self.save)], subprocess.DEVNULL, [], ""),
                ([*here, "--width", "33"], subprocess.DEVNULL, [11], "--width: '33' is not 32 or 64"),
                ([*here, "--nonsense"], subprocess.DEVNULL, [11], "invalid option: '--nonsense'"),
                ([*here, "--width"], subprocess.DEVNULL, [11], "invalid option: '--width'"),
                ([*here], subprocess.DEVNULL, [11], "missing input (--in) (see --help)"),
                ([verifier, "-i", str(bad)], subprocess.DEVNULL, [11], "start of the stream"),
                ([verifier, "-f", "vhd"], subprocess.DEVNULL, [11], "'vhd' is not"),
                ([verifier, "-q", "-i", str(bad)], subprocess.DEVNULL, [], "")):
            with self.subTest(argv=argv[1:], stderr=stderr):
                lines = self.syslog_of(*argv, stderr=stderr)
                self.assertEqual([int(line[1:line.index(">")]) for line in lines], priorities, lines)
                for line in lines:
                    self.assertRegex(line, rf"{Path(argv[0]).name}\[\d+\]: ")
                    self.assertIn(last, line)
    def test_dropped_physmap_entries(self):
        for name, fmt, count in (("hvm64-age-4-5", "libxc", 2), ("hvm32-toolstack-many", "libxc", 100),
                                 ("hvm64-toolstack-twice", "libxc", 1), ("hvm64-age-4-5", "libxl", 0),
                                 ("hvm64-toolstack-empty", "libxc", 0), ("hvm64-toolstack-none", "libxc", 0),
                                 ("hvm64-age-4-1", "libxc", 0), ("pv64-toolstack", "libxc", 0), ("hvm32-remus", "libxc", 2)):
            with self.subTest(case=name, format=fmt):
                save = self.file("in.save", cases.named(name).octets())
                done = program.run("-i", save, "-o", self.out(), "-f", fmt)
                self.assert_status(done, 0)
                counts = re.findall(rb"warning: QEMU physmap entries dropped: (\d+) \(", done.stderr)
                self.assertEqual(counts, [str(count).encode()] if count else [])

    def test_syslog_unavailable(self):
        output = self.out()
        self.assert_status(program.run("-i", self.save, "-o", output, "--syslog"), 0)
        self.assert_converted(output)


class Names(CliTest):
    def test_standard_input_and_output(self):
        for source, target in (("-", "-"), ("0", "1"), (str(self.save), "-"), ("-", None)):
            with self.subTest(source=source, target=target):
                output = self.out()
                with open(self.save, "rb") as stdin:
                    done = program.run("-i", source, "-o", target or output, stdin=stdin)
                self.assert_status(done, 0)
                self.assertEqual(program.without_physmap(done.stderr), b"")
                self.assertTrue((output.read_bytes() if not target else done.stdout) == converted())
                self.assertEqual(done.stdout == b"", not target)

    def test_names_of_standard_descriptors(self):
        """Messages name standard input, standard output, and other descriptors by number."""
        bad = b"x" * 100
        for argv, data, name in ((["-i", "-", "-o", self.out()], bad, "standard input: byte 0x0"), (["-i", "0", "-o", self.out()], bad, "fd 0: byte 0x0")):
            self.assertTrue(self.assert_one_line(program.run(*argv, input=data)).startswith(f"convert-legacy-stream: {name}"))
        with open("/dev/full", "wb") as full:
            done = program.run("-i", self.save, "-o", "-", "-q", stdout=full)
        self.assertEqual(done.stderr, b"convert-legacy-stream: cannot write standard output: No space left on device\n")

    def test_standard_input_is_a_pipe(self):
        done = program.run("-i", "-", "-o", "-", input=CASE.octets())
        self.assert_status(done, 0)
        self.assertTrue(done.stdout == converted())

    def test_output_fd(self):
        """An inherited fd is written from its current offset on; the bytes before it are unchanged."""
        output = self.out()
        with open(output, "wb", buffering=0) as f:
            f.write(OLD)
            self.assert_status(program.run("-i", self.save, "-o", f.fileno(), pass_fds=[f.fileno()]), 0)
        self.assertTrue(output.read_bytes() == OLD + converted())

    def test_files_named_like_fds(self):
        self.save.rename(self.dir / "5")
        self.assert_status(program.run("-i", "./5", "-o", "./6", cwd=self.dir), 0)
        self.assert_converted(self.dir / "6")
        done = program.run("-i", "5", "-o", "./7", cwd=self.dir)
        self.assertIn(done.returncode, (2, 3), "fd 5 is not open")
        self.assertFalse((self.dir / "7").exists())
        done = program.run("-i", "./5", "-o", "77", cwd=self.dir)
        self.assertIn(done.returncode, (2, 3), "fd 77 is not open")
        self.assertFalse((self.dir / "77").exists())

    def test_missing_input(self):
        for path in (self.dir / "missing", self.dir / "missing" / "deeper"):
            output = self.out()
            done = program.run("-i", path, "-o", output)
            self.assert_status(done, 3)
            self.assertIn(str(path), self.assert_one_line(done))
            self.assert_clean(output)

    def test_missing_output_directory(self):
        done = program.run("-i", self.save, "-o", self.dir / "missing" / "out")
        self.assert_status(done, 3)
        self.assertIn("missing", self.assert_one_line(done))

    def test_names_are_escaped(self):
        """Unprintable characters in names are escaped."""
        name = "in\x1b[31m\n\x7f\udcff.save"
        for make, status in ((False, 3), (True, 1)):
            path = os.fsencode(self.dir) + b"/" + os.fsencode(name)
            if make:
                with open(path, "wb") as f:
                    f.write(CASE.octets()[:100])
            done = subprocess.run([program.PROGRAM, "-i", path, "-o", self.out()], capture_output=True, check=False)
            self.assert_status(done, status)
            self.assert_one_line(done)
            self.assertFalse(set(done.stderr) - {10} - set(range(0x20, 0x7F)), done.stderr)

    def test_error_line(self):
        """The format is: convert-legacy-stream: NAME: byte 0x..: place: reason."""
        data, fields = CASE.fields()
        at = next(f for f in fields if f.name == "context.len")
        bad, output = self.file("bad.save", cases.put(data, at, 0)), self.out()
        line = self.assert_refused(program.run("-i", bad, "-o", output), output)
        self.assertRegex(line, rf"^{program.NAME}: {bad}: byte {at.offset:#x}: ")

    def test_error_offsets_of_a_truncation(self):
        """Offset and place are those of the end of the stream."""
        data, fields = CASE.fields()
        at = next(f for f in fields if ".page." in f.name)
        bad, output = self.file("bad.save", data[:at.offset + 100]), self.out()
        line = self.assert_refused(program.run("-i", bad, "-o", output), output)
        offset = int(line.split("byte ")[1].split(":")[0], 16)
        self.assertIn(offset, range(at.offset - 100, at.offset + 101))
        self.assertRegex(line, "batch")


class Files(CliTest):
    def test_same_file(self):
        """Output and input are the same file under different names."""
        other = self.out()
        os.symlink(self.save, other)
        hard = self.out()
        os.link(self.save, hard)
        for target in (self.save, other, hard, self.dir / "." / "in.save"):
            with self.subTest(output=target):
                self.assert_status(program.run("-i", self.save, "-o", target), 2)
                self.assertEqual(self.save.read_bytes(), CASE.octets())
        self.assert_status(program.run("-i", other, "-o", self.save), 2)
        with open(self.save, "r+b") as f:
            for argv in (["-i", self.save, "-o", f.fileno()], ["-i", f.fileno(), "-o", self.save],
                         ["-i", f.fileno(), "-o", f.fileno()]):
                with self.subTest(argv=argv):
                    self.assert_status(program.run(*argv, pass_fds=[f.fileno()]), 2)
                    self.assertEqual(self.save.read_bytes(), CASE.octets())

    def test_no_clobber(self):
        output = self.out()
        self.assert_status(program.run("-i", self.save, "-o", output, "--no-clobber"), 0)
        self.assert_converted(output)
        output.write_bytes(OLD)
        done = program.run("-i", self.save, "-o", output, "--no-clobber")
        self.assertIn(done.returncode, (2, 3))
        self.assert_one_line(done)
        self.assertEqual(output.read_bytes(), OLD)
        self.assertEqual([p.name for p in output.parent.iterdir()], ["out"])

    def test_modes(self):
        output = self.out()
        for umask in (0, 0o022, 0o077):
            output.unlink(missing_ok=True)
            self.assert_status(program.run("-i", self.save, "-o", output, umask=umask), 0)
            self.assertEqual(output.stat().st_mode & 0o7777, 0o600, "only the owner may read a guest's memory")
        for mode in (0o640, 0o644, 0o600, 0o400, 0o751, 0o2750):
            output.chmod(mode)
            self.assert_status(program.run("-i", self.save, "-o", output), 0)
            self.assertEqual(output.stat().st_mode & 0o7777, mode, "the mode of a replaced file must be kept")
            self.assert_converted(output)

    def test_replaced_file_has_new_inode(self):
        """Processes that have the old file open still read the old content."""
        output = self.out()
        output.write_bytes(OLD)
        with open(output, "rb") as old:
            self.assert_status(program.run("-i", self.save, "-o", output), 0)
            self.assertEqual(old.read(), OLD)
        self.assert_converted(output)
        self.assertEqual([p.name for p in output.parent.iterdir()], ["out"])

    def test_failure_leaves_the_old_output(self):
        bad = self.file("bad.save", CASE.octets()[:-1])
        output = self.out()
        output.write_bytes(OLD)
        self.assert_status(program.run("-i", bad, "-o", output), 1)
        self.assertEqual(output.read_bytes(), OLD)
        self.assertEqual([p.name for p in output.parent.iterdir()], ["out"])

    def test_relative_output(self):
        output = self.out()
        self.assert_status(program.run("-i", self.save, "-o", "out", cwd=output.parent), 0)
        self.assert_converted(output)

    def test_fifos(self):
        """A FIFO is written to, not replaced."""
        fifo = self.out()
        os.mkfifo(fifo)
        with program.start("-i", self.save, "-o", fifo) as process, open(fifo, "rb") as reader:
            self.assertTrue(reader.read() == converted())
        self.assertEqual(process.returncode, 0)
        self.assertTrue(fifo.is_fifo())
        with program.start("-i", fifo, "-o", "-", stdout=subprocess.PIPE) as process:
            with open(fifo, "wb") as writer:
                writer.write(CASE.octets())
            self.assertTrue(process.stdout.read() == converted())
        self.assertEqual(process.returncode, 0)

    def test_signal_while_waiting_for_a_fifo(self):
        fifo = self.out()
        os.mkfifo(fifo)
        for ends in (("-i", fifo, "-o", "/dev/null"), ("-i", self.save, "-o", fifo)):
            with program.start(*ends, stderr=subprocess.DEVNULL) as process:
                self.assertTrue(program.wait_until(lambda: Path(f"/proc/{process.pid}/wchan").read_text() == "wait_for_partner"))
                process.send_signal(signal.SIGUSR1)
                time.sleep(0.1)
                self.assertIsNone(process.poll(), "ended by the signal")
                with fifo.open("r+b", buffering=0) as other:
                    if ends[1] == fifo:
                        other.write(CASE.octets()[:4096])
                    process.terminate()
                    process.wait(program.TIMEOUT)

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_fifos_of_other_users(self):
        """In a sticky directory, a FIFO of another user is not written to; elsewhere it is."""
        for mode, status in ((0o1777, 3), (0o755, 0)):
            directory = self.dir / f"{mode:o}"
            directory.mkdir()
            directory.chmod(mode)
            fifo = directory / "fifo"
            os.mkfifo(fifo, 0o666)
            os.chown(fifo, 12345, 12345)
            reader = os.open(fifo, os.O_RDWR)
            self.addCleanup(os.close, reader)
            fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 1 << 20)
            self.assert_status(program.run("-i", self.save, "-o", fifo), status)
            self.assert_status(program.run("-i", self.save, "-o", self.link_to(fifo)), status)

    def link_to(self, path: Path) -> Path:
        link = self.dir / f"link-{path.parent.name}"
        link.symlink_to(path)
        return link

    def test_closed_standard_fds(self):
        """Messages must not be written to files that were opened in place of closed fds."""
        for closed in ((0,), (1,), (2,), (0, 1, 2)):
            for options in ([], ["-v"], ["--progress=always"]):
                with self.subTest(closed=closed, options=options):
                    output = self.out()
                    done = program.run("-i", self.save, "-o", output, "-w", "32", "-g", "hvm", *options,
                                       preexec_fn=lambda: [os.close(fd) for fd in closed])
                    self.assert_status(done, 0)
                    self.assert_converted(output)
                    self.assertEqual(self.save.read_bytes(), CASE.octets())
                    bad = self.file("bad.save", CASE.octets()[:-1])
                    done = program.run("-i", bad, "-o", self.out(), *options,
                                       preexec_fn=lambda: [os.close(fd) for fd in closed])
                    self.assert_status(done, 1)
                    self.assertEqual(bad.read_bytes(), CASE.octets()[:-1])

    def test_closed_standard_output(self):
        done = program.run("-i", self.save, "-o", "-", preexec_fn=lambda: os.close(1))
        self.assertIn(done.returncode, (2, 3))
        done = program.run("-i", "-", "-o", self.out(), preexec_fn=lambda: os.close(0))
        self.assertIn(done.returncode, (2, 3))

    def test_failing_standard_error_changes_nothing(self):
        output = self.out()
        with open("/dev/full", "wb") as full:
            done = program.run("-i", self.save, "-o", output, "-v", stderr=full)
        self.assert_status(done, 0)
        self.assert_converted(output)


class System(CliTest):
    def test_full_device(self):
        with open("/dev/full", "wb") as full:
            for argv, kw in ((["-o", "/dev/full"], {}), (["-o", "-"], {"stdout": full}),
                             (["-o", full.fileno()], {"pass_fds": [full.fileno()]})):
                with self.subTest(argv=argv):
                    done = program.run("-i", self.save, *argv, **kw)
                    self.assert_status(done, 3)
                    self.assert_one_line(done)
        self.assertTrue(Path("/dev/full").is_char_device())

    def test_dev_null(self):
        self.assert_status(program.run("-i", self.save, "-o", "/dev/null"), 0)
        self.assertTrue(Path("/dev/null").is_char_device())

    def test_help_on_a_full_device(self):
        with open("/dev/full", "wb") as full:
            for option in ("--help", "--version"):
                done = program.run(option, stdout=full)
                self.assert_status(done, 3)
                self.assertRegex(done.stderr, rb"^convert-legacy-stream: cannot write standard output: .+\n$")

    def test_file_size_limit(self):
        for limit in (0, 20, 5000):
            with self.subTest(limit=limit):
                output = self.out()
                done = program.run("-i", self.save, "-o", output,
                                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
                self.assert_status(done, 3)
                self.assert_one_line(done)
                self.assert_clean(output)
                with open(output, "wb") as inherited:
                    done = program.run("-i", self.save, "-o", "-", stdout=inherited,
                                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
                self.assert_status(done, 3)
                self.assert_one_line(done)

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_no_permission(self):
        output = self.out()
        output.parent.chmod(0o555)
        self.dir.chmod(0o755)
        self.save.chmod(0o644)
        done = program.run("-i", self.save, "-o", output, user=65534, group=65534, extra_groups=[])
        self.assert_status(done, 3)
        self.assert_clean(output)
        self.save.chmod(0)
        self.assert_status(program.run("-i", self.save, "-o", "/dev/null", user=65534, group=65534, extra_groups=[]), 3)

    @unittest.skipIf(program.HUNGRY, "AddressSanitizer and qemu take more address space than any limit here")
    def test_memory_is_constant(self):
        """A guest of 128 MiB is converted in 64 MiB of address space, from a file and from a pipe."""
        save = make_stream.big(HVM64, 128 << 20)
        path = self.dir / "big.save"
        with open(path, "wb") as f:
            legacy.write(save, f)
        limit = 64 << 20
        kw = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit))}
        self.assert_status(program.run("-i", path, "-o", self.out(), "--no-sync", **kw), 0)
        with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as cat:
            self.assert_status(program.run("-i", "-", "-o", "/dev/null", stdin=cat.stdout, **kw), 0)

    @unittest.skipIf(program.HUNGRY, "AddressSanitizer and qemu take more address space than any limit here")
    def test_large_lengths(self):
        """A length of 4 GiB in a small input is reported as a truncation, not as a lack of memory."""
        limit = 64 << 20
        data, fields = CASE.fields()
        for name in ("qemu.len", "context.len", "Toolstack.len"):
            at = next(f for f in fields if f.name.endswith(name))
            with self.subTest(field=name):
                bad, output = self.file("bad.save", cases.put(data, at, 0xFFFFFFFF)), self.out()
                done = program.run("-i", bad, "-o", output, "-f", "libxl",
                                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
                self.assert_refused(done, output)


class Signals(CliTest):
    def start_stalled(self, *argv, **kw) -> tuple[subprocess.Popen, int]:
        """Starts the program with half a stream in a pipe; returns when all of it has been read."""
        reader, writer = os.pipe()
        process = program.start("-i", "-", *argv, stdin=reader, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **kw)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.kill)
        os.write(writer, CASE.octets()[:9000])
        while struct.unpack("i", fcntl.ioctl(reader, termios.FIONREAD, bytes(4)))[0]:
            self.assertIsNone(process.poll(), "ended early")
            time.sleep(0.001)
        os.close(reader)
        return process, writer

    def shell_status(self, process: subprocess.Popen) -> int:
        """The exit status as in a shell."""
        status = process.wait(program.TIMEOUT)
        return status if status >= 0 else 128 - status

    def test_terminated(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            for old in (False, True):
                with self.subTest(signal=number, replaces=old):
                    output = self.out()
                    if old:
                        output.write_bytes(OLD)
                    process, writer = self.start_stalled("-o", output)
                    process.send_signal(number)
                    self.assertEqual(self.shell_status(process), 128 + number)
                    os.close(writer)
                    if old:
                        self.assertEqual(output.read_bytes(), OLD)
                        output.unlink()
                    self.assert_clean(output)

    def test_terminated_while_the_output_stalls(self):
        """libxl sends SIGTERM once and stops reading the pipe."""
        reader, writer = os.pipe()
        save = self.file("full.save", cases.named("hvm64-full-batch").octets())
        process = program.start("-i", save, "-o", writer, pass_fds=[writer], stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        while struct.unpack("i", fcntl.ioctl(reader, termios.FIONREAD, bytes(4)))[0] < 4096:
            self.assertIsNone(process.poll(), "ended early")
            time.sleep(0.001)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.shell_status(process), 128 + signal.SIGTERM)
        os.close(reader)
        os.close(writer)

    def test_killed_leaves_no_output(self):
        output = self.out()
        process, writer = self.start_stalled("-o", output)
        process.kill()
        process.wait()
        os.close(writer)
        self.assertFalse(output.exists())

    def test_progress_on_demand(self):
        output = self.out()
        for options in ([], ["-q"], ["--progress=never"]):
            with self.subTest(options=options):
                process, writer = self.start_stalled("-o", output, *options)
                # Repeated: a signal just before the program waits for input is only handled when input arrives.
                while process.poll() is None:
                    process.send_signal(signal.SIGUSR1)
                    if select.select([process.stderr], [], [], 1)[0]:
                        break
                line = process.stderr.readline().decode()
                self.assertRegex(line, rf"^{program.NAME}: .*\d")
                os.write(writer, CASE.octets()[9000:])
                os.close(writer)
                self.assertEqual(self.shell_status(process), 0)
                self.assert_converted(output)

    def test_progress_always(self):
        done = program.run("-i", self.save, "-o", self.out(), "--progress=always")
        self.assert_status(done, 0)
        self.assertNotEqual(done.stderr, b"")
        self.assert_silent_stdout(done)

    def test_stopped_and_continued(self):
        output = self.out()
        process, writer = self.start_stalled("-o", output)
        process.send_signal(signal.SIGSTOP)
        process.send_signal(signal.SIGCONT)
        os.write(writer, CASE.octets()[9000:])
        os.close(writer)
        self.assertEqual(self.shell_status(process), 0)
        self.assert_converted(output)


if __name__ == "__main__":
    unittest.main()
