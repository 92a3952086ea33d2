"""Small drawings as SVG text: two histograms over one another, bars side by side, lines over time."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

WIDTH, HEIGHT, PAD = 460, 150, 24
_COLOURS = ("#2b6cb0", "#c05621", "#2f855a", "#6b46c1")


def histogram(edges: Sequence[float], before: Sequence[int], now: Sequence[int]) -> str:
    """Two histograms over the same bins, each as shares of its own table; bins are drawn equally wide."""
    ends = (edges[0], edges[len(edges) // 2], edges[-1]) if edges else ()
    labels = [f"{round(v, 12) + 0.0:.3g}" for v in ends]  # the first lies a hair below the least value
    return _paired(_shares(before), _shares(now), labels)


def bars(before: Mapping[str, int], now: Mapping[str, int], of: tuple[int, int] | None = None, most: int = 12) -> str:
    """Shares of the levels whose shares are largest on either side. of: totals, when not the sum of the counts."""
    total = of or (sum(before.values()), sum(now.values()))
    a = {k: v / max(total[0], 1) for k, v in before.items()}
    b = {k: v / max(total[1], 1) for k, v in now.items()}
    chosen = sorted({*a, *b}, key=lambda k: -max(a.get(k, 0), b.get(k, 0), 3 * abs(a.get(k, 0) - b.get(k, 0))))[:most]
    return _paired([a.get(k, 0) for k in chosen], [b.get(k, 0) for k in chosen], chosen, every=True)


def lines(title: str, x: Sequence[object], series: Mapping[str, Sequence[float | None]]) -> str:
    """Lines over consecutive parts, with the names of the series and the first and last part."""
    values = [v for s in series.values() for v in s if v is not None]
    if not values or len(x) < 2:
        return ""
    low, high = min(0.0, *values), max(values) or 1.0
    step = (WIDTH - 2 * PAD) / (len(x) - 1)
    drawn = []
    for number, (name, points) in enumerate(series.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        at = [
            f"{PAD + i * step:.1f},{HEIGHT - PAD - (v - low) / (high - low or 1) * (HEIGHT - 2 * PAD):.1f}"
            for i, v in enumerate(points)
            if v is not None
        ]
        drawn.append(f'<polyline points="{" ".join(at)}" fill="none" stroke="{colour}" stroke-width="2"/>')
        drawn.append(_text(PAD + 4, 12 + 13 * number, str(name), colour=colour))
    drawn.append(_text(PAD, HEIGHT - 6, str(x[0])))
    drawn.append(_text(WIDTH - PAD, HEIGHT - 6, str(x[-1]), anchor="end"))
    drawn.append(_text(WIDTH - 4, 12, f"{high:.3g}", anchor="end"))
    return f"<figure><figcaption>{html.escape(title)}</figcaption>{_svg(drawn)}</figure>"


def _paired(before: Sequence[float], now: Sequence[float], labels: Sequence[str], *, every: bool = False) -> str:
    top = max([*before, *now], default=0.0) or 1.0
    slot = (WIDTH - 2 * PAD) / max(len(before), 1)
    drawn = []
    for i, (a, b) in enumerate(zip(before, now, strict=True)):
        for share, colour, offset in ((a, _COLOURS[0], 0.0), (b, _COLOURS[1], slot * 0.42)):
            tall = share / top * (HEIGHT - 2 * PAD)
            drawn.append(
                f'<rect x="{PAD + i * slot + offset:.1f}" y="{HEIGHT - PAD - tall:.1f}" width="{slot * 0.42:.1f}" '
                f'height="{tall:.1f}" fill="{colour}" fill-opacity="0.75"/>'
            )
        if every:
            name = labels[i] if len(labels[i]) <= 10 else labels[i][:9] + "…"
            drawn.append(_text(PAD + (i + 0.45) * slot, HEIGHT - 8, name, anchor="middle", size=8))
    if not every:
        for label, x, anchor in zip(labels, (PAD, WIDTH / 2, WIDTH - PAD), ("start", "middle", "end"), strict=False):
            drawn.append(_text(x, HEIGHT - 8, label, anchor=anchor))
    drawn.append(_text(PAD, 12, "reference", colour=_COLOURS[0]))
    drawn.append(_text(PAD + 60, 12, "current", colour=_COLOURS[1]))
    return _svg(drawn)


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts) or 1
    return [c / total for c in counts]


def _text(x: float, y: float, text: str, *, anchor: str = "start", colour: str = "#444", size: int = 10) -> str:
    shown = html.escape(text)
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" font-size="{size}">{shown}</text>'


def _svg(parts: Sequence[str]) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img">{"".join(parts)}</svg>'
