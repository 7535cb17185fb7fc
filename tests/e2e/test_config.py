"""Configurations in saves of xl: --write-config for text and JSON, --config, and --repair of configurations."""

import json
import struct
import sys
import unittest
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import cases, envelopes, legacy, program, verifier, xl_config
from kit.base import ProgramTest
from kit.cases import qemu_0002
from kit.legacy import XlHeader

PV, TWO, HVM, FULL = (cases.named(n).save for n in ("pv64-age-4-1", "pv32-age-3-2", "hvm64-age-4-2", "hvm64-full-batch"))
HEADER = 48
FLAG_JSON, FLAG_V2 = 1, 2
# Size of the pages that a restore populates: all types but XTAB and BROKEN.
MIB = -(-len({e & 0x0FFFFFFF for chunk in FULL.body if isinstance(chunk, legacy.Batch) for e in chunk.entries
              if e >> 28 not in (0xD, 0xF)}) // 256)
PLAIN = b"# mine\nname = 'old'\nbuilder = 'hvm' # HVM\n\nmemory=32;vcpus = 1\ndisk = [ 'phy:/dev/a,hda,w',\n  ]"


def section(number: int, name: str, body: bytes = b"") -> bytes:
    """A section of a qemu record (savevm.c of QEMU 2.0): full, id, name, instance 0, version 1."""
    return struct.pack(">BIB", 4, number, len(name)) + name.encode() + struct.pack(">II", 0, 1) + body


def vga_body(revision: int) -> bytes:
    """The state of a PCI device: version 2, configuration space of 1234:1111."""
    return struct.pack(">I", 2) + bytes.fromhex("34121111 00000000") + bytes([revision]) + bytes(247)


def record(*sections: bytes) -> bytes:
    return b"QEVM" + struct.pack(">I", 3) + section(1, "0000:00:01.3/piix4_pm") + b"".join(sections)


class ConfigTest(ProgramTest):
    def save(self, config: bytes, base=HVM, flags: int = 0, qemu: bytes = b"") -> bytes:
        save = replace(base, header=XlHeader(config, flags))
        return legacy.octets(replace(save, qemu=qemu_0002(qemu)) if qemu else save)

    def convert(self, data: bytes, *options):
        source, output = self.file("old.save", data), self.out()
        return program.run("-i", source, "-o", output, "--no-sync", *options), output

    def written(self, data: bytes, *options) -> bytes:
        config = self.out("new.cfg")
        done, output = self.convert(data, "--write-config", config, *options)
        self.assert_status(done, 0)
        self.assertTrue(output.exists())
        return config.read_bytes()

    def new_config(self, output: Path) -> tuple[int, bytes]:
        """Flags and configuration of the new save, which must be valid."""
        data = output.read_bytes()
        self.assertEqual(data[:32], legacy.XL_MAGIC)
        order, flags, _, size = struct.unpack_from("<IIII", data, 32)
        self.assertEqual(order, 0x01020304)
        self.assertEqual(verifier.run("-i", output).returncode, 0)
        if size == 0:
            return flags, b""
        length, = struct.unpack_from("<I", data, HEADER)
        self.assertEqual(length + 4, size)
        return flags, data[HEADER + 4:HEADER + size]


class Text(ConfigTest):
    """--write-config copies a text configuration, and changes only settings that xl rejects."""

    def test_unchanged(self):
        for config in (PLAIN, PLAIN + b"\n", b"name = 'x'\nbuilder='h'\nwhat is this\n x = [\n", b"builder='hvm'\n\xff = 1\n"):
            with self.subTest(config):
                self.assertEqual(self.written(self.save(config)), config)

    def test_unreadable(self):
        """If xl cannot parse the configuration, nothing is changed."""
        for broken in (b"x = [", b"x = ['a' 'b']", b"x y", b"x = 'a", b"x = 1 2", b"X = 1", b"x = 'a\0b'"):
            config = b"name='x'\nbuilder='hvm'\nvcpus=4\ntsc_mode=3\n" + broken + b"\n"
            target = self.out("new.cfg")
            done, _ = self.convert(self.save(config), "--write-config", target)
            self.assertIn(b"configuration has a line that xl cannot parse; it is not changed", done.stderr, broken)
            self.assertEqual(target.read_bytes(), config)

    def test_changed(self):
        pv, hvm = "name = 'x'\nkernel='/k'\n", "name = 'x'\nbuilder = 'hvm'\nvcpus=4\n"
        for base, text, want in (
                (PV, pv + "builder = 'linux'\nvcpus=2\n",
                 pv + "# xl accepts only the builders hvm and generic.\n# builder = 'linux'\nbuilder = \"generic\"\nvcpus=2\n"),
                (PV, pv + "type='hvm'\nbuilder='generic';vcpus=2",
                 pv + "# type and builder must agree.\n# type='hvm'\ntype = \"pv\"\nbuilder='generic';vcpus=2"),
                (PV, pv + "vcpus=2\n timer_mode=2 # why\n",
                 pv + "vcpus=2\n # xl rejects timer_mode for a PV guest.\n# timer_mode=2\n # why\n"),
                (PV, "name = 'x'\nvcpus=2",
                 "name = 'x'\nvcpus=2\n# xl requires a kernel or a bootloader; a restore uses neither.\nbootloader = \"pygrub\"\n"),
                (PV, pv + "vcpus=4\nmaxvcpus=2\n",
                 pv + "vcpus=4\n# maxvcpus must not be below vcpus.\n# maxvcpus=2\nmaxvcpus = 4\n"),
                (TWO, pv + "maxvcpus=1", pv + "# the stream has this many vcpus.\n# maxvcpus=1\nmaxvcpus = 2"),
                (TWO, pv + "memory=8\n", pv + "memory=8\n# the stream has this many vcpus.\nvcpus = 2\n"),
                (HVM, hvm + "tsc_mode = 3\n", hvm + "# Xen 4.12 and later do not support native_paravirt.\n# tsc_mode = 3\n"
                                                    "tsc_mode = \"always_emulate\"\n"),
                (HVM, hvm + "disk = ['vdev=hda,backendtype=tap,target=/a,backendtype=tap',\n  'x,backendtype=tap', 'y' ]\n",
                 hvm + "# no backend tap: libxl chooses another.\n# disk = ['vdev=hda,backendtype=tap,target=/a,backendtype=tap',\n"
                       "#   'x,backendtype=tap', 'y' ]\ndisk = ['vdev=hda,target=/a,backendtype=tap',\n  'x', 'y' ]\n"),
                (FULL, hvm + "memory=2\nmaxmem = 3\n",
                 hvm + f"# the stream has pages for this many MiB.\n# memory=2\nmemory = {MIB}\n# maxmem must not be below memory.\n"
                       f"# maxmem = 3\nmaxmem = {MIB}\n"),
                (FULL, hvm + f"memory={MIB - 1}\n", hvm + f"memory={MIB - 1}\n")):
            with self.subTest(text):
                got = self.written(self.save(text.encode(), base)).decode()
                self.assertEqual(got, want)
                self.assertNotIn("PV guest", xl_config.faults(got.encode()))

    def test_no_configuration(self):
        for header in (XlHeader(b"", bare=True), XlHeader(b"")):
            done, output = self.convert(legacy.octets(replace(HVM, header=header)), "--write-config", self.out("c"))
            if header.bare:
                self.assertIn("save has no configuration", self.assert_refused(done, output))
            else:
                self.assert_status(done, 0)

    def test_old_qemu(self):
        vga, cirrus = (lambda slot, r=0: section(3, f"0000:00:{slot:02x}.0/vga", vga_body(r)),
                       lambda slot: section(3, f"0000:00:{slot:02x}.0/cirrus_vga"))
        platform = lambda slot: section(2, f"0000:00:{slot:02x}.0/platform")
        start = b"name='x'\nbuilder='hvm'\nvcpus=4\nvga='stdvga'\n"
        args = "device_model_args_hvm"
        for qemu, want in (
                (record(platform(2), cirrus(3)), {}), (record(platform(2), vga(3, 2)), {}),
                (record(platform(2), vga(3)), {args: ["-global", "VGA.qemu-extended-regs=off"]}),
                (record(cirrus(2), platform(3)),
                 {"vga": "none", "videoram": "8", "xen_platform_pci": "0",
                  args: ["-machine", "pc-i440fx-3.1", "-device", "cirrus-vga,vgamem_mb=8,addr=02", "-device", "xen-platform,addr=03"]}),
                (record(platform(2), section(3, "0000:00:03.0/es1370"), cirrus(4)),
                 {"vga": "none", "videoram": "8",
                  args: ["-device", "ES1370,addr=03", "-device", "cirrus-vga,vgamem_mb=8,addr=04"]}),
                (record(cirrus(3)), {args: ["-machine", "pc-i440fx-3.1"]})):
            with self.subTest(want):
                text = self.written(self.save(start + b"soundhw='es1370'\n" if b"es1370" in qemu else start, qemu=qemu))
                got = xl_config.read(text)
                self.assertEqual({k: v for k, v in got.items() if k in ("videoram", "xen_platform_pci", args)},
                                 {k: v for k, v in want.items() if k != "vga"})
                self.assertEqual(got["vga"], want.get("vga", "stdvga"))
                self.assertNotIn("soundhw", got)
                self.assertEqual(xl_config.faults(text), [])
        own = start + b"device_model_args_hvm = ['-x', \"y\"]\n"
        self.assertEqual(xl_config.read(self.written(self.save(own, qemu=record(platform(2), vga(3)))))[args],
                         ["-x", "y", "-global", "VGA.qemu-extended-regs=off"])

    def test_traditional(self):
        """Without device_model_version the guest used qemu-xen-traditional, the default up to xl 4.2."""
        old = b"QEVM" + struct.pack(">I", 3) + section(1, "piix4acpi")
        text = b"name='x'\nbuilder='hvm'\nvcpus=4\n"
        self.assertEqual(xl_config.read(self.written(self.save(text, qemu=old)))["device_model_version"], "qemu-xen-traditional")


CPUID = "x" * 31 + "1"
ALL_JSON = {
    "c_info": {"type": "hvm", "hap": "True", "name": "a \"b\"", "uuid": envelopes.UUID, "pool_name": "p",
               "run_hotplug_scripts": "True", "oos": "<default>"},
    "b_info": {
        "max_vcpus": 4, "avail_vcpus": [0, 1], "vcpu_hard_affinity": [[0, 1], []], "tsc_mode": "native", "max_memkb": 65536,
        "target_memkb": 40961, "video_memkb": 8192, "shadow_memkb": 1344, "localtime": "False", "rtc_timeoffset": 60,
        "cpuid": [{"leaf": 1, "ecx": CPUID}, {"leaf": 4, "subleaf": 0, "eax": CPUID}], "device_model_version": "qemu_xen",
        "extra_hvm": ["-x"], "sched_params": {"weight": 512, "cap": 0}, "claim_mode": "True", "irqs": [5],
        "ioports": [{"first": 1016, "number": 8}], "disable_migrate": "True",
        "type.hvm": {"bios": "seabios", "pae": "True", "viridian": "True", "viridian_disable": [2], "timer_mode":
                     "no_delay_for_missed_ticks", "vga": {"kind": "std"}, "vnc": {"enable": "True", "display": 3}, "sdl": {},
                     "spice": {"enable": "False"}, "serial_list": ["pty", "none"], "usbdevice": "tablet", "boot": "cd"}},
    "disks": [{"pdev_path": "/a,b", "vdev": "hda", "backend": "qdisk", "format": "raw", "readwrite": 1},
              {"pdev_path": "", "vdev": "hdc", "format": "empty", "removable": 1, "is_cdrom": 1},
              {"pdev_path": "r0", "vdev": "hdb", "format": "raw", "script": "block-drbd", "direct_io_safe": True}],
    "nics": [{"devid": 0, "mtu": 1492, "model": "e1000", "mac": "00:16:3e:00:00:01", "bridge": "br0", "nictype": "vif_ioemu",
              "rate_bytes_per_interval": 62500, "rate_interval_usecs": 50000}],
    "pcidevs": [{"func": 1, "dev": 2, "bus": 3, "vdevfn": 40, "msitranslate": True, "seize": False, "vfunc_mask": 1},
                {"dev": 29, "bus": 0, "vfunc_mask": 4294967295}],
    "vkbs": [{"devid": 0}], "on_reboot": "restart", "on_crash": "coredump_restart", "on_poweroff": "restart_rename"}
ALL_TEXT = {
    "type": "hvm", "builder": "hvm", "hap": "1", "name": 'a "b"', "uuid": envelopes.UUID, "pool": "p", "vcpus": "2",
    "maxvcpus": "4", "cpus": ["0,1", "all"], "tsc_mode": "native", "maxmem": "64", "memory": "41", "videoram": "8",
    "shadow_memory": "2", "rtc_timeoffset": "60", "localtime": "0", "cpuid": [f"0x1:ecx={CPUID}", f"0x4,0x0:eax={CPUID}"],
    "device_model_version": "qemu-xen", "device_model_args_hvm": ["-x"], "cpu_weight": "512", "cap": "0", "irqs": ["5"],
    "ioports": ["3f8-3ff"], "nomigrate": "1", "bios": "seabios", "pae": "1", "viridian": ["defaults", "!time_ref_count"],
    "timer_mode": "no_delay_for_missed_ticks", "vga": "stdvga", "vnc": "1", "vncdisplay": "3", "spice": "0",
    "serial": ["pty", "none"], "usbdevice": "tablet", "boot": "cd", "on_reboot": "restart", "on_crash": "coredump-restart",
    "on_poweroff": "rename-restart", "pci": ["0000:03:02.1@5,msitranslate=1", "0000:00:1d.*"],
    "disk": ["format=raw,vdev=hda,access=rw,backendtype=qdisk,target=/a,b", "format=empty,vdev=hdc,access=ro,devtype=cdrom,target=",
             "format=raw,vdev=hdb,access=ro,script=block-drbd,direct-io-safe,target=r0"],
    "vif": ["mac=00:16:3e:00:00:01,bridge=br0,model=e1000,type=ioemu,rate=1250000B/s@50000us"]}


@program.needs_libraries
class Json(ConfigTest):
    """--write-config converts libxl's JSON to text."""

    def text(self, value: dict, base=HVM) -> dict:
        text = self.written(self.save(json.dumps(value, indent=4).encode() + b"\n\0", base, FLAG_JSON))
        self.assertEqual(xl_config.faults(text), [])
        return xl_config.read(text)

    def test_all(self):
        self.assertEqual(self.text(ALL_JSON), ALL_TEXT)

    def test_pv(self):
        value = {"c_info": {"type": "pv", "name": "x"},
                 "b_info": {"max_vcpus": 2, "video_memkb": 0, "type.pv": {
                     "kernel": "/k", "cmdline": "c", "bootloader_args": ["-q"], "e820_host": "False"}},
                 "vfbs": [{"devid": 0, "vnc": {"enable": "True", "listen": "::", "findunused": "False"}, "sdl": {}, "keymap": "de"}]}
        self.assertEqual(self.text(value, PV), {
            "type": "pv", "name": "x", "maxvcpus": "2", "kernel": "/k", "cmdline": "c", "bootloader_args": ["-q"], "e820_host": "0",
            "vfb": ["vnc=1,vncunused=0,vnclisten=::,keymap=de"]})

    def test_devices(self):
        value = {"c_info": {"type": "pv", "name": "x"}, "b_info": {"type.pv": {"kernel": "/k"}},
                 "disks": [{"pdev_path": "/a", "vdev": vdev, "format": "raw", "readwrite": 1, "discard_enable": enable}
                           for vdev, enable in (("xvda", "True"), ("xvdb", "False"))],
                 "nics": [{"mac": "00:16:3e:00:00:01", "nictype": "vif"}],
                 "vfbs": [{"vnc": {"enable": "False", "display": 3, "passwd": "p"},
                           "sdl": {"enable": "True", "opengl": "True", "display": ":0", "xauthority": "/x"}}]}
        text = self.text(value, PV)
        self.assertEqual([line.partition(",discard")[1] or line.partition(",no-discard")[1] for line in text["disk"]], [",discard", ",no-discard"])
        self.assertIn("type=vif", text["vif"][0].split(","))
        self.assertEqual(text["vfb"], ["vnc=0,vncdisplay=3,vncpasswd=p,sdl=1,opengl=1,display=:0,xauthority=/x"])

    def test_settings_without_xl_equivalent(self):
        for path, value in ((("b_info", "unheard_of"), 1), (("c_info", "pvh"), "True"), (("c_info", "xsdata"), {"a": "b"}),
                            (("b_info", "type.hvm", "ms_vm_genid"), [1] * 16), (("channels",), [{"name": "x"}]),
                            (("nics", 0, "coloft"), "x"), (("nics", 0, "bridge"), "a,b"), (("on_crash",), "laugh"),
                            (("c_info", "type"), "vax"), (("b_info", "max_vcpus"), "two"), (("b_info", "cpuid"), [{}]),
                            (("b_info",), 5), (("disks", 0), 5), (("b_info", "extra"), [None]), (("b_info", "extra_hvm"), ["a", None])):
            with self.subTest(path):
                config = json.loads(json.dumps(ALL_JSON))
                where = config
                for key in path[:-1]:
                    where = where[key]
                where[path[-1]] = value
                done, output = self.convert(self.save(json.dumps(config).encode(), HVM, FLAG_JSON), "--write-config", self.out("c"))
                self.assert_status(done, 1)
                self.assert_clean(output)
                line, = program.lines(done.stderr)
                self.assertRegex(line, ": [a-zA-Z_ ]+ in the configuration cannot be written as xl text$|XX")

    def test_invalid_json(self):
        for config in (b"", b"\0", b"[]", b"{", b"name = 'x'\n", b'{"a": ' + b"[" * 100000):
            done, output = self.convert(self.save(config, HVM, FLAG_JSON), "--write-config", self.out("c"))
            self.assert_status(done, 1)
            self.assert_clean(output)
            self.assertIn(b"not JSON of libxl", done.stderr)


class Fixtures(ConfigTest):
    def test_all(self):
        """Configurations of xl and xend, for the oldest and the newest release that xl_config.py supports."""
        paths = [p for p in sorted((program.PROJECT / "fixtures").glob("good-*.legacy"))
                 if p.read_bytes().startswith((legacy.XL_MAGIC, envelopes.XEND_MAGIC))]
        self.assertGreater(len(paths), 5)
        for path in paths:
            data = path.read_bytes()
            json_ = data.startswith(legacy.XL_MAGIC) and data[36] & FLAG_JSON
            if json_ and not program.LIBRARIES or data.startswith(legacy.XL_MAGIC) and data[44:48] == bytes(4):
                continue    # no configuration
            for minor in (17, 22):
                with self.subTest(path=path.name, minor=minor):
                    text = self.written(data, f"--for=4.{minor}", "--drop-tmem")
                    wrong = xl_config.faults(text, minor)
                    # R1: Xen 4.21 removed qemu-xen-traditional; no setting replaces it
                    self.assertEqual([w for w in wrong if w != "device_model_version" or minor < 21], [])


class Measuring(ConfigTest):
    def test_changes_nothing(self):
        """--write-config reads the stream an additional time; this changes neither the new save nor the messages."""
        config = b"name='x'\nbuilder='hvm'\nvcpus=4096\nmemory=99999\n"
        for case in program.sampled(cases.CASES, 10):
            with self.subTest(case.name):
                header = XlHeader(config if case.flavour.guest == "hvm" else config.replace(b"builder='hvm'", b"kernel='/k'"))
                data = legacy.octets(replace(case.save, header=header))
                (plain, first), (measured, second) = (
                    self.convert(data, "--for=4.20", "--drop-tmem", *options)
                    for options in ((), ("--write-config", self.out("c"))))
                self.assertEqual((measured.returncode, measured.stderr), (plain.returncode, plain.stderr))
                self.assertEqual(first.exists() and first.read_bytes(), second.exists() and second.read_bytes())


class ConfigOption(ConfigTest):
    """--config: the new save has this configuration."""

    def test_file(self):
        as_text, as_json = b"name = 'y'\n", b' \n{"c_info": {}}'
        for data in (self.save(PLAIN), self.save(PLAIN, flags=FLAG_JSON), envelopes.XEND.octets(cases.named("pv64-age-4-1"))):
            for config, flags in ((as_text, FLAG_V2), (as_json, FLAG_V2 | FLAG_JSON)):
                done, output = self.convert(data, "--config", self.file("my.cfg", config), "--verify")
                self.assert_status(done, 0)
                self.assertEqual(done.stderr, b"")
                self.assertEqual(self.new_config(output), (flags, config))
        done, output = self.convert(self.save(PLAIN), "--config", self.file("my.cfg", as_text), "-f", "libxc")
        self.assert_status(done, 0)
        self.assertEqual(struct.unpack_from("<I", output.read_bytes(), 36), (0,))

    def test_stream_unchanged(self):
        """Except for the header, the new save is the same as without the option."""
        config = b"x = 1\n" * 5000
        plain, given = (self.convert(self.save(PLAIN), *options)[1].read_bytes() for options in
                        ((), ("--config", self.file("my.cfg", config))))
        self.assertEqual(given[HEADER + 4 + len(config):], plain[HEADER + 4 + len(PLAIN):])

    def test_auto(self):
        for case in (cases.named("pv32-age-3-2"), cases.named("hvm64-age-3-4")):
            data, config = envelopes.XEND.octets(case), self.out("c")
            done, output = self.convert(data, "--config=auto", "--write-config", config, "--verify")
            self.assert_status(done, 0)
            self.assertEqual(self.new_config(output), (FLAG_V2, config.read_bytes()))
            done, output = self.convert(data, "--config", "auto")
            self.assert_status(done, 0)
            self.assertEqual(self.new_config(output), (FLAG_V2, config.read_bytes()))
        done, output = self.convert(self.save(PLAIN), "--config=auto")
        self.assertEqual((done.stderr, self.new_config(output)), (b"", (FLAG_V2, PLAIN)))

    def test_from_a_pipe(self):
        data = envelopes.XEND.octets(cases.named("pv32-age-3-2"))
        output = self.out()
        done = program.run("-i", "-", "-o", output, "--config=auto", input=data)
        self.assert_status(done, 0)
        self.assertIn(b"memory and vcpus of the configuration were not checked", done.stderr)
        self.assertIn(b'name = "old"\n', self.new_config(output)[1])
        done = program.run("-i", "-", "-o", "-", "--config=auto", "-q", input=data)
        self.assertEqual(done.stdout, output.read_bytes())

    def test_directory(self):
        source, target = self.dir / "in", self.dir / "new"
        source.mkdir()
        (source / "a.save").write_bytes(envelopes.XEND.octets(cases.named("pv32-age-3-2")))
        (source / "b.save").write_bytes(self.save(PLAIN))
        self.assert_status(program.run("-i", source, "-o", target, "--config=auto"), 0)
        self.assertIn(b'name = "old"\n', self.new_config(target / "a.save")[1])
        self.assertEqual(self.new_config(target / "b.save")[1], PLAIN)
        done = program.run("-i", source, "-o", target, "--config", self.file("my.cfg", b"x"))
        self.assert_status(done, 2)

    def test_refused(self):
        empty, large = self.file("empty", b""), self.file("large", bytes((16 << 20) + 1))
        for config, status, why in ((empty, 2, b"is empty"), (large, 2, b"longer than 16 MiB"),
                                    (self.dir / "none", 3, b"cannot read"), (self.dir, 3, b"cannot read")):
            done, output = self.convert(self.save(PLAIN), "--config", config)
            self.assert_status(done, status)
            self.assertIn(why, done.stderr)
            self.assert_clean(output)
        config = self.file("my.cfg", b"x = 1\n")
        others = [envelopes.XAPI.octets(cases.named("pv64-age-4-1")), cases.named("pv64-age-4-1").octets()]
        for data in others + [envelopes.LIBVIRT.octets(cases.named("pv64-age-4-1"))] * program.LIBRARIES:
            done, output = self.convert(data, "--config", config)
            self.assertIn("--config needs a save of xl or xend", self.assert_refused(done, output))


class Repair(ConfigTest):
    """--repair changes only those settings in the new save's configuration that the Xen given by --for rejects."""

    VIRIDIAN = cases.named("hvm64-age-4-2").save    # saved by 4.2

    def repaired(self, data: bytes, *options) -> tuple[int, bytes, list[str]]:
        """Returns flags and configuration of the new save, and the ids of the repaired limits."""
        done, output = self.convert(data, "--verify", *options)
        self.assert_status(done, 0)
        ids = [line.split("repaired (")[1].split("): configuration")[0] for line in program.lines(done.stderr)
               if "): configuration: " in line]
        return *self.new_config(output), ids

    def with_viridian(self, value: int):
        body = [replace(c, value=value) if getattr(c, "id", 0) == legacy.XC_SAVE_ID_HVM_VIRIDIAN else c
                for c in self.VIRIDIAN.body]
        return replace(self.VIRIDIAN, body=body)

    def check_text(self, base, release: str, old: str, new: str, *ids: str, qemu: bytes = b"") -> None:
        with self.subTest(old=old, release=release):
            got = self.repaired(self.save(old.encode(), base, qemu=qemu), f"--for={release}", "--repair")
            self.assertEqual(got, (FLAG_V2, new.encode(), list(ids)))

    def test_text(self):
        pv, hvm = "name = 'x'#\nkernel='/k' ; ", "name = 'x'\nbuilder = 'hvm'\nvcpus=4"
        self.check_text(PV, "4.17", pv + "vcpus=2;builder = 'linux' # PV\n", pv + "vcpus=2;builder = \"generic\" # PV\n", "R10")
        self.check_text(PV, "4.9", pv + "vcpus=2;builder = 'linux' # PV\n", pv + "vcpus=2;builder = 'linux' # PV\n")
        self.check_text(PV, "4.17", pv + "vcpus=2\n\ttimer_mode=2 # why\n", pv + "vcpus=2\n\t # why\n", "R10")
        self.check_text(HVM, "4.17", hvm + ";tsc_mode = 3;x=1", hvm + ";tsc_mode = \"always_emulate\";x=1", "R13")
        self.check_text(HVM, "4.11", hvm + ";tsc_mode = 3;x=1", hvm + ";tsc_mode = 3;x=1")
        self.check_text(FULL, "4.20", hvm + "\nmemory=2", hvm + f"\nmemory = {MIB}", "R11")
        self.check_text(HVM, "4.17", hvm + "\ndisk=['backendtype=tap,vdev=a','b',]\n", hvm + "\ndisk = ['vdev=a','b',]\n", "R17")
        self.check_text(HVM, "4.12", hvm + "\ndisk=['backendtype=tap,vdev=a','b',]\n", hvm + "\ndisk=['backendtype=tap,vdev=a','b',]\n")
        self.check_text(HVM, "4.17", hvm + "\nvga='stdvga'\n",
                        hvm + "\nvga='stdvga'\ndevice_model_args_hvm = [\"-machine\", \"pc-i440fx-3.1\"]\n", "R36",
                        qemu=record(section(3, "0000:00:03.0/cirrus_vga")))

    def test_repair_with_config_auto(self):
        """--config=auto makes a configuration for saves of xend only; that of an xl save is repaired as without it."""
        text = b"name='x'\nbuilder='hvm'\nvcpus=4\ntsc_mode=3\n"
        got = self.repaired(self.save(text), "--for=4.17", "--repair", "--config=auto")
        self.assertEqual(got, (FLAG_V2, text.replace(b"tsc_mode=3", b'tsc_mode = "always_emulate"'), ["R13"]))

    def test_added_items(self):
        """+= appends to a list; a repair keeps all items."""
        hvm = "name = 'x'\nbuilder = 'hvm'\nvcpus=4\n"
        disks = "disk = ['%svdev=a']\ndisk += ['%svdev=b', 'c']\n"
        self.check_text(HVM, "4.17", hvm + disks % (("backendtype=tap,",) * 2), hvm + disks % ("", ""), "R17", "R17")
        self.check_text(HVM, "4.17", hvm + disks % ("", "backendtype=tap,"), hvm + disks % ("", ""), "R17")
        self.check_text(HVM, "4.17", hvm + "vga='stdvga'\ndevice_model_args_hvm = ['-a']\ndevice_model_args_hvm += ['-b']\n",
                        hvm + "vga='stdvga'\ndevice_model_args_hvm = ['-a']\n"
                        "device_model_args_hvm = ['-a', '-b', \"-machine\", \"pc-i440fx-3.1\"]\n", "R36",
                        qemu=record(section(3, "0000:00:03.0/cirrus_vga")))

    def test_no_change_after_stream_repair(self):
        qemu = record(section(2, "0000:00:02.0/platform"), section(3, "0000:00:03.0/vga", vga_body(0)))
        text = "name='x'\nbuilder='hvm'\nvcpus=4\nvga='stdvga'\n"
        self.check_text(HVM, "4.17", text, text, qemu=qemu)

    def test_viridian(self):
        text = "name='x'\nbuilder='hvm'\nvcpus=4\nviridian = 1 # Windows\n"
        for value, new in ((1, '["base", "freq"]'), (5, '["base", "freq", "time_ref_count"]'), (0x67, "0")):
            base = self.with_viridian(value)
            for release, changed in (("4.6", True), ("4.14.3", True), ("4.15", False), ("4.22", False)):
                self.check_text(base, release, text, text.replace("= 1", "= " + new) if changed else text, *["R3"] * changed)
        self.check_text(self.with_viridian(1), "4.14", text.replace("1", "0"), text.replace("1", "0"))

    def test_no_limit_after_repair(self):
        """Repaired settings are not reported as limits; neither is a list as written for saves of xend."""
        base, start = self.with_viridian(1), b"name='x'\nbuilder='hvm'\nvcpus=4\n"
        for config, option, warned in ((b"viridian=1", "-v", True), (b"viridian=1", "--repair", False),
                                       (b"viridian = [\"base\", 'freq', ]", "-v", False), (b"viridian=['base']", "-v", True),
                                       (b"viridian=['base','freq','x']", "-v", True), (b"viridian=['base',\n'freq']", "-v", False)):
            done, _ = self.convert(self.save(start + config + b"\n", base), "--for=4.14", option)
            self.assertEqual(b"will fail: R3" in done.stderr, warned, config)

    def test_no_qemu_limit_after_repair(self):
        """R5 and R34 are repaired in the configuration, as text and JSON; a second repair adds no arguments."""
        cirrus, platform = (lambda slot: section(3, f"0000:00:{slot:02x}.0/cirrus_vga"),
                            lambda slot: section(2, f"0000:00:{slot:02x}.0/platform"))
        configs = [(b"name='x'\nbuilder='hvm'\nvcpus=4\n", 0)]
        configs += [(b'{"c_info": {"type": "hvm"}, "b_info": {"max_vcpus": 4, "type.hvm": {}}}', FLAG_JSON)] * program.LIBRARIES
        for config, flags in configs:
            for name, qemu in (("R5", record(cirrus(2), platform(3))),
                               ("R34", record(platform(2), section(3, "0000:00:03.0/es1370"), cirrus(4)))):
                with self.subTest(name, flags=flags):
                    done, output = self.convert(self.save(config, HVM, flags, qemu), "--for=4.17")
                    self.assertIn(f"will fail: {name}".encode(), done.stderr)
                    done, output = self.convert(self.save(config, HVM, flags, qemu), "--for=4.17", "--repair")
                    self.assertNotIn(b"will fail", done.stderr)
                    _, new_config = self.new_config(output)
                    self.assertEqual(self.repaired(self.save(new_config, HVM, flags, qemu), "--for=4.17", "--repair")[1:], (new_config, []))

    def test_named(self):
        text = b"name='x'\nbuilder='hvm'\nvcpus=4\ntsc_mode=3\nmemory=1\n"
        for option, new in (("--repair=tsc-mode", text.replace(b"tsc_mode=3", b'tsc_mode = "always_emulate"')),
                            ("--repair=xsave", text), ("-v", text)):
            self.assertEqual(self.repaired(self.save(text, FULL), "--for=4.17", option)[1], new)

    @program.needs_libraries
    def test_json(self):
        old = ('{\n "c_info": {"type":\t"hvm", "name": "memory \\"max_memkb\\": 1"},\n "b_info": { "max_vcpus":1 ,\n'
               '  "target_memkb": 2048,"max_memkb" : 2048, "tsc_mode": "native_paravirt",\n'
               '  "type.hvm": {"viridian":"True", "soundhw": "es1370" }, "x": [1, {}] },\n'
               ' "disks": [ {"vdev": "a", "backend": "tap"}, {"backend": "tap", "vdev": "b"}, {"backend": "phy"} ]\n}\n\0')
        def check(base, release, changes, ids, qemu=b""):
            new = old
            for a, b in changes:
                self.assertEqual(new.count(a), 1, a)
                new = new.replace(a, b)
            got = self.repaired(self.save(old.encode(), base, FLAG_JSON, qemu=qemu), f"--for={release}", "--repair")
            self.assertEqual(got, (FLAG_V2 | FLAG_JSON, new.encode(), ids))
            json.loads(new.rstrip("\0"))

        memory = [('"target_memkb": 2048', f'"target_memkb": {MIB * 1024}'), ('"max_memkb" : 2048', f'"max_memkb" : {MIB * 1024}')]
        taps = [('"vdev": "a", "backend": "tap"', '"vdev": "a"'), ('{"backend": "tap", "vdev": "b"', '{ "vdev": "b"')]
        tsc = [('"native_paravirt"', '"always_emulate"')]
        check(FULL, "4.17", memory + tsc + taps, ["R11", "R11", "R13", "R17", "R17"])
        check(FULL, "4.11", memory + [('"viridian":"True"', '"viridian":"False"')], ["R11", "R11", "R3"])
        viridian = self.with_viridian(1)
        check(viridian, "4.12", [*tsc, ('{"viridian":"True"', '{ "viridian_enable": [0, 1],"viridian":"False"')], ["R13", "R3", "R3"])
        empty = b'{"c_info": {"type": "hvm"}, "b_info": {"max_vcpus": 4, "type.hvm": {}, "extra_hvm": [\n\n ]}}'
        data = self.save(empty, HVM, FLAG_JSON, record(section(3, "0000:00:03.0/cirrus_vga")))
        new = json.loads(self.repaired(data, "--repair", "--for=4.17")[1].rstrip(b"\0"))
        self.assertEqual(new["b_info"]["extra_hvm"], ["-machine", "pc-i440fx-3.1"])
        hvm = b'"type.hvm": {"viridian": "True", "viridian_enable": [0], "viridian_disable": [2]}'
        for value, kept in ((0x67, {}), (1, {"viridian_enable": [0, 1]})):
            data = self.save(b'{"c_info": {"type": "hvm"}, "b_info": {"max_vcpus": 4, ' + hvm + b"}}", self.with_viridian(value), FLAG_JSON)
            new = json.loads(self.repaired(data, "--repair", "--for=4.14")[1].rstrip(b"\0"))
            self.assertEqual(new["b_info"]["type.hvm"], {"viridian": "False", **kept})
        sound = record(section(2, "0000:00:02.0/platform"), section(3, "0000:00:03.0/es1370"), section(4, "0000:00:04.0/cirrus_vga"))
        check(HVM, "4.17", [*tsc, *taps, ('{"viridian":"True", "soundhw": "es1370" }', '{ "vga": { "kind": "none" },"viridian":"True" }'),
                            ('"b_info": {', '"b_info": { "extra_hvm": ["-device", "ES1370,addr=03", "-device", '
                                            '"cirrus-vga,vgamem_mb=8,addr=04"], "video_memkb": 8192,')],
              ["R13", "R34", "R34", "R34", "R34", "R17", "R17"], qemu=sound)

    @program.needs_libraries
    def test_json_memory(self):
        """max_memkb is changed only if there is one, and if it is too small."""
        for maximum in ("", f', "max_memkb": {MIB * 1024}', f', "max_memkb": {MIB * 2048}'):
            old = '{"c_info": {"type": "hvm"}, "b_info": {"max_vcpus": 4, "target_memkb": 2048%s}}\0' % maximum
            _, config, ids = self.repaired(self.save(old.encode(), FULL, FLAG_JSON), "--for=4.17", "--repair")
            self.assertEqual((config.decode(), ids), (old.replace("2048", str(MIB * 1024), 1), ["R11"]))

    @program.needs_libraries
    def test_json_damaged(self):
        for config in (b"{", b"[]", b"", b'{"b_info": 5}', b'{"b_info": {"type.hvm": []}}'):
            done, output = self.convert(self.save(config, HVM, FLAG_JSON), "--repair", "--for=4.17")
            self.assert_status(done, 0)
            self.assertEqual(b"not JSON of libxl; it is not changed" in done.stderr, config in (b"{", b"[]"))
            self.assertEqual(self.new_config(output)[1], config)


if __name__ == "__main__":
    unittest.main()
