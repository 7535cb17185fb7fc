"""The expected output of a case: that of Xen's script where it is correct, else that of the model."""

from concurrent.futures import ThreadPoolExecutor
import os

from . import model, v2, xen
from .cases import FORMATS, Case


def formats(case: Case) -> tuple[str, ...]:
    """The output formats to test; --skip-qemu matters only for HVM."""
    return FORMATS if case.flavour.guest == "hvm" else FORMATS[:2]


def by_script(case: Case, fmt: str) -> tuple[int, bytes]:
    assert case.save.header is None
    return xen.convert(case.octets(), case.flavour.width, case.flavour.guest, fmt)


def by_model(case: Case, fmt: str) -> bytes:
    name, _, option = fmt.partition(" ")
    return model.stream(case.save, name, skip_qemu=bool(option))


def run_scripts(cases: list[Case], wrong_too: bool = False) -> None:
    """Runs the script for all cases where it is correct, in parallel, for by_script()."""
    jobs = [(c, fmt) for c in cases for fmt in formats(c) if wrong_too or c.script_is_right(fmt)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda job: by_script(*job), jobs))


def stream(case: Case, fmt: str, version: int = 3) -> bytes:
    """The expected output without a container."""
    if case.script_is_right(fmt):
        status, data = by_script(case, fmt)
        assert status == 0, f"{case.name}: Xen's script should convert this"
    else:
        data = by_model(case, fmt)
    return data if version == 3 else v2.version_2_of(data)
