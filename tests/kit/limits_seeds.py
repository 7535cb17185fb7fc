"""limits_seeds.py PART: prints a seed for fuzz_limits. Its first byte selects the part."""

import struct
import sys


def record(type_: int, body: bytes, instance: int = 0) -> bytes:
    """A record of an HVM context."""
    return struct.pack("<HHI", type_, instance, len(body)) + body


def section(number: int, name: bytes, body: bytes = bytes(20)) -> bytes:
    """A section of a qemu record."""
    return b"\4" + struct.pack(">IB", number, len(name)) + name + struct.pack(">II", 0, 2) + body


PARTS = {
    "context": b"\0" + (record(1, struct.pack("<IIQII", 0x54381286, 1, 0, 0x00800F12, 2394000)) + record(2, bytes(1024)) + record(15, bytes(24))
                        + record(16, struct.pack("<QQQ", 7, 7, 7) + bytes(832)) + record(18, struct.pack("<QQQ", 0x1000802, 0, 0))
                        + record(20, struct.pack("<IIIIQ", 1, 0, 0xD90, 0, 1)) + record(0, b"")),
    "qemu": b"\1" + (b"QEVM\0\0\0\3" + section(4, b"cpu") + section(5, b"kvm-tpr-opt", bytes(144)) + section(6, b"apic")
                     + section(7, b"0000:00:01.3/piix4_pm") + section(8, b"0000:00:02.0/platform") + section(9, b"0000:00:04.0/es1370")
                     + section(10, b"0000:00:03.0/vga", bytes.fromhex("0000000234121111030000000000000300")) + section(11, b"piix4acpi")),
    "extended": b"\2" + struct.pack("<II", 0, 128) + bytes(24) + struct.pack("<Q", 0x1000802) + bytes(88),
    "xsave": b"\3" + struct.pack("<QQ", 3, 3) + bytes(512) + struct.pack("<Q", 3) + bytes(400),
    "text": b"\4" + b"builder = 'hvm'\nviridian = [ 'all' ]\nmemory=64\nvcpus=2\nmaxvcpus=1\ntsc_mode=\"native_paravirt\"\nacpi=0\npvh=1\n"
            b"device_model_args_hvm = [ '-a' ]\ndevice_model_args_hvm += [ \"\\\"\\101\" ]\nnestedhvm='x'\n",
    "json": b"\5" + b'{"c_info": {"type": "hvm", "pvh": "True"}, "b_info": {"max_vcpus": 1, "device_model_version": "qemu_xen_traditional"}}',
    "params": b"\6\3" + b"".join(struct.pack("<BQ", index, 3) for index in (9, 32, 33, 36, 17)),
    "names": b"\7" + b"4.14.3",
}

if __name__ == "__main__":
    sys.stdout.buffer.write(PARTS[sys.argv[1]])
