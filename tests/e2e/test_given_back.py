"""Pages that a PV guest released during a live save: they were sent, and are listed as unmapped at the end."""

import os
import re
import subprocess
import sys
import unittest
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import cases, legacy, model, program, v2
from kit.base import ProgramTest
from kit.flavours import BROKEN, PV, PV32, PV64, XALLOC, XTAB
from kit.legacy import Batch

REMAIN = re.compile(r": warning: pages that the guest released during the save remain in the new save: (\d+) \(")


def live(flavour, unmapped, age=(4, 5)) -> legacy.Save:
    batches = [Batch(flavour.entries() + [*range(0x60, 0x80)]), Batch([0x62, 0x90, XALLOC | 0x91, XTAB], 1),
               Batch([0x63, 0x90, BROKEN | 0x92], 2)]
    return flavour.save(age, batches=batches, unmapped=unmapped)


def without(save: legacy.Save, pfns) -> legacy.Save:
    """The same save without these pages."""
    def kept(batch: Batch) -> Batch:
        return replace(batch, entries=[e for e in batch.entries if e & legacy.PFN_MASK not in pfns])
    return replace(save, body=[kept(c) if isinstance(c, Batch) else c for c in save.body],
                   later=[replace(c, body=[kept(k) if isinstance(k, Batch) else k for k in c.body]) for c in save.later])


# The list of unmapped pfns: sent once or repeatedly, sent without content, never sent, above the guest's, duplicate.
LIST = [0x62, 0x7F, 0x90, 0x91, 0x92, 0x300, 0x47F, 0x500, 0x62, 0x61]
RELEASED = {0x61, 0x62, 0x7F, 0x90, 0x91, 0x92}


class ReleasedPages(ProgramTest):
    def convert(self, save: legacy.Save, *options, pipe: bool = False):
        output = self.out()
        data = legacy.octets(save)
        kw = {"input": data} if pipe else {}
        done = program.run("-i", "-" if pipe else self.file("in.save", data), "-o", output, *options, **kw)
        self.assert_status(done, 0)
        return done, output.read_bytes()

    def assert_dropped(self, save: legacy.Save, *options, dropped=RELEASED) -> None:
        done, got = self.convert(save, "--stream-version", "3", *options)
        self.assertEqual(v2.difference(model.stream(without(save, dropped), "libxc"), got), "")
        self.assertEqual(program.without_verdict(done.stderr), b"")

    def test_from_a_file_to_a_file(self):
        for flavour in PV:
            for options in ([], ["--sparse"], ["--verify"], ["--verify", "--sparse"]):
                with self.subTest(flavour=flavour.name, options=options):
                    self.assert_dropped(live(flavour, LIST), *options)

    def test_from_a_compressed_file(self):
        save = live(PV64, LIST)
        source = self.file("in.save.zst", subprocess.run(["zstd", "-qc"], input=legacy.octets(save), stdout=subprocess.PIPE,
                                                         check=True).stdout)
        for options in ([], ["--verify"]):
            with self.subTest(options=options):
                output = self.out()
                done = program.run("-i", source, "-o", output, "--stream-version", "3", *options)
                self.assert_status(done, 0)
                self.assertEqual(done.stderr, b"")
                self.assertEqual(v2.difference(model.stream(without(save, RELEASED), "libxc"), output.read_bytes()), "")

    def test_xen_3_0(self):
        for flavour in (PV64, PV32):
            with self.subTest(flavour=flavour.name):
                self.assert_dropped(live(flavour, LIST, age=(3, 0)))

    def test_empty_batch(self):
        save = live(PV64, [*range(0x60, 0x80), *range(0x10, 0x14), 0x401, 0x90, 0x62, 0x63])
        self.assert_dropped(save, dropped={*range(0x60, 0x80), *range(0x10, 0x14), 0x401, 0x90})

    def test_last_checkpoint(self):
        save = cases.remus_save(PV64, [cases.remus_body(PV64, [Batch([0x20, 0x21], 1)]),
                                       cases.remus_body(PV64, [Batch([0x21, 0x22], 2)])])
        tails = [save.tail, *(c.tail for c in save.later)]
        for tail, unmapped in zip(tails, ([0x10], [0x20, 0x22], [0x21, 0x11])):
            tail.unmapped = unmapped
        self.assert_dropped(save, dropped={0x21, 0x11})

    def test_compact(self):
        save = live(PV64, LIST)
        _, got = self.convert(save, "--compact")
        want = {pfn: page for pfn, page in legacy.memory(save).items() if pfn not in RELEASED}
        self.assertEqual(v2.memory(v2.decode(got)), want)

    def test_from_a_pipe(self):
        for flavour in PV:
            with self.subTest(flavour=flavour.name):
                save = live(flavour, LIST)
                done, got = self.convert(save, "--stream-version", "3", pipe=True)
                self.assertEqual(v2.difference(model.stream(save, "libxc"), got), "")
                self.assertEqual([int(n) for n in REMAIN.findall(done.stderr.decode())], [len(RELEASED)])

    def test_to_a_pipe(self):
        save = live(PV64, LIST)
        done = program.run("-i", self.file("in.save", legacy.octets(save)), "-o", "-", "--stream-version", "3")
        self.assert_status(done, 0)
        self.assertEqual(v2.difference(model.stream(save, "libxc"), done.stdout), "")
        self.assertEqual([int(n) for n in REMAIN.findall(done.stderr.decode())], [len(RELEASED)])

    def test_verify_inherited_output(self):
        """--verify with an inherited output, which cannot be rewritten: the pages remain."""
        save = live(PV64, LIST)
        source, output = self.file("in.save", legacy.octets(save)), self.out()
        fd = os.open(output, os.O_RDWR | os.O_CREAT)
        try:
            done = program.run("-i", source, "-o", fd, "--stream-version", "3", "--verify", pass_fds=[fd])
        finally:
            os.close(fd)
        self.assert_status(done, 0)
        self.assertEqual(v2.difference(model.stream(save, "libxc"), output.read_bytes()), "")
        self.assertEqual([int(n) for n in REMAIN.findall(done.stderr.decode())], [len(RELEASED)])

    def test_unsent_pages(self):
        """As in any save that was not live: nothing changes."""
        for pipe in (False, True):
            with self.subTest(pipe=pipe):
                save = live(PV32, [0x300, 0x301, 0x47F])
                done, got = self.convert(save, "--stream-version", "3", pipe=pipe)
                self.assertEqual(v2.difference(model.stream(save, "libxc"), got), "")
                self.assertEqual(program.without_verdict(done.stderr), b"")

    def test_inspection(self):
        source = self.file("in.save", legacy.octets(live(PV64, LIST)))
        done = program.run("-i", source, "--inspect")
        self.assert_status(done, 0)
        self.assertIn(f"pages that the guest released during the save: {len(RELEASED)} (", done.stdout.decode())


if __name__ == "__main__":
    unittest.main()
