"""Charts as PNG pictures, for doors that cannot draw with letters. No display and no global state: safe in threads."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from opsmith.memory.redaction import mask, plain
from opsmith.tools.contract import ToolError

MOST = 6  # charts on one picture
MOST_COLUMNS = 12  # of an alert
_COLOURS = ("#1264a3", "#e8912d", "#2eb67d", "#e01e5a", "#6b3fa0")


def picture(charts: Sequence[Mapping[str, Any]], title: str = "") -> bytes:
    """One PNG with up to six charts (contract.Chart as plain values). ToolError without charts or without matplotlib."""
    if not charts:
        raise ToolError("There is nothing to draw.")
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise ToolError("Pictures need matplotlib: pip install 'opsmith[slack]'.") from None
    shown = list(charts)[:MOST]
    columns = 1 if len(shown) == 1 else (2 if len(shown) in (2, 4) else 3)
    rows = -(-len(shown) // columns)
    figure = Figure(figsize=(4.2 * columns + 1.2, 2.9 * rows + 0.4), dpi=110, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    if title:
        figure.suptitle(_words(title, 90), fontsize=11, fontweight="bold")
    for number, chart in enumerate(shown):
        _draw(figure.add_subplot(rows, columns, number + 1), chart)
    out = io.BytesIO()
    canvas.print_png(out)
    return out.getvalue()


def of_alert(moved: Mapping[str, float], title: str) -> tuple[bytes, str]:
    """How far each column of an alert moved as a PNG, and the same in words; ToolError without figures or matplotlib."""
    far = sorted(moved.items(), key=lambda pair: -pair[1])[:MOST_COLUMNS]
    chart = {
        "title": "how far each column moved", "kind": "bar", "x": [name for name, _ in far],
        "series": {"psi": [value for _, value in far]}, "y_label": "population stability index",
    }  # fmt: skip
    words = ", ".join(f"{name} {value:.3g}" for name, value in far)
    return picture([chart] if far else [], title), words


def _draw(axes: Any, chart: Mapping[str, Any]) -> None:
    x, series = list(chart["x"]), {k: list(v) for k, v in chart["series"].items()}
    names = [_words(v, 18) for v in x]
    numeric = bool(x) and all(isinstance(v, (int, float)) for v in x)
    kind = chart["kind"]
    if kind in ("bar", "histogram"):
        width = 0.9 / max(1, len(series))
        for n, (name, values) in enumerate(series.items()):
            places = [i + n * width for i in range(len(values))]
            axes.bar(places, [v or 0.0 for v in values], width, color=_COLOURS[n % 5], label=_words(name, 24))
        _ticks(axes, names, numeric)
    else:
        for n, (name, values) in enumerate(series.items()):
            at = x if numeric else list(range(len(values)))
            known = [(a, v) for a, v in zip(at, values, strict=False) if v is not None]
            style = {"linestyle": "none", "marker": "o", "markersize": 3} if kind == "scatter" else {"linewidth": 1.6}
            axes.plot(
                [a for a, _ in known], [v for _, v in known], color=_COLOURS[n % 5], label=_words(name, 24), **style
            )
        if not numeric:
            _ticks(axes, names, numeric)
    axes.set_title(_words(chart["title"], 48), fontsize=9)
    axes.set_xlabel(_words(chart.get("x_label") or "", 40), fontsize=8)
    axes.set_ylabel(_words(chart.get("y_label") or "", 40), fontsize=8)
    axes.tick_params(labelsize=7)
    axes.spines[["top", "right"]].set_visible(False)
    if len(series) > 1:
        axes.legend(fontsize=7, frameon=False)


def _ticks(axes: Any, names: Sequence[str], numeric: bool) -> None:
    """A label for at most a dozen places, turned when they are words."""
    step = max(1, -(-len(names) // (8 if numeric else 12)))
    chosen = range(0, len(names), step)
    axes.set_xticks(
        list(chosen), [names[i] for i in chosen], rotation=0 if numeric else 30, ha="center" if numeric else "right"
    )


def _words(value: Any, longest: int) -> str:
    """Text for a picture: no secrets, and no dollar sign that would start a formula."""
    text = f"{value:.4g}" if isinstance(value, float) else mask(plain(str(value)))
    text = text.replace("\n", " ").replace("$", r"\$")
    return text if len(text) <= longest else text[: longest - 1] + "…"
