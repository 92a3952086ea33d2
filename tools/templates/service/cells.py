"""The cells of a few rows while they are cleaned: one list a column, None where nothing is known. Used by cleaning.py."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any


class Cells:
    """Columns of plain values: texts, whole numbers, numbers, yes and no, dates. Each method is one step of the recipe."""

    def __init__(self, table: Any, stored: Mapping[str, str]) -> None:
        """table: a pandas table; stored: how the training data held a column (integer, boolean, datetime), where it matters."""
        self._index = table.index
        self.columns: dict[str, list[Any]] = {
            str(name): [_plain(value, stored.get(str(name), "")) for value in table[name]] for name in table.columns
        }

    def texts(self, names: Sequence[str], function: Callable[[str], str | None]) -> None:
        """Every text by the function; other cells stay."""
        for name in names:
            self._each(name, lambda value: function(value) if isinstance(value, str) else value)

    def missing(self, names: Sequence[str], tokens: Sequence[str], numbers: Sequence[float]) -> None:
        """Cells that only say that nothing is known become missing."""
        said, values = set(tokens), set(numbers)

        def emptied(value: Any) -> Any:
            if isinstance(value, str) and value.strip().lower() in said:
                return None
            return None if values and _number(value) in values else value

        for name in names:
            self._each(name, emptied)

    def cast(self, names: Sequence[str], to: str, read: Callable[[str], Any]) -> None:
        """To number, integer, boolean, date, datetime or text; `read` takes texts. What cannot be read becomes missing."""
        for name in names:
            self._each(name, lambda value: read(value) if isinstance(value, str) else _cast(value, to))

    def replaced(self, names: Sequence[str], mapping: Mapping[str, Any]) -> None:
        """Values that have another spelling get the usual one."""

        def usual(value: Any) -> Any:
            if isinstance(value, str):
                new = mapping.get(value, value)
                return None if new is None else str(new)
            new = mapping.get(shown(value), value)
            return new if new is None or new is value else type(value)(new)

        for name in names:
            self._each(name, usual)

    def fill(
        self,
        name: str,
        figure: Any,
        by: Sequence[str] = (),
        groups: Mapping[str, Any] | None = None,
    ) -> None:
        """Missing cells get the figure of their group, or the one of all."""
        known = groups or {}
        for row, value in enumerate(self.columns[name]):
            if value is None:
                key = json.dumps([shown(self.columns[c][row]) for c in by], ensure_ascii=False) if known else ""
                self.columns[name][row] = known.get(key, figure)

    def flag_missing(self, name: str) -> None:
        """A column that says where this one is missing."""
        self.columns[f"{name}_was_missing"] = [value is None for value in self.columns[name]]

    def bound(self, name: str, low: float | None, high: float | None, clip: bool) -> None:
        """Numbers outside become missing, or the nearest bound; whole numbers stay whole."""

        def bounded(value: Any) -> Any:
            if low is not None and value < low:
                return None if not clip else math.ceil(low) if isinstance(value, int) else low
            if high is not None and value > high:
                return None if not clip else math.floor(high) if isinstance(value, int) else high
            return value

        self._each(name, bounded)

    def scale(self, name: str, function: Callable[[float], float]) -> None:
        """Numbers on another scale."""
        self._each(name, lambda value: float(function(float(value))))

    def one_hot(self, name: str, levels: Sequence[str]) -> None:
        """One column of 0 and 1 a level; the column itself goes."""
        told = [None if value is None else shown(value) for value in self.columns.pop(name)]
        self.columns |= {f"{name}={level}": [int(value == level) for value in told] for level in levels}

    def coded(self, name: str, new: str, codes: Mapping[str, float], other: float) -> None:
        """The number of each level in a new column, `other` for a level that has none; the column itself goes."""
        told = [None if value is None else shown(value) for value in self.columns.pop(name)]
        self.columns[new] = [other if value is None else codes.get(value, other) for value in told]

    def add(self, new: str, name: str, function: Callable[[str], Any]) -> None:
        """A column worked out from another's texts."""
        self.columns[new] = [None if value is None else function(str(value)) for value in self.columns[name]]

    def drop(self, names: Sequence[str]) -> None:
        """Leave columns out."""
        self.columns = {name: values for name, values in self.columns.items() if name not in set(names)}

    def rename(self, names: Mapping[str, str]) -> None:
        """Give columns other names."""
        self.columns = {names.get(name, name): values for name, values in self.columns.items()}

    def table(self) -> Any:
        """What came of it, as a pandas table."""
        import pandas as pd

        return pd.DataFrame({name: _series(values, self._index) for name, values in self.columns.items()})

    def _each(self, name: str, function: Callable[[Any], Any]) -> None:
        self.columns[name] = [None if value is None else function(value) for value in self.columns[name]]


def shown(value: Any) -> str:
    """A cell as a person reads it: ISO dates, whole numbers without a point."""
    if value is None:
        return ""
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat(sep=" ") if isinstance(value, datetime.datetime) else value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def whole(value: float | None) -> int | None:
    """The number when it is whole, else None."""
    if value is None or value != value or abs(value) > 2**62:
        return None
    return round(value) if float(value).is_integer() else None


def _plain(value: Any, stored: str) -> Any:
    import pandas as pd

    if value is None or value is pd.NaT or value != value:
        return None
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    if hasattr(value, "item"):  # a NumPy number
        value = value.item()
    if stored == "boolean" and value in (0, 1):
        return bool(value)
    if stored == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    if stored == "datetime" and isinstance(value, str):
        try:
            return datetime.datetime.fromisoformat(value)
        except ValueError:
            return value
    return value


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _cast(value: Any, to: str) -> Any:
    if to == "text":
        return str(value)
    if to == "number":
        return _number(value)
    if to == "integer":
        return whole(_number(value))
    if to == "boolean":
        return {0: False, 1: True}.get(value)
    if to == "date":
        return value.date() if isinstance(value, datetime.datetime) else value
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return datetime.datetime(value.year, value.month, value.day)
    return value


def _series(values: list[Any], index: Any) -> Any:
    """Numbers as floats where one is missing, times as times, yes and no as such; else objects."""
    import pandas as pd

    held = [value for value in values if value is not None]
    if held and all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in held):
        return pd.Series([math.nan if value is None else value for value in values], index=index)
    if held and all(isinstance(value, datetime.datetime) for value in held):
        return pd.Series(pd.to_datetime(pd.Series(values, dtype=object), errors="coerce").to_numpy(), index=index)
    if held and len(held) == len(values) and all(isinstance(value, bool) for value in held):
        return pd.Series(values, index=index, dtype=bool)
    return pd.Series(values, index=index, dtype=object)
