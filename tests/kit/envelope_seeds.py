"""Seeds of fuzz_envelope: envelope_seeds.py SEED on standard output; without SEED, their names. Each is a container, then a few bytes."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import envelopes  # noqa: E402

XML = (b"<?xml version='1.0'?><!-- <devices> --><domain type='xen' a=\">/>'\"><name>a</name><a/><![CDATA[<devices>]]>"
       b"<devices><disk b='1'/><x><emulator>/x</emulator></x>%s<y z=''></y></devices></domain>\0")


def xapi(first: int, *records: tuple[int, bytes]) -> bytes:
    """A structured image without a stream: the records before it, then those behind it."""
    return envelopes.XAPI_STRUCTURED_MAGIC + b"".join(
        envelopes.xapi_record(*record) for record in ((envelopes.XENOPS, envelopes.OUR_XENOPS), (first, b""), *records, (envelopes.END_OF_IMAGE, b"")))


SEEDS = {
    "emulator": envelopes.libvirt_head(XML % b"<emulator a='1'>/a<!-- b --></emulator>"),
    "emulator-empty": envelopes.libvirt_head(XML % b"<emulator/>"),
    "emulator-none": envelopes.libvirt_head(XML % b"<?a emulator?>"),
    "xend-escapes": envelopes.xend_head(rb"""(domain (name 'a\x41\n\101\'\\ b') (uuid "a\tb\q\x9") (on_crash ('c' "d")) () (e))"""),
    "xapi-v2": xapi(envelopes.LIBXC, (envelopes.QEMU_TRAD, b"QEVM"), (envelopes.VARSTORED, b"abc"), (envelopes.SWTPM0, b"d"), (envelopes.SWTPM, b"")),
    "xapi-legacy": xapi(envelopes.LIBXC_LEGACY),
    "xapi-old": envelopes.XAPI_MAGIC,
}

if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.stdout.buffer.write(SEEDS[sys.argv[1]] + b"rest\3")
    else:
        print("\n".join(SEEDS))
