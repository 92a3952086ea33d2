"""Decide what a question wants of the columns that are left in it: which are measured, which group, and what figure it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from opsmith.tools.compute.query_superlatives import as_groups, by_scale, ends_of_dates, superlative, superlative_of
from opsmith.tools.compute.query_unknown import ask_measure, ask_or_note, near_names, unknown_word
from opsmith.tools.compute.query_words import AGGREGATES, COMPARISONS, ROW_NOUNS, name_words, stem
from opsmith.tools.contract import NeedsAnswer
from opsmith.tools.data.table import Column

if TYPE_CHECKING:
    from opsmith.tools.compute.query_read import Reader, Reading

_FIGURES = ("mean", "median", "sum", "min", "max", "std", "variance", "quantile", "mode", "range", "iqr")
_SHARE = dict(AGGREGATES)["share"]
_HOW_MANY = r"\bhow many\b|\bnumber of\b|\bcounts?\b|\bhow often\b|wie ?viele|anzahl|cu[áa]nt[oa]s|n[úu]mero de|combien|nombre d|多少|几个|数量|行数"
_OF_ROWS = r"\s(?:had|have|has|with|where|when|was|were|did)\s(?:a |an |the )?§f"  # `how many hours had less than …`
_PART = r"(?:total|share|overall|all)"


def assign(reader: Reader, made: Reading, hints: list[Column]) -> None:
    """Fill in the shape, the measures and what is left of the groups."""
    text = reader.text
    left = reader.candidates()
    if made.measures:
        _arithmetic_figure(reader, made)
        return
    _open_comparison(reader, made, left)
    if re.search(r"\bduplicat\w*|\bidentical rows|\brepeated rows|doppelte|doublons|重复", text):
        made.shape, made.show = "duplicates", [reader.column(i) for i in left]
        return
    if (
        re.search(r"\b(?:how many|number of|which|what|list|name|show)\b.{0,12}\b(?:columns?|fields|variables)\b", text)
        and not left
        and not made.aggs[1:]
        and not reader.filters.conditions
        and "missing" not in made.aggs
    ):
        made.shape = "columns"
        return
    if "corr" in made.aggs and not (len(made.aggs) > 1 and not left and not hints):
        _correlation(reader, made, left, hints)
        return
    if re.search(r"\b(?:describe|summary|summari[sz]e|statistics|stats|key figures)\b", text) and left:
        made.shape, made.measures = "describe", _measures(reader, left)
        return
    if re.search(r"\b(?:distribution|histogram|distributed|verteilung)\b", text) and left:
        column = reader.column(left[0])
        made.shape = "histogram" if reader.kinds.is_number(column) and reader.kinds.facts(column)[1] > 12 else "top"
        made.show = [column]
        return
    if "missing" in made.aggs:
        made.shape, made.show = (
            "missing",
            [reader.column(i) for i in left]
            or ([h for h in hints if not _used(reader, h)] if not reader.filters.conditions else []),
        )
        return
    rate = re.search(r"§c(\d+)\s(?:rates?|ratio)\b|\brates? of\s§c(\d+)", text)
    if rate and _rate(reader, made, int(rate[1] or rate[2])):
        return
    if (
        "share" in made.aggs
        or made.within is not None
        or (re.search(r"\brates?\b", text) and reader.filters.conditions and not left)
    ):
        _share(reader, made, left)
        return
    if ends_of_dates(reader, made, left):
        return
    scale = reader.scale()
    figures = [a for a in made.aggs if a in _FIGURES]
    if scale and not figures and not re.search(_HOW_MANY, text):
        made.groups += _more_groups(reader, [i for i in left if scale[0] not in reader.g.columns[i]])
        by_scale(reader, made, *scale)
        return
    if _counted(reader, made, left, figures):
        return
    if "top" in made.aggs and (left or made.groups or hints):
        made.shape = "top"
        made.groups += _more_groups(reader, left) or ([] if made.groups else as_groups(hints))
        if re.search(r"\b(?:least|rarest)\b", text):
            made.descending = False
        return
    if figures:
        _figure(reader, made, left, hints, figures)
        return
    _without_figure(reader, made, left, hints)


def _arithmetic_figure(reader: Reader, made: Reading) -> None:
    figures = [a for a in made.aggs if a in _FIGURES]
    made.shape = "figure"
    ratio = made.measures[0].op == "/"
    made.aggs = figures or (["ratio"] if ratio else ["mean"] if made.measures[0].op == "-" else ["sum"])
    if ratio and set(made.aggs) <= {"sum", "mean"}:
        made.aggs = ["ratio"] if not figures or figures == ["sum"] or "average" not in reader.text else made.aggs
    made.groups += _more_groups(reader, reader.candidates())


def _correlation(reader: Reader, made: Reading, left: list[int], hints: list[Column]) -> None:
    columns = [reader.column(i, "number") for i in left]
    columns += [g.column for g in made.groups if g.column not in columns]
    if len(columns) < 2:
        columns += [h for h in hints if h not in columns]
    made.groups = []
    made.shape = "corr" if len(columns) >= 2 else "corr_all"
    made.show = columns[:2] if made.shape == "corr" else columns[:1]


def _open_comparison(reader: Reader, made: Reading, left: list[int]) -> None:
    """A comparison that found no column asks for one instead of being left out."""
    for words in (*(w for w, _ in COMPARISONS), "before|after|since|until|between"):
        m = re.search(rf"(?<!\w)(?:{words})\s(?:the )?§n(\d+)(?!\d)(?!\s?(?:%|percent))", reader.text)
        if m and not re.search(r"\b(?:percentile|quantile|top|first)\b", reader.text):
            number = reader.g.numbers[int(m[1])]
            said = f"{m.group().split('§')[0].strip()} {reader.g.said[f'§n{m[1]}'].strip() or number.plain()}"
            parts = ("year", "month", "day", "hour", "minute", "week")
            choices = [c.name for c in reader.kinds.table.columns if reader.kinds.is_number(c) and c.name not in parts][
                :10
            ]
            raise NeedsAnswer(f"“{said}” of which column?", choices)


def _measures(reader: Reader, left: list[int]) -> list:  # type: ignore[type-arg]
    from opsmith.tools.compute.query_read import Measure

    return [Measure(reader.column(i, "number")) for i in left]


def _more_groups(reader: Reader, left: list[int]) -> list:  # type: ignore[type-arg]
    return [g for i in left if (g := reader._group_of(f"§c{i}")) is not None]


def _used(reader: Reader, column: Column) -> bool:
    return any(c.column == column for c in reader.filters.conditions)


def _rate(reader: Reader, made: Reading, index: int) -> bool:
    """`churn rate by contract`: the share of yes of a column, by group."""
    from opsmith.tools.compute.query_conditions import Condition, Node

    column = next((c for c in reader.g.columns[index] if reader.kinds.binary(c)), None)
    if column is None:
        return False
    yes = reader.kinds.binary(column)
    assert yes is not None
    inside = [t for t in (made.within, made.where) if t is not None]
    made.shape = "share"
    made.within = inside[0] if len(inside) == 1 else Node("and", tuple(inside)) if inside else None
    made.where = Condition(column, "=", (yes[0],))
    made.groups += _more_groups(reader, [i for i in reader.candidates() if i != index])
    return True


def _share(reader: Reader, made: Reading, left: list[int]) -> None:
    """Share of rows, of a sum, or of each value."""
    made.shape = "share"
    numbers = [reader.column(i) for i in left if _number_mark(reader, i) and len(reader.g.columns[i]) == 1]
    numbers = [
        c for c in numbers if reader.kinds.binary(c) is None and (c.kind == "number" or reader.kinds.facts(c)[1] > 15)
    ]
    counted = re.search(rf"(?:{_SHARE})\s(?:of )?(?:the )?(?:{_PART} )*§c\d+(?P<rows>\s(?:with|where|that|which|when|who|having)\s§f)?", reader.text)  # fmt: skip
    if numbers and counted and not counted["rows"]:  # `share of hours with rain` is one of rows
        from opsmith.tools.compute.query_read import Measure

        made.measures = [Measure(numbers[0])]
        made.groups += _more_groups(reader, [i for i in left if reader.g.columns[i][0] != numbers[0]])
        made.shape = "share_of_sum"
        return
    others = [i for i in left if not (numbers and reader.g.columns[i][0] in numbers)]
    others = [i for i in others if not any(_used(reader, c) for c in reader.g.columns[i])]
    for index in others:
        if made.groups and reader.kinds.binary(reader.g.columns[index][0]) and made.where is None:
            _rate(reader, made, index)
            made.groups = made.groups[: len(made.groups)]
            return
    if others:
        if made.groups and made.where is None:
            made.shape, made.show = "share_within", [reader.column(i) for i in others[:1]]
            return
        made.groups += _more_groups(reader, others)
    if made.where is None and not made.groups:
        unknown = unknown_word(reader)
        raise NeedsAnswer(
            f"{reader.kinds.table.name} has no column or value “{unknown}”. The share of what?" if unknown else "The share of what? Name a value or a column.",
            near_names(reader, unknown),
        )  # fmt: skip


def _number_mark(reader: Reader, index: int) -> bool:
    return any(reader.kinds.is_number(c) for c in reader.g.columns[index])


def _counted(reader: Reader, made: Reading, left: list[int], figures: list[str]) -> bool:
    """`how many …`: rows, rows by group, or different values."""
    text = reader.text
    asked = re.search(_HOW_MANY, text) or "count" in made.aggs
    if not asked or (figures and not ("sum" in figures and re.search(r"total number|in total|total count", text))):
        return False
    if "unique" in made.aggs:
        made.shape, made.show = "unique", [reader.column(i) for i in left]
        if not made.show and made.groups:
            made.show, made.groups = [made.groups[0].column], made.groups[1:]
        return bool(made.show)
    if re.search(rf"(?:\btop|most|least|{'which'})\b", text) and made.groups and not left:
        made.shape = "count"
        return True
    direct = re.search(
        r"(?:how many|number of|count of|count the|wie ?viele|cu[áa]nt[oa]s|combien de|多少)\s(?:the )?(?:\w+ )?§c(\d+)(?!\d)",
        text,
    )
    if direct and re.match(_OF_ROWS, text[direct.end() :]) and _number_mark(reader, int(direct[1])):
        left = [i for i in left if i != int(direct[1])]
    elif direct and int(direct[1]) in left:
        index = int(direct[1])
        column = reader.column(index, "text")
        amount = (
            column.kind == "integer"
            and not reader.kinds.row_label(column)
            and not re.search(r"(?i)id$|code|flight|number$", column.name)
        )
        if amount and stem(reader.g.said[f"§c{index}"].strip()) not in ROW_NOUNS - {"children"}:
            from opsmith.tools.compute.query_read import Measure

            made.shape, made.measures, made.aggs = "figure", [Measure(column)], ["sum"]
            made.groups += _more_groups(reader, [i for i in left if i != index])
            return True
        made.groups += _more_groups(reader, [i for i in left if i != index])
        if (reader.kinds.row_label(column) and reader.filters.conditions) or column.kind == "number":
            made.shape = "count"
            return True
        if reader.kinds.binary(column) is None or re.search(r"\b(?:are there|exist|different)\b", text):
            made.shape, made.show = "unique", [column]
            return True
        made.groups.append(as_groups([column])[0])
    made.shape = "count"
    rest = [i for i in left if not (direct and i == int(direct[1]))]
    made.groups += _more_groups(reader, [i for i in rest if not _used(reader, reader.g.columns[i][0])])
    unknown = unknown_word(reader)
    if unknown:
        ask_or_note(reader, unknown)
    return True


def _figure(reader: Reader, made: Reading, left: list[int], hints: list[Column], figures: list[str]) -> None:
    from opsmith.tools.compute.query_read import Measure

    made.shape = "figure"
    made.aggs = list(dict.fromkeys(figures))
    if "range" in made.aggs:
        made.aggs = [a for a in made.aggs if a not in ("min", "max")]
    if "quantile" in made.aggs and len(made.aggs) == 1 and made.point is None and "quartile" in reader.text:
        made.aggs = ["describe"]
    numbers = [i for i in left if _number_mark(reader, i)]
    others = [i for i in left if i not in numbers]
    if made.aggs[0] in ("min", "max", "mode", "range") and others and not numbers:
        numbers, others = others[:1], others[1:]
    if (
        len(made.aggs) == 2
        and set(made.aggs) & {"min", "max"}
        and made.aggs[0] in ("min", "max")
        and superlative_of(reader.text)
    ):
        made.descending = made.aggs[0] == "max"
        made.aggs = [made.aggs[1]]
    chosen = [reader.column(i, "number") for i in numbers]
    if made.groups and not chosen and reader.kinds.is_number(made.groups[0].column) and len(made.groups) > 1:
        chosen, made.groups = [made.groups[0].column], made.groups[1:]
    spare = [h for h in hints if not _used(reader, h) and h not in [g.column for g in made.groups] and h not in chosen]
    if not chosen:
        unknown = unknown_word(reader)
        fit = [h for h in spare if reader.kinds.is_number(h)] or (
            list(spare) if made.aggs[0] in ("min", "max", "mode") else []
        )
        same = [
            c
            for c in reader.kinds.table.columns
            if reader.kinds.is_number(c) and re.search(rf"\b{re.escape(c.name.lower())}\b", reader.text)
        ]
        if fit or same:
            chosen = fit or same[:1]
        elif others:
            column = reader.column(others[0])
            if (yes := reader.kinds.binary(column)) and made.aggs == ["mean"]:
                from opsmith.tools.compute.query_conditions import Condition

                made.shape, made.within, made.where = "share", made.where, Condition(column, "=", (yes[0],))
                return
            if made.aggs[0] in ("sum", "mean") and re.search(r"\btotal\b", reader.text) and not unknown:
                made.shape, made.groups = "count", [*made.groups, *_more_groups(reader, others)]
                return
            names = [c.name for c in reader.kinds.table.columns if reader.kinds.is_number(c)]
            raise NeedsAnswer(
                f"{column.name} holds text, so it has no {made.aggs[0]}. Which number column do you mean?", names[:8]
            )
        else:
            ask_measure(reader, made, unknown)
    made.measures = [Measure(c) for c in chosen]
    made.groups += _more_groups(reader, others)
    if (
        len(made.measures) > 1
        and not made.groups
        and re.search(r"\bwhich\b|\bwho\b", reader.text)
        and len(made.aggs) == 1
    ):
        small = [m for m in made.measures if reader.kinds.facts(m.column)[1] <= 40]
        if len(small) == 1:
            made.measures = [m for m in made.measures if m not in small]
            made.groups = as_groups([small[0].column])
    unknown = unknown_word(reader)
    if unknown:
        ask_or_note(reader, unknown)


def _without_figure(reader: Reader, made: Reading, left: list[int], hints: list[Column]) -> None:
    """No figure is named: a superlative, a list of values, a lookup, or rows."""
    from opsmith.tools.compute.query_read import ADDITIVE, Measure

    text = reader.text
    columns = [reader.column(i, "number" if made.descending is not None else "any") for i in left]
    numbers = [c for c in columns if reader.kinds.is_number(c) and not reader.kinds.is_code(c)]
    if made.descending is not None or re.search(r"\b(?:sorted|ordered|ranked|sort|order|rank) by\b", text):
        superlative(reader, made, columns, numbers)
        return
    comparing = re.search(r"\b(?:compar\w+|vs\.?|versus|differ\w*|than|more|less|higher|lower)\b", text)
    if made.groups and numbers:
        made.aggs, made.measures = ["mean"], [Measure(c) for c in numbers]
        made.groups += as_groups([c for c in columns if c not in numbers])
        additive = {stem(w) for w in name_words(numbers[0].name)} & {stem(a) for a in ADDITIVE}
        if additive and not comparing:
            made.aggs = ["sum"]
        reader.notes.append(f"No figure was named; {made.aggs[0]} was taken.")
        return
    if made.groups:
        if columns and (yes := reader.kinds.binary(columns[0])):
            from opsmith.tools.compute.query_conditions import Condition

            made.shape, made.within, made.where = "share", made.where, Condition(columns[0], "=", (yes[0],))
            return
        made.shape = "count"
        made.groups += as_groups(columns)
        return
    if comparing and numbers:
        spare = [c for c in columns if c not in numbers]
        made.measures, made.aggs, made.groups = [Measure(c) for c in numbers], ["mean"], as_groups(spare)
        return
    if "unique" in made.aggs or (
        columns
        and not reader.filters.conditions
        and not made.n
        and re.match(
            r"\W*(?:which|what|list|show|name|give|all|tell|welche|qu[eé]|quel\w*|cu[áa]les|哪些|有哪些)\b", text
        )
        and not numbers
        and len(columns) == 1
    ):
        made.shape, made.show = "values", columns or [h for h in hints if not _used(reader, h)][:1]
        if made.show:
            return
    spare = [h for h in hints if not _used(reader, h)]
    if (
        spare
        and not (columns or reader.filters.conditions)
        and not re.search(r"\brows?|records|lines|head|sample|first|last\b", text)
    ):
        columns = spare
    if re.search(r"^\W*(?:is|are|was|were|does|do|did)\b.*\b(?:there|any)\b", text) and reader.filters.conditions:
        made.shape = "count"
        return
    unknown = unknown_word(reader)
    asked = re.search(
        r"\b(?:show|list|rows?|records|lines|head|tail|sample|first|last|example|preview|who|which|what|where|zeilen|filas|lignes|行|display|print|see)\b",
        text,
    )
    if not columns and not reader.filters.conditions and (unknown or not asked):
        raise NeedsAnswer(
            f"{reader.kinds.table.name} has no column or value “{unknown}”. What should be figured out?" if unknown else f"What should be figured out about {reader.kinds.table.name}?",
            near_names(reader, unknown),
        )  # fmt: skip
    if not columns and reader.filters.conditions and not asked:
        named = re.match(r"\W*(?:the |all |any )?[^\W\d_]+\b", text)  # `movies with …`: the rows themselves
        rows = bool(named) and named.group().split()[-1] in ROW_NOUNS  # type: ignore[union-attr]
        made.shape, made.n = ("rows", made.n or 50) if rows else ("count", made.n)
        return
    if columns and not reader.filters.conditions and not asked and len(columns) == 1 and numbers:
        made.shape, made.measures = "describe", [Measure(numbers[0])]
        return
    made.shape, made.show = "rows", columns
    made.distinct = (
        bool(reader.filters.conditions)
        and len(columns) == 1
        and not reader.kinds.row_label(columns[0])
        and bool(re.match(r"\W*(?:which|what)\b", text))
    )
    if unknown:
        ask_or_note(reader, unknown)
