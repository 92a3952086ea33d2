"""Read a grounded question: what is asked of which columns, by which groups, in which order, under which conditions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from opsmith.tools.compute.query_conditions import Condition, Filters
from opsmith.tools.compute.query_filters import FilterReader
from opsmith.tools.compute.query_ground import Grounded
from opsmith.tools.compute.query_kinds import Kinds
from opsmith.tools.compute.query_shapes import (
    arithmetic,
    binary_condition,
    burden,
    order_of,
    share_parts,
    wanted_rows,
)
from opsmith.tools.compute.query_words import (
    AGGREGATES,
    AND,
    BY,
    GRAINS,
    OVER_TIME,
    SCALES,
    name_words,
    stem,
)
from opsmith.tools.contract import NeedsAnswer
from opsmith.tools.data.table import Column

_SUPER = r"(?:highest|largest|biggest|greatest|best|most|maximum|max|top|lowest|smallest|least|fewest|worst|minimum|min|poorest)"
_LOWEST = r"(?:lowest|smallest|least|fewest|worst|minimum|min|rarest|poorest|cheapest|shortest|youngest|bottom|slowest|coldest)"
ADDITIVE = frozenset(
    "sales profit revenue quantity amount spend spending turnover gross votes units claims losses total visits clicks orders".split()
)


@dataclass(frozen=True)
class Measure:
    """What is figured out: one column, or two with an operation between them (for `/`, sums are divided)."""

    column: Column
    op: str = ""
    other: Column | None = None
    as_percent: bool = False

    @property
    def label(self) -> str:
        signs = {"/": " per ", "-": " minus ", "+": " plus ", "*": " times "}
        return f"{self.column.name}{signs[self.op]}{self.other.name}" if self.other else self.column.name


@dataclass(frozen=True)
class Group:
    """A column to group by; a date column with its grain."""

    column: Column
    grain: str = ""


@dataclass
class Reading:
    """A question as the plan needs it."""

    shape: str  # figure count share top values missing rows corr corr_all describe histogram duplicates columns
    aggs: list[str] = field(default_factory=list)
    measures: list[Measure] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    where: Any = None
    within: Any = None  # of a share: the rows that make 100 %
    having: tuple[str, float] | None = None
    n: int | None = None
    descending: bool | None = None  # order that was asked for; None when none was
    point: float | None = None
    show: list[Column] = field(default_factory=list)
    order_by: Column | None = None
    random: bool = False
    last: bool = False
    one: bool = False  # `which … has the highest`: one answer
    distinct: bool = False
    notes: list[str] = field(default_factory=list)


class Reader:
    """Reads one question over one table."""

    def __init__(self, grounded: Grounded, kinds: Kinds):
        self.g, self.kinds = grounded, kinds
        self.filters: Filters = FilterReader(grounded, kinds).read()
        self.text = self.filters.text
        self.notes = self.filters.notes

    def read(self, agg: str | None = None, n: int | None = None, hints: list[Column] | None = None) -> Reading:
        """The reading; `agg`, `n` and `hints` (columns) are what the caller made of it, used where the words say nothing."""
        count, point, self.text = wanted_rows(self.text, self.g)
        made = Reading("figure", n=count if count is not None else n, point=point)
        made.descending = order_of(self.text)
        self._worst(made)
        made.random = bool(re.search(r"\brandom\b|\bsample\b", self.text))
        made.last = bool(re.search(r"\b(?:last|tail|final)\b", self.text))
        made.measures, self.text = arithmetic(self.text, self.g, self.kinds, Measure)
        self._share_split(made)
        self._having(made)
        self._groups(made)
        self._predicates()
        made.where = self.filters.tree()
        self._compared(made)
        made.aggs = self._aggregates(agg)
        self._shape(made, hints or [])
        made.notes = self.notes
        return made

    # pieces

    def _worst(self, made: Reading) -> None:
        """`worst delay` is the longest, `worst rating` the lowest; `best` the other way round."""
        m = re.search(r"\b(worst|best)\b", self.text)
        names = " ".join(c.name for i in self.candidates() for c in self.g.columns[i])
        if m and burden(names):
            made.descending = m[1] == "worst"

    def candidates(self) -> list[int]:
        """Marks of columns that no condition or group has taken, in the order of the text."""
        return [int(i) for i in dict.fromkeys(re.findall(r"§c(\d+)", self.text))]

    def column(self, index: int, want: str = "any") -> Column:
        """The column of a mark; of several, those of the wanted kind; asked when more than one is left."""
        every = self.g.columns[index]
        if len(every) > 1 and want != "any":
            fit = [c for c in every if self.kinds.is_number(c) == (want == "number")]
            every = fit or every
        if len(every) > 1:
            raise NeedsAnswer(
                f"Which column do you mean by “{self.g.said[f'§c{index}'].strip()}”?", [c.name for c in every]
            )
        return every[0]

    def _share_split(self, made: Reading) -> None:
        if not re.search(_SHARE, self.text):
            return
        number, self.text = share_parts(self.text, self.filters, self.g, self.kinds)
        if number is not None:
            made.within = number

    def _having(self, made: Reading) -> None:
        m = re.search(
            r"(?P<a>at least|more than|over|>|>=|≥|less than|fewer than|under|at most|<)\s§n(\d+)\s(?P<what>\w+)",
            self.text,
        )
        if m and re.search(r"§c\d+\s(?:(?:that|which|with|have|has|having|had)\s)+$", self.text[: m.start()]):
            sign = (
                ">="
                if m["a"] in ("at least", ">=", "≥")
                else "<="
                if m["a"] == "at most"
                else ">"
                if m["a"] in ("more than", "over", ">")
                else "<"
            )
            made.having = (sign, self.g.numbers[int(m[2])].plain())
            of = re.search(r"§c(\d+)\s[a-z ]*$", self.text[: m.start()])
            self.text = self.text[: m.start()] + self.text[m.end() :]
            if of:
                made.groups.append(Group(self.column(int(of[1]), "text")))
                self.text = self.text.replace(f"§c{of[1]}", " ", 1)

    def _groups(self, made: Reading) -> None:
        text = self.text
        for m in list(
            re.finditer(
                rf"(?<!\w)(?:{BY})\s(?:the |their |its |different |number of )*((?:§c\d+|(?:{_grain_words()})(?!\w))(?:(?:\s?(?:{AND})\s(?:by |per |each )?(?:the )?)(?:§c\d+|(?:{_grain_words()})(?!\w)))*)",
                text,
            )
        ):
            before = text[: m.start()]
            if re.search(r"\b(?:sorted|ordered|order|sort|ranked|rank|arranged|measured|weighted)\s$", before):
                continue
            parts = re.findall(rf"§c\d+|(?:{_grain_words()})(?!\w)", m[1])
            ranked = re.search(rf"(?:\b(?:top|bottom|{_SUPER}))\s(?:§n\d+ )?(?:\w+ )?§c\d+\s$", before)
            ranked = ranked or re.search(rf"\b(?:top|bottom|{_SUPER})\s(?:§n\d+ )?\w+\s$", before)
            if ranked and parts[0].startswith("§c") and self._numeric_mark(parts[0]):
                continue
            for part in parts:
                group = self._group_of(part)
                if group is not None and group not in made.groups:
                    made.groups.append(group)
            self.text = self.text.replace(m.group(), " ", 1)
        if m := re.search(rf"\b(daily|weekly|monthly|quarterly|yearly|annual(?:ly)?|hourly)\b|{OVER_TIME}", self.text):  # type: ignore[assignment]
            grain = _grain(m[1]) if m[1] else "auto"
            if not any(self._is_time(g) for g in made.groups):
                column = self._date_for(m.group())
                if column is not None:
                    made.groups.append(column if isinstance(column, Group) else Group(column, grain))
            self.text = self.text[: m.start()] + " " + self.text[m.end() :]
        patterns = (
            rf"\b(?:which|what|whose)\s(?:§n\d+ )?(?P<c>§c\d+)\s(?:\w+\s){{0,4}}?(?:the )?(?:§n\d+ )?{_SUPER}\b",
            rf"(?P<c>§c\d+)\s(?:with|having|that has|that have|has|have|had|which has|which have|by)\s(?:the )?(?:§n\d+ )?{_SUPER}\b",
            rf"\b(?:which|what|in which|on which|for which)\s(?P<grain>{_grain_words()})\s(?:\w+\s){{0,4}}?(?:the )?{_SUPER}\b",
        )
        busy = rf"\b(?P<busy>busiest|quietest|most popular)\s(?P<grain>§c\d+|{_grain_words()})"
        for pattern in (*patterns, busy):
            m = re.search(pattern, self.text)  # type: ignore[assignment]
            if m and not made.groups:
                part = m.groupdict().get("c") or m.groupdict()["grain"]
                group = self._group_of(part)
                if group is not None:
                    made.groups.append(group)
                    made.one = made.n is None and not re.search(r"§c\d+s", m.group())
                    self.text = self.text.replace(part, " ", 1)
                    made.descending = not re.search(rf"\b(?:{_LOWEST}|quietest)\b", self.text)
                    self._worst(made)

    def _numeric_mark(self, mark: str) -> bool:
        return all(self.kinds.is_number(c) for c in self.g.columns[int(mark[2:])])

    def _group_of(self, part: str) -> Group | None:
        if part.startswith("§c"):
            column = self.column(int(part[2:]), "text")
            return Group(column, "auto" if self.kinds.is_date(column) and self.kinds.facts(column)[1] > 40 else "")
        grain = _grain(part)
        found = self._date_for(part, grain)
        return found if isinstance(found, Group) or found is None else Group(found, grain)

    def _date_for(self, said: str, grain: str = "") -> Column | Group | None:
        """The date column behind `by month`, or the integer column that holds the month itself."""
        named = [c for i in self.candidates() for c in self.g.columns[i] if self.kinds.is_date(c)]
        if named:
            self.text = re.sub(
                r"§c(\d+)", lambda m: " " if named[0] in self.g.columns[int(m[1])] else m.group(), self.text
            )
            return named[0]
        parts = {
            "month": ("month", "mnth"),
            "year": ("year", "yr"),
            "day": ("day",),
            "hour": ("hour", "hr"),
            "weekday": ("weekday",),
            "hour_of_day": ("hour", "hr"),
            "month_of_year": ("month", "mnth"),
        }
        if grain in parts and (whole := self.kinds.part(*parts[grain])) is not None:
            return Group(whole)
        column = self.kinds.the_date(f"“{said}”")
        if column is None:
            part = self.kinds.part("year", "yr") or self.kinds.part("month", "mnth")
            if part is not None:
                return Group(part)
            raise NeedsAnswer(
                f"{self.kinds.table.name} has no date column. By which column should “{said}” be told?",
                [c.name for c in self.kinds.table.columns][:8],
            )
        return column

    def _is_time(self, group: Group) -> bool:
        return bool(group.grain) or group.column.name.lower() in (
            "year",
            "month",
            "day",
            "week",
            "quarter",
            "hour",
            "yr",
            "mnth",
            "hr",
        )

    def _predicates(self) -> None:
        """Columns that say yes or no become conditions where the words use them so: `how many survived`."""
        for index in self.candidates():
            made = binary_condition(index, self.text, self.g, self.kinds)
            if made is not None:
                condition, span = made
                mark = f"§f{len(self.filters.conditions)}"
                self.filters.conditions.append(condition)
                self.text = re.sub(r"\s+", " ", f"{self.text[: span[0]]} {mark} {self.text[span[1] :]}")
        self.text = re.sub(r"\s+", " ", self.text)
        self.filters.text = self.text

    def _compared(self, made: Reading) -> None:
        """Values named side by side are groups to compare, not one heap."""
        for column, _values in self.filters.both:
            if not any(g.column == column for g in made.groups) and made.within is None:
                made.groups.insert(0, Group(column))
        twin = re.search(
            r"§f(\d+)\s(?:versus|vs\.?|or|and|than|against|compared (?:to|with))\s(?:\w+\s){0,3}?(?:not|haven't|didn't|don't|aren't|weren't|hasn't)(?!\w)(?!\s§)",
            self.text,
        )
        if twin:
            column = self.filters.conditions[int(twin[1])].column
            self.filters.conditions[int(twin[1])] = Condition(column, "present")
            made.where = self.filters.tree()
            made.groups.insert(0, Group(column))
        comparing = re.search(
            r"\b(?:compar\w+|vs\.?|versus|differ\w*|than|between|gegenüber|vergleich\w*)\b", self.text
        )
        if comparing and not self.filters.both:
            said: dict[str, tuple[Column, list[int]]] = {}
            for number in map(int, re.findall(r"§f(\d+)", self.text)):
                test = self.filters.conditions[number]
                if test.how in ("=", "!=") and len(test.values) == 1:
                    said.setdefault(test.column.name, (test.column, []))[1].append(number)
            for column, numbers in said.values():
                if len(numbers) == 2:
                    self._merge(column, numbers)
                    made.where = self.filters.tree()
                    made.groups.insert(0, Group(column))

    def _merge(self, column: Column, numbers: list[int]) -> None:
        first, second = (self.filters.conditions[n] for n in numbers)
        values = (*first.values, *second.values)
        plain = first.how == second.how == "=" and not first.negated and not second.negated
        kept = Condition(column, "in", values) if plain else Condition(column, "present")
        self.filters.conditions[numbers[0]] = kept
        self.filters.text = self.filters.text.replace(f"§f{numbers[1]}", " ", 1)
        self.text = self.text.replace(f"§f{numbers[1]}", " ", 1)

    def _aggregates(self, hint: str | None) -> list[str]:
        found = [
            (m.start(), name)
            for name, pattern in AGGREGATES
            if (m := re.search(rf"(?<!\w)(?:{pattern})(?!\w)", self.text))
        ]
        return [n for _, n in sorted(found)] or ([hint] if hint else [])

    def _shape(self, made: Reading, hints: list[Column]) -> None:
        from opsmith.tools.compute.query_roles import assign
        from opsmith.tools.compute.query_unknown import ask_or_note, near_names, unknown_word

        assign(self, made, hints)
        unknown = unknown_word(self)
        if unknown and not any(f"“{unknown}”" in note for note in self.notes):
            if made.shape == "share" and made.where is None:
                raise NeedsAnswer(
                    f"{self.kinds.table.name} has no column or value “{unknown}”. The share of what?",
                    near_names(self, unknown),
                )
            ask_or_note(self, unknown)

    def scale(self) -> tuple[Column, bool] | None:
        """The column that `oldest` or `cheapest` speaks of, and whether the high end is meant."""
        for pattern, names, high in SCALES:
            if not re.search(rf"\b(?:{pattern})\b", self.text):
                continue
            for word in names:
                hits = [
                    c
                    for c in self.kinds.table.columns
                    if word in name_words(c.name) or any(stem(w) == stem(word) for w in name_words(c.name))
                ]
                hits = [c for c in hits if self.kinds.is_number(c) or self.kinds.is_date(c)]
                if len(hits) > 1:
                    raise NeedsAnswer("By which column is that meant?", [c.name for c in hits[:8]])
                if hits:
                    # the oldest car has the earliest year, the oldest person the highest age
                    return hits[0], high and not (pattern.startswith("oldest") and word != "age")
        return None


_SHARE = r"(?<!\w)(?:" + dict(AGGREGATES)["share"] + r"|rates?)(?!\w)"


def _grain_words() -> str:
    return "|".join(p for _, p in GRAINS)


def _grain(word: str) -> str:
    return next((grain for grain, pattern in GRAINS if re.fullmatch(pattern, word)), "month")
