"""What the columns of a table can do in a question: count as numbers, hold dates, say yes or no."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from opsmith.tools.compute.query_dates import Period
from opsmith.tools.compute.query_words import name_words
from opsmith.tools.contract import NeedsAnswer, ToolError
from opsmith.tools.data.aggregates import NUMERIC, TEMPORAL
from opsmith.tools.data.table import Column, Table, quoted

if TYPE_CHECKING:
    from opsmith.tools.compute.query_conditions import Condition, Filters

HIDDEN = ("", "na", "n/a", "nan", "null", "none", "?", "\\n", "-", ".", "#n/a")
FORMATS = (
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%d-%m-%Y",
    "%b %d %Y",
    "%d %b %Y",
    "%B %d, %Y",
    "%d %B %Y",
    "%d-%b-%y",
    "%d-%b-%Y",
    "%Y/%m/%d",
    "%Y%m%d",
    "%m/%d/%y",
)
_POSITIVE = frozenset("yes y true t 1 positive churned active oui si sí ja 是".split())
_NEGATIVE = frozenset("no n false f 0 negative none non nein 否".split())


class Kinds:
    """Answers about the columns of one table; what has to be read from the cells is read once."""

    def __init__(self, table: Table):
        self.table = table
        self._numbers: dict[str, bool] = {}
        self._dates: dict[str, str | None] = {}
        self._facts: dict[str, tuple[int, int]] = {}
        self._nans: dict[str, bool] = {}
        self._hidden: dict[str, list[str]] = {}

    def is_number(self, column: Column) -> bool:
        """Stored as numbers, or as text of which 95 of 100 filled cells are numbers."""
        if column.kind in NUMERIC:
            return True
        if column.kind != "text":
            return False
        if column.name not in self._numbers:
            name, hidden = quoted(column.name), ", ".join(f"'{h}'" for h in HIDDEN)
            sql = f"SELECT count(*), count(try_cast(trim(v) AS DOUBLE)) FROM (SELECT {name} AS v FROM data WHERE {name} IS NOT NULL AND lower(trim({name})) NOT IN ({hidden}) LIMIT 100000)"
            filled, fit = self.table.sql(sql)[0]
            self._numbers[column.name] = filled > 0 and fit >= 0.95 * filled
        return self._numbers[column.name]

    def kept_as_text(self, column: Column) -> bool:
        """Whether numbers stand in a column of text."""
        return column.kind == "text" and self.is_number(column)

    def date_format(self, column: Column) -> str | None:
        """'' when the engine's own reading fits, a strptime format for text in another order, None when no dates stand there."""
        if column.kind in TEMPORAL:
            return ""
        if column.kind != "text":
            return None
        if column.name not in self._dates:
            self._dates[column.name] = self._text_format(column)
        return self._dates[column.name]

    def _text_format(self, column: Column) -> str | None:
        name = quoted(column.name)
        shape = (
            r"^\s*(\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{1,2}[ -]\p{L}{3,9}[ ,-]+\d{2,4}|\p{L}{3,9}\.? \d{1,2},? \d{4}).*"
        )
        cells = f"(SELECT {name} AS v FROM data WHERE {name} IS NOT NULL AND trim({name}) <> '' LIMIT 500)"
        filled, dated = self.table.sql(
            f"SELECT count(*), count(*) FILTER (regexp_matches(v, ?)) FROM {cells}", [shape]
        )[0]
        if not filled or dated < 0.8 * filled:
            return None
        pieces = ", ".join(["count(try_cast(v AS TIMESTAMP))", *(f"count(try_strptime(v, '{f}'))" for f in FORMATS)])
        fits = self.table.sql(f"SELECT {pieces} FROM {cells}")[0]
        best = max(range(len(fits)), key=lambda n: (fits[n], -n))
        return None if fits[best] < 0.8 * filled else "" if best == 0 else FORMATS[best - 1]

    def is_date(self, column: Column) -> bool:
        return self.date_format(column) is not None

    def dates(self) -> list[Column]:
        """Columns that hold dates, those stored as dates first."""
        stored = [c for c in self.table.columns if c.kind in TEMPORAL]
        texts = [c for c in self.table.columns[:200] if c.kind == "text" and self.is_date(c)]
        return [*stored, *texts]

    def the_date(self, for_what: str) -> Column | None:
        """The one date column; asked about when there are several, None when there is none."""
        every = self.dates()
        if len(every) > 1:
            plain = [c for c in every if {"date", "datum", "fecha"} & set(name_words(c.name))]
            if len(plain) == 1:
                return plain[0]
            raise NeedsAnswer(f"Which date column is meant by {for_what}?", [c.name for c in every[:8]])
        return every[0] if every else None

    def part(self, *names: str) -> Column | None:
        """An integer column for a part of the calendar: year, month or day."""
        return next((c for c in self.table.columns if c.kind == "integer" and c.name.lower() in names), None)

    def facts(self, column: Column) -> tuple[int, int]:
        """(values that are there, distinct ones)."""
        if column.name not in self._facts:
            name = quoted(column.name)
            row = self.table.sql(f"SELECT count({name}), approx_count_distinct({name}) FROM data")[0]
            self._facts[column.name] = (int(row[0]), int(row[1]))
        return self._facts[column.name]

    def has_zeros(self, column: Column) -> bool:
        """Whether `no discount` is a zero in this column of numbers: zeros are there, and no value is missing."""
        if not self.is_number(column) or self.facts(column)[0] < self.table.rows:
            return False
        zeros = self.table.sql(f"SELECT count(*) FILTER (try_cast({quoted(column.name)} AS DOUBLE) = 0) FROM data")
        return bool(zeros[0][0])

    def row_label(self, column: Column) -> bool:
        """Whether (nearly) every row has its own value: a name or an id."""
        filled, distinct = self.facts(column)
        return filled > 0 and distinct >= 0.9 * filled and column.kind in ("text", "integer")

    def is_code(self, column: Column) -> bool:
        """Whether the numbers of a column name things instead of measuring them: ids, codes, postal codes."""
        words = set(name_words(column.name))
        return column.kind == "integer" and bool(words & {"id", "code", "zip", "postal", "key", "nr", "uuid"})

    def is_fraction(self, column: Column) -> bool:
        """Whether the numbers of a column lie between -1 and 1, so that 20 % means 0.2."""
        name = quoted(column.name)
        high = self.table.sql(f"SELECT max(abs(try_cast({name} AS DOUBLE))) FROM data")[0][0]
        return high is not None and high <= 1.0

    def binary(self, column: Column) -> tuple[Any, Any] | None:
        """(positive, negative) value of a column that says yes or no; None for any other column."""
        if column.kind not in ("text", "boolean", "integer", "number"):
            return None
        if column.kind != "boolean" and self.facts(column)[1] > 4:
            return None
        name = quoted(column.name)
        values = [
            r[0]
            for r in self.table.sql(f"SELECT DISTINCT {name} FROM data WHERE {name} IS NOT NULL ORDER BY 1 LIMIT 4")
        ]
        yes = [v for v in values if _word(v) in _POSITIVE]
        no = [v for v in values if _word(v) in _NEGATIVE]
        others = [v for v in values if v not in (*yes, *no)]
        fits = len(yes) == len(no) == 1 and all(_word(v).startswith("no ") for v in others)  # “No internet service”
        return (yes[0], no[0]) if fits else None

    def has_nan(self, column: Column) -> bool:
        """Whether NaN stands in a column of floating numbers, where people mean a gap."""
        if column.name not in self._nans:
            name = quoted(column.name)
            self._nans[column.name] = bool(
                self.table.sql(f"SELECT count(*) FROM (SELECT 1 FROM data WHERE isnan({name}) LIMIT 1)")[0][0]
            )
        return self._nans[column.name]

    def hidden(self, column: Column) -> list[str]:
        """The blanks and words for nothing (NA, ?, null) that really stand in a text column; `NA` among two-letter codes is a code."""
        if column.kind != "text":
            return []
        if column.name not in self._hidden:
            name, words = quoted(column.name), ", ".join(f"'{h}'" for h in HIDDEN)
            found = self.table.sql(
                f"SELECT DISTINCT lower(trim({name})) FROM data WHERE lower(trim({name})) IN ({words})"
            )
            here = sorted(str(r[0]) for r in found)
            if "na" in here and 1.5 <= self.mean_length(column) <= 2.5 and not self.is_number(column):
                here.remove("na")
            self._hidden[column.name] = here
        return self._hidden[column.name]

    def mean_length(self, column: Column) -> float:
        return float(self.table.sql(f"SELECT avg(length({quoted(column.name)})) FROM data")[0][0] or 0)

    def latest(self, column: Column) -> Any:
        from opsmith.tools.compute.query_sql import moment, written

        return self.table.sql(f"SELECT max({written(moment(self, column))}) FROM data")[0][0]

    def in_time(self, column: Column | None, period: Period, how: str, until: Period | None = None) -> Condition | None:
        """The condition that a span of time means for this table; None when it has no time in it."""
        from opsmith.tools.compute.query_conditions import Condition

        if column is None:
            year, month = self.part("year", "yr"), self.part("month", "mnth")
            if period.month and not period.year and month is not None and how == "in" and not period.day:
                return Condition(month, "=", (period.month,))
            if period.year and not period.month and year is not None and not self.dates():
                signs = {"in": "=", "since": ">=", "after": ">", "before": "<", "until": "<="}
                if how == "between" and until is not None and until.year:
                    return Condition(year, "between", (period.year, until.year))
                return Condition(year, signs[how], (period.year,)) if how in signs else None
            if period.month and not period.year and month is not None and how == "between" and until is not None:
                return Condition(month, "between", (period.month, until.month))
            column = self.the_date(f"“{period.text}”")
            if column is None and period.weekdays and (day := self.part("weekday", "dayofweek", "dow")) is not None:
                raise NeedsAnswer(
                    f"Which values of {day.name} are “{period.text}”?", [f"{day.name} = {n}" for n in range(8)]
                )
        if column is None:
            raise ToolError(f"{self.table.name} has no date column, so “{period.text}” cannot be told apart in it.")
        if period.weekdays:
            return Condition(column, "weekday", period.weekdays)
        if period.last:
            end = self.latest(column)
            return Condition(column, "from", (_back(end, *period.last), None))
        if period.start is None:
            if how == "between" and until is not None and until.month:
                return Condition(column, "calendar", tuple(range(period.month or 1, until.month + 1)))
            return Condition(column, "calendar", (period.month,) if not period.day else (period.month, -period.day))
        bounds: dict[str, tuple[Any, Any]] = {
            "in": (period.start, period.end), "since": (period.start, None), "after": (period.end, None), "before": (None, period.start), "until": (None, period.end),
            "between": (period.start, until.end if until else None),
        }  # fmt: skip
        return Condition(column, "from", bounds[how])

    def in_times(self, several: list[Period], out: Filters) -> Condition | None:
        """`in 2012 and 2013`: any of these; told side by side."""
        from opsmith.tools.compute.query_conditions import Condition

        year = self.part("year", "yr")
        if year is not None and all(p.year and not p.month for p in several) and not self.dates():
            values = tuple(p.year for p in several)
            out.both.append((year, values))
            return Condition(year, "in", values)
        column = self.the_date(f"“{several[0].text}”")
        if column is None or any(p.start is None for p in several):
            return None
        return Condition(column, "spans", tuple((p.start, p.end) for p in several))


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return str(value).strip().lower()


def _back(end: Any, n: int, unit: str) -> dt.datetime:
    """The moment n units before the end of the data."""
    moment = end if isinstance(end, dt.datetime) else dt.datetime.combine(end, dt.time())
    if unit in ("month", "year"):
        months = n * (12 if unit == "year" else 1)
        at = moment.year * 12 + moment.month - 1 - months
        return moment.replace(year=at // 12, month=at % 12 + 1, day=min(moment.day, 28)) + dt.timedelta(
            days=1 if not isinstance(end, dt.datetime) else 0
        )
    step = dt.timedelta(**{f"{unit}s": n})
    midnight = moment.time() == dt.time()
    return moment - step + (dt.timedelta(days=1) if midnight and unit != "hour" else dt.timedelta())
