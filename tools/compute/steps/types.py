"""The step `cast`: text that means numbers, dates or yes and no becomes just that."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pyarrow as pa

from opsmith.tools.compute.cells import Batch, is_number, is_text, same_number, same_text
from opsmith.tools.compute.cells_dates import read_date
from opsmith.tools.compute.cells_numbers import Style, read_number, take_apart
from opsmith.tools.compute.recipe import Step
from opsmith.tools.compute.steps import Fitted, StepKind
from opsmith.tools.contract import ToolError

TRUE = frozenset(["true", "t", "yes", "y", "1", "1.0", "on", "ja", "j", "oui", "si", "sí", "wahr", "vrai"])
FALSE = frozenset(["false", "f", "no", "n", "0", "0.0", "off", "nein", "non", "falsch", "faux"])
TARGETS = ("number", "integer", "boolean", "date", "datetime", "text")


def read_boolean(text: str) -> bool | None:
    """Yes or no in the usual words and letters; None for anything else."""
    word = text.strip().lower()
    return True if word in TRUE else False if word in FALSE else None


def _cast(batch: Batch, step: Step, fitted: Fitted) -> None:
    """Convert to options.to. What cannot be read becomes missing and is counted as lost."""
    target = str(step.options.get("to", ""))
    if target not in TARGETS:
        raise ToolError(f"cast cannot make {target!r}. It makes {', '.join(TARGETS)}.")
    for column in step.columns:
        stored = batch.table.schema.field(column).type
        if target == "text":
            batch.map(column, str, pa.string(), same_text)
        elif is_text(stored):
            currency = step.options.get("currency_column")
            if currency:
                _keep_currency(batch, column, str(currency))
            function, made, same = _reader(target, step)
            batch.map(column, function, made, same)
        elif target in ("number", "integer") and (is_number(stored) or pa.types.is_boolean(stored)):
            batch.map(column, _whole if target == "integer" else float, _TYPES[target], same_number)
        elif target == "boolean" and is_number(stored):
            batch.map(column, lambda v: {0: False, 1: True}.get(v), pa.bool_(), same_number)
        elif target in ("date", "datetime") and (pa.types.is_date(stored) or pa.types.is_timestamp(stored)):
            batch.map(column, lambda v: _as_day(v) if target == "date" else _as_time(v), _TYPES[target], same_text)
        elif target not in ("number", "integer", "boolean") or not is_number(stored):
            raise ToolError(f"{column} holds {stored}, which cannot be made a {target}.")


_TYPES = {
    "number": pa.float64(),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us"),
}


def _reader(target: str, step: Step) -> tuple[Callable[[str], Any], pa.DataType, Callable[[Any, Any], bool]]:
    options = step.options
    if target in ("number", "integer"):
        style = Style(str(options.get("decimal", ".")), str(options.get("percent", "")), str(options.get("unit", "")))
        if target == "number":
            return lambda text: read_number(text, style), _TYPES[target], same_number
        return lambda text: _whole(read_number(text, style)), _TYPES[target], same_number
    if target == "boolean":
        return read_boolean, _TYPES[target], same_text
    day_first = bool(options.get("day_first", False))
    if target == "date":
        return lambda text: _as_day(read_date(text, day_first)), _TYPES[target], same_text
    return lambda text: read_date(text, day_first), _TYPES[target], _same_time


def _same_time(before: Any, after: Any) -> bool:
    return after is not None and str(before).strip().replace("T", " ").removesuffix("Z") in (
        str(after),
        str(after).removesuffix(":00"),
        str(after.date()) if after.time() == datetime.time() else str(after),
    )


def _whole(value: float | None) -> int | None:
    if value is None or value != value or abs(value) > 2**62:
        return None
    return round(value) if float(value).is_integer() else None


def _as_day(value: Any) -> datetime.date | None:
    return value.date() if isinstance(value, datetime.datetime) else value


def _as_time(value: Any) -> datetime.datetime:
    return value if isinstance(value, datetime.datetime) else datetime.datetime(value.year, value.month, value.day)


def _keep_currency(batch: Batch, column: str, name: str) -> None:
    """Add the currency of each cell as a column, so that amounts in several currencies stay apart."""
    encoded = batch.array(column).dictionary_encode()
    written = [take_apart(text) for text in encoded.dictionary.to_pylist()]
    codes = pa.array([w.currency or None if w else None for w in written], pa.string())
    batch.add(name, codes.take(encoded.indices))


KINDS = (StepKind("cast", _cast),)
