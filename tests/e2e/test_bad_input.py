"""Every field of a stream set to 0, 1 and all ones, and truncated streams: rejected, except for those in LEGAL."""

import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import cases, program
from kit.base import ProgramTest
from kit.cases import put

# Together these streams have every kind of field.
SUBJECTS = [c.with_header(make(c.flavour.guest)) if make else c for c, make in (
    (cases.named("pv64-age-4-5"), cases.xl_json),
    (cases.named("pv32-age-4-5"), None),
    (cases.named("pv32-vcpu-holes"), cases.xl_text),
    (cases.named("pv32on64-unmapped-few"), None),
    (cases.named("hvm64-age-4-5-4"), cases.xl_json),
    (cases.named("hvm32-age-4-2"), None),
    (cases.named("hvm64-types"), cases.xl_text),
    (cases.named("hvm32-xenserver"), None),
    (cases.named("hvm64-tmem-extra"), None),
)]

ZERO, ONE, ONES = "0", "1", "all ones"
ANY = (ZERO, ONE, ONES)

# Valid values: (subject, field, values, reason). The first match counts; other values must be rejected.
LEGAL = [
    (".*", r"xl\.mandatory_flags", (ZERO, ONE), "text or JSON config"),
    (".*", r"xl\.optional_flags", ANY, "unknown optional flags are ignored"),
    (".*", r"xl\.config_len", (ZERO, ONE), "data after the config in the optional data is ignored"),
    (".*", r".*\.TscInfo\.(mode|nsec|khz|incarnation)", ANY, "copied"),
    (".*", r".*\.Param\.(pad|value)", ANY, "padding is ignored, values are copied"),
    (".*", r"magic\..*", ANY, "copied"),
    ("hvm.*", r".*\.VcpuInfo\.map.*", ANY, "an HVM guest's vcpus are in its context"),
    ("hvm.*", r".*\.VcpuInfo\.max_vcpu_id", (ZERO, ONE), "an HVM guest's vcpus are in its context"),
    (".*", r".*\.Toolstack\.entry.*\.(phys_offset|start_addr|size)", ANY, "copied"),
    ("pv.*", r"unmapped\[.*", ANY, "dropped"),
    ("pv.*", r".*\.xsave\.mask", ANY, "dropped"),
    ("pv.*", r"ext\.xcnt\.data", (ONE, ONES), "whether there is xsave data; each record has its own size"),
    ("pv64.*|pv32-.*", r"ext\.vcpu\.id", ANY, "an unknown block is skipped; the guest has the toolstack's width"),
    ("pv.*", r"frame\[.*", (ZERO, ONE), "pfns of the guest"),
    ("pv64.*|pv32on64.*|hvm.*", r".*\.batch\.entry\[.*\.[0-49a-c]", (ZERO, ONE), "pfns 0 and 1, with data as before"),
    ("pv32-.*", r".*\.batch\.entry\[.*\.[0-24]", (ZERO, ONE), "the same, but the L3 page table is needed"),
    (".*", r".*\.LastCheckpoint\.id", (ONES,), "ENABLE_VERIFY_MODE, without body too"),
    (".*", r".*\.batch\.entry\[.*\.[def]", (ONES,), "a hole, with anything in its other bits"),
    ("pv.*", r".*\.Toolstack\.(version|count)", ANY, "dropped"),
    (".*", r".*\.Tmem\.(flags|weight|cap|pool_flags)", ANY, "dropped"),
    (".*", r".*\.Tmem\.max_pools", (ONE, ONES), "the pool's number is below it"),
    (".*", r".*\.Tmem\.pool_id", (ONE,), "another of 16 pools"),
    (".*", r".*\.Tmem\.version", (ZERO,), "shorter ids: the rest of the longer end marker is read as further end markers"),
    (".*", r".*\.Tmem\.n_pages", ANY, "a maximum, and there are none (0: their end marker is read as others)"),
    ("hvm.*", r".*\.Toolstack\.count", (ZERO, ONE), "data after the entries is ignored, as by libxl"),
    ("hvm.*", r".*\.Toolstack\.entry\[1\]\.namelen", (ZERO,),
     "the last entry without a name; data after it is ignored"),
    ("hvm.*", r".*\.Toolstack\.entry\[.*\.name", (ZERO,), "an empty name"),
    ("pv.*-(age-4-5|unmapped-few).*", r".*\.VcpuInfo\.map.*", (ONES,), "bits above the maximum id are ignored"),
    ("pv.*-(age-4-5|unmapped-few).*", r".*\.VcpuInfo\.max_vcpu_id", (ONE,), "no bit for vcpu 1"),
]


def legal(subject: str, field: str, value: str) -> bool:
    return any(re.fullmatch(s, subject) and re.fullmatch(f, field) and value in values for s, f, values, _ in LEGAL)


class Fields(ProgramTest):
    def run_both(self, case, data: bytes):
        """Runs the program with and without width and guest type."""
        kind_options = ["-w", str(case.flavour.width), "-g", case.flavour.guest, "-f", "libxl"]
        for options in (kind_options, ["-f", "libxl"]):
            source, output = self.file("in.save", data), self.out()
            yield options, program.run("-i", source, "-o", output, "--no-sync", *options), output

    def test_numbers(self):
        """Fields that the reader decodes."""
        used = set()
        for case in SUBJECTS:
            data, fields = case.fields()
            for field in program.sampled(f for f in fields if f.kind == "number"):
                for name, value in ((ZERO, 0), (ONE, 1), (ONES, -1)):
                    changed = put(data, field, value)
                    if changed == data:
                        continue
                    for options, done, output in self.run_both(case, changed):
                        with self.subTest(case=case.name, field=field.name, value=name, options=options):
                            if legal(case.name, field.name, name):
                                used.add(next(i for i, (s, f, v, _) in enumerate(LEGAL) if re.fullmatch(s, case.name)
                                              and re.fullmatch(f, field.name) and name in v))
                                self.assert_status(done, 0)
                            else:
                                self.assert_refused(done, output)
        if program.ALL:
            self.assertEqual([LEGAL[i] for i in range(len(LEGAL)) if i not in used], [], "entries of LEGAL that never matched")

    def test_opaque(self):
        """Fields that are only copied may have any value."""
        for case in SUBJECTS:
            data, fields = case.fields()
            for field in program.sampled(f for f in fields if f.kind == "opaque"):
                for value in (0, -1):
                    source, output = self.file("in.save", put(data, field, value)), self.out()
                    done = program.run("-i", source, "-o", output, "--no-sync")
                    with self.subTest(case=case.name, field=field.name, value=value):
                        self.assert_status(done, 0)


class Cut(ProgramTest):
    def test_cut_points(self):
        """Streams truncated near each field boundary. The unit tests truncate small streams at every octet."""
        more = [cases.named(name) for name in ("pv64-age-3-0", "pv32-vcpus-many", "hvm64-full-batch")]
        for case in SUBJECTS + more:
            data, fields = case.fields()
            points = {f.offset + delta for f in fields for delta in (0, 1, f.size // 2, f.size - 1)}
            if len(points) > 400:
                points = set(sorted(points)[:: len(points) // 400])
            for point in program.sampled(sorted(points)):
                with self.subTest(case=case.name, cut=point):
                    source, output = self.file("in.save", data[:point]), self.out()
                    self.assert_refused(program.run("-i", source, "-o", output, "--no-sync"), output)

    def test_cut_qemu_record_to_the_end(self):
        """A qemu record that extends to the end of the input must have at least four octets."""
        case = cases.named("hvm64-qemu-to-the-end")
        data, fields = case.fields()
        start = next(f.offset for f in fields if f.name == "qemu.data")
        for point in range(start - 22, start + 4):
            with self.subTest(cut=point):
                source, output = self.file("in.save", data[:point]), self.out()
                self.assert_refused(program.run("-i", source, "-o", output, "--no-sync"), output)

    def test_large_lengths(self):
        """Lengths of 4 GiB in small inputs are reported as truncation."""
        for name, field in (("hvm64-age-4-5", "qemu.len"), ("hvm64-age-4-5", "context.len"),
                            ("hvm64-age-4-5", "Toolstack.len"), ("pv64-age-4-5", "ext.total"),
                            ("pv64-ext-unknown", "ext.what.size")):
            data, fields = cases.named(name).fields()
            at = next(f for f in fields if f.name.endswith(field))
            with self.subTest(case=name, field=field):
                source, output = self.file("in.save", put(data, at, 0xFFFFFFF0)), self.out()
                self.assert_refused(program.run("-i", source, "-o", output), output)


if __name__ == "__main__":
    unittest.main()
