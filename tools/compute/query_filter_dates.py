"""Read the conditions on time of a marked question: on, before, since, between."""

from __future__ import annotations

import re
from dataclasses import replace

from opsmith.tools.compute.query_conditions import Condition, Filters
from opsmith.tools.compute.query_dates import Period
from opsmith.tools.compute.query_ground import Grounded
from opsmith.tools.compute.query_kinds import Kinds
from opsmith.tools.compute.query_words import COMPARISONS
from opsmith.tools.data.table import Column


class DateFilters:
    """What all conditions are read from, and the ones on time."""

    def __init__(self, grounded: Grounded, kinds: Kinds):
        self.g, self.kinds = grounded, kinds
        self.out = Filters(grounded.text)
        self._end = 0  # where the words of the condition in hand end

    @staticmethod
    def _sign(m: re.Match[str]) -> str:
        sign = next(s for words, s in COMPARISONS if re.fullmatch(words, m["cmp"]))
        if m.groupdict().get("no"):
            sign = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}[sign]
        return sign

    @staticmethod
    def _indexes(m: re.Match[str], letter: str) -> list[str]:
        return re.findall(rf"§{letter}(\d+)", m.group())

    def _moment(self, index: str) -> Period:
        found: Period = self.g.dates[int(index)]
        return found

    def _date_column(self, m: re.Match[str]) -> Column | None:
        for index in self._indexes(m, "c"):
            for column in self.g.columns[int(index)]:
                if self.kinds.is_date(column):
                    return column
        return None

    def _dates_between(self, m: re.Match[str]) -> Condition | None:
        if self._indexes(m, "c") and self._date_column(m) is None:
            return None
        first, second = (self._moment(i) for i in self._indexes(m, "d"))
        return self.kinds.in_time(self._date_column(m), first, "between", second)

    def _date_compared(self, m: re.Match[str]) -> Condition | None:
        period = self._moment(self._indexes(m, "d")[0])
        sign = self._sign(m)
        return self.kinds.in_time(
            self._date_column(m), period, {">": "after", ">=": "since", "<": "before", "<=": "until"}[sign]
        )

    def _on_date(self, m: re.Match[str]) -> Condition | None:
        period = self._moment(self._indexes(m, "d")[0])
        if self._indexes(m, "c") and self._date_column(m) is None:
            return None  # `highest close in 2008`: the column is what is asked for
        made = self.kinds.in_time(self._date_column(m), period, "in")
        return replace(made, negated=True) if made is not None and m["not"] is not None else made

    def _since(self, m: re.Match[str]) -> Condition | None:
        word = m["when"]
        if re.match(r"before|prior|earlier|vor|antes|avant", word):
            how = "before"
        elif re.match(r"until|till|up to|by|bis|hasta", word):
            how = "until"
        else:
            how = "after" if re.match(r"after|later|nach|après", word) else "since"
        return self.kinds.in_time(None, self._moment(self._indexes(m, "d")[0]), how)

    def _in_time(self, m: re.Match[str]) -> Condition | None:
        several = [self._moment(i) for i in self._indexes(m, "d")]
        if len(several) == 1:
            return self.kinds.in_time(None, several[0], "in")
        return self.kinds.in_times(several, self.out)
