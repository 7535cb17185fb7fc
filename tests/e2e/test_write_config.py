"""--write-config: what xend's s-expression amounts to in xl's words, and when the file appears."""

import itertools
import resource
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
        "maxvcpus": "4", "on_poweroff": "destroy", "on_reboot": "restart", "on_crash": "restart", "tsc_mode": "0",
        "disk": ["format=raw,vdev=xvda,access=rw,target=/var/lib/xen/images/a,b.img",
                 "format=raw,vdev=hdc,access=ro,devtype=cdrom,target=/iso",
                 "format=raw,vdev=hdd,access=rw,backend=storage,target=/dev/vg/data",
                 "format=qcow2,vdev=xvdb,access=rw,target=/images/c.qcow2",
                 "format=empty,vdev=hde,access=ro,devtype=cdrom,target="],
        "vif": ["mac=00:16:3e:11:22:33,bridge=xenbr0,script=/etc/xen/scripts/vif-bridge,type=ioemu,model=e1000",
                "mac=00:16:3e:11:22:34,rate=10Mb/s"],
        "vfb": ["vnc=1,vncunused=1,keymap=de"]}
WANTED_PV = {**SAME, "kernel": "/boot/vmlinuz-xen", "ramdisk": "/boot/initrd-xen",
             "extra": 'root=/dev/xvda1 ro xencons="tty"'}
WANTED_HVM = {**{k: v for k, v in SAME.items() if k != "tsc_mode"}, "builder": "hvm",
              "device_model_version": "qemu-xen-traditional", "boot": "cd", "pae": "1", "acpi": "1", "apic": "1",
              "hap": "1", "hpet": "0", "timer_mode": "1", "vpt_align": "1", "viridian": "0", "xen_platform_pci": "1",
              "localtime": "0", "rtc_timeoffset": "-3600", "stdvga": "0", "videoram": "4", "vnc": "1", "vncunused": "1",
              "serial": "pty", "usb": "1", "usbdevice": "tablet"}


class WriteConfig(ProgramTest):
    def convert(self, data: bytes, *options, **kw):
        """Output and configuration in directories of their own."""
        source, output, config = self.file("old.save", data), self.out(), self.out("new.cfg")
        done = program.run("-i", source, "-o", output, "--write-config", config, "--no-sync", *options, **kw)
        return done, output, config

    def config(self, data: bytes) -> bytes:
        done, output, config = self.convert(data)
        self.assert_status(done, 0)
        self.assertEqual(done.stderr, b"")
        self.assertTrue(output.exists())
        return config.read_bytes()

    def of(self, *items: str) -> dict:
        """The settings that these items of a PV domain become."""
        text = "(domain " + " ".join(items) + ")"
        return xl_config.read(self.config(envelopes.xend_head(text.encode()) + PV.octets()))

    def test_ordinary(self):
        for case, want in ((HVM, WANTED_HVM), (PV, WANTED_PV)):
            with self.subTest(case=case.name):
                text = self.config(XEND.octets(case))
                self.assertEqual(xl_config.read(text), want)
                self.assertIn(b"# (cpu_weight 256)\n", text)
                self.assertIn(b"    # has no like in xl: (vbd (dev xvdc:disk) (uname drbd:res0) (mode w))\n", text)

    def test_output_without_it_says_so(self):
        source, output = self.file("old.save", XEND.octets(PV)), self.out()
        done = program.run("-i", source, "-o", output)
        self.assert_status(done, 0)
        self.assertIn(b"warning: the result has no configuration", done.stderr)
        self.assertEqual(program.run("-i", source, "-o", output, "-q").stderr, b"")

    def test_values(self):
        for items, want in (
                (["(name 'a\"b\\\\c')"], {"name": 'a"b\\c'}),
                (["(name 'x\\nkernel = \"/evil\"')"], {"name": 'x?kernel = "/evil"'}),
                (["(name '\x1b[31m\\x07\\177')"], {"name": "?[31m??"}),
                (["(name 'gr\u00fcn \u009b')"], {"name": "gr\u00fcn ?"}),
                (["(name \"it's\")"], {"name": "it's"}),
                (["(name a\\b)"], None),
                (["(name ())"], {}), (["(name)"], {}), (["(name '')"], {}), (["(name a b)"], {"name": "a"}),
                (["(name a)", "(name b)"], {"name": "a"}),
                (["(memory 12x)"], {}), (["(memory '1 2')"], {}), (["(memory '')"], {}), (["(memory -)"], {}),
                (["(memory " + "9" * 2000 + ")"], {}),
                (["(vcpus 2)"], {"vcpus": "2"}), (["(vcpus 2)", "(vcpu_avail 3)"], {"vcpus": "2"}),
                (["(vcpus 8)", "(vcpu_avail 5)"], {"vcpus": "2", "maxvcpus": "8"}),
                (["(vcpus 8)", "(vcpu_avail none)"], {"vcpus": "8"}), (["(vcpus many)", "(vcpu_avail 1)"], {}),
                (["(bootloader /usr/bin/pygrub)", "(image (linux (kernel /tmp/boot.x) (args q)))"],
                 {"bootloader": "/usr/bin/pygrub", "extra": "q"}),
                (["(image linux)"], {}), (["(image)"], {}), (["(image ())"], {}), (["image"], {}), (["(image (()))"], {}),
                (["(device)"], {}), (["(device vif)"], {}), (["(device (vif))"], {"vif": [""]}),
                (["(device (vif (ip '1.2.3.4,5.6.7.8') (mac x) (backend 0)))"], {"vif": ["mac=x"]}),
                (["(device (vbd (uname 'file:/a\"b') (dev xvda) (mode r)))"],
                 {"disk": ['format=raw,vdev=xvda,access=ro,target=/a"b']}),
                (["(device (vbd (uname file:/a) (dev 'xvda,target=/b')))"], {"disk": []}),
                (["(device (vbd (uname file:/a)))"], {"disk": []}),
                (["(device (tap (uname tap:tapdisk:aio:/a) (dev sda1)))"],
                 {"disk": ["format=raw,vdev=sda1,access=ro,target=/a"]}),
                (["(device (tap2 (uname tap2:vhd:/a) (dev hda) (mode w)))"],
                 {"disk": ["format=vhd,vdev=hda,access=rw,target=/a"]}),
                (["(device (tap (uname tap:ram:/a) (dev hda)))"], {"disk": []})):
            with self.subTest(items=items):
                if want is None:
                    text = "(domain " + " ".join(items) + ")"
                    self.assert_status(self.convert(envelopes.xend_head(text.encode()) + PV.octets())[0], 1)
                else:
                    self.assertEqual(self.of(*items), want)

    def test_malformed(self):
        good = envelopes.xend_config("pv")
        for name, text, where, why in (
                ("cut", good[:-1], len(good) - 1, "never closed"), ("behind", good + b" x", len(good) + 1, "behind"),
                ("an atom", b"domain ()", 0, "not xend's configuration"), ("another", b"(network)", 0, "domain"),
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

    def test_large_but_bounded(self):
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

    def test_only_for_xend(self):
        for envelope in (envelopes.LIBVIRT, envelopes.XAPI)[not program.LIBRARIES:]:
            with self.subTest(envelope=envelope.name):
                done, output, config = self.convert(envelope.octets(PV))
                self.assertIn("--write-config", self.assert_refused(done, output))
                self.assert_clean(config)

    def test_only_when_the_conversion_succeeded(self):
        config = self.file("old.cfg", b"old")
        source, output = self.file("old.save", XEND.octets(PV)[:-1]), self.out()
        self.assert_refused(program.run("-i", source, "-o", output, "--write-config", config), output)
        self.assertEqual(config.read_bytes(), b"old")
        done, output, config = self.convert(XEND.octets(PV)[:-1])
        self.assert_refused(done, output)
        self.assert_clean(config)

    def test_places(self):
        source, output = self.file("old.save", XEND.octets(PV)), self.out()
        want = self.config(XEND.octets(PV))
        same = [(output, output), (output, output.parent / "." / output.name), (output, source)]
        for out, config in same:
            with self.subTest(out=out, config=config):
                self.assert_status(program.run("-i", source, "-o", out, "--write-config", config), 2)
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

    def test_keys_are_looked_up_at_once(self):
        """Many settings in a long list: no more than the many devices of one as long."""
        def seconds(image: bytes, device: bytes) -> float:
            config = (b"(domain (name old) (image (hvm " + image * (8_000_000 // len(image) if image else 0) + b")) "
                      + device * (8_000_000 // len(device) if device else 0) + b")")
            source = self.file("old.save", envelopes.xend_head(config) + HVM.octets())
            before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
            self.assert_status(program.run("-i", source, "-o", self.out(), "--write-config", self.dir / "cfg", "-q", "--no-sync"), 0)
            return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
        self.assertLess(seconds(b"(a b)", b""), 2 * seconds(b"", b"(device (vbd (dev hda)))"))

    @faults.needed
    def test_both_or_neither(self):
        """Whatever fails on the way; but for the sync of a directory, when both have their names."""
        calls = [(call, no_tmpfile) for call in ("fsync", "linkat", "renameat", "renameat2") for no_tmpfile in (False, True)]
        fired = 0
        for old, (call, no_tmpfile), to_new in itertools.product((b"", b"old"), calls, (False, True)):
            for nth in range(1, 10):
                with self.subTest(old=old, call=call, nth=nth, no_tmpfile=no_tmpfile), faults.directory() as directory:
                    source, output, config = (Path(directory) / name for name in ("old.save", "out", "cfg"))
                    source.write_bytes(XEND.octets(PV))
                    for path in (output, config) if not to_new else (config,):
                        if old:
                            path.write_bytes(old)
                    before = {p.name: p.read_bytes() for p in Path(directory).iterdir()}
                    done = faults.run(Plan(call, EIO, nth, no_tmpfile=no_tmpfile), "-i", source, "-o", output,
                                      "--write-config", config, "-q")
                    after = {p.name: p.read_bytes() for p in Path(directory).iterdir()}
                    if not done.fired:
                        break
                    fired += 1
                    if done.status == 0 or b"sync the directory" in done.stderr:
                        self.assertEqual(sorted(after), ["cfg", "old.save", "out"])
                        self.assertTrue(after["cfg"] != old and after["out"] != old)
                    else:
                        self.assertEqual(done.status, 3)
                        self.assertEqual(after, before)
        self.assertGreater(fired, 20)

    def test_config_cannot_be_written(self):
        source, output = self.file("old.save", XEND.octets(PV)), self.out()
        done = program.run("-i", source, "-o", output, "--write-config", "/dev/full")
        self.assert_status(done, 3)
        self.assert_clean(output)
        self.assertEqual(program.lines(done.stderr), ["convert-legacy-stream: cannot write /dev/full: No space left on device"])


if __name__ == "__main__":
    unittest.main()
