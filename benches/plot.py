#!/usr/bin/env python3
"""Draws the figures of `benches/peers` as an SVG, from the output of its `--json`.

    python3 benches/plot.py target/peers.json benches/peers.svg
"""

import json
import sys
from html import escape

ROW, BAR = 24, 14
NAMES, PANEL, GAP, MARGIN = 322, 118, 14, 16
HEAD, FOOT = 62, 34

# The background is drawn so that the colours are readable on any page.
STYLE = """
text{font:12px system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;fill:#1f2328}
.back{fill:#fff;stroke:#d1d9e0}.dim{fill:#59636e}.head{font-weight:600}
.bar{fill:#afb8c1}.ours{fill:#0969da}.raw{stroke:#bc4c00;stroke-dasharray:3 2}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.back{fill:#0d1117;stroke:#3d444d}.dim{fill:#9198a1}
.bar{fill:#5c6570}.ours{fill:#4493f8}.raw{stroke:#f0883e}}
"""


def multiples(figures):
    """For each algorithm the time that each crate adds, as a multiple of the bare signature check, or None."""
    panels = {}
    for algorithm in (one["algorithm"] for one in figures["algorithms"]):
        tasks = [one["tasks"].get(f"{algorithm} valid") for one in figures["contestants"]]
        panels[algorithm] = [task and task["by_raw"] for task in tasks]
    return panels


def text(x, y, content, kind=""):
    kind = f' class="{kind}"' if kind else ""
    return f'<text x="{x:g}" y="{y:g}"{kind}>{escape(content)}</text>'


def number(value):
    return f"{value:.2f}×" if value < 9.995 else f"{value:.1f}×"


def is_ours(name):
    return name.partition(",")[0] == "tower-jwt-auth"


def panel(left, algorithm, names, values):
    """One algorithm: a bar for each crate, on a separate scale that begins at zero."""
    # The number is to the right of the bar, and needs 46 pixels.
    unit = (PANEL - 46) / max(value for value in values if value is not None)
    bottom = HEAD + ROW * len(values)
    yield text(left, HEAD - 10, algorithm, "head")
    for row, (name, value) in enumerate(zip(names, values)):
        top = HEAD + ROW * row
        if value is None:
            yield text(round(left + unit + 5, 1), top + 16, "n/a", "dim")
            continue
        kind = "ours" if is_ours(name) else "bar"
        yield f'<rect class="{kind}" x="{left:g}" y="{top + 5}" width="{value * unit:.1f}" height="{BAR}" rx="2"/>'
        # Also to the right of the dashed line, so that the two do not overlap.
        end = max(value, 1) * unit
        yield text(round(left + end + 5, 1), top + 16, number(value), "head" if is_ours(name) else "")
    line = round(left + unit, 1)
    yield f'<line class="raw" x1="{line}" x2="{line}" y1="{HEAD}" y2="{bottom}"/>'


def draw(figures):
    names = [one["name"] for one in figures["contestants"]]
    panels = multiples(figures)
    width = MARGIN * 2 + NAMES + len(panels) * (PANEL + GAP) - GAP
    height = HEAD + ROW * len(names) + FOOT
    title = "What a layer adds to a request with a valid token"
    yield (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
           f'height="{height}" role="img"><title>{title}</title><style>{STYLE.strip()}</style>')
    yield f'<rect class="back" x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="6"/>'
    yield text(MARGIN, 26, f"{title}, as a multiple of the bare signature check", "head")
    for row, name in enumerate(names):
        kind = "head" if is_ours(name) else ""
        yield text(MARGIN, HEAD + ROW * row + 16, name.replace("`", ""), kind)
    for number, (algorithm, values) in enumerate(panels.items()):
        yield from panel(MARGIN + NAMES + number * (PANEL + GAP), algorithm, names, values)
    foot = "Shorter is better. The dashed line, 1×, is the signature check alone with the fastest prepared key."
    yield text(MARGIN, height - 13, foot, "dim")
    yield "</svg>"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    source, target = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        figures = json.load(file)
    with open(target, "w", encoding="utf-8") as file:
        file.write("\n".join(draw(figures)) + "\n")


if __name__ == "__main__":
    main()
