"""The features as one HTML page: gains, the outcome by parts of each feature, and its correlation with existing columns."""

from __future__ import annotations

import html
from pathlib import Path
from string import Template

import numpy as np

from opsmith.tools.compute.drift_svg import HEIGHT, PAD, WIDTH
from opsmith.tools.compute.features import metrics, proposed, telling
from opsmith.tools.compute.features.ask import Asking
from opsmith.tools.compute.features.compute import Rows, fit
from opsmith.tools.compute.features.explain import Bin, parts_of, plain_number
from opsmith.tools.compute.features.featureset import Entry
from opsmith.tools.compute.features.suggest import Suggestions
from opsmith.tools.compute.features.transformer import outcome_of
from opsmith.tools.contract import Table

_ROWS = 5_000


def save(asking: Asking, found: Suggestions) -> str:
    """Write the page under .opsmith/reports; its project-relative name."""
    context = asking.context
    name = "".join(ch if ch.isalnum() else "-" for ch in f"{found.features.dataset}-{found.features.target}").strip("-")
    path = context.home / "reports" / f"features-{name}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(asking, found), encoding="utf-8")
    return path.relative_to(context.project).as_posix()


def page(asking: Asking, found: Suggestions) -> str:
    """The whole report without scripts or outside files."""
    s = found.features
    template = Template((Path(__file__).parents[2] / "templates" / "features_report.html").read_text(encoding="utf-8"))
    refused = "".join(f'<li class="{f.severity}">{html.escape(f.message)}</li>' for f in found.findings)
    tables = [telling.search_table(found), *telling.closest_table(found)]
    tables += proposed.table(found.summary.get("proposals", ()))
    return template.substitute(
        title=html.escape(f"Features for {s.target} in {s.dataset}"),
        headline=html.escape(telling.headline(found)),
        method=html.escape(f"{found.summary['rows_used']:,} of {found.summary['rows']:,} rows, {found.summary['validated_by']}"),
        gains=_gains(s.features, metrics.NAMES.get(s.metric, s.metric)),
        features="".join(_one(asking, found, f, i) for i, f in enumerate(s.features, 1)),
        refused=refused or "<li>Nothing was refused.</li>",
        tables="".join(_table(t) for t in tables),
    )  # fmt: skip


def _one(asking: Asking, found: Suggestions, entry: Entry, number: int) -> str:
    s = found.features
    frame = asking.enlarged(s)
    frame = frame[frame[s.target].notna()].head(_ROWS)
    rows, outcome = Rows(frame), outcome_of(frame[s.target], s.task)
    values, fitted = fit(entry.node, rows, outcome)
    what = "mean" if s.task == "regression" else "share"
    near = ", ".join(f"{c} {r:+.2f}" for c, r in _correlated(rows, values, found.summary["columns"])) or "none"
    words = ""
    if entry.expression.startswith("keyword_risk") and fitted:
        weights = sorted(fitted[0]["weights"].items(), key=lambda w: -abs(w[1]))
        words = _table(Table("Terms and weights", ("term", "weight"), tuple(weights)))
    helped = html.escape(" and the ".join(entry.models) or "-")
    drawing = (
        f"<figcaption>{what} of {html.escape(s.target)} by part of it</figcaption>{_bars(parts_of(values, outcome))}"
    )
    return (
        f"<section><h3>{number}. {html.escape(entry.name)}</h3><p>{html.escape(entry.meaning)}</p>"
        f"<code>{html.escape(entry.expression)}</code><p>Gain {html.escape(telling.interval(entry))}, helps the {helped} model. "
        f"Correlation with existing columns: {html.escape(near)}.</p><figure>{drawing}</figure>{words}</section>"
    )


def _correlated(rows: Rows, values: np.ndarray, kinds: dict[str, str], most: int = 4) -> list[tuple[str, float]]:
    """The number columns that go with a feature most, by Pearson's correlation."""
    found = []
    for name, kind in kinds.items():
        if kind != "number" or name not in rows.names:
            continue
        other = rows.column(name, "number")
        both = ~(np.isnan(values) | np.isnan(other))
        x, y = values[both], other[both]
        width = float(x.std() * y.std()) if both.sum() > 10 else 0.0
        if width > 0:
            found.append((name, float(np.mean((x - x.mean()) * (y - y.mean()))) / width))
    return sorted(found, key=lambda f: -abs(f[1]))[:most]


def _gains(entries: tuple[Entry, ...], metric: str) -> str:
    """Bars from zero with whiskers for the intervals."""
    known = [e for e in entries if e.gain is not None and e.interval]
    if not known:
        return ""
    low = min(0.0, *(e.interval[0] for e in known if e.interval))
    high = max(e.interval[1] for e in known if e.interval) or 1.0
    left, width, row = 300, 420, 26

    def x(value: float) -> float:
        return left + (value - low) / (high - low or 1.0) * width

    tall = row * len(known)
    drawn = [f'<line x1="{x(0):.1f}" y1="0" x2="{x(0):.1f}" y2="{tall}" stroke="#888"/>']
    for i, e in enumerate(known):
        assert e.interval is not None and e.gain is not None
        y = i * row + 5
        name = e.name if len(e.name) <= 44 else e.name[:43] + "…"
        drawn.append(_text(left - 8, y + 12, name, 11, "end"))
        drawn.append(_rectangle(min(x(0), x(e.gain)), y, abs(x(e.gain) - x(0)), 15))
        ends = f'x1="{x(e.interval[0]):.1f}" y1="{y + 7.5}" x2="{x(e.interval[1]):.1f}" y2="{y + 7.5}"'
        drawn.append(f'<line {ends} stroke="#1a202c" stroke-width="1.5"/>')
        drawn.append(_text(left + width + 8, y + 12, f"{e.gain:+.4f}", 11, "start"))
    caption = f"<figcaption>Gain in {html.escape(metric)} with its 95 % interval</figcaption>"
    return f"<figure>{caption}{_svg(drawn, 800, tall)}</figure>"


def _bars(parts: list[Bin]) -> str:
    """The mean outcome of each part as a bar, from zero where all are positive."""
    top, base = max(p[2] for p in parts), min(0.0, *(p[2] for p in parts))
    slot = (WIDTH - 2 * PAD) / len(parts)
    drawn = []
    for i, (label, rows, value) in enumerate(parts):
        tall = (value - base) / ((top - base) or 1.0) * (HEIGHT - 2 * PAD - 12)
        x = PAD + i * slot
        drawn.append(_rectangle(x + 3, HEIGHT - PAD - tall, slot - 6, tall, f"{rows:,} rows"))
        drawn.append(_text(x + slot / 2, HEIGHT - PAD - tall - 3, plain_number(value), 9))
        low, _, high = label.partition(" to ")  # a range takes two lines, so that its neighbours do not run into it
        drawn.append(_text(x + slot / 2, HEIGHT - 16 if high else HEIGHT - 10, low, 8))
        if high:
            drawn.append(_text(x + slot / 2, HEIGHT - 6, f"to {high}", 8))
    return _svg(drawn, WIDTH, HEIGHT)


def _rectangle(x: float, y: float, width: float, height: float, told: str = "") -> str:
    title = f"<title>{html.escape(told)}</title>" if told else ""
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect {place} fill="#2b6cb0" fill-opacity="0.75">{title}</rect>'


def _text(x: float, y: float, text: str, size: int, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="#333">{html.escape(text)}</text>'


def _svg(parts: list[str], width: int, height: int) -> str:
    return f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">{"".join(parts)}</svg>'


def _table(table: Table) -> str:
    head = "".join(f"<th>{html.escape(str(c))}</th>" for c in table.columns)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(str(v))}</td>" for v in row) + "</tr>" for row in table.rows)
    return f"<h4>{html.escape(table.title)}</h4><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
