"""The profile as one self-contained HTML file: no network, small, readable on paper and on a phone."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from opsmith.tools.compute.profile import ColumnProfile, TableProfile
from opsmith.tools.contract import Finding

_STYLE = """
:root{--ink:#1b2430;--soft:#657080;--line:#dfe4ea;--bar:#3d7ea6;--critical:#b3261e;--warning:#a86400;--info:#3d7ea6;--paper:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#98a3b3;--line:#2c3644;--bar:#6cb1dc;--critical:#ff8a80;--warning:#ffc46b;--info:#8ecbff;--paper:#12181f}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:1080px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}.soft{color:var(--soft)}
ul.findings{list-style:none;padding:0}ul.findings li{padding:.35rem .6rem;border-left:4px solid var(--info);margin:.3rem 0;background:color-mix(in srgb,var(--line) 30%,transparent)}
li.critical{border-color:var(--critical)!important}li.warning{border-color:var(--warning)!important}
.fix{color:var(--soft);font-size:.9em;display:block}
.column{border-top:1px solid var(--line);padding:.7rem 0;display:grid;grid-template-columns:minmax(150px,1.1fr) minmax(180px,1.4fr) 260px;gap:1rem;align-items:start}
.column b{overflow-wrap:anywhere}.facts{font-size:.88em}.facts span{display:inline-block;margin-right:.9em;white-space:nowrap}
svg rect{fill:var(--bar)}svg text{fill:var(--soft);font-size:10px}input{font:inherit;padding:.3rem .5rem;width:260px;border:1px solid var(--line);border-radius:4px;background:transparent;color:inherit}
@media(max-width:760px){.column{grid-template-columns:1fr}}
"""
_SCRIPT = "const q=document.getElementById('q');q.oninput=()=>document.querySelectorAll('.column').forEach(c=>c.hidden=!c.dataset.name.includes(q.value.toLowerCase()))"


def write_report(profile: TableProfile, findings: Sequence[Finding], home: Path) -> str:
    """Write the report under .opsmith/reports; its project-relative path."""
    folder = home / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    key = hashlib.sha256(profile.name.encode()).hexdigest()[:8]
    stem = "".join(ch if ch.isalnum() else "-" for ch in Path(profile.name).name)[:40]
    target = folder / f"profile-{stem}-{key}.html"
    target.write_text(as_html(profile, findings), encoding="utf-8")
    return target.relative_to(home.parent).as_posix()


def as_html(profile: TableProfile, findings: Sequence[Finding]) -> str:
    """The whole page; at most 400 columns are drawn."""
    items = "".join(
        f'<li class="{f.severity}">{_e(f.message)}{f"<span class=fix>say: {_e(f.fix)}</span>" if f.fix else ""}</li>'
        for f in findings
    )
    columns = "".join(_column(c, profile.rows) for c in profile.columns[:400])
    facts = f"{profile.rows:,} rows × {len(profile.columns)} columns · {profile.duplicate_rows:,} duplicate rows"
    notes = f" · {_e('; '.join(profile.notes))}" if profile.notes else ""
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{_e(profile.name)}</title>'
        f"<style>{_STYLE}</style><h1>{_e(profile.name)}</h1><p class=soft>{facts}{notes}</p>"
        f"<h2>Findings</h2><ul class=findings>{items or '<li>Nothing that needs mending.</li>'}</ul>"
        f'<h2>Columns</h2><input id=q placeholder="find a column" aria-label="find a column">{columns}<script>{_SCRIPT}</script></html>'
    )


def _column(c: ColumnProfile, rows: int) -> str:
    s = c.scalars
    facts: list[tuple[str, Any]] = [("distinct", f"{c.distinct:,}"), ("missing", f"{c.missing:,}")]
    if c.hidden:
        facts.append(("hidden missing", f"{c.hidden:,}"))
    if s.mean is not None:
        facts += [("mean", _n(s.mean)), ("std", _n(s.std)), ("min", _n(s.minimum)), ("max", _n(s.maximum))]
        facts += [(f"p{p}", _n(v)) for p, v in zip((5, 25, 50, 75, 95), s.quantiles, strict=False)]
    elif s.minimum is not None:
        facts += [("from", s.minimum), ("to", s.maximum)]
    if s.length_mean is not None:
        facts.append(("letters", f"{s.length_min}–{s.length_max}, mean {s.length_mean:.1f}"))
    shown = "".join(f"<span><span class=soft>{k}</span> {_e(str(v))}</span>" for k, v in facts)
    picture = _histogram(c) if c.counts else _bars(c, rows)
    return (
        f'<div class=column data-name="{_e(c.name.lower())}"><div><b>{_e(c.name)}</b><br><span class=soft>{_e(c.kind)} — {_e(c.why)}</span></div>'
        f"<div class=facts>{shown}</div><div>{picture}</div></div>"
    )


def _histogram(c: ColumnProfile) -> str:
    top = max(c.counts) or 1
    width = 250 / len(c.counts)
    bars = "".join(
        f'<rect x="{n * width:.1f}" y="{60 - 56 * v / top:.1f}" width="{max(1.0, width - 1):.1f}" height="{56 * v / top:.1f}"><title>{_n(a)} – {_n(b)}: {v:,}</title></rect>'
        for n, (v, a, b) in enumerate(zip(c.counts, c.edges[:-1], c.edges[1:], strict=True))
    )
    return f'<svg viewBox="0 0 250 74" width="250" height="74" role="img">{bars}<text x="0" y="72">{_n(c.edges[0])}</text><text x="250" y="72" text-anchor="end">{_n(c.edges[-1])}</text></svg>'


def _bars(c: ColumnProfile, rows: int) -> str:
    shown = c.top[:6]
    top = max((n for _, n in shown), default=0)
    if not top or c.kind == "id":
        return ""
    lines = "".join(
        f'<rect x="110" y="{n * 13 + 2}" width="{100 * v / top:.1f}" height="9"/><text x="106" y="{n * 13 + 10}" text-anchor="end">{_e(str(value)[:18])}</text><text x="{114 + 100 * v / top:.1f}" y="{n * 13 + 10}">{v:,}</text>'
        for n, (value, v) in enumerate(shown)
    )
    return f'<svg viewBox="0 0 260 {len(shown) * 13 + 4}" width="260" height="{len(shown) * 13 + 4}" role="img">{lines}</svg>'


def _n(value: Any) -> str:
    return f"{value:,.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else _e(str(value))


def _e(text: str) -> str:
    return html.escape(text, quote=True)
