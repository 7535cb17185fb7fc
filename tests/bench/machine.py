"""Describes the machine on which the figures were measured, and its load."""

import os
import platform
import resource
import subprocess
import time
from pathlib import Path


def memory_available() -> int:
    line = next(x for x in Path("/proc/meminfo").read_text().splitlines() if x.startswith("MemAvailable:"))
    return int(line.split()[1]) * 1024


def _mount(where: Path) -> str:
    done = subprocess.run(["findmnt", "-n", "-o", "FSTYPE,OPTIONS", "-T", str(where)], capture_output=True, text=True,
                          check=False)
    return " ".join(done.stdout.split()) or "unknown"


def _processor() -> str:
    names = [x.split(":", 1)[1].strip() for x in Path("/proc/cpuinfo").read_text().splitlines()
             if x.startswith("model name")]
    return names[0] if names else platform.machine()


def describe(where: Path) -> dict[str, str]:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    virtual = " (a virtual machine)" if " hypervisor " in Path("/proc/cpuinfo").read_text() else ""
    limits = " and ".join(Path("/proc/sys/vm", x).read_text().strip() for x in ("dirty_background_ratio", "dirty_ratio"))
    return {
        "CPU": f"{os.cpu_count()} × {_processor()}{virtual}",
        "memory": f"{total / 2**30:.0f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "file system": _mount(where),
        "dirty_background_ratio and dirty_ratio": limits,
    }


class Others:
    """CPU time used by other processes, that is not by this one and its children, and by kernel threads."""

    def __init__(self):
        self.start = self._sample()

    @staticmethod
    def _sample() -> tuple[float, float, float, float]:
        ticks = [int(x) for x in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
        ticks = [x / os.sysconf("SC_CLK_TCK") for x in ticks]
        user, nice, system, _idle, _iowait, irq, softirq, steal = ticks
        ours = sum(usage.ru_utime + usage.ru_stime
                   for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
        return time.monotonic() * (os.cpu_count() or 1), user + nice + system + irq + softirq, steal, ours

    def percent(self) -> tuple[float, float]:
        """Returns CPU time of others, and time stolen by the hypervisor, since the start, in percent of all CPUs."""
        all_time, busy, steal, ours = (b - a for a, b in zip(self.start, self._sample()))
        return max(0.0, 100 * (busy - ours) / all_time), 100 * steal / all_time


def revision(project: Path, program: Path) -> str:
    """The commit, with remarks if the program may not be built from it."""
    def git(*args: str) -> str:
        return subprocess.run(["git", "-C", str(project), *args], capture_output=True, text=True, check=False).stdout
    sources = ["src", "legacy", "v2", "CMakeLists.txt", "CMakePresets.json"]
    text = git("rev-parse", "--short=12", "HEAD").strip() or "unknown"
    if git("status", "--porcelain", "--", *sources):
        text += ", with uncommitted changes to the sources"
    files = [x for s in sources for x in ([project / s] if (project / s).is_file() else (project / s).rglob("*.[ch]"))]
    if max(x.stat().st_mtime for x in files) > program.stat().st_mtime:
        text += "; SOURCES ARE NEWER THAN THE PROGRAM that was measured"
    return text
