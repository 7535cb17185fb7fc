"""The test kit compared with Xen's script: the model agrees with it exactly for the cases in which it is correct."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import cases, expected, legacy, v2


class Kit(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        expected.run_scripts(cases.good(), wrong_too=True)

    def test_names_are_unique(self):
        names = [c.name for c in cases.CASES]
        self.assertEqual(len(names), len(set(names)))

    def test_model_equals_script(self):
        for case in cases.good():
            for fmt in expected.formats(case):
                with self.subTest(case=case.name, format=fmt):
                    status, script = expected.by_script(case, fmt)
                    same = status == 0 and script == expected.by_model(case, fmt)
                    if case.script_is_right(fmt):
                        self.assertEqual(status, 0)
                        self.assertEqual(v2.difference(script, expected.by_model(case, fmt)), "")
                    else:
                        self.assertFalse(same, "the catalogue marks a correct result of the script as wrong")

    def test_expected_streams_are_valid(self):
        for case in cases.good():
            for version in (2, 3):
                with self.subTest(case=case.name, version=version):
                    stream = v2.decode(expected.stream(case, "libxl", version))
                    self.assertEqual(stream.version, version)
                    self.assertEqual(v2.memory(stream), legacy.memory(case.save))

    def test_fields_cover_the_stream(self):
        for case in cases.CASES:
            with self.subTest(case=case.name):
                data, fields = legacy.fields(case.save)
                at = 0
                for field in fields:
                    self.assertEqual(field.offset, at)
                    at += field.size
                self.assertEqual(at, len(data))
                self.assertEqual(data, legacy.octets(case.save))


if __name__ == "__main__":
    unittest.main()
