"""How results look in Slack: markdown for the stream, one native table, everything safe to show and within Slack's limits."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from opsmith.agent.terminal_charts import number
from opsmith.memory.redaction import mask, plain

MARKDOWN = 11_500  # letters of one markdown text; Slack takes 12,000
SECTION = 2_900  # letters of one text object; Slack takes 3,000
TABLE_ROWS, TABLE_COLUMNS = 25, 12  # Slack takes 100 rows and 20 columns; more is not read in a chat


def safe(text: Any) -> str:
    """Text without secrets, escapes and deceptive letters, in which nothing can call people or hide a link's target."""
    shown = mask(plain(str(text)))
    return re.sub(r"<(?=[!@#])", "<\u200b", shown)


def escaped(text: Any) -> str:
    """The same for text objects of Block Kit (mrkdwn), where three letters have a meaning of their own."""
    return mask(plain(str(text))).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def cut(text: str, limit: int) -> str:
    """At most `limit` letters, the end marked."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def fenced(text: str, limit: int = SECTION) -> str:
    """A code block that its content cannot leave."""
    inside = text.replace("```", "`\u200b``")
    return f"```\n{cut(inside, limit - 8)}\n```"


def call_title(tool: str, arguments: Mapping[str, Any]) -> str:
    """A tool call in one line: `profile sales.csv`."""
    said = [
        _short(v) for k, v in arguments.items() if k not in ("question", "arguments") and v not in (None, "", [], {})
    ]
    return cut(safe(" ".join([tool, *said[:4]])).replace("\n", " "), 120)


def table_text(table: Mapping[str, Any], rows: int = 12) -> str:
    """A table as aligned text in a code block, cut to what a chat shows."""
    columns = [cut(safe(c), 24) for c in table["columns"][:8]]
    cells = [[cut(safe(number(c)).replace("\n", "⏎"), 24) for c in row[:8]] for row in table["rows"][:rows]]
    widths = [max(len(r[i]) for r in [columns, *cells]) for i in range(len(columns))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in [columns, *cells]]
    left = len(table["rows"]) - rows
    if left > 0:
        lines.append(f"… {left} more rows")
    return f"**{safe(table['title'])}**\n{fenced(chr(10).join(lines))}"


def table_block(table: Mapping[str, Any]) -> dict[str, Any] | None:
    """The native table of a message; Slack takes one a message. None for a table without rows."""
    columns = table["columns"][:TABLE_COLUMNS]
    rows = [row[:TABLE_COLUMNS] for row in table["rows"][:TABLE_ROWS]]
    if not rows or not columns:
        return None
    numeric = [all(isinstance(r[i], (int, float, type(None))) for r in rows) for i in range(len(columns))]
    shown = [columns, *[[number(c) for c in row] for row in rows]]
    cells = [[{"type": "raw_text", "text": cut(safe(c), 60) or " "} for c in row] for row in shown]
    return {
        "type": "table",
        "rows": cells,
        "column_settings": [{"align": "right" if n else "left", "is_wrapped": False} for n in numeric],
    }


def feedback_block(trace: str) -> dict[str, Any]:
    """Two buttons that ask whether the answer was good; their values name the turn."""
    good = {
        "text": {"type": "plain_text", "text": "Good"},
        "value": f"good {trace}",
        "accessibility_label": "A good answer",
    }
    bad = {
        "text": {"type": "plain_text", "text": "Bad"},
        "value": f"bad {trace}",
        "accessibility_label": "A bad answer",
    }
    element = {"type": "feedback_buttons", "action_id": "feedback", "positive_button": good, "negative_button": bad}
    return {"type": "context_actions", "elements": [element]}


def note_block(text: str) -> dict[str, Any]:
    """One small grey line."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": cut(text, SECTION)}]}


def prompts(tables: Sequence[str], models: Sequence[str]) -> list[dict[str, str]]:
    """Up to four sentences to start with, made of what is in the project."""
    said = []
    if tables:
        said.append((f"Profile {cut(tables[0], 40)}", f"profile {tables[0]}"))
    if models:
        said.append((f"How is {cut(models[0], 40)} doing", f"has the data of {models[0]} drifted?"))
    if not tables:
        said.append(("Start with a file", "help"))
    said += [("What waits for approval", "what waits for approval?"), ("What was done here", "status")]
    return [{"title": safe(title), "message": safe(message)} for title, message in said[:4]]


def _short(value: Any) -> str:
    if isinstance(value, str):
        return cut(value, 60)
    if isinstance(value, (list, tuple)):
        return cut(", ".join(str(v) for v in value), 60)
    return cut(json.dumps(value, ensure_ascii=False, default=str), 40)
