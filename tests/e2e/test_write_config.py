"""--write-config for saves of xend: the s-expression is converted, and output and configuration appear together."""

import itertools
import random
import resource
import signal
import sys
import unittest
from errno import EIO
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import cases, envelopes, faults, program, xl_config
from kit.base import ProgramTest
from kit.envelopes import XEND
from kit.faults import Plan

HVM, PV = cases.named("hvm32-age-3-4"), cases.named("pv32-age-3-2")
SAME = {"name": "old", "uuid": envelopes.UUID, "memory": "256", "maxmem": "512", "shadow_memory": "9", "vcpus": "2",
        "maxvcpus": "4", "on_poweroff": "destroy", "on_reboot": "restart", "on_crash": "restart",
        "disk": ["format=raw,vdev=xvda,access=rw,target=/var/lib/xen/images/a,b.img",
                 "format=raw,vdev=hdc,access=ro,devtype=cdrom,target=/iso",
                 "format=raw,vdev=hdd,access=rw,backend=storage,target=/dev/vg/data",
                 "format=qcow2,vdev=xvdb,access=rw,target=/images/c.qcow2",
                 "format=raw,vdev=xvdc,access=rw,script=block-drbd,target=res0",
                 "format=empty,vdev=hde,access=ro,devtype=cdrom,target="]}
VIFS = ["mac=00:16:3e:11:22:33,bridge=xenbr0,script=/etc/xen/scripts/vif-bridge,model=e1000",
        "mac=00:16:3e:11:22:34"]
del SAME["disk"][-1]    # libxl does not support hde
WANTED_PV = {**SAME, "type": "pv", "kernel": "/boot/vmlinuz-xen", "ramdisk": "/boot/initrd-xen", "tsc_mode": "default",
             "extra": 'root=/dev/xvda1 ro xencons="tty"', "vif": [VIFS[0], VIFS[1] + ",rate=10Mb/s"],
             "vfb": ["vnc=1,vncunused=1,keymap=de"]}
WANTED_HVM = {**SAME, "type": "hvm", "builder": "hvm",
              "device_model_version": "qemu-xen-traditional", "boot": "cd", "pae": "1", "acpi": "1", "apic": "1",
              "hap": "1", "hpet": "0", "timer_mode": "1", "vpt_align": "1", "viridian": "0", "xen_platform_pci": "1",
              "localtime": "0", "rtc_timeoffset": "-3600", "stdvga": "0", "videoram": "4", "vnc": "1", "sdl": "0",
              "vncunused": "1", "keymap": "de", "serial": "pty", "usb": "1", "usbdevice": "tablet",
              "vif": [VIFS[0] + ",type=ioemu", VIFS[1] + ",type=vif,rate=10Mb/s"]}
# Settings that every converted configuration has.
BARE = {"name": "Domain-Unnamed", "type": "pv", "bootloader": "pygrub", "on_crash": "restart",
        "vcpus": "2"}   # from the stream
HVM_BARE = {"name": "Domain-Unnamed", "type": "hvm", "builder": "hvm", "device_model_version": "qemu-xen-traditional",
            "pae": "0", "acpi": "0", "apic": "0", "vnc": "0", "sdl": "0", "on_crash": "restart"}


class WriteConfig(ProgramTest):
    def convert(self, data: bytes, *options, **kw):
        """Writes output and configuration to separate new directories."""
        source, output, config = self.file("old.save", data), self.out(), self.out("new.cfg")
        done = program.run("-i", source, "-o", output, "--write-config", config, "--no-sync", *options, **kw)
        return done, output, config

    def config(self, data: bytes) -> bytes:
        done, output, config = self.convert(data)
        self.assert_status(done, 0)
        text = config.read_bytes()
        lost = text.count(b"# no xl equivalent: ")
        self.assertEqual(program.lines(program.without_verdict(done.stderr)), [f"convert-legacy-stream: {config.parents[1] / 'old.save'}: warning: "
                         f"xend settings without an xl equivalent: {lost} (comments in the configuration)"]
                         if lost else [])
        self.assertTrue(output.exists())
        self.assertEqual(xl_config.faults(text), [])
        return text

    def of(self, *items: str, case=PV) -> dict:
        """The settings converted from these items, without those that every configuration has."""
        text = "(domain " + " ".join(items) + ")"
        settings = xl_config.read(self.config(envelopes.xend_head(text.encode()) + case.octets()))
        bare = HVM_BARE if case is HVM else BARE
        return {k: v for k, v in settings.items() if bare.get(k) != v}

    def lost(self, *items: str, case=PV) -> list:
        """The comments about settings without an equivalent."""
        text = "(domain " + " ".join(items) + ")"
        lines = self.config(envelopes.xend_head(text.encode()) + case.octets()).decode().splitlines()
        return [line.strip().removeprefix("# no xl equivalent: ") for line in lines if "# no xl equivalent: " in line]

    def test_ordinary(self):
        for case, want in ((HVM, WANTED_HVM), (PV, WANTED_PV)):
            with self.subTest(case=case.name):
                text = self.config(XEND.octets(case))
                self.assertEqual(xl_config.read(text), want)
                self.assertIn(b"# (cpu_weight 256)\n", text)
                self.assertIn(b"    # no xl equivalent: (vbd (dev hde:cdrom) (uname '') (mode r))\n", text)

    def test_warning_without_option(self):
        source, output = self.file("old.save", XEND.octets(PV)), self.out()
        done = program.run("-i", source, "-o", output)
        self.assert_status(done, 0)
        self.assertIn(b"warning: new save has no configuration", done.stderr)
        self.assertEqual(program.run("-i", source, "-o", output, "-q").stderr, b"")

    def test_values(self):
        for items, want in (
                (["(name 'a\"b\\\\c')"], {"name": 'a"b\\c'}),
                (["(name 'x\\nkernel = \"/evil\"')"], {"name": 'x?kernel = "/evil"'}),
                (["(name '\x1b[31m\\x07\\177')"], {"name": "?[31m??"}),
                (["(name 'gr\u00fcn \u009b')"], {"name": "gr\u00fcn ?"}),
                (["(name \"it's\")"], {"name": "it's"}), (["(name None)"], {"name": "None"}),
                (["(name a\\b)"], None),
                (["(name ())"], {}), (["(name)"], {}), (["(name '')"], {}), (["(name a b)"], {"name": "a"}),
                (["(name a)", "(name b)"], {"name": "a"}),
                (["(memory 12x)"], {}), (["(memory '1 2')"], {}), (["(memory '')"], {}), (["(memory -)"], {}),
                (["(memory " + "9" * 2000 + ")"], {}), (["(memory 010)"], {"memory": "10"}),
                (["(maxmem 64)"], {"memory": "64", "maxmem": "64"}),
                (["(memory 64)", "(maxmem 32)"], {"memory": "64", "maxmem": "64"}),
                (["(vcpus 3)"], {"vcpus": "3"}), (["(vcpus 3)", "(vcpu_avail 7)"], {"vcpus": "3"}),
                (["(vcpus 8)", "(vcpu_avail 13)"], {"vcpus": "3", "maxvcpus": "8"}),
                (["(vcpus 8)", "(vcpu_avail '13')"], {"vcpus": "3", "maxvcpus": "8"}),
                (["(vcpus 80)", "(vcpu_avail 1208925819614629174706175)"], {"vcpus": "80"}),
                (["(vcpus 8)", "(vcpu_avail none)"], {"vcpus": "8"}), (["(vcpus many)", "(vcpu_avail 1)"], {}),
                (["(image linux)"], {}), (["(image)"], {}), (["(image ())"], {}), (["image"], {}), (["(image (()))"], {}),
                (["(device)"], {}), (["(device vif)"], {}), (["(device (vif))"], {"vif": [""]})):
            with self.subTest(items=items):
                if want is None:
                    text = "(domain " + " ".join(items) + ")"
                    self.assert_status(self.convert(envelopes.xend_head(text.encode()) + PV.octets())[0], 1)
                else:
                    self.assertEqual(self.of(*items), want)

    def test_device_names(self):
        """Names that libxl can parse are converted; others are listed."""
        for prefix, letters, wrong, partition in (("xvd", ("a", "zzz"), ("", "aaaa"), 255), ("hd", ("a", "d"), ("", "e", "aa"), 63),
                                                  ("sd", ("a", "p"), ("", "q", "aa"), 15)):
            for name, valid in ([(f"{prefix}{x}{y}", True) for x in letters for y in ("", 0, partition)]
                                + [(f"{prefix}{x}", False) for x in wrong] + [(f"{prefix}a{partition + 1}", False), (f"{prefix}a1x", False)]):
                with self.subTest(name=name):
                    item = f"(device (vbd (uname phy:/dev/x) (dev {name}) (mode w)))"
                    disks = self.of(item).get("disk", [])
                    self.assertEqual([f"vdev={name}" in disk.split(",") for disk in disks], [True] * valid)
                    self.assertEqual(len(self.lost(item)), not valid)

    def test_uuid(self):
        want = {"uuid": envelopes.UUID}
        plain = envelopes.UUID.replace("-", "")
        for text in (envelopes.UUID, plain, "-".join(plain), plain[:10] + "-" + plain[10:]):
            self.assertEqual(self.of(f"(uuid {text})"), want)
        for text in (plain[1:], plain + "0", "g" + plain[1:]):
            self.assertEqual((self.of(f"(uuid {text})"), self.lost(f"(uuid {text})")), ({}, [f"(uuid {text})"]))

    def test_boot(self):
        linux = "(image (linux (kernel /k) (ramdisk /r) {}))"
        for case, items, want in (
                (PV, ["(bootloader /usr/bin/pygrub)", "(image (linux (kernel /tmp/boot.x) (args q)))"],
                 {"bootloader": "/usr/bin/pygrub", "extra": "q"}),
                (PV, ["(bootloader /b)", "(bootloader_args '-q --a=\"b c\" d\\\\ e')"],
                 {"bootloader": "/b", "bootloader_args": ["-q", "--a=b c", "d e"]}),
                (PV, [linux.format("(root /dev/sda1) (ip dhcp) (args 4)")],
                 {"bootloader": None, "kernel": "/k", "ramdisk": "/r", "extra": "root=/dev/sda1 ip=dhcp 4"}),
                (PV, [linux.format("(root /dev/sda1) (args 'root=/dev/b ro')")],
                 {"bootloader": None, "kernel": "/k", "ramdisk": "/r", "extra": "root=/dev/b ro"}),
                (HVM, ["(image (hvm (kernel /usr/lib/xen/boot/hvmloader) (ramdisk /r) (args q)))"], {}),
                (HVM, ["(image (hvm (kernel hvmloader) (loader /l)))"], {}),
                (HVM, ["(image (hvm (kernel /k) (loader /l) (ramdisk /r) (args q)))"],
                 {"kernel": "/k", "ramdisk": "/r", "extra": "q"}),
                (HVM, ["(image (vmx (kernel /usr/lib/xen/boot/vmxloader) (acpi 1) (boot c)))"], {"acpi": "1", "boot": "c"})):
            with self.subTest(items=items):
                self.assertEqual(self.of(*items, case=case), {k: v for k, v in want.items() if v})

    def test_actions(self):
        for items, want in ((["(on_crash destroy)"], {"on_crash": "destroy"}),
                            (["(on_crash coredump_and_restart)"], {"on_crash": "coredump-restart"}),
                            (["(on_poweroff rename-restart)"], {"on_poweroff": "rename-restart"}),
                            (["(on_poweroff soon)"], {}),
                            (["(restart onreboot)"], {"on_poweroff": "destroy", "on_reboot": "restart", "on_crash": "destroy"}),
                            (["(restart always)", "(on_crash preserve)"],
                             {"on_poweroff": "restart", "on_reboot": "restart", "on_crash": "preserve"})):
            with self.subTest(items=items):
                self.assertEqual(self.of(*items), want)

    def test_machine(self):
        for case, items, want in (
                (HVM, "(localtime 1)", {"localtime": "1"}), (PV, "(image (linux (localtime True)))", {"localtime": "1"}),
                (PV, "(image (linux (rtc_timeoffset -60)))", {"rtc_timeoffset": "-60"}),
                (PV, "(image (linux (tsc_mode 2) (timer_mode 1) (acpi 1) (videoram 4) (hap 1)))", {"tsc_mode": "native"}),
                (PV, "(tsc_mode always_emulate)", {"tsc_mode": "always_emulate"}), (PV, "(tsc_mode 3)", {}),
                (HVM, "(image (hvm (timer_mode 2) (viridian 1) (acpi 1) (pae True)))",
                 {"timer_mode": "2", "viridian": ["base", "freq"], "acpi": "1", "pae": "1"}),
                (HVM, "(image (hvm (timer_mode 9) (viridian 7) (acpi 2)))", {"acpi": None}),
                (HVM, "(image (hvm (stdvga 1) (videoram 4)))", {"stdvga": "1", "videoram": "8"}),
                (HVM, "(image (hvm (stdvga 1) (videoram 0)))", {"stdvga": "1", "videoram": "8"}),
                (HVM, "(image (hvm (stdvga 1) (videoram 16)))", {"stdvga": "1", "videoram": "16"}),
                (HVM, "(image (hvm (serial none) (parallel none) (fda /f.img) (usbdevice (mouse tablet))))",
                 {"serial": "none", "device_model_args_hvm": ["-fda", "/f.img"], "usbdevice": ["mouse", "tablet"]}),
                (HVM, "(image (hvm (enable_audio 1)))", {"soundhw": "sb16"}),
                (PV, "(cpu_weight 512) (cpu_cap 0) (pool_name p) (nomigrate 1)",
                 {"cpu_weight": "512", "pool": "p", "nomigrate": "1"})):
            with self.subTest(items=items):
                got = self.of(items, case=case)
                self.assertEqual({k: v for k, v in got.items()}, {k: v for k, v in want.items() if v})

    def test_cpus(self):
        bits = "x" * 31 + "0"
        for items, want in (
                ("(vcpus 2) (cpus (() ()))", None), ("(vcpus 2) (cpus ())", None), ("(vcpus 2) (cpus ((0 1) (3)))", ["0-1", "3"]),
                ("(vcpus 2) (cpus (0 1 5))", "0-1,5"), ("(vcpus 2) (cpus '0-3,^1')", "0,2-3"), ("(vcpus 2) (cpu 3)", "3"),
                ("(vcpus 1) (cpu -1)", None), ("(vcpus 2) (cpus ('0-3,^1' '2'))", ["0,2-3", "2"]),
                ("(vcpus 1) (cpus ((1) (2)))", ["1"]), ("(vcpus 1) (cpus ((x)))", None), ("(vcpus 1) (cpus ((99999)))", None),
                ("(vcpus 2) (cpus ((1) ()))", ["1", "all"])):
            with self.subTest(items=items):
                self.assertEqual(self.of(items).get("cpus"), want)
        self.assertEqual(self.of(f"(cpuid ((1 ((ecx {bits}) (edx {bits}))) ('4,0' ((eax {bits})))))")["cpuid"],
                         [f"1:ecx={bits},edx={bits}", f"4,0:eax={bits}"])
        for bad in (f"(cpuid ((1 ((ecx {bits[1:]})))))", f"(cpuid ((one ((ecx {bits})))))", "(cpuid ((1 ())))"):
            self.assertEqual((self.of(bad), len(self.lost(bad))), ({}, 1))

    def test_disks(self):
        for items, want in (
                ("(vbd (uname 'file:/a\"b') (dev xvda) (mode r))", ['format=raw,vdev=xvda,access=ro,target=/a"b']),
                ("(vbd (uname file:/a) (dev 'xvda,target=/b'))", []), ("(vbd (uname file:/a))", []),
                ("(vbd (dev xvda))", []), ("(vbd (uname None) (dev hdc:cdrom))",
                                           ["format=empty,vdev=hdc,access=ro,devtype=cdrom,target="]),
                ("(tap (uname tap:tapdisk:aio:/a) (dev sda1))", ["format=raw,vdev=sda1,access=ro,target=/a"]),
                ("(tap2 (uname tap2:vhd:/a) (dev hda) (mode w!))", ["format=vhd,vdev=hda,access=rw,target=/a"]),
                ("(tap (uname tap:ram:/a) (dev hda))", []), ("(tap (uname tap:vmdk:/a) (dev hda))", []),
                ("(tap (uname tap:sync:/a) (dev hda))", ["format=raw,vdev=hda,access=ro,target=/a"]),
                ("(vbd (uname nbd:h:1) (dev /dev/xvdb) (mode w))", ["format=raw,vdev=xvdb,access=rw,script=block-nbd,target=h:1"]),
                ("(vbd (uname 'iscsi:iqn.x,y') (dev ioemu:hda) (mode w))",
                 ["format=raw,vdev=hda,access=rw,script=block-iscsi,target=iqn.x,y"]),
                ("(vbd (uname 'a b:c') (dev hda))", []), ("(vbd (uname file:/a) (dev 51712) (mode w))",
                                                          ["format=raw,vdev=51712,access=rw,target=/a"]),
                ("(vbd (uname file:/a) (dev hda) (backend 'a,b'))", []),
                ("(vbd (uname file:/a) (dev xvdabcd))", []), ("(vbd (uname file:/a) (dev hdz))", [])):
            with self.subTest(items=items):
                self.assertEqual(self.of(f"(device {items})"), {"disk": want})
                self.assertEqual(len(self.lost(f"(device {items})")), not want)
        twice = "(device (vbd (uname file:/a) (dev hda))) (device (tap (uname tap:aio:/b) (dev hda:disk)))"
        self.assertEqual(self.of(twice), {"disk": ["format=raw,vdev=hda,access=ro,target=/a"]})
        self.assertEqual(self.of("(image (hvm (cdrom /c.iso)))", case=HVM),
                         {"disk": ["format=raw,vdev=hdc,access=ro,devtype=cdrom,target=/c.iso"]})

    def test_vifs(self):
        for case, items, want, lost in (
                (PV, "(ip '1.2.3.4,5.6.7.8') (backend 0) (vifname v)", "vifname=v", 1),
                *((PV, f"(mac {mac})", "", 1) for mac in ("x", "000:1:2:3:4:5", "0::2:3:4:5", "0:1:2:3:4", "0:1:2:3:4:5:6", "0:1:2:3:4-5")),
                (PV, "(mac 0:1:2:3:4:5) (type ioemu)", "mac=0:1:2:3:4:5", 0),
                (PV, "(rate '62500,50000')", "rate=1250000B/s@50000us", 0), (PV, "(rate '4294967295,0')", "", 0),
                (PV, "(rate '10Mb/s@20ms')", "rate=10Mb/s@20ms", 0), (PV, "(rate fast)", "", 1), (PV, "(rate 0b/s)", "", 1),
                (PV, "(accel x)", "", 1), (HVM, "(bridge b)", "bridge=b,type=ioemu", 0),
                (HVM, "(type netfront)", "type=vif", 0), (HVM, "(model netfront) (type ioemu)", "type=vif", 0)):
            with self.subTest(items=items):
                self.assertEqual(self.of(f"(device (vif {items}))", case=case), {"vif": [want]})
                self.assertEqual(len(self.lost(f"(device (vif {items}))", case=case)), lost)
        self.assertEqual(self.of("(image (vmx (boot c))) (device (vif (bridge b)))", case=HVM)["vif"], ["bridge=b,type=vif"])

    def test_graphics(self):
        for case, items, want in (
                (PV, "(image (linux (vnc 1) (vncpasswd p)))", {"vfb": ["vnc=1,vncpasswd=p"]}),
                (PV, "(device (vfb (type vnc) (vncdisplay 3))) (image (linux (vnc 1) (vncdisplay 4) (keymap de)))",
                 {"vfb": ["vnc=1,vncdisplay=3,keymap=de"]}),
                (PV, "(device (vfb (vnc 0) (sdl 0)))", {}), (PV, "(image (linux (keymap de)))", {}),
                (HVM, "(device (vfb (vnc 1) (vncpasswd p)))", {"vnc": "1", "vncpasswd": "p"}),
                (HVM, "(image (hvm (vnc 1) (nographic 1)))", {"nographic": "1"}),
                (HVM, "(image (hvm (vnc 1) (vnclisten '::1') (vncdisplay 3)))", {"vnc": "1", "vnclisten": "::1"}),
                (HVM, "(device (vfb (sdl 1) (opengl 0) (display :0)))", {"sdl": "1", "opengl": "0", "display": ":0"})):
            with self.subTest(items=items):
                self.assertEqual(self.of(items, case=case), want)

    def test_pci(self):
        for items, want in (
                ("(dev (domain 0x0) (bus 0x1) (slot 0x2) (func 0x3))", ["0000:01:02.3"]),
                ("(dev (bus 1f) (slot 1f) (func 7) (opts (msitranslate 0)) (opts (power_mgmt yes)))",
                 ["0000:1f:1f.7,msitranslate=0,power_mgmt=1"]),
                ("(bus 0x1) (dev 0x2) (func 0x3)", ["0000:01:02.3"]), ("(dev (bus 0x1) (slot 0x20) (func 0x0))", [])):
            with self.subTest(items=items):
                self.assertEqual(self.of(f"(device (pci {items}))"), {"pci": want})

    def test_lost(self):
        for items, want in (("(features '') (on_xend_start ignore) (description d) (pci ())", []),
                            ("(on_xend_start start)", ["(on_xend_start start)"]),
                            ("(device (vscsi (x 1))) (device (console (x 1))) (device (vkbd (x 1)))", ["(vscsi (x 1))"]),
                            ("(image (linux (superpages 1) (unheard-of 1)))", ["(superpages 1)", "(unheard-of 1)"]),
                            ("(memory many)", ["(memory many)"])):
            with self.subTest(items=items):
                self.assertEqual(self.lost(items), want)

    def test_memory_and_vcpus_of_the_stream(self):
        case = cases.named("hvm64-age-4-1")
        text = b"(domain (name old) (memory 0) (image (hvm (boot c))))"
        self.assertNotIn("memory", xl_config.read(self.config(envelopes.xend_head(text) + case.octets())))

    def test_mutations(self):
        random_ = random.Random(16)
        words = (b"(", b")", b"'", b'"', b"\\", b" ", b"None", b"0", b"-1", b"(device (vif))", b"(image (hvm (acpi 1)))", b"\x00",
                 b",", b"\n", b"99999999999999999999", b"(cpus ((0)))")
        made, tried = 0, program.sampled(range(500))
        for i in tried:
            case = (PV, HVM)[i % 2]
            text = bytearray(envelopes.xend_config(case.flavour.guest))
            for _ in range(random_.randint(1, 4)):
                at = random_.randrange(len(text))
                cut = at + random_.choice((0, 1, 8, 40))
                text[at:cut] = random_.choice((b"", random_.choice(words), text[cut:cut + 30]))
            done, output, config = self.convert(envelopes.xend_head(bytes(text)) + case.octets())
            self.assertIn(done.returncode, (0, 1), (bytes(text), done.stderr))
            self.assertNotIn(b"Sanitizer", done.stderr)
            self.assertEqual(config.exists(), done.returncode == 0)
            if config.exists():
                made += 1
                self.assertEqual(xl_config.faults(config.read_bytes()), [], (bytes(text), config.read_bytes()))
        self.assertGreater(made, len(tried) // 5)

    def test_malformed(self):
        good = envelopes.xend_config("pv")
        for name, text, where, why in (
                ("cut", good[:-1], len(good) - 1, "unterminated list"), ("behind", good + b" x", len(good) + 1, "data after"),
                ("an atom", b"domain ()", 0, "not a xend configuration"), ("another", b"(network)", 0, "domain"),
                ("quote", b"(domain (name 'x))", 14, "quote"), ("escape", b"(domain (name 'x\\'))", 14, "quote"),
                ("control", b"(domain (name \1))", 14, "byte"), ("eight bits", b"(domain \xff)", 8, "byte"),
                ("deep", b"(domain " + b"(" * 64 + b")" * 65, 71, "deep"), ("NUL", b"(domain \0)", 8, "byte")):
            with self.subTest(name):
                done, output, config = self.convert(envelopes.xend_head(text) + PV.octets())
                self.assert_clean(config)
                line = self.assert_refused(done, output)
                self.assertIn(f"byte {20 + where:#x}: ", line)
                self.assertIn(why, line)
        ok = b"(domain " + b"(" * 63 + b")" * 64
        self.assert_status(self.convert(envelopes.xend_head(ok) + PV.octets())[0], 0)

    def test_large_configurations(self):
        def limit() -> None:
            if not program.HUNGRY:
                resource.setrlimit(resource.RLIMIT_AS, (64 << 20, 64 << 20))

        for name, item in (("lists", b"()"), ("items", b"(a b)"), ("devices", b"(device (vbd (dev a)(uname file:/b)))"),
                           ("deep", b"((((((((((((((((((((((((x))))))))))))))))))))))))"), ("atoms", b"a "),
                           ("quotes", b"'\\x41'")):
            text = b"(domain " + item * (1_000_000 // len(item)) + b")"
            with self.subTest(name):
                self.assert_status(self.convert(envelopes.xend_head(text) + PV.octets(), preexec_fn=limit)[0], 0)
        claim = envelopes.XEND_MAGIC + (1 << 24).to_bytes(4, "big") + b"(domain "
        done, output, _ = self.convert(claim, preexec_fn=limit)
        self.assertIn("input ended after 8", self.assert_refused(done, output))

    def test_other_containers(self):
        for envelope in (envelopes.LIBVIRT, envelopes.XAPI)[not program.LIBRARIES:]:
            with self.subTest(envelope=envelope.name):
                done, output, config = self.convert(envelope.octets(PV))
                self.assertIn("--write-config", self.assert_refused(done, output))
                self.assert_clean(config)

    def test_failed_conversion(self):
        config = self.file("old.cfg", b"old")
        source, output = self.file("old.save", XEND.octets(PV)[:-1]), self.out()
        self.assert_refused(program.run("-i", source, "-o", output, "--write-config", config), output)
        self.assertEqual(config.read_bytes(), b"old")
        done, output, config = self.convert(XEND.octets(PV)[:-1])
        self.assert_refused(done, output)
        self.assert_clean(config)

    def test_output_paths(self):
        source, output = self.file("old.save", XEND.octets(PV)), self.out()
        want = self.config(XEND.octets(PV))
        same = [(output, output, "output"), (output, output.parent / "." / output.name, "output"), (output, source, "input")]
        for out, config, end in same:
            with self.subTest(out=out, config=config):
                done = program.run("-i", source, "-o", out, "--write-config", config)
                self.assert_status(done, 2)
                self.assertIn(f"is the {end} and cannot", done.stderr.decode())
                self.assert_clean(output)
        done = program.run("-i", source, "-o", output, "--write-config", "-")
        self.assert_status(done, 0)
        self.assertEqual(done.stdout, want)
        config = self.file("old.cfg", b"old")
        config.chmod(0o640)
        self.assert_status(program.run("-i", source, "-o", output, "--write-config", config), 0)
        self.assertEqual((config.read_bytes(), config.stat().st_mode & 0o777), (want, 0o640))
        self.assert_status(program.run("-i", source, "-o", self.out(), "--write-config", config, "--no-clobber"), 2)
        beside = self.out()
        self.assert_status(program.run("-i", source, "-o", beside, "--write-config", beside.with_suffix(".cfg")), 0)
        self.assertEqual(sorted(p.name for p in beside.parent.iterdir()), ["out", "out.cfg"])

    def test_lookup_time(self):
        """Many settings must not take quadratic time: no longer than many devices of the same size."""
        def seconds(image: bytes, device: bytes) -> float:
            config = (b"(domain (name old) (image (hvm " + image * (8_000_000 // len(image) if image else 0) + b")) "
                      + device * (8_000_000 // len(device) if device else 0) + b")")
            source = self.file("old.save", envelopes.xend_head(config) + HVM.octets())
            before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
            self.assert_status(program.run("-i", source, "-o", self.out(), "--write-config", self.dir / "cfg", "-q", "--no-sync"), 0)
            return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
        self.assertLess(seconds(b"(a b)", b""), 2 * seconds(b"", b"(device (vbd (dev hda)))"))

    def rename_both(self, plan: Plan, existing: dict[str, bytes]) -> tuple[faults.Run, dict[str, bytes], dict[str, bytes]]:
        """Converts with a fault to out and, with --write-config, cfg. Returns the run, and the directory before and after."""
        with faults.directory() as directory:
            for name, data in {"old.save": XEND.octets(PV), **existing}.items():
                (Path(directory) / name).write_bytes(data)
            before = {p.name: p.read_bytes() for p in Path(directory).iterdir()}
            source, output, config = (Path(directory) / name for name in ("old.save", "out", "cfg"))
            done = faults.run(plan, "-i", source, "-o", output, "--write-config", config, "-q")
            return done, before, {p.name: p.read_bytes() for p in Path(directory).iterdir()}

    def assert_both_new(self, after: dict[str, bytes], old: bytes) -> None:
        self.assertEqual(sorted(after), ["cfg", "old.save", "out"])
        self.assertTrue(after["cfg"] != old and after["out"] != old)

    @faults.needed
    def test_both_or_neither(self):
        """If a call fails, neither file is created or replaced. After a failing sync of the directory both exist."""
        calls = [(call, no_tmpfile) for call in ("fsync", "linkat", "renameat", "renameat2") for no_tmpfile in (False, True)]
        fired = 0
        for old, (call, no_tmpfile), to_new in itertools.product((b"", b"old"), calls, (False, True)):
            for nth in range(1, 10):
                with self.subTest(old=old, call=call, nth=nth, no_tmpfile=no_tmpfile):
                    done, before, after = self.rename_both(Plan(call, EIO, nth, no_tmpfile=no_tmpfile),
                                                           dict.fromkeys(("cfg",) if to_new else ("out", "cfg"), old) if old else {})
                    if not done.fired:
                        break
                    fired += 1
                    if done.status == 0 or b"sync the directory" in done.stderr:
                        self.assert_both_new(after, old)
                    else:
                        self.assertEqual(done.status, 3)
                        self.assertEqual(after, before)
        self.assertGreater(fired, 20)

    @faults.needed
    def test_terminated(self):
        """SIGTERM before and after each call that syncs and renames: both files are created or replaced, or neither; no temporary file stays."""
        calls = ("fsync", "linkat", "renameat", "renameat2", "unlinkat")
        statuses = set()
        for call, moment, no_tmpfile, old in itertools.product(calls, ("before", "after"), (False, True), (b"", b"old")):
            for nth in range(1, 10):
                with self.subTest(old=old, call=call, moment=moment, nth=nth, no_tmpfile=no_tmpfile):
                    done, before, after = self.rename_both(Plan(call, f"{moment}:{int(signal.SIGTERM)}", nth, no_tmpfile=no_tmpfile),
                                                           dict.fromkeys(("out", "cfg"), old) if old else {})
                    if not done.fired:
                        break
                    statuses.add(done.status)
                    if done.status == 0:
                        self.assert_both_new(after, old)
                    else:
                        self.assertEqual((done.status, after), (128 + signal.SIGTERM, before))
        self.assertEqual(statuses, {0, 128 + signal.SIGTERM})

    def test_config_cannot_be_written(self):
        source, output = self.file("old.save", XEND.octets(PV)), self.out()
        done = program.run("-i", source, "-o", output, "--write-config", "/dev/full")
        self.assert_status(done, 3)
        self.assert_clean(output)
        self.assertEqual(program.lines(done.stderr)[-1], "convert-legacy-stream: cannot write /dev/full: No space left on device")


if __name__ == "__main__":
    unittest.main()
