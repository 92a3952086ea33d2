"""The profile as one self-contained HTML file: no network, small, searchable, readable on paper and on a phone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

from opsmith.tools.contract import Finding

MOST_COLUMNS = 400  # columns drawn
LIMIT = 580_000  # bytes


def write_report(data: Mapping[str, Any], findings: Sequence[Finding], home: Path) -> str:
    """Write the report under .opsmith/reports; its project-relative path."""
    folder = home / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    key = hashlib.sha256(data["table"].encode()).hexdigest()[:8]
    stem = "".join(ch if ch.isalnum() else "-" for ch in Path(data["table"]).name)[:40]
    target = folder / f"profile-{stem}-{key}.html"
    target.write_text(as_html(data, findings), encoding="utf-8")
    return target.relative_to(home.parent).as_posix()


def as_html(data: Mapping[str, Any], findings: Sequence[Finding]) -> str:
    """The whole page: the data as JSON, drawn by a small script in the page; under 0.6 MB whatever the table."""
    template = Template(
        (Path(__file__).parent.parent / "templates" / "profile_report.html").read_text(encoding="utf-8")
    )
    for letters, tops in ((80, 10), (40, 6), (16, 3), (0, 0)):
        page = template.substitute(title=_escaped(data["table"]), data=_json(_compact(data, findings, letters, tops)))
        if len(page.encode()) <= LIMIT:
            return page
    few = {**data, "columns": data["columns"][:100]}
    return template.substitute(title=_escaped(data["table"]), data=_json(_compact(few, findings[:100], 0, 0)))


def _compact(data: Mapping[str, Any], findings: Sequence[Finding], letters: int, tops: int) -> dict[str, Any]:
    """What the page draws, figures rounded to six digits."""
    columns = []
    for c in data["columns"][:MOST_COLUMNS]:
        made = {k: v for k, v in c.items() if k not in ("top", "patterns", "missing_share") and v not in (None, {}, [])}
        made["top"] = [[str(t["value"])[:letters], t["count"]] for t in c["top"][:tops]]
        if c["histogram"]:
            made["histogram"] = {
                "edges": [_six(e) for e in c["histogram"]["edges"]],
                "counts": c["histogram"]["counts"],
            }
        columns.append({k: _six(v) for k, v in made.items()})
    told = [
        {
            "id": f.id,
            "severity": f.severity,
            "message": f.message,
            "columns": list(f.columns[:8]),
            "rows": list(f.rows),
            "fix": f.fix,
        }
        for f in findings[:300]
    ]
    kept = (
        "table",
        "rows",
        "rows_looked_at",
        "duplicate_rows",
        "associations",
        "candidate_keys",
        "dependencies",
        "notes",
        "target",
        "compared_with",
    )
    more = len(data["columns"]) - len(columns)
    return {**{k: data[k] for k in kept if k in data}, "columns": columns, "more_columns": more, "findings": told}


def _six(value: Any) -> Any:
    return float(f"{value:.6g}") if isinstance(value, float) else value


def _json(value: Any) -> str:
    """JSON that no cell can break out of: every <, > and & is written as an escape."""
    text = json.dumps(value, ensure_ascii=False, default=str, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _escaped(text: str) -> str:
    import html

    return html.escape(text, quote=True)
