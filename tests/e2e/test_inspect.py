"""--inspect: the same facts as text, XML and JSON, compared with the kit's description of each stream."""

import gzip
import json
import os
import subprocess
import sys
import unittest
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from errno import EIO, ENOMEM
from pathlib import Path
from typing import Any, Optional, Union

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import cases, envelopes, faults, inspection, legacy, make_fixtures, model, program, v2stream
from kit.base import ProgramTest
from kit.faults import Plan
from kit.flavours import HVM64, PV64, XTAB
from kit.legacy import Batch, Param, TscInfo, XlHeader
from kit.verifier import side_by_side

SCHEMA = program.PROJECT / "docs" / "inspect.rng"
LISTS = {"types", "hvm_params", "physmap", "parts", "lost", "remarks", "limits", "releases"}
TEXTS = {"input", "name", "uuid", "text", "place", "reason", "what", "where", "remedy"}
Source = Union[bytes, Path]

# The container of the converted stream, by that of the legacy one.
AFTER = {"libvirt": {"kind": "libvirt", "name": "old", "uuid": envelopes.UUID}, "xend": {"kind": "xl"},
         "xapi": {"kind": "xapi structured"}, "xapi-structured": {"kind": "xapi structured"}}


def inspect(source: Source, form: str, *options: str, number: str = "-", **kw) -> subprocess.CompletedProcess:
    """Bytes are passed as a file on standard input."""
    args = [f"--inspect={form}", *options]
    kw.setdefault("env", {**os.environ, "LC_ALL": "C.UTF-8"})
    if isinstance(source, Path):
        return program.run("-i", source, *args, **kw)
    fd = os.memfd_create("stream")
    try:
        os.write(fd, source)
        os.lseek(fd, 0, os.SEEK_SET)
        return program.run("-i", number, *args, stdin=fd, **kw)
    finally:
        os.close(fd)


def from_xml(element: ElementTree.Element) -> Any:
    """The XML document converted to the JSON form."""
    if element.tag in LISTS:
        return [from_xml(child) for child in element]
    out: dict[str, Any] = {}
    for name, value in element.attrib.items():
        if name in TEXTS or not (value.isdigit() or value in ("true", "false")):
            out[name] = value
        else:
            out[name] = {"true": True, "false": False}.get(value, value.isdigit() and int(value))
    return {**out, **{child.tag: from_xml(child) for child in element}}


def comparable(found: Any) -> Any:
    """JSON with numeric strings turned into numbers, except in text members: XML has no types."""
    if isinstance(found, dict):
        return {k: int(v) if isinstance(v, str) and v.isdigit() and k not in TEXTS else comparable(v)
                for k, v in found.items()}
    return [comparable(item) for item in found] if isinstance(found, list) else found


def without_verdict(text: str) -> tuple[str, str]:
    """Splits the text at the verdict, which test_limits.py checks."""
    at = text.find("\nrestore: ") + 1
    return (text[:at], text[at:]) if at else (text, "")


def verdict_text(restore: Optional[inspection.Object]) -> str:
    """The verdict as text, without --verbose."""
    if restore is None:
        return ""
    spans = restore["releases"] if 2 <= len(restore["releases"]) <= 4 else []
    lines = [f"restore: {restore['verdict']}"] + [f"restore on {s['releases']}: {s['verdict']}" for s in spans]
    for limit in restore["limits"]:
        if limit["severity"] in ("harms", "blocks"):
            remedy = f"; remedy: {limit['remedy']}" if "remedy" in limit else ""
            lines.append(f"  {limit['id']}: {limit['what']}; {limit['where']}{remedy}")
    return "".join(f"{line}\n" for line in lines)


class InspectTest(ProgramTest):
    def inspect_all(self, source: Source, *options: str, status: int = 0, **kw) -> inspection.Object:
        """Inspects the source in all forms, which must agree; returns the JSON document."""
        by_json, by_xml, by_text = (inspect(source, form, *options, **kw) for form in ("json", "xml", "text"))
        for done in (by_json, by_xml, by_text):
            self.assert_status(done, status)
            self.assertEqual(len(program.lines(done.stderr)), int(status != 0), done.stderr)
        found = json.loads(by_json.stdout.decode("utf-8"))
        self.check_schema(by_xml.stdout)
        self.assertEqual(from_xml(ElementTree.fromstring(by_xml.stdout)), comparable(found))
        self.assertEqual("error" in found, status != 0)
        self.assertEqual("restore" in found, status == 0)
        text, verdict = without_verdict(by_text.stdout.decode("utf-8", "replace"))
        self.assertEqual(verdict, verdict_text(found.pop("restore", None)))
        self.check_text(text, found)
        return found

    def check_schema(self, document: bytes) -> None:
        path = self.file("document.xml", document)
        done = subprocess.run(["xmllint", "--noout", "--nonet", "--relaxng", SCHEMA, path], capture_output=True,
                              check=False)
        self.assertEqual(done.returncode, 0, f"{done.stderr.decode()}\n{document.decode()}")

    def check_text(self, text: str, found: inspection.Object) -> None:
        self.assertEqual(text, inspection.text(found))


class Fixtures(InspectTest):
    def test_good(self):
        for fixture in make_fixtures.ALL:
            if fixture.expected() is None:
                continue
            with self.subTest(fixture=fixture.name):
                name = fixture.name + ".legacy"
                found = self.inspect_all(Path(name), cwd=make_fixtures.FIXTURES)
                self.assertEqual(found, fixture.inspection())
                done = program.run("-i", name, "--inspect", cwd=make_fixtures.FIXTURES)
                self.assertEqual(without_verdict(done.stdout.decode())[0],
                                 (make_fixtures.FIXTURES / (fixture.name + ".inspect")).read_text())

    def test_converted(self):
        for fixture in make_fixtures.ALL:
            if fixture.expected() is None:
                continue
            with self.subTest(fixture=fixture.name):
                name, data = fixture.name + ".v3.expected", fixture.expected()
                around = fixture.envelope
                kind = {"envelope": dict(AFTER[around.name]), "before": around.start(data)} if around else {}
                if around and around.name == "libvirt":
                    kind["envelope"]["guest"] = fixture.case.flavour.guest
                found = self.inspect_all(Path(name), cwd=make_fixtures.FIXTURES)
                self.assertEqual(found, inspection.of_v2(data, name, fixture.header, fixture.about(),
                                                         model.last(fixture.case.save).qemu, **kind))

    def test_rejected(self):
        """All parts before the damage are shown, and the error is the same as on standard error."""
        for name, last, place in (("bad-pv32-pfn-beyond", "page batch", "page batch 1"),
                                  ("bad-hvm64-toolstack-namelen", "XC_SAVE_ID_TOOLSTACK", "toolstack entry 1"),
                                  ("unsupported-hvm32-tmem", "XC_SAVE_ID_TMEM", "tmem"),
                                  ("bad-hvm64-compressed-overrun", "page batch", "compressed data"),
                                  ("unsupported-pv32-two-level", "unmapped pfns", "unmapped pfns")):
            with self.subTest(fixture=name):
                fixture = next(f for f in make_fixtures.ALL if f.name == name)
                found = self.inspect_all(Path(name + ".legacy"), cwd=make_fixtures.FIXTURES, status=1)
                save = fixture.case.save
                self.assertEqual(found["guest"]["p2m_size"], save.p2m_size)
                self.assertEqual(found["stream"]["width"], save.width)
                self.assertEqual(found["parts"][-1]["name"], last)
                self.assertEqual(found["error"]["place"], place)
                self.assertFalse(found["conversion"]["possible"])
                error = found["error"]
                self.assertIn(f": byte {error['offset']:#x}: {place}: {error['reason']}\n",
                              inspect(make_fixtures.FIXTURES / (name + ".legacy"), "xml").stderr.decode())


class Legacy(InspectTest):
    def test_every_case(self):
        """Only JSON: Fixtures compares the forms."""
        found = [c for c in cases.good() if not c.ambiguous]

        def one(case) -> Optional[str]:
            done = inspect(case.octets(), "json", "-f", "libxl")
            wanted = inspection.of_legacy(case.save, "standard input", "libxl")
            got = done.stdout and json.loads(done.stdout)
            got and got.pop("restore")
            return None if done.returncode == 0 and got == wanted else f"{case.name}: {got} instead of {wanted}"

        self.assertEqual([text for text in side_by_side(one, found) if text], [])
        self.assertGreater(len(found), 150)

    def test_bad_cases(self):
        """The documents are valid and contain an error."""
        for case in cases.bad()[::5]:
            if case.by_name or case.ambiguous:
                continue
            with self.subTest(case=case.name):
                self.inspect_all(case.octets(), status=1)

    def test_options(self):
        case = cases.named("hvm64-age-4-5-4")
        found = self.inspect_all(case.octets(), "--stream-version", "3", "-w", "64", "-g", "hvm", "--skip-qemu")
        self.assertEqual(found["conversion"]["version"], 3)
        self.assertNotIn("emulator", found["hvm"])
        self.assertIn("--xl", self.inspect_all(case.octets(), "-x", status=1)["error"]["reason"])
        self.assertIn("pv", self.inspect_all(case.octets(), "-g", "pv", status=1)["error"]["reason"].lower())
        found = self.inspect_all(case.octets(), "-w", "32")
        self.assertEqual(len(found["remarks"]), 1, "a wrong width gives a remark")
        found = self.inspect_all(case.with_header(cases.xl_json("hvm")).octets(), "-f", "libxc")
        self.assertIn("libxc", found["remarks"][0]["text"])
        self.assertEqual(len(found["conversion"]["lost"]), 1, "the physmap entries")

    def test_live(self):
        """Passes of a live migration are counted, and pages that were sent again."""
        save = PV64.save(batches=[Batch([1, 2, 3]), Batch([4, 5]), Batch([2, XTAB, 4], 1), Batch([2, 3], 2)])
        pages = self.inspect_all(legacy.octets(save))["pages"]
        self.assertEqual((pages["entries"], pages["passes"], pages["distinct"], pages["sent_again"]), (10, 3, 5, 4))

    def test_checkpoints(self):
        """Checkpoints of a Remus stream: an incomplete one is dropped and listed as lost."""
        data = cases.named("pv32-remus-ended").octets()
        whole, cut = self.inspect_all(data), self.inspect_all(data[:-10])
        self.assertEqual((whole["stream"]["checkpoints"], whole["conversion"]["lost"]), (3, []))
        self.assertEqual(cut["stream"]["checkpoints"], 2)
        self.assertIn("incomplete", cut["conversion"]["lost"][0]["text"])
        self.assertEqual(self.inspect_all(data, "--checkpointed=no")["stream"]["checkpoints"], 1)

    def test_leftover(self):
        """Bytes after the stream of a named file are an error, as for a conversion."""
        data = cases.named("pv64-age-4-5").octets()
        found = self.inspect_all(self.file("longer", data + b"x"), status=1)
        self.assertEqual((found["error"]["offset"], found["bytes"]), (len(data), len(data)))
        self.assertEqual(self.inspect_all(data + b"x")["bytes"], len(data), "data after the stream of an fd must not be read")

    def test_cut(self):
        data = cases.named("hvm64-age-4-5").with_header(cases.xl_json("hvm")).octets()
        for size in (0, 10, 60, 0x6d, 0x71, 0x80, 0x4000, len(data) - 400, len(data) - 1):
            with self.subTest(size=size):
                found = self.inspect_all(data[:size], status=1)
                self.assertLessEqual(found["bytes"], size)
                self.assertLessEqual(sum(part["bytes"] for part in found["parts"]), size)

    def test_from_a_pipe(self):
        data = cases.named("pv64-age-4-5").octets()
        done = program.run("-i", "-", "--inspect=json", input=data)
        found = json.loads(done.stdout)
        del found["restore"]
        self.assertEqual(found, inspection.of_legacy(cases.named("pv64-age-4-5").save, "standard input", "libxc"))


class Config(InspectTest):
    """Facts about the guest in the xl configuration."""

    def about(self, config: bytes, flags: int = 0) -> dict[str, str]:
        save = replace(HVM64.save(), header=XlHeader(config, flags))
        envelope = self.inspect_all(legacy.octets(save))["envelope"]
        return {k: envelope[k] for k in ("name", "uuid", "guest") if k in envelope}

    def test_text(self):
        for config, about in (
                (b'builder = "hvm"\nname = "a b"\nuuid="u"\n', {"name": "a b", "uuid": "u", "guest": "hvm"}),
                (b"name='single'\ntype='pv'", {"name": "single", "guest": "pv"}),
                (b"\n\n  name\t=\t'x'  # a comment\n", {"name": "x"}),
                (b"builder='generic'\n", {"guest": "pv"}), (b"type='pvh'\n", {}),
                (b"# name = 'x'\nmemory = 32\n", {}), (b"name = 'open\nuuid = 'u'\n", {"uuid": "u"}),
                (b"name = x\nname\n=\n'y'\nname = ", {}), (b"disk = ['name=y']\nvif_name = 'z'\n", {}),
                (b"name_ = 'x'\nn = 'y'\n" + b"q" * 1000 + b" = 'x'\n", {}), (b"", {}), (b"\0", {})):
            with self.subTest(config=config[:40]):
                self.assertEqual(self.about(config), about)

    def test_json(self):
        for config, about in (
                (b'{"c_info": {"type": "pv", "name": "n", "uuid": "u"}}\0', {"name": "n", "uuid": "u", "guest": "pv"}),
                (b'{"c_info": {"name": "\\u00e4\\n"}}', {"name": "\u00e4\\x0a"}),
                (b'{"c_info": {"name": 5, "uuid": null, "type": []}}', {}), (b'{"c_info": []}', {}),
                (b'{"c_info": 5}', {}), (b'[]', {}), (b'"c_info"', {}), (b'null', {}), (b'', {}), (b'{"c_info"', {}),
                (b'{"a": ' + b"[" * 100000, {}), (b"name = 'text'\n", {})):
            with self.subTest(config=config[:40]):
                self.assertEqual(self.about(config, flags=1), about)

    def test_hostile_names(self):
        """Characters that XML does not allow or a terminal interprets are escaped; long names are truncated."""
        for name, shown in ((b"\x1b[2J\x07", "\\x1b[2J\\x07"), (b"\xff\xfe\xc0\xaf", "\\xff\\xfe\\xc0\\xaf"),
                            (b"<a href=\\\"x\\\">&amp;]]>", "<a href=\"x\">&amp;]]>"), ("\u00fc\u20ac\U0001f600".encode(),
                                                                     "\u00fc\u20ac\U0001f600"),
                            (b"\xed\xa0\x80", "\\xed\\xa0\\x80"), (b"\xef\xbf\xbf", "\\xef\\xbf\\xbf"),
                            (b"\xc2\x85\x7f", "\\xc2\\x85\\x7f"), (b"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"),
                            (b"\xe2\x82", "\\xe2\\x82"), ("\u202e\u200e\u061c".encode(), r"\xe2\x80\xae\xe2\x80\x8e\xd8\x9c"),
                            ("\uffe0\u05d0".encode(), "\uffe0\u05d0"), (b"n" * 5000, "n" * 255)):
            with self.subTest(name=name[:20]):
                save = replace(HVM64.save(), header=XlHeader(b'name = "' + name + b'"\n'))
                found = json.loads(inspect(legacy.octets(save), "json").stdout.decode())
                self.assertEqual(found["envelope"]["name"], shown)
                document = inspect(legacy.octets(save), "xml").stdout
                self.check_schema(document)
                self.assertEqual(from_xml(ElementTree.fromstring(document)), comparable(found))
                text = inspect(legacy.octets(save), "text").stdout
                self.assertFalse(set(text) & (set(range(32)) - {10} | {127}), "control characters")
                self.assertIn(f"  name: {shown}".encode(), text, "the name as in JSON")

    def test_statements_on_one_line(self):
        config = b"memory=4; name='a;b#\\t\\'c'; builder=\"h\"; uuid=\"u\" # name='d'\n"
        found = json.loads(inspect(legacy.octets(replace(HVM64.save(), header=XlHeader(config))), "json").stdout.decode())["envelope"]
        self.assertEqual((found["name"], found["uuid"], found["guest"]), ("a;b#\\x09'c", "u", "hvm"))

    def test_hostile_file_name(self):
        path = self.file("\x1b]0;\xff<&'\".save", cases.named("pv64-age-4-5").octets())
        self.assertIn("\\x1b]0;", self.inspect_all(path, status=0)["input"])

    def test_large(self):
        """Configurations above the size limit are ignored."""
        self.assertEqual(self.about(b"name = 'x'\n" + b"#" * (128 << 10)), {})
        self.assertEqual(self.about(b"name = 'x'\n" + b"#" * ((128 << 10) - 11)), {"name": "x"})
        self.assertEqual(self.about(b"[" + b"{}," * (40 << 10), flags=1), {})


class Bounds(InspectTest):
    """Lists are bounded; the number of omitted elements is given."""

    def test_many_parts(self):
        save = HVM64.save(batches=[TscInfo(), Batch([1])] * 3000)
        found = self.inspect_all(legacy.octets(save))
        self.assertEqual(len(found["parts"]), 1000)
        wanted = inspection.of_legacy(save, "standard input", "libxc")["parts"]
        self.assertEqual(found["parts"], wanted[:1000])
        self.assertEqual(found["parts_left_out"], len(wanted) - 1000)

    def test_many_remarks(self):
        save = PV64.save(batches=[Batch(PV64.entries())] + [Param(legacy.XC_SAVE_ID_HVM_IDENT_PT, 1)] * 500)
        conversion = self.inspect_all(legacy.octets(save))["conversion"]
        self.assertEqual((len(conversion["lost"]), conversion["lost_left_out"]), (32, 468))

    def test_many_physmap_entries(self):
        entries = [legacy.Physmap(i << 12, i, 1, b"n" * 300 + b"\0") for i in range(1, 251)]
        save = HVM64.save(toolstack=[legacy.Toolstack(entries)])
        for data in (legacy.octets(save), model.stream(save, "libxl")):
            hvm = self.inspect_all(data)["hvm"]
            self.assertEqual((len(hvm["physmap"]), hvm["physmap_left_out"]), (100, 150))
            self.assertEqual(hvm["physmap"][99]["name"], "n" * 95)
            self.assertEqual(hvm["physmap"][99]["phys_offset"], hex(100 << 12))

    def test_many_params(self):
        params = [(i % 39, i) for i in range(1000)]
        stream = v2stream.hvm().instead("HVM_PARAMS", v2stream.hvm_params(*params))
        hvm = self.inspect_all(stream.octets())["hvm"]
        self.assertEqual((len(hvm["hvm_params"]), hvm["hvm_params_left_out"]), (64, 936))

    def test_malformed_hvm_contexts(self):
        """Vcpus are counted in a malformed HVM context, which only Xen can reject."""
        record = b"\2\0\0\0\0\0\0\0"
        for context, vcpus in ((b"x", 0), (record * 3, 3), (record * 200000, 200000), (record + b"\2\0\0\0\1\0\0\0", 1),
                               (b"\2\0\0\0\xff\xff\xff\xff" + record, 0), (bytes(8) + record, 0)):
            save = HVM64.save()
            save.tail.context = context
            self.assertEqual(self.inspect_all(legacy.octets(save))["guest"]["vcpus"], vcpus)


class V2(InspectTest):
    def test_saved_by_xen(self):
        """All types of records, also those that converters do not write."""
        for stream, guest in ((v2stream.pv(8, 3, 4), "pv"), (v2stream.hvm(3, 4), "hvm"), (v2stream.pv(4, 2, 4), "pv")):
            with self.subTest(guest=guest):
                found = self.inspect_all(stream.octets())
                self.assertEqual((found["stream"]["kind"], found["stream"]["converted"]), ("libxc", False))
                self.assertEqual(found["guest"]["type"], guest)
                names = [(part["name"], part["offset"]) for part in found["parts"]]
                starts = [sum(f.size for p in stream.parts[:i] for f in p.laid_out()) for i in range(len(stream.parts))]
                wanted = [(part.name, start) for part, start in zip(stream.parts, starts)]
                self.assertEqual(names, [w for i, w in enumerate(wanted) if i == 0 or w[0] != wanted[i - 1][0]])

    def test_emulators(self):
        for emulator_id, kind in enumerate(("unknown", "qemu-traditional", "qemu upstream")):
            stream = v2stream.libxl(v2stream.hvm(), v2stream.emulator_xenstore(b"other/key\0value\0" + v2stream.PHYSMAP),
                                    v2stream.emulator_context(4, emulator_id))
            hvm = self.inspect_all(stream.octets())["hvm"]
            self.assertEqual(hvm["emulator"], {"kind": kind, "bytes": 4})
            self.assertEqual(hvm["other_xenstore_keys"], 2)
            self.assertEqual(hvm["physmap"], [{"name": "vga.vram", "phys_offset": "0x10000000",
                                               "start_addr": "0xf0000000", "size": "0x0"}])

    def test_pfns_beyond_the_bitmap(self):
        """High pfns are not in the bitmap; each is counted as distinct."""
        high = 1 << 40
        stream = v2stream.small_hvm().instead("PAGE_DATA", v2stream.page_data(v2stream.XALLOC | 1, v2stream.XALLOC | high))
        stream = stream.after("PAGE_DATA", v2stream.page_data(v2stream.XALLOC | 1, v2stream.XALLOC | high))
        pages = self.inspect_all(stream.octets())["pages"]
        self.assertEqual((pages["distinct"], pages["sent_again"], pages["passes"]), (3, 1, 2))

    def test_p2m_frames_up_to_the_last_pfn(self):
        frames = v2stream.Part("X86_PV_P2M_FRAMES", (v2stream.Field("start", "<I", 0), v2stream.Field("end", "<I", 0xFFFFFFFF),
                                                     v2stream.Field("frames", "", bytes(8 << 20 << 2))), "libxc", 3)
        stream = v2stream.pv(4).instead("X86_PV_P2M_FRAMES", frames)
        self.assertEqual(self.inspect_all(stream.octets())["guest"]["p2m_size"], 1 << 32)

    def test_unsound(self):
        """An error found by the verifier: all parts before it are shown."""
        stream = v2stream.hvm().without("HVM_CONTEXT")
        found = self.inspect_all(stream.octets(), status=1)
        self.assertIn("HVM_CONTEXT", found["error"]["reason"])
        self.assertEqual(found["parts"][-1]["name"], "END")
        self.assertEqual(found["pages"]["entries"], 5)

    def test_data_after_stream_of_fd(self):
        for stream in (v2stream.hvm(), v2stream.libxl(v2stream.hvm())):
            for name, status in (("0", 0), ("-", 1)):
                with self.subTest(layer=stream.parts[0].layer, name=name):
                    self.assert_status(inspect(stream.octets() + b"more", "json", number=name), status)

    def test_mislabelled_by_libvirt(self):
        stream = v2stream.libxl(v2stream.hvm()).octets()
        found = self.inspect_all(envelopes.libvirt_head(envelopes.domain_xml("hvm") + b"\0", 1) + stream)
        self.assertEqual((found["stream"]["kind"], found["envelope"]["kind"]), ("libxl", "libvirt"))
        self.assertIn("version 1", found["remarks"][0]["text"])

    def test_container_contradicts_stream(self):
        found = self.inspect_all(v2stream.xl(v2stream.libxl(v2stream.hvm()), flags=0).octets(), status=1)
        self.assertEqual(found["envelope"]["kind"], "xl")
        self.assertNotIn("stream", found)


class Faults(InspectTest):
    SAVE = make_fixtures.FIXTURES / "good-xl-hvm32.legacy"

    def attempts(self, plan: faults.Plan, form: str, step: int = 1) -> int:
        """Each step-th call fails; returns the number of calls."""
        for nth in range(1, 10000, step):
            done = faults.run(replace(plan, nth=nth), "-i", self.SAVE, f"--inspect={form}")
            if not done.fired:
                return nth
            with self.subTest(call=plan.call, nth=nth):
                self.assertEqual(done.status, 3, done.stderr)
                self.assertEqual(len(program.lines(done.stderr)), 1, done.stderr)
                if form == "json":
                    self.assertEqual(json.loads(done.stdout)["error"]["status"], 3)
                else:
                    self.check_schema(done.stdout)
        self.fail("faults do not end")

    def test_reading(self):
        for form in ("xml", "json"):
            self.assertGreater(self.attempts(Plan("read", EIO), form, 5), 40)

    @unittest.skipIf(program.SANITIZED, "AddressSanitizer replaces the allocator")
    def test_no_memory(self):
        for nth in range(1, 10000, 5):
            done = faults.run(Plan("malloc", ENOMEM, nth), "-i", self.SAVE, "--inspect=json")
            if not done.fired:
                break
            with self.subTest(nth=nth):
                self.assertIn(done.status, (0, 3), done.stderr)
        self.assertGreater(nth, 200)


class CommandLine(InspectTest):
    def test_usage(self):
        save = self.file("in.save", cases.named("pv64-age-4-5").octets())
        output = self.out()
        for argv, reason in ((["-i", save, "--inspect", "-o", output], "--inspect"), (["--inspect"], "missing input (--in)"),
                           (["-i", save, "--inspect", "--verify"], "--verify"), (["-i", save, "--inspect", "--write-config", output], "--write-config"),
                           (["-i", save, "--inspect=yaml"], "text, xml or json")):
            with self.subTest(argv=argv):
                done = program.run(*argv)
                self.assert_status(done, 2)
                self.assert_silent_stdout(done)
                self.assertIn(reason, done.stderr.decode())
        self.assert_clean(output)

    def test_missing_file(self):
        """The documents contain the error."""
        found = self.inspect_all(self.dir / "nothing", status=3)
        self.assertIn("No such file", found["error"]["reason"])
        self.assertNotIn("offset", found["error"])

    def test_compressed(self):
        """A compressed named file is decompressed by the system's program."""
        data = cases.named("pv64-age-4-5").octets()
        found = self.inspect_all(self.file("in.save.gz", gzip.compress(data)))
        self.assertEqual((found["bytes"], found["guest"]["vcpus"]), (len(data), 1))
        self.assertIn("gzip", self.inspect_all(self.file("cut.save.gz", gzip.compress(data)[:-100]), status=1)["error"]["reason"])

    def test_directory(self):
        done = program.run("-i", self.dir, "--inspect=xml")
        self.assert_status(done, 2)
        self.assert_silent_stdout(done)

    def test_other_formats(self):
        for fixture, reason in (("unsupported-qemu", "QEMU"), ("unsupported-elf", "ELF"), ("unsupported-ext2", "ext2")):
            found = self.inspect_all(make_fixtures.FIXTURES / (fixture + ".legacy"), status=1)
            self.assertIn(reason, found["error"]["reason"])
            self.assertNotIn("conversion", found)

    def test_full_disk(self):
        save = self.file("in.save", cases.named("pv64-age-4-5").octets())
        for form in ("text", "xml", "json"):
            with open("/dev/full", "wb") as full:
                done = program.run("-i", save, f"--inspect={form}", stdout=full)
            self.assert_status(done, 3)
            self.assertIn("No space left", done.stderr.decode())

    def test_verbose_goes_to_standard_error(self):
        save = self.file("in.save", cases.named("pv64-age-4-5").octets())
        done = program.run("-i", save, "--inspect=json", "-v")
        json.loads(done.stdout)
        self.assertIn("p2m_size", done.stderr.decode())


if __name__ == "__main__":
    unittest.main()
