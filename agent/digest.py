"""What a planner is shown of a tool's result: plain JSON within a token budget, the whole kept under a handle."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from opsmith.memory.redaction import mask, plain

CHARACTERS_A_TOKEN = 4  # a rough mean for English and JSON; budgets need no more


def digest(
    *,
    status: str,
    tool: str,
    result: Mapping[str, Any],
    handle: str = "",
    approvals: Sequence[str] = (),
    tokens: int = 800,
    sample_rows: int = 5,
) -> str:
    """JSON text of a result, about `tokens` long at most; rows of the user's data cut to `sample_rows`."""
    shown: dict[str, Any] = {
        "status": status,
        "tool": tool,
        "handle": handle,
        "headline": result.get("headline", ""),
        "approvals": list(approvals),
        "findings": [
            {k: f[k] for k in ("severity", "message", "columns", "fix") if f.get(k)} for f in result.get("findings", ())
        ],
        "tables": [_table(t, sample_rows) for t in result.get("tables", ()) if sample_rows or not t.get("raw")],
        "data": result.get("data", {}),
        "next_steps": list(result.get("next_steps", ()))[:4],
        "actions": list(result.get("actions", ())),
    }
    limit = tokens * CHARACTERS_A_TOKEN
    for longest, depth in ((60, 6), (25, 5), (12, 4), (6, 3), (3, 2), (0, 1)):
        text = _dump(_cut({k: v for k, v in shown.items() if v not in ("", [], {})}, longest, depth))
        if len(text) <= limit:
            return text
    least = {k: shown[k] for k in ("status", "tool", "handle", "approvals")}
    return _dump({**least, "headline": mask(plain(shown["headline"]))[:limit]})


def masked(value: Any) -> Any:
    """Plain values with the secrets in every text masked, as results are kept and shown."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {k: masked(v) for k, v in value.items()}
    return [masked(v) for v in value] if isinstance(value, (list, tuple)) else value


def _table(table: Mapping[str, Any], sample_rows: int) -> dict[str, Any]:
    rows = table["rows"][:sample_rows] if table.get("raw") else table["rows"][:40]
    return {"title": table["title"], "columns": table["columns"], "rows": rows, "of": len(table["rows"])}


def _cut(value: Any, longest: int, depth: int) -> Any:
    """The value with lists and mappings cut to `longest` items and nothing deeper than `depth` levels below."""
    if isinstance(value, str):
        safe = mask(plain(value))
        return safe if len(safe) <= 600 else safe[:600] + "…"
    if isinstance(value, Mapping):
        if depth <= 0:
            return f"({len(value)} entries)"
        return {k: _cut(v, longest, depth - 1) for k, v in list(value.items())[: max(longest, 10)]}
    if isinstance(value, Sequence):
        if depth <= 0:
            return f"({len(value)} items)"
        kept = [_cut(v, longest, depth - 1) for v in value[:longest]]
        return kept if len(value) <= longest else [*kept, f"… {len(value) - longest} more"]
    if isinstance(value, float):
        return float(f"{value:.6g}")
    return value


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
