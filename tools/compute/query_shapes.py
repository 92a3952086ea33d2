"""Single shapes inside a question: how many rows, arithmetic of two columns, yes-or-no words, the parts of a share."""

from __future__ import annotations

import re
from typing import Any

from opsmith.tools.compute.query_conditions import Condition, Filters, Node
from opsmith.tools.compute.query_ground import Grounded
from opsmith.tools.compute.query_kinds import Kinds
from opsmith.tools.compute.query_words import AGGREGATES, ROW_NOUNS
from opsmith.tools.contract import NeedsAnswer

_RANKED = r"(?:most|least|highest|lowest|largest|biggest|greatest|smallest|best|worst|oldest|youngest|cheapest|priciest|longest|shortest|fastest|slowest|heaviest|top|bottom|first|last|latest|newest|earliest|random|commonest|rarest|häufigsten|más|plus|premières|ersten|primeras)"
_SHARE = dict(AGGREGATES)["share"]


def wanted_rows(text: str, g: Grounded) -> tuple[int | None, float | None, str]:
    """(how many rows, quantile as a fraction, the text without them)."""
    point = None
    quantile = r"(?:percentile|quantile|quantil|centil|perzentil)\w*"
    m = re.search(rf"§n(\d+)\s?(?:th|st|nd|rd)?\s?{quantile}|{quantile}\s(?:of\s)?§n(\d+)", text)
    if m:
        value = g.numbers[int(m[1] or m[2])].value
        point = value / 100 if value > 1 or g.numbers[int(m[1] or m[2])].percent else value
        text = re.sub(r"\s+", " ", text.replace(f"§n{m[1] or m[2]}", " ", 1))
    elif m := re.search(r"\bp(\d{1,2})\b(?!\w)", text):
        point = int(m[1]) / 100
    elif m := re.search(r"\b(first|lower|second|third|upper|1st|3rd)\s(?:quartile)", text):
        point = {"first": 0.25, "lower": 0.25, "1st": 0.25, "second": 0.5}.get(m[1], 0.75)
    for pattern in (
        r"\b(?:top|first|last|bottom|head|tail|random|primeros|primeras|premiers|premières|ersten|letzten|前|sample of|best|worst|highest|lowest|largest|biggest|smallest|oldest|youngest|cheapest|longest|shortest|fastest|slowest|heaviest|latest|newest|earliest|most expensive|busiest)\s?§n(\d+)(?!\s?[%])",
        rf"§n(\d+)\s(?:§c\d+\s)?(?:§f\d+\s)?(?:\w+\s){{0,3}}?{_RANKED}\b",
        r"§n(\d+)\s(?:random\s|sample\s|example\s)?(?:rows|records|lines|entries|examples|samples|zeilen|filas|lignes|行|条)\b",
        r"\b(?:which|the|show|list|name|give me)\s(?:the\s)?§n(\d+)\s§c\d+\s(?:with|have|has|by|that|sold|made)",
    ):
        m = re.search(pattern, text)
        if m:
            number = g.numbers[int(m[1])]
            if not number.percent and number.value == int(number.value) and 0 < number.value <= 100_000:
                return int(number.value), point, re.sub(r"\s+", " ", text.replace(f"§n{m[1]}", " ", 1))
    return None, point, text


_BURDEN = re.compile(
    r"delay|cost|price|charge|fee|loss|error|missing|claim|debt|latency|duration|wait|late|complaint|defect|premium|expense",
    re.IGNORECASE,
)


def burden(names: str) -> bool:
    """Whether more of a column is worse, so that `worst` means the highest."""
    return bool(_BURDEN.search(names))


def order_of(text: str) -> bool | None:
    """True for the highest first, False for the lowest first, None when no order is asked for."""
    if re.search(
        r"\b(?:lowest|smallest|least|fewest|worst|bottom|rarest|ascending|cheapest|niedrigste\w*|kleinste\w*|menos|moins|最低|最少|最小)\b",
        text,
    ):
        return False
    if re.search(
        r"\b(?:highest|largest|biggest|greatest|most|best|top|descending|höchste\w*|größte\w*|meisten|m[áa]s|plus|ranked?|ranking|最高|最多|最大)\b",
        text,
    ):
        return True
    return None


def arithmetic(text: str, g: Grounded, kinds: Kinds, measure: Any) -> tuple[list[Any], str]:
    """Two number columns with an operation between them, as measures; the text with them as §m0."""
    patterns = (
        (r"(?:ratio of|quotient of)\s§c(\d+)\s(?:to|and|over|/|versus|vs)\s§c(\d+)", "/", False), (r"§c(\d+)\s?(?:to|-to-|/)\s?§c(\d+)\sratio", "/", False),
        (r"§c(\d+)\s(?:divided by|/|over|÷|as a (?:fraction|ratio|multiple) of)\s§c(\d+)", "/", False), (r"§c(\d+)\sas an? (?:percentage|share|percent|proportion)\sof\s(?:the\s)?§c(\d+)", "/", True),
        (r"(?:difference between|gap between|differenz zwischen)\s(?:the\s)?§c(\d+)\sand\s(?:the\s)?§c(\d+)", "-", False), (r"§c(\d+)\s(?:minus|-|–|less)\s§c(\d+)", "-", False),
        (r"§c(\d+)\s(?:plus|\+|added to|together with|combined with)\s§c(\d+)", "+", False), (r"§c(\d+)\s(?:times|\*|×|x|multiplied by)\s§c(\d+)", "*", False),
        (r"§c(\d+)\s(?:per|pro|por|par)\s(?:unit of\s|each\s|dollar of\s)?§c(\d+)", "per", False),
    )  # fmt: skip
    for pattern, op, percent in patterns:
        for m in re.finditer(pattern, text):
            pair = [[c for c in g.columns[int(m[n])] if kinds.is_number(c)] for n in (1, 2)]
            if not all(pair) or pair[0] == pair[1]:
                continue
            if op == "per" and not _ratio_of(pair[1][0], kinds):
                continue
            for candidates, n in zip(pair, (1, 2), strict=True):
                if len(candidates) > 1:
                    raise NeedsAnswer(
                        f"Which column do you mean by “{g.said[f'§c{m[n]}']}”?", [c.name for c in candidates]
                    )
            made = measure(pair[0][0], "/" if op == "per" else op, pair[1][0], percent)
            return [made], f"{text[: m.start()]}§m0{text[m.end() :]}"
    if m := re.search(r"(?:profit )?§c(\d+)\smargin|(?:profit )margins?", text):  # type: ignore[assignment]
        profit = (
            g.columns[int(m[1])][0]
            if m[1]
            else next((c for c in kinds.table.columns if "profit" in c.name.lower()), None)
        )
        sales = [
            c
            for c in kinds.table.columns
            if c.name.lower() in ("sales", "revenue", "total", "turnover", "amount") and kinds.is_number(c)
        ]
        if profit is not None and len(sales) == 1:
            return [measure(profit, "/", sales[0], True)], f"{text[: m.start()]}§m0{text[m.end() :]}"
    return [], text


def _ratio_of(column: Any, kinds: Kinds) -> bool:
    """Whether `A per B` divides by B (an amount) instead of grouping by it (a code or a small count)."""
    return column.kind == "number" or kinds.facts(column)[1] > 200


_BEFORE = r"(?:how many|number of|count|of|for|among|amongst|with|have|has|had|having|and|or|are|is|were|was|who|that|which|also|both|did|do|does|only|all|many|from|than|between|vs|versus|compared? to|got|be|on|in|during)"


def binary_condition(index: int, text: str, g: Grounded, kinds: Kinds) -> tuple[Condition, tuple[int, int]] | None:
    """The condition behind a yes-or-no column used as a word (`smokers`, `who churned`, `without partner`), and its place."""
    m = re.search(
        rf"(?P<no>(?:\b(?:non|not|no|without|never|un|didn't|did not|don't|do not|doesn't|does not|wasn't|weren't|haven't|hasn't|nicht|ohne|sin|sans)\s?-?\s?(?:a |an |any |have |be )*)?)§c{index}(?!\d)",
        text,
    )
    if not m or len(g.columns[index]) > 1 or re.search(rf"(?<!\w)(?:{dict(AGGREGATES)['corr']})(?!\w)", text):
        return None
    column = g.columns[index][0]
    before, after = text[: m.start()], text[m.end() :]
    if re.search(
        r"\b(?:by|per|each|every|distinct|unique|different|correlat\w+|values? (?:of|in)|missing|most common|top|distribution of)\s(?:the )?$",
        before,
    ):
        return None
    if re.match(r"\s(?:rate|rates|ratio|values?|column|status|distribution|by)\b", after) and not m["no"]:
        return None
    said = re.search(
        rf"(?:^|\s)(?:{_BEFORE}|§f\d+|{'|'.join(sorted(ROW_NOUNS - {'行', '条', '人', '客户'}))})\s(?:(?:the|a|an|any) \w+ |the |a |an |been |ever |actually |really )*$",
        before,
    )
    aggregated = re.search(
        r"\b(?:average|avg|mean|median|sum|total|std|deviation|maximum|minimum|max|min|range|mode)\s(?:of )?(?:the )?$",
        before,
    )
    if aggregated or (
        re.search(r"\b(?:share|percentage|proportion|fraction)\s(?:of )?$", before)
        and re.match(r"\s?(?:by|per|across)\b", after)
    ):
        return None
    followed = bool(re.match(rf"\s(?:{'|'.join(sorted(ROW_NOUNS - {'行', '条', '人', '客户'}))})\b", after))
    if not (said or m["no"] or followed):
        return None
    values = kinds.binary(column)
    if values is None:
        return None
    return Condition(column, "=", (values[1] if m["no"] else values[0],)), m.span()


def share_parts(text: str, filters: Filters, g: Grounded, kinds: Kinds) -> tuple[Any, str]:
    """(the rows that make 100 %, the text whose remaining conditions are the part), for `share of A in B`, `what part of B are A`."""
    m = re.search(rf"(?<!\w)(?:{_SHARE}|rates?)(?!\w)", text)
    if m is None:
        return None, text
    for index in [int(i) for i in re.findall(r"§c(\d+)", text)]:
        made = binary_condition(index, text, g, kinds)
        if made is not None:
            mark = f"§f{len(filters.conditions)}"
            filters.conditions.append(made[0])
            text = re.sub(r"\s+", " ", f"{text[: made[1][0]]} {mark} {text[made[1][1] :]}")
    text = re.sub(r"\s+", " ", text)
    filters.text = text
    m = re.search(rf"(?<!\w)(?:{_SHARE}|rates?)(?!\w)", text)
    if m is None:
        return None, text
    before = re.findall(r"§f(\d+)", text[: m.start()])
    rest = text[m.end() :]
    behind = list(re.finditer(r"§f(\d+)", rest))
    if re.match(r"rates?", m.group()) and before and re.search(r"§f\d+\s$", text[: m.start()]):
        inside = [*before[:-1], *(b[1] for b in behind)]  # `bad rate by job`
        return (_all(filters, inside), _without(text, inside)) if inside else (None, text)
    if re.match(r"rates?", m.group()):
        inside = [*before, *(b[1] for b in behind)]
        return (_all(filters, inside), _without(text, inside)) if inside else (None, text)
    inside = before if re.search(r"\b(?:among|amongst|of|for|in|within|from)\b", text[: m.start()]) else []
    verb = re.search(
        r"§f\d+.*?\b(?:are|is|were|was|have|has|had|did|do|does|who|that|which|got|use|uses|pay|pays|paid|stay|live|live|could|can|smoke|subscribe|subscribed)\b(?=.*§f)",
        rest,
    )
    within = re.search(
        r"§f\d+\s(?:\w+\s){0,2}?(?:in|among|amongst|within|for|of|from|on|during|at)\s(?:the |all |those |people |ones |with |who |whose |that |are |have |had )*(?:\w+\s)?(?=§f)",
        rest,
    )
    if verb:
        inside = [*inside, *(b[1] for b in behind if b.start() < verb.end())]
    elif within:
        inside = [*inside, *(b[1] for b in behind if b.start() >= within.end())]
    if not inside and len(behind) > 1 and _said_as_verb(behind[-1][1], filters, g):
        inside = [b[1] for b in behind[:-1]]  # `share of women survived`
    if not inside:
        return None, text
    return _all(filters, inside), _without(text, inside)


def _said_as_verb(number: str, filters: Filters, g: Grounded) -> bool:
    """Whether a condition stood in the question as what somebody did: churned, survived."""
    column = filters.conditions[int(number)].column
    said = [g.said[f"§c{i}"].strip().lower() for i, marked in enumerate(g.columns) if column in marked]
    return any(word.endswith("ed") or not word.endswith("s") for word in said)


def _all(filters: Filters, numbers: list[str]) -> Any:
    tests = [filters.conditions[int(n)] for n in dict.fromkeys(numbers)]
    return tests[0] if len(tests) == 1 else Node("and", tuple(tests))


def _without(text: str, numbers: list[str]) -> str:
    for number in numbers:
        text = re.sub(rf"§f{number}(?!\d)", " ", text)
    return text
