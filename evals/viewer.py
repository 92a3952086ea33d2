"""One HTML file that shows a whole run: every conversation, call, approval and diff; works from a folder, offline."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from opsmith.evals.judging import Totals
from opsmith.evals.trace import Play

_PAGE = Path(__file__).with_name("viewer.html")


def as_html(
    plays: Sequence[Play], sums: Totals, about: Mapping[str, Any], past: Sequence[Mapping[str, Any]] = ()
) -> str:
    """The page with the run inside. `past`: lines of the history, drawn above the list."""
    whole = {"about": dict(about), "totals": sums.as_dict(), "plays": [_slim(p) for p in plays], "past": list(past)}
    text = json.dumps(whole, ensure_ascii=False, default=str)
    safe = text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return _PAGE.read_text(encoding="utf-8").replace("__RUN__", safe)


def _slim(play: Play) -> dict[str, Any]:
    """A play without what the page does not show, long results cut."""
    plain = play.as_dict()
    for turn in plain["turns"]:
        for name in ("files", "models", "monitors", "approvals", "facts"):
            turn.pop(name, None)
        for call in turn["calls"]:
            data = json.dumps(call.pop("result", None) or {}, ensure_ascii=False, default=str)
            call["result"] = data if len(data) <= 4000 else data[:4000] + "…"
        turn["shown"] = [s if len(s) <= 4000 else s[:4000] + "…" for s in turn["shown"]]
    return plain
