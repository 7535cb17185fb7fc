"""Draws cost and memory against size as SVG, for light and dark pages."""

from math import log10
from statistics import median

GIB = 1 << 30
WIDTH, TOP, LEFT = 980, 74, 62                      # entire picture
PANEL_W, PANEL_H, GAP_X, GAP_Y = 240, 150, 68, 62   # each panel

# Name, class and marker. Markers differ in shape so that colours are not needed to tell lines apart.
TOOLS = [("convert-legacy-stream", "ours", "circle"), ("peer", "peer", "square"), ("bare loop", "loop", "diamond"),
         ("Xen's script", "xen", "triangle")]
ROWS = [("wall", "wall, s"), ("CPU", "CPU, s"), ("memory", "peak RSS, MiB")]

STYLE = """
text { font: 12px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #52514e; }
.head { font-weight: 600; fill: #0b0b0b; }
.page { fill: #fcfcfb; }
.grid { stroke: #e1e0d9; stroke-width: 1; }
.axis { stroke: #8a8984; stroke-width: 1; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.bar { stroke-width: 1; }
.ours { stroke: #2a78d6; } .ours.dot { fill: #2a78d6; }
.peer { stroke: #c9551f; } .peer.dot { fill: #c9551f; }
.loop { stroke: #148a60; } .loop.dot { fill: #148a60; }
.xen { stroke: #5a4ab8; } .xen.dot { fill: #5a4ab8; }
@media (prefers-color-scheme: dark) {
  text { fill: #c3c2b7; }
  .head { fill: #ffffff; }
  .page { fill: #1a1a19; }
  .grid { stroke: #2c2c2a; }
  .axis { stroke: #8a8984; }
  .ours { stroke: #5a9ff0; } .ours.dot { fill: #5a9ff0; }
  .peer { stroke: #ee8a5c; } .peer.dot { fill: #ee8a5c; }
  .loop { stroke: #35c08d; } .loop.dot { fill: #35c08d; }
  .xen { stroke: #a79df2; } .xen.dot { fill: #a79df2; }
}
"""


def ticks(most: float) -> list[float]:
    """Round numbers from 0 to at least most, in three to six steps."""
    raw = most / 4 or 1
    power = 10 ** int(log10(raw) // 1)
    step = next(power * k for k in (1, 2, 2.5, 5, 10) if power * k >= raw * 0.999)
    count = 1
    while step * count < most:
        count += 1
    return [step * i for i in range(count + 1)]


def marker(shape: str, css: str, x: float, y: float) -> str:
    points = {"square": [(-3.5, -3.5), (3.5, -3.5), (3.5, 3.5), (-3.5, 3.5)], "diamond": [(0, -5), (5, 0), (0, 5), (-5, 0)],
              "triangle": [(0, -5), (4.5, 3.5), (-4.5, 3.5)]}.get(shape)
    if not points:
        return f'<circle class="{css} dot" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'
    where = " ".join(f"{x + a:.1f},{y + b:.1f}" for a, b in points)
    return f'<polygon class="{css} dot" points="{where}"/>'


def text(x: float, y: float, label: str, anchor: str = "start", css: str = "", extra: str = "") -> str:
    label = label.replace("&", "&amp;").replace("<", "&lt;")
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{css}"{extra}>{label}</text>'


def numbers(series: dict, what: str) -> list[float]:
    if what == "memory":
        return [x / 1024 for x in series["rss"]]
    return series["wall"] if what == "wall" else [u + s for u, s in zip(series["user"], series["system"])]


def panel(x0: float, y0: float, lines: list, what: str, label: str, title: str) -> list[str]:
    """lines: (css, shape, series in order of size)"""
    most_x = max(s["size"] / GIB for _, _, line in lines for s in line)
    most_y = max(max(numbers(s, what)) for _, _, line in lines for s in line)
    x_ticks, y_ticks = ticks(most_x), ticks(most_y)

    def at(size: float, y: float) -> tuple[float, float]:
        return x0 + PANEL_W * size / x_ticks[-1], y0 + PANEL_H * (1 - y / y_ticks[-1])

    out = [text(x0, y0 - 12, title, css="head"), text(x0 + PANEL_W / 2, y0 + PANEL_H + 34, "guest memory, GiB", "middle")]
    for t in y_ticks:
        _, y = at(0, t)
        out += [f'<line class="{"grid" if t else "axis"}" x1="{x0}" y1="{y:.1f}" x2="{x0 + PANEL_W}" y2="{y:.1f}"/>',
                text(x0 - 6, y + 4, f"{t:g}", "end")]
    for t in x_ticks:
        x, y = at(t, 0)
        out += [f'<line class="axis" x1="{x:.1f}" y1="{y:.1f}" x2="{x:.1f}" y2="{y + 4:.1f}"/>', text(x, y + 17, f"{t:g}", "middle")]
    out.append(text(x0 - 40, y0 + PANEL_H / 2, label, "middle", extra=f' transform="rotate(-90 {x0 - 40} {y0 + PANEL_H / 2})"'))
    for css, shape, line in lines:
        dots = []
        for s in line:
            values = numbers(s, what)
            x, y = at(s["size"] / GIB, max(values) if what == "memory" else median(values))
            dots.append((x, y))
            (_, low), (_, high) = at(0, min(values)), at(0, max(values))
            out.append(f'<line class="bar {css}" x1="{x:.1f}" y1="{low:.1f}" x2="{x:.1f}" y2="{high:.1f}"/>')
        out.append(f'<polyline class="line {css}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in dots)}"/>')
        out += [marker(shape, css, x, y) for x, y in dots]
    return out


def draw(figures) -> str:
    """Warm cache, HVM."""
    titles = {"file-file": "file → file", "file-pipe": "file → pipe", "pipe-pipe": "pipe → pipe"}
    peers = {"file-file": "cp", "file-pipe": "cat", "pipe-pipe": "cat"}
    height = TOP + len(ROWS) * (PANEL_H + GAP_Y)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img">',
           "<title>Wall time, CPU time and peak memory against the size of the save</title>", f"<style>{STYLE}</style>",
           f'<rect class="page" width="{WIDTH}" height="{height}"/>']
    x = LEFT
    for name, css, shape in TOOLS:
        label = "cp, or cat on pipes" if name == "peer" else name
        out += [f'<line class="line {css}" x1="{x}" y1="24" x2="{x + 26}" y2="24"/>', marker(shape, css, x + 13, 24), text(x + 33, 28, label)]
        x += 60 + 7 * len(label)
    out.append(text(WIDTH - 38, height - 8, "HVM, warm cache; medians, bars: least to most", "end"))
    for column, path in enumerate(p for p in figures.paths if p in titles):
        cases = [c for c in figures.cases if c[0] == "hvm64" and c[2] == "warm"]
        lines = []
        for name, css, shape in reversed(TOOLS):        # ours last, on top
            line = [figures.get(path, c, peers[path] if name == "peer" else name) for c in cases]
            lines.append((css, shape, [s for s in line if s]))
        lines = [x for x in lines if x[2]]
        for row, (what, label) in enumerate(ROWS):
            if lines:
                out += panel(LEFT + column * (PANEL_W + GAP_X), TOP + row * (PANEL_H + GAP_Y), lines, what, label,
                             f"{titles[path]}: {label.split(',')[0]}")
    return "\n".join(out + ["</svg>", ""])
