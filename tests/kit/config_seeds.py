"""config_seeds.py SEED: prints a seed for fuzz_config. Its first byte selects the form: xend's, text or JSON."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import envelopes  # noqa: E402

CPUID = "x" * 31 + "1"
MORE_OF_XEND = (b"(cpus ((0 1) (2))) (cpuid ((1 ((ecx " + CPUID.encode() + b"))))) (device (pci (dev (domain 0x0000) (slot 0x1a) (bus 0x00) (vslot 0x101)"
                b" (func 0x1) (opts ((msitranslate 1)))))) (device (vusb (usb-ver 2))) (bootloader /usr/bin/pygrub) (bootloader_args -q)")
CONFIG_OF_LIBXL = {
    "c_info": {"type": "hvm", "hap": "True", "name": "a", "uuid": envelopes.UUID, "pool_name": "p", "oos": "<default>"},
    "b_info": {"max_vcpus": 4, "avail_vcpus": [0, 1], "vcpu_hard_affinity": [[0, 1], []], "tsc_mode": "native_paravirt", "max_memkb": 8192,
               "target_memkb": 4096, "video_memkb": 8192, "localtime": "False", "rtc_timeoffset": 60, "cpuid": [{"leaf": 1, "ecx": CPUID}],
               "extra_hvm": ["-x"], "sched_params": {"weight": 512, "cap": 0}, "irqs": [5], "ioports": [{"first": 1016, "number": 8}],
               "device_model_version": "qemu_xen_traditional",
               "type.hvm": {"bios": "seabios", "viridian": "True", "viridian_enable": [1], "viridian_disable": [2], "timer_mode": "one_missed_tick_pending",
                            "vga": {"kind": "std"}, "vnc": {"enable": "True", "display": 3, "listen": "::"}, "sdl": {"opengl": "True"},
                            "spice": {"enable": "True", "port": 1}, "serial_list": ["pty", "none"], "usbdevice_list": ["tablet"], "boot": "cd"}},
    "disks": [{"pdev_path": "/a,b", "vdev": "hda", "backend": "tap", "format": "raw", "readwrite": 1},
              {"vdev": "hdc", "format": "empty", "removable": 1, "is_cdrom": 1}, {"pdev_path": "r0", "vdev": "hdb", "script": "block-drbd"}],
    "nics": [{"mtu": 1492, "model": "e1000", "mac": "00:16:3e:00:00:01", "bridge": "br0", "nictype": "vif_ioemu",
              "rate_bytes_per_interval": 62500, "rate_interval_usecs": 50000}],
    "pcidevs": [{"func": 1, "dev": 2, "bus": 3, "vdevfn": 40, "msitranslate": True, "permissive": True}, {"dev": 1, "vfunc_mask": 4294967295}],
    "vfbs": [{"vnc": {"enable": "True"}, "sdl": {"enable": "False"}, "keymap": "de"}], "vtpms": [{"uuid": envelopes.UUID}],
    "vkbs": [{"devid": 0}], "on_reboot": "restart", "on_crash": "coredump_restart"}
PV = {"c_info": {"type": "pv"}, "b_info": {"type.pv": {"kernel": "/k", "ramdisk": "/r", "cmdline": "ro", "bootloader": "pygrub", "bootloader_args": ["-q"],
                                                       "e820_host": "True", "slack_memkb": 1}}}
TEXT = (b"name = 'x'\nbuilder = \"hvm\"\nmemory=1;maxmem = 2\nvcpus = 2\nmaxvcpus = 4\ndisk = [ 'phy:/dev/a,hda,w',\n  'b,raw,hdb,r' ] # c\n"
        b"vif = ['']\nviridian = [ 'all', \"!base\" ]\ntimer_mode = 1\ntsc_mode = 'native_paravirt'\npvh = 0\ndevice_model_version = 'qemu-xen'\n"
        b"device_model_args_hvm = [ '-a', \"-b\" ]\nvga = 'stdvga'\nacpi = 0\nextra = '#'\n"
        b"disk += [ 'backendtype=tap,vdev=c' ]\ndevice_model_args_hvm += [ \"\\\"\\n\\101\", ]\nmaxvcpus += 1\n")

SEEDS = {
    "xend-hvm": b"\0" + envelopes.xend_config("hvm"),
    "xend-pv": b"\0" + envelopes.xend_config("pv"),
    "xend-more": b"\0" + envelopes.xend_config("pv")[:-1] + MORE_OF_XEND + b")",
    "text": b"\1" + TEXT,
    "json": b"\2" + json.dumps(CONFIG_OF_LIBXL).encode(),
    "json-pv": b"\2" + json.dumps(PV).encode(),
    "json-iomem": b'\2{"c_info": {"type": "hvm"}, "b_info": {"iomem": [{"start": 1, "number": 2, "gfn": 3}]}}',
}

if __name__ == "__main__":
    sys.stdout.buffer.write(SEEDS[sys.argv[1]])
