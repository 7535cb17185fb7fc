"""Parses xl's configuration files strictly, by the syntax of xl.cfg(5) and of libxlu's lexer (tools/libs/util). Checks their
keys, types and values by xl.cfg(5), xl-disk-configuration(5), xl-network-configuration(5) and xl-pci-configuration(5) of
Xen 4.17 and 4.22."""

import re
from typing import Union

Value = Union[str, list[str]]

TOKEN = re.compile(rb"""
    (?P<skip> [ \t]+) | (?P<newline> \n | \#[^\n]*\n) | (?P<ident> [a-z][._0-9a-z]*) | (?P<number> [0-9][0-9a-fx]*)
    | (?P<string> '(?:[^'\\\n]|\\.)*' | "(?:[^"\\\n]|\\.)*") | (?P<sign> [,=;\[\]])""", re.VERBOSE)
ESCAPES = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


class Wrong(Exception):
    """xl cannot parse this configuration."""


def _unquote(token: bytes) -> str:
    def plain(match: re.Match) -> bytes:
        c = match[1]
        if c in b"\"'\\":
            return c
        if c not in ESCAPES:
            raise Wrong(f"escape {c!r}")    # numbers are allowed, but in an unusual way
        return ESCAPES[c]
    return re.sub(rb"\\(.)", plain, token[1:-1]).decode("utf-8", "surrogateescape")


def _tokens(text: bytes) -> list[tuple[str, bytes]]:
    found, at = [], 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if not match:
            raise Wrong(f"line {text.count(10, 0, at) + 1}: {text[at:at + 20]!r}")
        if match.lastgroup != "skip":
            found.append((match.lastgroup, match[0]))
        at = match.end()
    return found


def read(text: bytes) -> dict[str, Value]:
    """Parses a configuration; returns the value of each setting. Duplicates are an error."""
    tokens, settings = _tokens(text), {}

    def take(*kinds: str) -> tuple[str, bytes]:
        if not tokens or tokens[0][0] not in kinds:
            raise Wrong(f"{kinds} expected before {tokens[:3]}")
        return tokens.pop(0)

    def newlines() -> None:
        while tokens and tokens[0][0] == "newline":
            tokens.pop(0)

    def scalar() -> str:
        kind, value = take("string", "number")
        return _unquote(value) if kind == "string" else value.decode()

    def items() -> list[str]:
        values: list[str] = []
        newlines()
        while tokens[0] != ("sign", b"]"):
            values.append(scalar())
            newlines()
            if tokens[0] == ("sign", b","):
                tokens.pop(0)
                newlines()
            elif tokens[0] != ("sign", b"]"):
                raise Wrong(f"no comma before {tokens[:3]}")
        tokens.pop(0)
        return values

    newlines()
    while tokens:
        name = take("ident")[1].decode()
        if name in settings or take("sign")[1] != b"=":
            raise Wrong(f"setting {name}")
        if tokens[0] == ("sign", b"["):
            tokens.pop(0)
            settings[name] = items()
        else:
            settings[name] = scalar()
        if tokens and tokens[0] != ("sign", b";"):
            take("newline")
        while tokens and (tokens[0][0] == "newline" or tokens[0] == ("sign", b";")):
            tokens.pop(0)
    return settings


# Keys, types and values ------------------------------------------------------------------------------------------------

STRING, NUMBER, FLAG, LIST = "a string", "a number", "0 or 1", "a list"
ACTIONS = {"destroy", "restart", "rename-restart", "preserve", "coredump-destroy", "coredump-restart", "soft-reset"}

# The types or values of each key, without settings for ARM and for devices that no old save has.
KEYS: dict[str, tuple] = {
    **dict.fromkeys("""name uuid pool kernel ramdisk extra root cmdline bootloader seclabel init_seclabel boot soundhw keymap
        vnclisten vncpasswd display xauthority spicehost spicepasswd firmware_override bios_path_override smbios_firmware
        acpi_firmware device_model_override device_model_stubdomain_seclabel device_model_user spice_image_compression
        spice_streaming_video""".split(), (STRING,)),
    **dict.fromkeys("""memory maxmem vcpus maxvcpus cpu_weight cap period slice latency extratime shadow_memory videoram
        rtc_timeoffset max_event_channels vncdisplay spiceport spicetls_port spiceusbredirection usbversion mmio_hole
        max_grant_frames max_maptrack_frames max_grant_version stubdomain_memory""".split(), (NUMBER,)),
    **dict.fromkeys("""hap oos pae acpi acpi_s3 acpi_s4 apic nx hpet vpt_align nestedhvm xen_platform_pci localtime nomigrate
        vnc vncunused sdl opengl nographic stdvga usb spice spicedisable_ticketing spiceagent_mouse spicevdagent
        spice_clipboard_sharing e820_host driver_domain pci_msitranslate pci_power_mgmt pci_permissive pci_seize
        device_model_stubdomain_override vkb_device msr_relaxed vpmu""".split(), (FLAG,)),
    **dict.fromkeys("""disk vif vfb pci cpuid device_model_args device_model_args_pv device_model_args_hvm ioports irqs iomem
        vtpm channel usbctrl usbdev vnuma""".split(), (LIST,)),
    **dict.fromkeys(("serial", "usbdevice", "cpus", "cpus_soft", "bootloader_args"), (STRING, LIST)),
    **dict.fromkeys(("on_poweroff", "on_reboot", "on_watchdog", "on_crash", "on_soft_reset"), (ACTIONS,)),
    "type": ({"hvm", "pv", "pvh"},), "builder": ({"hvm", "generic"},), "bios": ({"rombios", "seabios", "ovmf"},),
    "tsc_mode": ({"default", "always_emulate", "native"},),
    "timer_mode": ({"delay_for_missed_ticks", "no_delay_for_missed_ticks", "no_missed_ticks_pending",
                    "one_missed_tick_pending", "0", "1", "2", "3"},),
    "vga": ({"stdvga", "cirrus", "none", "qxl"},), "hdtype": ({"ide", "ahci"},), "vendor_device": ({"none", "xenserver"},),
    "gfx_passthru": (FLAG, {"default", "igd"}), "viridian": (FLAG, LIST),
    "device_model_version": ({"qemu-xen", "qemu-xen-traditional"},),
}
HVM_ONLY = {"timer_mode"}
ENLIGHTENMENTS = set("""all defaults base freq time_ref_count reference_tsc hcall_remote_tlb_flush apic_assist crash_ctl
    synic stimer hcall_ipi ex_processor_masks no_vp_limit cpu_hotplug""".split())
DISK = {"format": {"raw", "qcow", "qcow2", "vhd", "qed", "empty"}, "access": {"r", "ro", "w", "rw"},
        "devtype": {"disk", "cdrom"}, "backendtype": {"phy", "tap", "qdisk", "standalone"}}
VDEV = re.compile(r"xvd[a-z]{1,3}\d{0,3}|hd[a-d]\d{0,2}|sd[a-p]\d{0,2}|[1-9]\d*|d\d+p\d+")
VIF = {"mac": r"([0-9a-fA-F]{1,2}:){5}[0-9a-fA-F]{1,2}", "bridge": ".+", "script": ".+", "ip": ".+", "model": ".+",
       "vifname": ".+", "backend": ".+", "gatewaydev": ".+", "type": "vif|ioemu", "devid": r"\d+", "mtu": r"\d+",
       "rate": r"[1-9]\d*[GMK]?[Bb]/s(@\d+[mu]?s?)?"}
VFB = {"vnc": "[01]", "vnclisten": ".+", "vncdisplay": r"\d+", "vncunused": "[01]", "vncpasswd": ".+", "sdl": "[01]",
       "opengl": "[01]", "display": ".+", "xauthority": ".+", "keymap": ".+"}
PCI = re.compile(r"([0-9a-f]{4}:)?[0-9a-f]{2}:[01][0-9a-f]\.(?:[0-7]|\*)(@[01]?[0-9a-f])?"
                 r"(,(msitranslate|power_mgmt|permissive|seize)=[01])*")
CPUS = re.compile(r"all|\^?\d+(-\d+)?(,\^?\d+(-\d+)?)*")
CPUID = re.compile(r"(0x[0-9a-f]+|\d+)(,(0x[0-9a-f]+|\d+))?:e[abcd]x=[01xks]{32}(,e[abcd]x=[01xks]{32})*")
UUID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def _fits(value: Value, kind) -> bool:
    if kind == LIST or isinstance(value, list):
        return kind == LIST and isinstance(value, list)
    if kind == STRING:
        return True
    if kind == NUMBER:
        return bool(re.fullmatch(r"-?(0|[1-9]\d*|0x[0-9a-f]+)", value))
    return value in ({"0", "1"} if kind == FLAG else kind)


def _disk(spec: str) -> list[str]:
    options, wrong = {}, []
    while spec:
        if spec.startswith("target="):
            options["target"] = spec[7:]
            break
        part, _, spec = spec.partition(",")
        key, sign, value = part.partition("=")
        if key in options:
            wrong.append(f"{key} twice")
        options[key] = value
        if not (value in DISK[key] if key in DISK else key in ("vdev", "backend", "script") and value or
                key in ("cdrom", "direct-io-safe", "discard", "no-discard") and not sign):
            wrong.append(f"option {part!r}")
    if not VDEV.fullmatch(options.get("vdev", "")):
        wrong.append("vdev")
    if not options.get("target") and "cdrom" not in (options.get("devtype"), "cdrom" in options and "cdrom"):
        wrong.append("no target")
    return wrong


def _options(spec: str, known: dict[str, str]) -> list[str]:
    parts = [p.partition("=") for p in spec.split(",")] if spec else []
    keys = [p[0] for p in parts]
    return ([f"option {'='.join(p)!r}" for p in parts if not re.fullmatch(known.get(p[0], "$."), p[2])]
            + [f"{k} twice" for k in set(keys) if keys.count(k) > 1])


def _devices(settings: dict[str, Value], hvm: bool) -> list[str]:
    wrong = []
    vdevs = []
    for spec in settings.get("disk", []):
        wrong += [f"disk {spec!r}: {w}" for w in _disk(spec)]
        vdevs += re.findall("(?:^|,)vdev=([^,]*)", spec.partition("target=")[0])
    wrong += [f"two disks {v}" for v in set(vdevs) if vdevs.count(v) > 1]
    for key, known in (("vif", VIF), ("vfb", VFB)):
        for spec in settings.get(key, []):
            wrong += [f"{key} {spec!r}: {w}" for w in _options(spec, known)]
            if key == "vif" and not hvm and "type=ioemu" in spec:
                wrong.append(f"vif {spec!r}: of a PV guest")
    for key, pattern in (("pci", PCI), ("cpuid", CPUID), ("cpus", CPUS), ("cpus_soft", CPUS)):
        values = settings.get(key, [])
        wrong += [f"{key} {v!r}" for v in ([values] if isinstance(values, str) else values) if not pattern.fullmatch(v)]
    return wrong


def faults(text: bytes, minor: int = 17) -> list[str]:
    """The settings in this configuration that xl of Xen 4.minor would reject or ignore."""
    settings = read(text)
    hvm = "hvm" in (settings.get("type"), settings.get("builder"))
    wrong = [f"{k} = {v!r}" for k, v in settings.items() if not any(_fits(v, kind) for kind in KEYS.get(k, ()))]
    wrong += [f"{k} for a PV guest" for k in settings if k in HVM_ONLY and not hvm]
    if not settings.get("name"):
        wrong.append("no name")
    if "uuid" in settings and not UUID.fullmatch(str(settings["uuid"])):
        wrong.append("uuid")
    if {settings.get("type"), settings.get("builder")} in ({"pv", "hvm"}, {"hvm", "generic"}):
        wrong.append("type and builder differ")
    if not hvm and not {"kernel", "bootloader"} & set(settings):
        wrong.append("neither kernel nor bootloader")
    if hvm and "kernel" not in settings and {"ramdisk", "cmdline", "extra", "root"} & set(settings):
        wrong.append("arguments for no kernel")
    if int(str(settings.get("maxvcpus", "0")), 0) and int(str(settings["maxvcpus"]), 0) < int(str(settings.get("vcpus", "1")), 0):
        wrong.append("maxvcpus below vcpus")
    if isinstance(settings.get("viridian"), list):
        wrong += [f"viridian {v!r}" for v in settings["viridian"] if v.lstrip("!") not in ENLIGHTENMENTS]
    if settings.get("vncdisplay", "0") != "0" and ":" in str(settings.get("vnclisten", "")):
        wrong.append("a display in vnclisten, and vncdisplay")
    if minor >= 21 and settings.get("device_model_version") == "qemu-xen-traditional":
        wrong.append("device_model_version")
    return wrong + _devices(settings, hvm)
