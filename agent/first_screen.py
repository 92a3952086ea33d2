"""The first five lines: where we are, what is here, who plans, what waits, and three sentences that fit these files."""

from __future__ import annotations

import csv
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from opsmith.tools.data import paths

if TYPE_CHECKING:
    from opsmith.agent.session import Session


def first_screen(session: Session, console: Any) -> None:
    """Print it; reads folder and header lines only, as the engine is not there yet."""
    tables = paths.tables(session.project)
    models = sorted(p.name for p in (session.project / "models").glob("*") if p.is_dir())
    offline = session.model == "offline"
    console.print(Text(f"Opsmith in {session.project}", style="bold"))
    console.print(Text(f"Here: {_listed(tables, 'table')}; {_listed(models, 'model')}."))
    planner = (
        "the offline planner (no key, no network; a language model would understand freer wording: /model openai:NAME)"
    )
    console.print(Text(f"Planner: {planner if offline else session.model}."))
    waiting = waiting_count(session.project)
    console.print(
        Text(
            f"Waiting for approval: {waiting}" + (" (/pending)." if waiting else "."), style="yellow" if waiting else ""
        )
    )
    console.print(Text("Try: " + "  ·  ".join(suggestions(session.project, tables)) + "  ·  /help"))


def suggestions(project: Path, tables: list[str]) -> list[str]:
    """Three first sentences for these very files."""
    if not tables:
        return ["what can you do?", "what is PSI?", "put a CSV into this folder, then: profile it"]
    headers = {t: header(project / t) for t in tables[:20]}
    first = next((t for t in headers if target_of(headers[t])), tables[0])
    target = target_of(headers[first]) or (headers[first][-1] if headers[first] else "")
    said = [f"profile {first}"]
    said.append(f"train a model for {target} on {first}" if target else f"how many rows does {first} have?")
    alike = next((t for t in headers if t != first and _alike(headers[t], headers[first])), "")
    said.append(f"has {alike} drifted from {first}?" if alike else f"clean {first}")
    return said


def target_of(columns: list[str]) -> str:
    """The column that is usually predicted, by its name; '' when none is."""
    return next((c for c in columns if c.casefold() in TARGETS), "")


def _alike(some: list[str], others: list[str]) -> bool:
    """Whether two tables hold mostly the same columns, so that comparing them makes sense."""
    return bool(some) and 2 * len(set(some) & set(others)) > max(len(some), len(others))


TARGETS = {
    "target",
    "label",
    "churn",
    "y",
    "class",
    "survived",
    "status",
    "outcome",
    "had_claim",
    "default",
    "is_fraud",
}


def header(path: Path) -> list[str]:
    """Column names of a delimited text file, from its first line; [] for other kinds."""
    if path.suffix.lower() not in (".csv", ".tsv"):
        return []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            line = file.readline(100_000)
        delimiter = max(",;\t|", key=line.count)
        return next(csv.reader([line], delimiter=delimiter), [])
    except (OSError, UnicodeDecodeError, csv.Error):
        return []


def waiting_count(project: Path) -> int:
    """How many approvals wait in the project, read straight from the store's file."""
    database = project / ".opsmith" / "opsmith.db"
    if not database.exists():
        return 0
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        sql = (
            "SELECT count(*) FROM approvals WHERE state = 'pending' AND expires > strftime('%Y-%m-%dT%H:%M:%S', 'now')"
        )
        return int(connection.execute(sql).fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        connection.close()


def _listed(names: list[str], word: str) -> str:
    if not names:
        return f"no {word}s"
    shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    return f"{len(names)} {word}{'s' if len(names) != 1 else ''} ({shown})"
