#!/usr/bin/env python3
"""xend_save.py XL-SAVE XEND-SAVE: converts an xl save of Xen 4.5 (with JSON) to the container of xend, for the lab.

The stream is unchanged. The configuration is xend's, with the uuid without dashes, as in some saves.
"""

import json
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import envelopes

HEADER = 48     # of xl, before the optional data


def quoted(text: str) -> str:
    return repr(str(text))


def image(build: dict) -> str:
    if "type.hvm" not in build:
        return (f"(linux (kernel {build['kernel']}) (ramdisk {build['ramdisk']}) (args {quoted(build['cmdline'])}) "
                "(superpages 0) (nomigrate 0) (tsc_mode 0) (notes (SUSPEND_CANCEL 1)))")
    return ("(hvm (kernel '') (loader /usr/lib/xen/boot/hvmloader) (device_model /usr/lib/xen/bin/qemu-dm) (boot c) (acpi 1) "
            f"(apic 1) (pae 1) (hap 1) (hpet 1) (videoram {build['video_memkb'] // 1024}) (vnc 0) (sdl 0) (nographic 1) "
            "(xen_platform_pci 1) (timer_mode 1) (viridian 0) (rtc_timeoffset 0) (localtime 0) (serial '') (usb 0))")


def config(old: dict) -> str:
    """old: libxl's JSON."""
    create, build = old["c_info"], old["b_info"]
    return (f"(domain (domid 3) (cpu_weight 256) (cpu_cap 0) (on_crash {old['on_crash']}) (uuid {create['uuid'].replace('-', '')}) "
            f"(pool_name Pool-0) (bootloader_args '') (vcpus {build['max_vcpus']}) (name {create['name']}) (on_poweroff destroy) "
            f"(on_reboot {old['on_reboot']}) (cpus (())) (description '') (bootloader '') (maxmem {build['max_memkb'] // 1024}) "
            f"(memory {build['target_memkb'] // 1024}) (shadow_memory 0) (vcpu_avail 1) (features '') (on_xend_start ignore) "
            f"(on_xend_stop ignore) (start_time 1275562330.13) (cpu_time 8.4) (online_vcpus 1) (image {image(build)}) (status 2) "
            "(state -b----) (store_mfn 1) (device (console (protocol vt100) (location 2) (uuid 8a86dcbe))))")


def main() -> None:
    source, target = map(Path, sys.argv[1:])
    save = source.read_bytes()
    size, length = struct.unpack_from("<II", save, HEADER - 4)
    old = json.loads(save[HEADER + 4:HEADER + 4 + length].rstrip(b"\0"))
    target.write_bytes(envelopes.xend_head(config(old).encode()) + save[HEADER + size:])


if __name__ == "__main__":
    main()
