"""Containers of libvirt, xend and XAPI, and their expected conversions, written from their specifications.

xl's header is in legacy.py. Each Envelope makes the complete save of a case, and the expected output in version 3.
"""

import struct
from dataclasses import dataclass
from typing import Callable

from . import expected, legacy, model
from .cases import Case
from .legacy import XlHeader

LIBVIRT_MAGIC = b"libvirt-xml\n \0 \r"
XEND_MAGIC = b"LinuxGuestRecord"
XAPI_MAGIC = b"XenSavedDomain\n"
XAPI_STRUCTURED_MAGIC = b"XenSavedDomv2-\n"

# Types of XAPI's records.
XENOPS, LIBXC, LIBXC_LEGACY, QEMU_TRAD, VARSTORED, END_OF_IMAGE = 0x0F, 0xF0, 0xF2, 0xF00, 0xF11, 0xFFFF
SWTPM0, SWTPM = 0xF12, 0xF13

UUID = "c7a5fdb0-cdaf-9455-926a-d65c16db1809"
OUR_XENOPS = b"((time 19700101T00:00:00Z)(word_size 64))"
OLD_XENOPS = b'((time 20140611T10:00:00Z)(word_size 32)(xs_subtree(("data/updated" "1"))))'


def domain_xml(guest: str, name: str = "old") -> bytes:
    """Domain XML as written by libvirt's libxl driver."""
    kind = "hvm" if guest == "hvm" else "linux"
    return f"""<domain type='xen' id='3'>
  <name>{name}</name>
  <uuid>{UUID}</uuid>
  <description>name &amp; type: &lt;type&gt;other&lt;/type&gt;</description>
  <memory unit='KiB'>524288</memory>
  <vcpu placement='static'>2</vcpu>
  <os>
    <type arch='x86_64' machine='xenfv'>{kind}</type>
  </os>
  <devices>
    <disk type='file' device='disk'><source file='/a.img'/><target dev='xvda' bus='xen'/></disk>
  </devices>
</domain>
""".encode()


def libvirt_head(xml: bytes, version: int = 1) -> bytes:
    """xml must include the terminating NUL, if any."""
    return LIBVIRT_MAGIC + struct.pack("<II40x", version, len(xml)) + xml


def xend_config(guest: str, name: str = "old") -> bytes:
    """A configuration as written by xend's sxp.to_string."""
    image = ("(hvm (kernel '') (superpages 0) (videoram 4) (hpet 0) (stdvga 0) (loader /usr/lib/xen/boot/hvmloader) "
             "(serial pty) (vncunused 1) (xen_platform_pci 1) (boot cd) (rtc_timeoffset -3600) (pci ()) (pae 1) "
             "(vpt_align 1) (hap 1) (viridian 0) (acpi 1) (localtime 0) (timer_mode 1) (vnc 1) (nographic 0) "
             "(guest_os_type default) (pci_msitranslate 1) (apic 1) (usbdevice tablet) (monitor 0) "
             "(device_model /usr/lib64/xen/bin/qemu-dm) (usb 1) (notes (SUSPEND_CANCEL 1)))"
             if guest == "hvm" else
             "(linux (kernel /boot/vmlinuz-xen) (ramdisk /boot/initrd-xen) (args 'root=/dev/xvda1 ro xencons=\"tty\"') "
             "(superpages 0) (tsc_mode 0) (notes (HV_START_LOW 18446603336221196288) (FEATURES "
             "'writable_page_tables|writable_descriptor_tables')))")
    disks = ("(device (tap (uname tap:aio:/var/lib/xen/images/a,b.img) (dev xvda:disk) (mode w) (backend 0) (VDI '')))"
             "(device (vbd (uuid 8a86dcbe) (bootable 1) (dev hdc:cdrom) (uname file:/iso) (mode r) (backend 0)))"
             "(device (vbd (dev ioemu:hdd) (uname phy:vg/data) (mode w!) (backend storage)))"
             "(device (tap2 (dev xvdb:disk) (uname tap:qcow2:/images/c.qcow2) (mode w)))"
             "(device (vbd (dev xvdc:disk) (uname drbd:res0) (mode w)))"
             "(device (vbd (dev hde:cdrom) (uname '') (mode r)))")
    vifs = ("(device (vif (bridge xenbr0) (mac 00:16:3e:11:22:33) (script /etc/xen/scripts/vif-bridge) (uuid 2e14) "
            "(backend 0) (type ioemu) (model e1000)))"
            "(device (vif (mac 00:16:3e:11:22:34) (type netfront) (rate '10Mb/s')))")
    vfb = "(device (vkbd (backend 0)))(device (vfb (vncunused 1) (vnc 1) (keymap de) (uuid 5) (location 127.0.0.1:5900)))"
    return (f"(domain (domid 5) (cpu_weight 256) (cpu_cap 0) (bootloader '') (vcpus 4) (vcpu_avail 3) (on_crash restart) "
            f"(uuid {UUID}) (bootloader_args '') (name {name}) (on_poweroff destroy) (on_reboot restart) (cpus (() ())) "
            f"(description '') (maxmem 512) (memory 256) (shadow_memory 9) (features '') (on_xend_start ignore) "
            f"(start_time 1275562330.13) (cpu_time 8.4) (online_vcpus 2) (image {image}) (status 2) (state r-----) "
            f"{disks} {vifs} {vfb} (device (console (protocol vt100) (location 2) (uuid 1))))").encode()


def xend_head(config: bytes) -> bytes:
    return XEND_MAGIC + struct.pack(">i", len(config)) + config


def xapi_record(type_: int, data: bytes = b"") -> bytes:
    return struct.pack("<QQ", type_, len(data)) + data


def structured(case: Case, stream: bytes, xenops: bytes = OUR_XENOPS) -> bytes:
    """XAPI's structured image that contains a libxc stream and the case's qemu record."""
    qemu = xapi_record(QEMU_TRAD, case.save.qemu.data) if case.save.qemu else b""
    return (XAPI_STRUCTURED_MAGIC + xapi_record(XENOPS, xenops) + xapi_record(LIBXC) + stream + qemu
            + xapi_record(END_OF_IMAGE))


@dataclass(frozen=True)
class Envelope:
    name: str
    format: str
    shows: str
    octets: Callable[[Case], bytes]
    expected: Callable[[Case], bytes]   # the expected output in version 3

    def start(self, output: bytes) -> int:
        """Offset of the stream in the output."""
        return output.index(b"LibxlFmt" if self.format == "libxl" else b"\xff" * 8 + b"XENF")


def _xml(case: Case) -> bytes:
    return domain_xml(case.flavour.guest) + b"\0"


def _libxc(case: Case) -> bytes:
    return expected.stream(case, "libxc --skip-qemu" if case.flavour.guest == "hvm" else "libxc")


LIBVIRT = Envelope("libvirt", "libxl", "with libvirt's header and XML",
                   lambda c: libvirt_head(_xml(c)) + c.octets(),
                   lambda c: libvirt_head(_xml(c), 2) + expected.stream(c, "libxl"))
XEND = Envelope("xend", "libxl", "with xend's configuration, which becomes an xl header without one",
                lambda c: xend_head(xend_config(c.flavour.guest)) + c.octets(),
                lambda c: model.xl_header(XlHeader(b"", bare=True), "libxl") + expected.stream(c, "libxl"))
XAPI = Envelope("xapi", "libxc", "as an unstructured image of XAPI, which becomes a structured one",
                lambda c: XAPI_MAGIC + c.octets(),
                lambda c: structured(c, _libxc(c)))
XAPI_STRUCTURED = Envelope("xapi-structured", "libxc", "as a Libxc_legacy record in a structured image of XAPI",
                           lambda c: (XAPI_STRUCTURED_MAGIC + xapi_record(XENOPS, OLD_XENOPS)
                                      + xapi_record(LIBXC_LEGACY) + c.octets() + xapi_record(END_OF_IMAGE)),
                           lambda c: structured(c, _libxc(c), OLD_XENOPS))

ALL = (LIBVIRT, XEND, XAPI, XAPI_STRUCTURED)
MAGICS = {"xl": legacy.XL_MAGIC, "libvirt": LIBVIRT_MAGIC, "xend": XEND_MAGIC, "xapi": XAPI_MAGIC,
          "xapi-structured": XAPI_STRUCTURED_MAGIC}


# Hostile XML ---------------------------------------------------------------------------------------------------------

def _laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    return (f'<?xml version="1.0"?><!DOCTYPE domain [<!ENTITY l0 "lol">{entities}]>'
            "<domain><name>&l9;</name></domain>").encode()


def _inside(what: bytes) -> bytes:
    return domain_xml("pv").replace(b"<devices>", what + b"<devices>")


HOSTILE_XML = {
    "billion-laughs": (_laughs(), "entities that grow a thousand million fold", "DOCTYPE"),
    "external-entity": (b'<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]><domain><name>&e;</name></domain>',
                        "an entity that names a file", "DOCTYPE"),
    "external-dtd": (b'<!DOCTYPE domain SYSTEM "http://127.0.0.1:9/d.dtd"><domain/>', "a DTD to be fetched", "DOCTYPE"),
    "entity": (b"<domain><name>&undeclared;</name></domain>", "an entity that nobody declared", "undeclared"),
    "utf8": (_inside(b"<metadata>\xc3\x28 \xff</metadata>"), "octets that are no UTF-8", "UTF-8"),
    "utf8-declared": (b'<?xml version="1.0" encoding="ISO-8859-1"?>' + _inside(b"<metadata>\xe4</metadata>"),
                      "octets that are no UTF-8, though another encoding is declared", "UTF-8"),
    "utf16": (b"\xff\xfe" + domain_xml("pv").decode().encode("utf-16-le"), "UTF-16", "."),
    "deep": (b"<domain>" + b"<a>" * 2000 + b"</a>" * 2000 + b"</domain>", "2000 elements in each other", "depth"),
    "unclosed": (domain_xml("pv")[:-10], "an element that is never closed", "."),
    "twice": (domain_xml("pv") * 2, "two documents", "."),
    "empty": (b"", "nothing at all", "."),
    "no-domain": (b"<network><name>x</name></network>", "something else than a domain", "domain"),
}
