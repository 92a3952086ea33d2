"""Read the conditions of a marked question: comparisons, ranges, values, gaps, dates, and how and/or/not tie them together."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from opsmith.tools.compute.query_conditions import Condition, Filters
from opsmith.tools.compute.query_filter_dates import DateFilters
from opsmith.tools.compute.query_ground import Number
from opsmith.tools.compute.query_patterns import patterns
from opsmith.tools.compute.query_words import COMPARISONS, SCALES, UNITS, alike, name_words
from opsmith.tools.contract import NeedsAnswer
from opsmith.tools.data.table import Column


class FilterReader(DateFilters):
    """Consumes conditions from a grounded question, the surest patterns first."""

    def read(self) -> Filters:
        """All conditions; what is left in `text` is what is asked about."""
        # `neither A nor B` is `not A or B`
        self.out.text = re.sub(
            r"\b(?:is |are |was |were )?neither ((?:\w+ ){0,3}§v\d+) nor (?:\w+ ){0,3}(?=§v)",
            r"not \1 or ",
            self.out.text,
        )
        for pattern, method in patterns():
            self._each(pattern, getattr(self, method))
        return self.out

    def _each(self, pattern: str, take: Callable[[re.Match[str]], Condition | None]) -> None:
        compiled = re.compile(rf"(?<![\w§]){pattern}(?!\w)")
        at = 0
        while m := compiled.search(self.out.text, at):
            self._end = m.end()
            made = take(m)
            if made is None:
                at = m.start() + 1
                continue
            mark = f"§f{len(self.out.conditions)}"
            self.out.conditions.append(made)
            lead = re.match(r"\s*", m.group()).group()  # type: ignore[union-attr]
            keep = "or " if re.match(r"\s*or\b", m.group()) else ""
            self.out.text = f"{self.out.text[: m.start()]}{lead}{keep}{mark}{self.out.text[self._end :]}"
            at = m.start() + len(mark)

    # marks back to things

    def _numeric(self, index: str | None) -> Column | None:
        """The number column of a mark; asks when several are meant equally."""
        if index is None:
            return None
        every = [c for c in self.g.columns[int(index)] if self.kinds.is_number(c)]
        if len(every) > 1:
            said = self.g.said[f"§c{index}"]
            raise NeedsAnswer(f"Which column do you mean by “{said}”?", [c.name for c in every])
        return every[0] if every else None

    def _any(self, index: str | None) -> Column | None:
        return self.g.columns[int(index)][0] if index is not None else None

    def _number(self, index: str, column: Column) -> int | float:
        number = self.g.numbers[int(index)]
        return number.value / 100 if number.percent and self.kinds.is_fraction(column) else number.plain()

    # one method a pattern

    def _between(self, m: re.Match[str]) -> Condition | None:
        column = self._numeric(self._indexes(m, "c")[0])
        low, high = self._indexes(m, "n")
        if column is None:
            return None
        a, b = self._number(low, column), self._number(high, column)
        compared = re.search(r"\b(?:compar\w+|differ\w*)\b", m.string) and m.string[: m.start()].endswith("between ")
        if compared and "between" not in m.group():  # `compare the loss between seatbelt 1 and 2`: two groups
            self.out.both.append((column, (a, b)))
            return Condition(column, "in", (a, b))
        return Condition(column, "between", (min(a, b), max(a, b)))

    def _signed(self, m: re.Match[str]) -> Condition | None:
        column = self._numeric(self._indexes(m, "c")[0])
        sign = "<" if (m["sign"] or m["sign2"]) == "negative" else ">"
        return None if column is None else Condition(column, sign, (0,))

    def _between_after(self, m: re.Match[str]) -> Condition | None:
        low, high = self._indexes(m, "n")[:2]
        named = self._indexes(m, "c")
        column = self._numeric(named[0]) if named else None
        if column is None and "aged" in m.group():
            column = self._scaled(("age",), "aged")
        column = (
            column
            or self._by_unit(self.g.numbers[int(high)], m.group())
            or self._by_unit(self.g.numbers[int(low)], m.group())
        )
        return (
            None
            if column is None
            else Condition(column, "between", (self._number(low, column), self._number(high, column)))
        )

    def _compared(self, m: re.Match[str]) -> Condition | None:
        column = self._numeric(self._indexes(m, "c")[0])
        return (
            None
            if column is None
            else Condition(column, self._sign(m), (self._number(self._indexes(m, "n")[-1], column),))
        )

    def _compared_after(self, m: re.Match[str]) -> Condition | None:
        number = self._indexes(m, "n")[0]
        if self.g.numbers[int(number)].unit and self.g.numbers[int(number)].unit not in ("$", "%"):
            said = self._by_unit(self.g.numbers[int(number)], m.group(), ask=False)
            if said is not None:
                return None  # the unit names the column; what follows is another matter
        column = self._numeric(self._indexes(m, "c")[-1])
        if column is None or self.kinds.binary(column):
            return None  # `under 10 survived`
        return Condition(column, self._sign(m), (self._number(number, column),))

    def _or_more(self, m: re.Match[str]) -> Condition | None:
        named, number = self._indexes(m, "c"), self._indexes(m, "n")[0]
        column = self._numeric(named[0]) if named else self._by_unit(self.g.numbers[int(number)], m.group())
        if column is None and re.search(r"older|younger", m.group()):
            column = self._scaled(("age",), "older")
        sign = ">=" if m["more"] in ("more", "above", "over", "higher", "older", "greater", "longer", "up") else "<="
        return None if column is None else Condition(column, sign, (self._number(number, column),))

    def _compared_bare(self, m: re.Match[str]) -> Condition | None:
        number = self._indexes(m, "n")[0]
        words = m.group()
        column = None
        for pattern, names, _ in SCALES:
            if re.search(rf"\b(?:{pattern})\b", words):
                column = self._scaled(names, words)
                break
        if column is None:
            column = self._by_unit(self.g.numbers[int(number)], words)
        if column is None and re.match(r"(?:aged?|under|over|above|below)", words):
            column = self._only_age()
        if column is None:
            return None
        if m.groupdict().get("scale"):
            sign = next((s for p, s in COMPARISONS if re.match(p, words.removeprefix("not "))), ">")
            if m["no"]:
                sign = {">": "<=", "<": ">="}.get(sign, sign)
        else:
            sign = self._sign(m)
        return Condition(column, sign, (self._number(number, column),))

    def _only_age(self) -> Column | None:
        """`passengers under 18`: an age, when the table has one and nothing else was said."""
        hits = [c for c in self.kinds.table.columns if "age" in name_words(c.name) and self.kinds.is_number(c)]
        return hits[0] if len(hits) == 1 else None

    def _scaled(self, names: Sequence[str], said: str) -> Column | None:
        for name in names:
            hits = [
                c
                for c in self.kinds.table.columns
                if any(alike(name, w) == 1.0 for w in name_words(c.name)) and self.kinds.is_number(c)
            ]
            if len(hits) == 1:
                return hits[0]
            if hits:
                raise NeedsAnswer(f"Which column do you mean by “{said}”?", [c.name for c in hits[:8]])
        return None

    def _by_unit(self, number: Number, said: str, ask: bool = True) -> Column | None:
        """The column that a unit speaks of: km → distance; asked when several are left."""
        if not number.unit or number.percent:
            return None
        words = next((w for pattern, w in UNITS if re.fullmatch(pattern, number.unit)), ())
        hits = [
            c
            for c in self.kinds.table.columns
            if self.kinds.is_number(c)
            and any(w == p or p == w + "s" or w == p + "s" for w in words for p in name_words(c.name))
        ]
        measured = {c.name for marks in self.g.columns for c in marks if len(marks) <= 3}
        named = [h for h in hits if h.name in measured]
        hits = named if len(named) == 1 else hits
        if len(hits) > 1 and ask:
            said = re.sub(r"§n\d+", f"{number.plain():,} {number.unit}", said)
            raise NeedsAnswer(f"Which column is meant by “{said.strip()}”?", [c.name for c in hits[:8]])
        if (
            len(hits) == 1
            and re.fullmatch(r"km|kms|kilomet\w+|mi|miles?|feet|ft|met\w+", number.unit)
            and number.unit[:2] not in name_words(hits[0].name)
        ):
            self.out.notes.append(
                f"{hits[0].name} is compared as it stands; the file does not say that it is in {number.unit}."
            )
        return hits[0] if len(hits) == 1 else None

    def _not_missing(self, m: re.Match[str]) -> Condition | None:
        word = m["miss"] or m["miss2"]
        gap = word in ("missing", "empty", "blank", "null", "nan", "none")
        column = self._any(self._indexes(m, "c")[0])
        return Condition(column, "present" if gap else "missing") if column else None

    def _is_missing(self, m: re.Match[str]) -> Condition | None:
        column = self._any(self._indexes(m, "c")[0])
        if column is None or re.match(r"(?:how many|number of)", self.out.text[: m.start()].strip()[-9:]):
            return None
        if m["miss"] == "no" and (said := self.kinds.binary(column)):
            return Condition(column, "=", (said[1],))
        if m["miss"] == "no" and self.kinds.has_zeros(column):
            return Condition(column, "=", (0,))
        there = m["miss"] in ("filled", "filled in", "known", "given", "present", "recorded", "available")
        return Condition(column, "present" if there else "missing")

    def _text(self, m: re.Match[str]) -> Condition | None:
        strings, values = self._indexes(m, "s"), self._indexes(m, "v")
        other = m["as_word"]  # a word that would else be a column's name
        wanted = self.g.strings[int(strings[0])] if strings else self.g.said[f"§v{values[0]}"] if values else m["word"]
        wanted = self.g.said[other] if other else wanted
        named = [i for i in self._indexes(m, "c") if f"§c{i}" != other]
        column = self._any(named[0]) if named else self._longest_text()
        if column is None or not wanted:
            return None
        how = "starts" if re.match(r"start|begin", m["how"]) else "ends" if m["how"].startswith("end") else "contains"
        return Condition(column, how, (str(wanted).strip("`'\"“”"),), negated=bool(m["no"]))

    def _longest_text(self) -> Column | None:
        texts = [c for c in self.kinds.table.columns if c.kind == "text"]
        return max(texts, key=self.kinds.mean_length) if texts else None

    def _listed(self, m: re.Match[str]) -> list[int]:
        return [int(i) for i in re.findall(r"§v(\d+)", m["list"])]

    def _pairs(self, indexes: list[int], column: Column | None) -> tuple[Column, tuple[Any, ...]] | None:
        """One column in which all the values stand; asked when several are possible."""
        sets = [{c.name for c, _ in self.g.values[i]} for i in indexes]
        common = set.intersection(*sets)
        if column is not None:
            common &= {column.name}
        if not common:
            return None
        if len(common) > 1:
            common = self._cued(indexes[0], common)
        if len(common) > 1:  # a category outranks a remark that happens to say the same
            few = {c.name for c, _ in self.g.values[indexes[0]] if c.name in common and self.kinds.facts(c)[1] <= 200}
            common = few or common
        if len(common) > 1:
            said = self.g.said[f"§v{indexes[0]}"]
            raise NeedsAnswer(
                f"“{said}” stands in several columns. Which one do you mean?", [f"{c} = {said}" for c in sorted(common)]
            )
        chosen = next(c for c, _ in self.g.values[indexes[0]] if c.name in common)
        return chosen, tuple(v for i in indexes for c, v in self.g.values[i] if c.name == chosen.name)

    def _cued(self, index: int, names: set[str]) -> set[str]:
        """`from X` and `to X` choose between an origin and a destination."""
        before = re.search(rf"(\w+)\s(?:the\s)?§v{index}(?!\d)", self.g.text)
        word = before[1] if before else ""
        starts, ends = ("orig", "from", "source", "start", "dep"), ("dest", "to", "target", "end", "arr")
        wanted = (
            starts
            if word in ("from", "leaving", "departing", "out")
            else ends
            if word in ("to", "into", "towards", "arriving", "reaching")
            else ()
        )
        fitting = {n for n in names if any(w.startswith(k) for w in name_words(n) for k in wanted)}
        return fitting or names

    def _is_value(self, m: re.Match[str]) -> Condition | None:
        if re.search(r"(?:by|per|each)\s$", self.out.text[: m.start()]):
            return None
        return self._valued(m, self.g.columns[int(self._indexes(m, "c")[0])], False)

    def _is_not_value(self, m: re.Match[str]) -> Condition | None:
        return self._valued(m, self.g.columns[int(self._indexes(m, "c")[0])], True)

    def _loose_value(self, m: re.Match[str]) -> Condition | None:
        named = self._indexes(m, "c")
        return self._valued(m, self.g.columns[int(named[-1])] if named else [], False)

    def _loose_not_value(self, m: re.Match[str]) -> Condition | None:
        named = self._indexes(m, "c")
        return self._valued(m, self.g.columns[int(named[-1])] if named else [], True)

    def _valued(self, m: re.Match[str], columns: Sequence[Column], negated: bool) -> Condition | None:
        listed = self._listed(m)
        pair = None
        for column in columns:
            pair = self._pairs(listed, column)
            if pair:
                break
        ahead = m.group().find("§c")
        if pair is None and columns and 0 <= ahead < m.start("list") - m.start():
            return None  # the column before is another matter
        if pair is None:
            self._end = m.end("list")
            pair = self._pairs(listed, None)
        if pair is None and len(listed) > 1 and not columns:  # two matters joined by “and”
            self._end = m.start("list") + len(f"§v{listed[0]}")
            pair = self._pairs(listed[:1], None)
        if pair is None:
            return None
        column, values = pair
        values = tuple(dict.fromkeys(values))
        if (
            len(values) > 1
            and not negated
            and not re.search(r"\b(?:or|either|any of|one of|oder|ou)\b|\(", m.group())
            and not m.group().lstrip().startswith("§c")
        ):
            self.out.both.append((column, values))
        return Condition(column, "=" if len(values) == 1 else "in", values, negated=negated)

    def _equals(self, m: re.Match[str]) -> Condition | None:
        column = self._numeric_or_none(self._indexes(m, "c")[0])
        if column is None or re.search(r"(?:by|per|each|top|first|last)\s$", self.out.text[: m.start()]):
            return None
        return Condition(column, "=", (self._number(self._indexes(m, "n")[0], column),))

    def _numeric_or_none(self, index: str) -> Column | None:
        every = [c for c in self.g.columns[int(index)] if self.kinds.is_number(c)]
        return every[0] if len(every) == 1 else None

    def _not_equals(self, m: re.Match[str]) -> Condition | None:
        made = self._equals(m)
        return replace(made, how="!=") if made else None

    def _with_number(self, m: re.Match[str]) -> Condition | None:
        column = self._numeric_or_none(self._indexes(m, "c")[0])
        return None if column is None else Condition(column, "=", (self._number(self._indexes(m, "n")[0], column),))
