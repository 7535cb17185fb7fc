#!/usr/bin/python3
"""chromium.py OUT_DIR: converts an archive with a hostile file name, and tests the HTML report in headless Chromium: with and
without scripts, by mouse and keyboard, light and dark, wide and narrow, and the contrast. Writes screenshots for review.

Needs Debian's chromium and chromium-driver. Not part of ./test.sh, since most builders have no browser."""

import argparse
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import archive, batch, cases, flavours, legacy, make_stream, program

PORT = 9517
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
HOSTILE = "<img src=x onerror=document.title=1>.save"

# The lowest contrast (WCAG's ratio) between a text and its background, for all elements that set a colour.
CONTRAST = """
const lum = (c) => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number).map((v) => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
  return .2126 * r + .7152 * g + .0722 * b; };
const behind = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (!c.endsWith(', 0)')) return c; } return 'rgb(255,255,255)'; };
let least = 99, where = '';
for (const e of document.querySelectorAll('h1,h2,p,dt,dd,figcaption,caption,li,th,td,.result,label,output,button')) {
  const [a, b] = [lum(getComputedStyle(e).color), lum(behind(e))].sort((x, y) => y - x), ratio = (a + .05) / (b + .05);
  if (ratio < least) { least = ratio; where = e.tagName + '.' + e.className; } }
return [least, where];
"""


class Browser:
    def __init__(self, *options: str):
        self.profile = tempfile.mkdtemp()
        capabilities = {"browserName": "chrome", "goog:loggingPrefs": {"browser": "ALL"}, "goog:chromeOptions": {
            "binary": "/usr/bin/chromium",
            "args": ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
                     "--disable-background-networking", "--disable-component-update", "--disable-sync",
                     f"--user-data-dir={self.profile}", *options]}}
        self.driver = subprocess.Popen(["chromedriver", f"--port={PORT}", "--silent"], stdout=subprocess.DEVNULL)
        self.session = ""
        for _ in range(100):
            try:
                self.session = "/" + self.call("POST", "", {"capabilities": {"alwaysMatch": capabilities}})["sessionId"]
                return
            except OSError:
                time.sleep(0.1)
        raise SystemExit("chromedriver does not answer")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.call("DELETE", "")
        self.driver.terminate()
        self.driver.wait()
        shutil.rmtree(self.profile, ignore_errors=True)

    def call(self, method: str, what: str, body: Optional[dict] = None) -> Any:
        request = urllib.request.Request(f"http://127.0.0.1:{PORT}/session{self.session}{what}", method=method,
                                         data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def open(self, page: Path, width: int, height: int, scheme: str = "light") -> None:
        self.call("POST", "/window/rect", {"width": width, "height": height})
        self.call("POST", "/goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia", "params": {
            "features": [{"name": "prefers-color-scheme", "value": scheme}]}})
        self.call("POST", "/url", {"url": page.as_uri()})

    def script(self, text: str) -> Any:
        return self.call("POST", "/execute/sync", {"script": text, "args": []})

    def find(self, selector: str) -> str:
        return self.call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def click(self, selector: str) -> None:
        self.call("POST", f"/element/{self.find(selector)}/click", {})

    def keys(self, selector: str, text: str) -> None:
        self.call("POST", f"/element/{self.find(selector)}/value", {"text": text})

    def shot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.call("GET", "/screenshot")))

    def complaints(self) -> list[str]:
        return [entry["message"] for entry in self.call("POST", "/se/log", {"type": "browser"})]


def mixed(flavour: flavours.Flavour, size: int) -> legacy.Save:
    """A save with a realistic mix of pages: those of PV guests contain page tables."""
    def entry(pfn: int) -> int:
        if not flavour.pv or pfn % 9:
            return pfn
        kind = (flavours.L1TAB, flavours.L1TAB, flavours.L1TAB, flavours.L2TAB, flavours.L1TAB, flavours.L3TAB, flavours.XALLOC)
        return kind[pfn // 9 % len(kind)] | pfn

    save = make_stream.big(flavour, size)
    body = (replace(c, entries=[entry(e) for e in c.entries]) if isinstance(c, legacy.Batch) else c for c in save.body)
    return replace(save, body=body)


def make_report(work: Path) -> Path:
    old, report = work / "old-saves", work / "report.html"
    for host in ("atlas", "boreas", "ceres"):
        (old / host).mkdir(parents=True)
    sizes = (8, 20, 32, 32, 64, 64, 64, 96, 128, 128, 192, 256)
    names = ("mail", "web", "dns", "build", "wiki", "db", "ldap", "proxy", "files", "cache", "print", "backup")
    for i, (name, size) in enumerate(zip(names, sizes)):
        path = old / ("atlas", "boreas", "ceres")[i % 3] / f"{name}-2011.save"
        flavour = flavours.ALL[i % len(flavours.ALL)]
        with open(path, "wb") as f:
            legacy.write(mixed(flavour, size << 20), f)
    for case in cases.CASES[::6]:
        (old / "ceres" / f"{case.name}.save").write_bytes(case.octets())
    for case in cases.good()[:12]:
        (old / "boreas" / f"{case.name}.save").write_bytes(make_stream.with_xl(case).octets())
    (old / "readme.txt").write_text("Saves of the old cluster.\n")
    (old / HOSTILE).write_bytes(cases.good()[0].octets()[:-5])
    subprocess.run([program.PROGRAM, "-i", old, "-o", work / "new-saves", "-q", "--report", report],
                   stderr=subprocess.DEVNULL, check=False)
    return report


def make_large(work: Path, files: int) -> Path:
    """Makes a report of a given number of files, by repeating the rows of a real run."""
    old, rows, many, report = work / f"old-{files}", work / f"{files}.jsonl", work / f"many-{files}.jsonl", work / f"{files}.html"
    archive.make(old, 1500, 0, 0)
    subprocess.run([program.PROGRAM, "-i", old, "-o", work / f"new-{files}", "-q", "--no-sync", "--report", rows], stderr=subprocess.DEVNULL, check=False)
    kinds = [row for row in batch.lines(rows) if row["type"] == "file"]
    with open(many, "w", encoding="utf-8") as out:
        for i in range(files):
            row = kinds[i % len(kinds)]
            out.write(json.dumps({**row, "path": f"{i // len(kinds):03}/{row['path']}"}) + "\n")
    subprocess.run([program.PROGRAM, "--merge-reports", report, many], check=True)
    return report


def try_large(browser: Browser, work: Path, out: Path, files: int) -> None:
    """A page with many files must load, sort and filter within 10 seconds."""
    report, times = make_large(work, files), []
    for scheme in ("light", "dark"):
        begun = time.monotonic()
        browser.open(report, 1400, 1100, scheme)
        times.append(time.monotonic() - begun)
        browser.shot(out / f"large-{files}-{scheme}.png")
        browser.script("document.getElementById('reasons').scrollIntoView()")
        browser.shot(out / f"large-{files}-{scheme}-table.png")
        assert browser.script(CONTRAST)[0] >= 4.5
    for action in (lambda: browser.click("#table thead th:nth-child(7) button"), lambda: browser.keys("#words", "host7")):
        begun = time.monotonic()
        action()
        times.append(time.monotonic() - begun)
    rows = min(files, 5000)
    assert f"of {rows} files" in browser.script("return shown.textContent")
    assert (f"the first of {files}" in browser.script("return shown.textContent")) == (files > 5000)
    assert max(times) < 10, times
    print(f"{files} files: {report.stat().st_size >> 10} KiB, {rows} rows; shown after {max(times[:2]):.2f} s, sorted after {times[2]:.2f} s, "
          f"filtered after {times[3]:.2f} s")


def order(browser: Browser, column: int) -> list[str]:
    return browser.script(f"return [...document.querySelectorAll('#table tbody tr')].map((r) => r.cells[{column}].textContent)")


def try_script(browser: Browser) -> None:
    rows = len(order(browser, 0))
    assert order(browser, 0)[0] == "failed" and f"{rows} of {rows}" in browser.script("return shown.textContent")
    assert browser.script("return document.title") == "Conversion of Xen saves", "a name was executed"
    assert HOSTILE in order(browser, 1)
    browser.click("#table thead th:nth-child(2) button")
    assert order(browser, 1) == sorted(order(browser, 1)), "sorted by name"
    assert browser.script("return document.querySelector('[aria-sort]').ariaSort") == "ascending"
    browser.keys("#table thead th:nth-child(7) button", "\ue007")      # Enter
    browser.keys("#table thead th:nth-child(7) button", "\ue00d")      # the space bar: reverses the order
    sizes = browser.script("return [...document.querySelectorAll('#table tbody tr')].map((r) => Number(r.cells[6].dataset.v))")
    assert sizes == sorted(sizes, reverse=True), "sorted by size, largest first"
    assert browser.script("return document.querySelectorAll('[aria-sort]').length") == 1
    browser.keys("#words", "mail")
    left = browser.script("return [...document.querySelectorAll('#table tbody tr')].filter((r) => !r.hidden).length")
    assert 0 < left < rows and browser.script("return shown.textContent") == f"{left} of {rows} files"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="directory for the screenshots")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    if not (os.access("/usr/bin/chromium", os.X_OK) and shutil.which("chromedriver")):
        print("chromium: skipped: packages chromium and chromium-driver are not installed")
        return
    with tempfile.TemporaryDirectory() as work:
        page = make_report(Path(work))
        with Browser() as browser:
            for scheme in ("light", "dark"):
                browser.open(page, 1400, 1100, scheme)
                if scheme == "dark":    # sort by size, largest first
                    browser.click("#table thead th:nth-child(7) button")
                    browser.click("#table thead th:nth-child(7) button")
                    browser.script("document.getElementById('pictures').scrollIntoView()")
                browser.shot(out / f"report-{scheme}.png")
                least, where = browser.script(CONTRAST)
                assert least >= 4.5, f"{scheme}: contrast {least:.2f} at {where}"
                print(f"{scheme}: the least contrast of a text is {least:.2f} ({where})")
            browser.open(page, 500, 1000)
            browser.shot(out / "report-narrow.png")
            assert browser.script("return document.documentElement.scrollWidth <= innerWidth"), "scrolls sideways"
            browser.open(page, 1280, 1100)
            try_script(browser)
            for files in (3000, 100000):
                try_large(browser, Path(work), out, files)
            assert not browser.complaints(), browser.complaints()
        with Browser("--blink-settings=scriptEnabled=false") as browser:
            browser.open(page, 1280, 1100)
            browser.find("tbody tr.failed")
            assert browser.call("GET", f"/element/{browser.find('#filter')}/displayed") is False
    print(f"sorted, filtered, read without script; no complaints of the browser. Screenshots: {out}/report-*.png")


if __name__ == "__main__":
    main()
