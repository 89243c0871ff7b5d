#!/usr/bin/python3
"""plot.py [FILE.json [FILE.svg]]: npyfs as a multiple of plain numpy on plain files, a bar for each thing that a user does.

FILE.json: what scripts/bench --json writes; default: published.json, the medians that core/README.md has in its table.
FILE.svg: default: .github/performance.svg. It is light or dark as the page is that shows it.
"""

import json
import statistics
import sys
from pathlib import Path
from xml.sax.saxutils import escape

HERE = Path(__file__).resolve().parent
# Lines of the benchmark, in words. Both sides of each are of one run; reader and npyfs may move between CPUs.
BARS = {
    "load-free": "np.load of a chunk of 256 MiB",
    "load-again-free": "np.load of a chunk, second time",
    "axis1-free": "np.load of columns in C order",
    "small-first-free": "np.load of a chunk of 64 KiB",
    "cold-free": "np.load from disk, nothing cached",
    "mapped-scan-free": "mmap_mode='r', every byte once",
    "write-save-free": "np.save into a chunk",
    "write-flush-free": "mmap_mode='r+', fill and flush()",
}
PLAIN = ("plain file", "memmap slice")
WIDTH, LABEL, BAR, SCALE, GAP, TOP = 860, 300, 18, 230, 34, 44  # pixels; SCALE is a ratio of 1
STYLE = """
  .paper { fill: #ffffff } .bar { fill: #0969da } .plain { stroke: #59636e; stroke-dasharray: 4 3 }
  text { font: 14px sans-serif; fill: #1f2328 } .words { fill: #59636e }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117 } .bar { fill: #4493f8 } .plain { stroke: #9198a1 }
    text { fill: #e6edf3 } .words { fill: #9198a1 }
  }
"""


def ratio(line):
    """The median over the rounds of npyfs by plain numpy: above 1 npyfs is faster."""
    plain = next(line["rounds"][side] for side in PLAIN if side in line["rounds"])
    pairs = zip(line["rounds"]["npyfs"], plain)
    return statistics.median(other / ours if line["unit"] == "us" else ours / other for ours, other in pairs)


def svg(lines):
    found = {line["name"]: ratio(line) for line in lines if line["name"] in BARS and line["rounds"]}
    body = []
    for place, name in enumerate(name for name in BARS if name in found):
        y, length = TOP + place * GAP, found[name] * SCALE
        body += [f'<text x="{LABEL - 12}" y="{y + 14}" text-anchor="end">{escape(BARS[name])}</text>',
                 f'<rect class="bar" x="{LABEL}" y="{y}" width="{length:.0f}" height="{BAR}" rx="2"/>',
                 f'<text x="{LABEL + length + 8:.0f}" y="{y + 14}">{found[name]:.2f}</text>']
    bottom = TOP + len(found) * GAP
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{bottom + 16}" viewBox="0 0 {WIDTH} {bottom + 16}">',
        "<title>The speed of npyfs as a multiple of plain numpy on plain files</title>", f"<style>{STYLE}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{bottom + 16}" rx="8"/>', *body,
        f'<line class="plain" x1="{LABEL + SCALE}" y1="32" x2="{LABEL + SCALE}" y2="{bottom}"/>',
        f'<text class="words" x="{LABEL + SCALE}" y="24" text-anchor="middle">1 = plain numpy on plain files, same run</text>',
        f'<text class="words" x="{WIDTH - 16}" y="24" text-anchor="end">longer is faster</text>', "</svg>", ""])


def draw(lines, path):
    """`lines` as in the JSON of the benchmark."""
    Path(path).write_text(svg(lines), encoding="utf-8")


if __name__ == "__main__":
    arguments = sys.argv[1:] + [HERE / "published.json", HERE.parents[1] / ".github/performance.svg"][len(sys.argv) - 1:]
    draw(json.loads(Path(arguments[0]).read_text())["lines"], arguments[1])
