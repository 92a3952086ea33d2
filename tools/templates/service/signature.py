"""What the model takes: every row is checked against it, and every problem names row, column and what was expected."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MOST_PROBLEMS = 20


class Invalid(Exception):
    """Rows that the model cannot take. `problems`: [{row, column, problem}], at most MOST_PROBLEMS."""

    def __init__(self, problems: Sequence[Mapping[str, Any]], message: str = ""):
        first = problems[0] if problems else {}
        super().__init__(message or f"row {first.get('row')}, {first.get('column')}: {first.get('problem')}")
        self.problems = list(problems)


@dataclass(frozen=True)
class Column:
    """One input: kind is number, category or text; levels are those seen in training (None: not kept)."""

    name: str
    kind: str
    nullable: bool
    levels: frozenset[str] | None = None

    def value(self, given: Any) -> Any:
        """The value as the model takes it: float (nan when missing), or text (None when missing). ValueError tells why not."""
        if given is None:
            if not self.nullable:
                raise ValueError("must not be missing: it never was in training")
            return math.nan if self.kind == "number" else None
        if self.kind == "number":
            if not isinstance(given, (int, float)):
                raise ValueError(f"expected a number, got {_told(given)}")
            number = float(given)
            if not math.isfinite(number) or abs(number) > 3.4e38:
                raise ValueError("expected a finite number")
            return number
        if isinstance(given, str):
            return given
        if isinstance(given, (bool, int)) or (isinstance(given, float) and given.is_integer()):
            return str(given if isinstance(given, bool) else int(given))
        raise ValueError(f"expected text, got {_told(given)}")


@dataclass(frozen=True)
class Signature:
    """All inputs of the model, in its order."""

    columns: tuple[Column, ...]
    unseen: dict[str, int] = field(default_factory=dict)  # column -> values that training never saw, since the start

    @classmethod
    def of(cls, entries: Sequence[Mapping[str, Any]]) -> Signature:
        """From the manifest: [{column, kind, nullable, levels?}]. 200 levels mean that the list was cut."""
        made = []
        for entry in entries:
            levels = entry.get("levels")
            known = frozenset(levels) if levels and len(levels) < 200 else None
            made.append(Column(str(entry["column"]), str(entry["kind"]), bool(entry.get("nullable", True)), known))
        return cls(tuple(made))

    def check(self, rows: Sequence[Any]) -> dict[str, list[Any]]:
        """The rows as one list a column. Raises Invalid with every problem found, up to a limit."""
        problems: list[dict[str, Any]] = []
        names = {c.name for c in self.columns}
        for number, row in enumerate(rows):
            if not isinstance(row, dict):
                problems.append({"row": number, "column": None, "problem": f"expected an object, got {_told(row)}"})
            elif row.keys() != names:
                problems += _wrong_names(number, row, names, self.columns)
            if len(problems) >= MOST_PROBLEMS:
                raise Invalid(problems[:MOST_PROBLEMS])
        if problems:
            raise Invalid(problems)
        found: dict[str, list[Any]] = {}
        for column in self.columns:
            values = found[column.name] = []
            take = column.value
            for number, row in enumerate(rows):
                try:
                    values.append(take(row[column.name]))
                except ValueError as error:
                    problems.append({"row": number, "column": column.name, "problem": str(error)})
            if column.levels is not None:
                strange = sum(v is not None and v not in column.levels for v in values)
                if strange:
                    self.unseen[column.name] = self.unseen.get(column.name, 0) + strange
        if problems:
            raise Invalid(sorted(problems, key=lambda p: p["row"])[:MOST_PROBLEMS])
        return found

    def sample(self) -> dict[str, Any]:
        """A row made up from the signature, to warm the model up with."""
        made: dict[str, Any] = {}
        for column in self.columns:
            made[column.name] = 0.0 if column.kind == "number" else min(column.levels or {"text"})
        return made

    def schema(self) -> dict[str, Any]:
        """JSON schema of one row, for /openapi.json."""
        kinds = {"number": "number", "category": "string", "text": "string"}
        properties = {c.name: {"type": [kinds[c.kind], "null"] if c.nullable else kinds[c.kind]} for c in self.columns}
        return {"type": "object", "properties": properties, "required": [c.name for c in self.columns],
                "additionalProperties": False, "example": self.sample()}  # fmt: skip


def _wrong_names(
    number: int, row: Mapping[str, Any], names: set[str], columns: Sequence[Column]
) -> list[dict[str, Any]]:
    found = []
    for column in columns:
        if column.name not in row:
            found.append(
                {"row": number, "column": column.name, "problem": "is missing; send null where it is not known"}
            )
    for name in row.keys() - names:
        near = difflib.get_close_matches(name, names, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        found.append({"row": number, "column": name, "problem": f"is no input of this model{hint}"})
    return found


def _told(value: Any) -> str:
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    return {bool: "a truth value", dict: "an object", list: "a list", type(None): "null"}.get(
        type(value), str(value)[:40]
    )
