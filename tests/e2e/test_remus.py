"""Streams with several checkpoints, compressed pages or tmem, and --compact."""

import contextlib
import os
import subprocess
import sys
import unittest
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import cases, delta, expected, flavours, legacy, model, program, v2
from kit.base import ProgramTest
from kit.legacy import Batch, Verify

REMUS = [c for c in cases.good() if c.save.later]
COMPRESSED = [c for c in REMUS if any(checkpoint.compressed for checkpoint in c.save.later)]


def with_checkpoints(case, count: int):
    """The case with only the first count checkpoints."""
    return replace(case, save=replace(case.save, later=case.save.later[:count - 1]))


class Coding(unittest.TestCase):
    def test_encoder_and_decoder_agree(self):
        """The kit's decoder restores the pages of each compressed checkpoint from the stream."""
        kinds = set()
        for case in (c for c in COMPRESSED if c.save.buffer == delta.BUFFER):
            memory: dict[int, bytes] = {}
            writer = legacy.Writer(None, case.flavour.width)
            writer.sender = delta.Sender(case.save.cache_pages)
            for checkpoint in case.save.later:
                code, at = b"".join(writer._code(checkpoint)), 0
                for chunk in (c for c in checkpoint.body if isinstance(c, Batch)):
                    for entry, content in chunk.pages():
                        kinds.add(code[at] if code[at] in (0, 0x80) else 1)
                        pfn = entry & legacy.PFN_MASK
                        memory[pfn], at = delta.decode(code, at, memory.get(pfn))
                        self.assertEqual(memory[pfn], content, case.name)
                self.assertEqual(at, len(code))
        self.assertEqual(kinds, {0, 1, 0x80}, "every kind of code must occur")

    def test_corrupt_codes(self):
        skip = b"\xff" * 8 + b"\x88"
        for data in (b"", skip[:-1], skip[:-1] + b"\x89", b"\x81\x80", b"\x81\x00", b"\x80" + bytes(4095), b"\x05"):
            with self.subTest(data=data[:16]), self.assertRaises(delta.Corrupt):
                delta.decode(data, 0, bytes(4096))
        with self.assertRaises(delta.Corrupt):
            delta.decode(b"\0", 0, None)


class RemusTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.tmp = self.dir / "tmp"
        self.tmp.mkdir()

    def convert(self, data: bytes, *options, pipe: bool = False) -> tuple[subprocess.CompletedProcess, Path]:
        output = self.out()
        kw = {"input": data} if pipe else {}
        done = program.run("-i", "-" if pipe else self.file("in.save", data), "-o", output, "--no-sync", *options,
                           env={**os.environ, "TMPDIR": str(self.tmp)}, **kw)
        self.assertEqual(list(self.tmp.iterdir()), [], "temporary files must have no names")
        return done, output

    def assert_becomes(self, data: bytes, want: bytes, *options, **kw) -> str:
        done, output = self.convert(data, *options, **kw)
        self.assert_status(done, 0)
        self.assert_silent_stdout(done)
        self.assertEqual(v2.difference(want, output.read_bytes()), "")
        return program.without_physmap(program.without_verdict(done.stderr)).decode()


class Checkpoints(RemusTest):
    def test_from_a_pipe(self):
        for case in REMUS:
            with self.subTest(case=case.name):
                want = model.stream(case.save, "libxl")
                options = ("-f", "libxl", "--stream-version", "3")
                self.assert_becomes(case.octets(), want, "--checkpointed", *options, pipe=True)
                self.assert_becomes(case.octets(), want, "--checkpointed=yes", *options)
                first = model.stream(case.first().save, "libxl")
                self.assert_becomes(case.octets(), first, *options, pipe=True)
                self.assert_becomes(case.octets(), first, "--checkpointed=no", *options, pipe=True)
                stderr = self.assert_becomes(case.octets(), first, "--checkpointed=no", *options)
                self.assertIn("another checkpoint follows and is ignored", stderr)

    def test_memory_page_by_page(self):
        """The kit's decoder finds the expected memory in the output, for any number of checkpoints."""
        for case in REMUS:
            for count in range(1, len(case.save.later) + 2):
                with self.subTest(case=case.name, checkpoints=count):
                    part = with_checkpoints(case, count)
                    done, output = self.convert(part.octets(), "-f", "libxl")
                    self.assert_status(done, 0)
                    self.assertEqual(v2.memory(v2.decode(output.read_bytes())), legacy.memory(part.save))

    def test_cut_at_every_field(self):
        """Truncated streams: the last complete checkpoint is used, with a warning. Without one it is an error."""
        for name in ("pv64-compressed", "pv32-remus", "hvm64-compressed-order", "hvm32-compressed"):
            case = cases.named(name)
            data, fields = case.fields()
            ends = [len(with_checkpoints(case, n).octets()) for n in range(1, len(case.save.later) + 2)]
            wants = [model.stream(with_checkpoints(case, n + 1).save, "libxc") for n in range(len(ends))]
            cuts = sorted({f.offset for f in fields if f.kind != "opaque"} | {f.offset + f.size // 2 for f in fields})
            for at in cuts[1:: 1 if len(cuts) < 150 else 3]:
                for pipe in (False, True):
                    with self.subTest(case=name, at=at, pipe=pipe):
                        self.check_cut(data[:at], ends, wants, pipe)

    def check_cut(self, data: bytes, ends: list[int], wants: list[bytes], pipe: bool):
        complete = sum(end <= len(data) for end in ends)
        options = ("--stream-version", "3", *(("--checkpointed",) if pipe else ()))
        if not complete:
            done, output = self.convert(data, *options, pipe=pipe)
            self.assert_refused(done, output)
            return
        stderr = self.assert_becomes(data, wants[complete - 1], *options, pipe=pipe)
        if len(data) == ends[complete - 1]:
            self.assertEqual(stderr, "")
        else:
            self.assertRegex(stderr, rf"warning: byte {ends[complete - 1]:#x}: checkpoint {complete + 1} is incomplete; "
                                     rf"using checkpoint {complete} \(byte 0x[0-9a-f]+: .+\)\n$")

    def test_offset_of_corrupt_data(self):
        for name, inside in (("corrupt-copy-over", 9 + 8), ("corrupt-no-run", 9 + 1), ("corrupt-too-few", 9),
                             ("corrupt-too-many", 18)):
            for flavour in ("pv32", "hvm64"):
                with self.subTest(case=name, flavour=flavour):
                    case = cases.named(f"{flavour}-{name}")
                    _, fields = case.fields()
                    code = [f for f in fields if f.kind == "coded"][-1]
                    done, output = self.convert(case.octets())
                    self.assertIn(f": byte {code.offset + inside:#x}: ", self.assert_refused(done, output))

    def test_temporary_file_failure(self):
        """Only conversions that need a temporary file fail."""
        plain, compressed = cases.named("hvm64-age-4-5"), cases.named("hvm64-compressed")
        for case, options, pipe, status in ((plain, (), False, 0), (cases.named("hvm64-remus"), (), False, 0),
                                            (plain, ("--checkpointed",), True, 0), (compressed, (), False, 3),
                                            (compressed, ("--checkpointed",), True, 3)):
            with self.subTest(case=case.name, pipe=pipe):
                output = self.out()
                kw = {"input": case.octets()} if pipe else {}
                done = program.run("-i", "-" if pipe else self.file("in.save", case.octets()), "-o", output, "--no-sync",
                                   *options, env={**os.environ, "TMPDIR": str(self.dir / "nowhere")}, **kw)
                self.assert_status(done, status)
                if status:
                    self.assertRegex(done.stderr.decode(), r": cannot create a temporary file in .*/nowhere \(TMPDIR\): No")
                    self.assert_clean(output)

    def test_temporary_file_size(self):
        """The temporary file does not grow with the number of checkpoints."""
        size, count = 1 << 20, 12
        flavour = flavours.HVM64
        entries = list(range(0x100, 0x100 + size // 4096))
        save = cases.remus_save(flavour, [cases.remus_body(flavour, [Batch(entries, i)]) for i in range(count)])
        save = replace(save, p2m_size=0x1000)
        ends = [len(legacy.octets(replace(save, later=save.later[:n]))) for n in range(count + 1)]
        data, output = legacy.octets(save), self.out()
        process = program.start("-i", "-", "-o", output, "--no-sync", "--checkpointed", stdin=subprocess.PIPE,
                                env={**os.environ, "TMPDIR": str(self.tmp)})
        most = 0
        for start, end in zip([0, *ends], ends):
            process.stdin.write(data[start:end])
            process.stdin.flush()
            most = max(most, self.temporary_bytes(process.pid))
            self.assertLess(most, 2 * size)
        self.assertGreater(most, 0, "the temporary file was never seen")
        process.stdin.close()
        self.assertEqual(process.wait(program.TIMEOUT), 0)
        self.assertEqual(output.read_bytes(), v2.version_2_of(model.stream(save, "libxc")))


    def temporary_bytes(self, pid: int) -> int:
        used = 0
        for fd in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):    # just closed
                used += os.stat(fd).st_blocks * 512 if os.readlink(fd).startswith(f"{self.tmp}/") else 0
        return used


class Compact(RemusTest):
    def test_same_memory(self):
        for case in cases.good():
            with self.subTest(case=case.name):
                guest = ["-g", case.flavour.guest] if case.ambiguous else []
                done, output = self.convert(case.octets(), "-f", "libxl", "--compact", *guest)
                self.assert_status(done, 0)
                stream = v2.decode(output.read_bytes())
                pages = [pfn for r in stream.of(v2.REC_TYPE_PAGE_DATA) for _, pfn, data in v2.pages(r) if data]
                self.assertEqual(len(pages), len(set(pages)), "duplicate pages")
                self.assertEqual(v2.memory(stream), legacy.memory(case.save))
                whole = v2.decode(expected.by_model(case, "libxl"))
                self.assertEqual([r.body for r in stream.records if r.type != v2.REC_TYPE_PAGE_DATA],
                                 [r.body for r in whole.records if r.type not in
                                  (v2.REC_TYPE_PAGE_DATA, v2.REC_TYPE_STATIC_DATA_END)])

    def test_live_save(self):
        """Pages sent in several passes are written once. The pages of an incomplete checkpoint are ignored."""
        for flavour in (flavours.PV64, flavours.HVM32):
            rounds = [Batch(range(0x20, 0x420 - 60 * i), i) for i in range(10)]
            case = replace(cases.named(f"{flavour.name}-remus"), save=cases.remus_save(
                flavour, [cases.remus_body(flavour, [Batch(range(0x30, 0x40), 77)])]))
            case.save.body[1:2] = [Batch(flavour.entries()), *rounds]
            data = case.octets()
            for cut in (0, 1, 5000):
                with self.subTest(flavour=flavour.name, cut=cut):
                    done, output = self.convert(data[:len(data) - cut], "--compact")
                    self.assert_status(done, 0)
                    stream = v2.decode(output.read_bytes(), whole=False)
                    kept = case if cut == 0 else case.first()
                    self.assertEqual(v2.memory(stream), legacy.memory(kept.save))
                    self.assertLess(len(output.read_bytes()), len(data) // 4)

    def test_verify_mode_ends_with_its_checkpoint(self):
        """Pages of a verify pass are skipped, but those of the next checkpoint are converted."""
        for flavour in (flavours.PV64, flavours.HVM32):
            for cut in (0, 1):
                with self.subTest(flavour=flavour.name, cut=cut):
                    case = replace(cases.named(f"{flavour.name}-remus"), save=cases.remus_save(
                        flavour, [cases.remus_body(flavour, [Batch(range(0x30, 0x40), 77)])]))
                    case.save.body[1:2] = [Batch(flavour.entries()), Batch(range(0x20, 0x60)), Verify(), Batch(range(0x20, 0x60))]
                    data = case.octets()
                    done, output = self.convert(data[:len(data) - cut], "--compact", "--verify")
                    self.assert_status(done, 0)
                    kept = case if cut == 0 else case.first()
                    self.assertEqual(v2.memory(v2.decode(output.read_bytes(), whole=False)), legacy.memory(kept.save))

    def test_from_a_pipe(self):
        done, output = self.convert(cases.named("hvm64-age-4-5").octets(), "--compact", pipe=True)
        self.assert_status(done, 2)
        self.assertIn("--compact needs a regular file as input, but standard input is not one", done.stderr.decode())
        self.assert_clean(output)


class Tmem(RemusTest):
    def test_drop_tmem(self):
        for case in (c for c in cases.bad() if "tmem-pages" in c.name):
            with self.subTest(case=case.name):
                stderr = self.assert_becomes(case.octets(), model.stream(case.save, "libxc"), "--drop-tmem",
                                             "--stream-version", "3")
                self.assertRegex(stderr, r": warning: byte 0x[0-9a-f]+: guest memory in tmem dropped \(pools with "
                                         r"pages: [12], pages: [25]\)\n$")

    def test_empty_pools(self):
        for case in (c for c in cases.good() if "-tmem" in c.name):
            with self.subTest(case=case.name):
                done, _ = self.convert(case.octets())
                self.assert_status(done, 0)
                self.assertRegex(done.stderr.decode(), r": warning: byte 0x[0-9a-f]+: tmem pools without pages dropped: \d")


class Options(RemusTest):
    def test_invalid_value(self):
        done, output = self.convert(cases.named("hvm64-age-4-5").octets(), "--checkpointed=maybe")
        self.assert_status(done, 2)
        self.assertIn("yes or no", done.stderr.decode())
        self.assert_clean(output)


if __name__ == "__main__":
    unittest.main()
