"""Put the names and values of a real table into a question: every column, cell value, number and date it speaks of becomes a mark.

The marked text is what the reader's grammar works on: `average §c0 by §c1 for §c2 over §n0`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from opsmith.tools.compute.query_dates import periods
from opsmith.tools.compute.query_patterns import amount_of
from opsmith.tools.compute.query_values import ValueIndex, looked_up
from opsmith.tools.compute.query_words import (
    AGGREGATES,
    NUMBER_WORDS,
    ROW_NOUNS,
    SAID,
    STOP,
    UNITS,
    alike,
    name_words,
    number_word,
)
from opsmith.tools.data.table import Column, Table, folded

_TOKEN = re.compile(
    r"\d[\d,]*(?:\.\d+)?(?:[kKmM](?!\w))?(?![\w-]*[a-zA-Z])|[^\W_][\w]*(?:['’](?!s\b)\w+)?|[^\s\w]|_", re.UNICODE
)
_QUOTED = re.compile(r"`([^`]+)`|\"([^\"]+)\"|“([^”]+)”|«([^»]+)»|(?<!\w)'([^']+)'(?!\w)|(?<!\w)‘([^’]+)’(?!\w)")
_AGG_WORDS = re.compile(r"^(?:" + "|".join(p for _, p in AGGREGATES) + r")$", re.IGNORECASE)
_CUES = frozenset(
    "by per each every column columns field of in average mean total sum median highest lowest maximum minimum max min std largest smallest which what distinct unique different and where with".split()
)


@dataclass(frozen=True)
class Number:
    """A number that was said, with what stood behind or before it."""

    value: float
    unit: str = ""
    percent: bool = False

    def plain(self) -> int | float:
        return int(self.value) if self.value == int(self.value) and abs(self.value) < 1e15 else self.value


@dataclass
class Grounded:
    """A question whose names are marks. `text` is lower case; `columns[i]` are the candidates of mark §ci, and so on."""

    question: str
    text: str = ""
    columns: list[list[Column]] = field(default_factory=list)
    values: list[list[tuple[Column, Any]]] = field(default_factory=list)
    numbers: list[Number] = field(default_factory=list)
    dates: list[Any] = field(default_factory=list)
    strings: list[str] = field(default_factory=list)
    said: dict[str, str] = field(default_factory=dict)  # mark -> the words that it stands for


@dataclass(frozen=True)
class _Token:
    text: str
    start: int
    end: int

    @property
    def word(self) -> bool:
        return bool(re.match(r"[\w]", self.text)) and self.text != "_"


class _Marking:
    def __init__(self, table: Table, question: str):
        self.table = table
        self.found = Grounded(question)
        self.source = question.replace("§", " ")
        self.tokens: list[_Token] = []
        self.claims: list[tuple[int, int, str]] = []
        self.index = ValueIndex(table)

    def claim(self, start: int, end: int, letter: str, things: list[Any], thing: Any) -> None:
        mark = f"§{letter}{len(things)}"
        things.append(thing)
        self.claims.append((start, end, mark))
        self.found.said[mark] = self.source[start:end]

    def free(self, start: int, end: int) -> bool:
        return not any(a < end and start < b for a, b, _ in self.claims)

    def spans(self, longest: int) -> Iterable[tuple[list[_Token], int, int, int]]:
        """Runs of free tokens, longest first, that begin and end with a word."""
        for size in range(min(longest, len(self.tokens)), 0, -1):
            for i in range(len(self.tokens) - size + 1):
                run = self.tokens[i : i + size]
                start, end = run[0].start, run[-1].end
                if run[0].word and (run[-1].word or run[-1].text in "%)") and self.free(start, end):
                    yield run, i, start, end

    def before(self, i: int) -> str:
        """The word before a token, articles left out."""
        for token in reversed(self.tokens[:i]):
            if token.text.lower() not in ("the", "a", "an", "'", "`", '"'):
                return token.text.lower()
        return ""


def ground(table: Table, question: str, hide: Sequence[str] = ()) -> Grounded:
    """The question with its columns, cell values, numbers and dates marked. `hide`: file names that are no part of it."""
    marking = _Marking(table, question)
    for name in sorted(hide, key=len, reverse=True):
        pattern = rf"(?:\b(?:in|of|from|for|the|file|table|dataset|on|at|and)\s+)*[`'\"]?(?<![\w/.-]){re.escape(name)}(?![\w/]|\.\w)[`'\"]?(?:\s+(?:file|table|data ?set|data))?"
        marking.source = re.sub(pattern, lambda m: " " * len(m.group()), marking.source, flags=re.IGNORECASE)
    marking.source = re.sub(r"\b(days?) of (?:the )?week\b", "weekday", marking.source, flags=re.IGNORECASE)
    _quoted(marking)
    marking.tokens = [_Token(m.group(), m.start(), m.end()) for m in _TOKEN.finditer(marking.source)]
    _numbers_with_units(marking)
    _exact_columns(marking)
    _values(marking)
    _dates(marking)
    _partial_columns(marking)
    _remaining_values(marking)
    _numbers(marking)
    return _written(marking)


def _quoted(marking: _Marking) -> None:
    for m in _QUOTED.finditer(marking.source):
        inner = next(g for g in m.groups() if g).strip()
        named = [c for c in marking.table.columns if folded(c.name) == folded(inner)]
        exact = [c for c in named if c.name == inner]
        values = marking.index.exactly(inner) or looked_up(marking.table, inner)
        if named and folded(inner):
            marking.claim(*m.span(), "c", marking.found.columns, exact or named)
        elif values:
            marking.claim(*m.span(), "v", marking.found.values, values)
        else:
            marking.claim(*m.span(), "s", marking.found.strings, inner)


def _exact_columns(marking: _Marking) -> None:
    keys: dict[str, list[Column]] = {}
    for column in marking.table.columns:
        keys.setdefault(folded(column.name), []).append(column)
        for word in (
            ("over", "above", "more than") if ">" in column.name else ("under", "below") if "<" in column.name else ()
        ):
            keys.setdefault(folded(re.sub(r"[<>]=?", f" {word} ", column.name)), []).append(column)
    for run, i, start, end in list(marking.spans(9)):
        if not marking.free(start, end):
            continue
        key = folded(marking.source[start:end])
        text = marking.source[start:end]
        named = keys.get(key)
        plural = None
        if named is None and not key.isdigit() and len(key) > 3:  # `yes` is no plural of a column y
            plural = (
                keys.get(key.removesuffix("es"))
                or keys.get(key.removesuffix("s"))
                or keys.get(key + "s")
                or (keys.get(key[:-3] + "y") if key.endswith("ies") else None)
            )
        chosen = named or plural
        if not chosen or not key:
            continue
        exact = [c for c in chosen if c.name == text]
        if len(run) == 1 and not _believable(marking, text, key, bool(exact), plural is not None, i):
            continue
        # a value of two or more words outranks a column name inside of it
        if len(run) == 1 and _inside_value(marking, i):
            continue
        marking.claim(start, end, "c", marking.found.columns, exact or chosen)


_BESIDE = frozenset(("by", "per", "over", "under", "above", "below", "between", "=", ">", "<", ">=", "<=", "equals"))


def _believable(marking: _Marking, text: str, key: str, exact: bool, plural: bool, i: int) -> bool:
    """Whether a single word that equals a column name means the column: short and everyday words need a sign."""
    cued = marking.before(i) in _CUES
    if len(key) < 3:
        after = marking.tokens[i + 1].text.lower() if i + 1 < len(marking.tokens) else ""
        beside = bool(_AGG_WORDS.match(marking.before(i))) or after in _BESIDE or marking.before(i) in ("have", "has")
        sure = cued or beside or text.isupper() or len(key) == 2
        return exact and sure and text not in ("a", "I", "in", "of", "is", "to")
    everyday = key in STOP or bool(_AGG_WORDS.match(key)) or key in ROW_NOUNS or text.lower() in ROW_NOUNS
    if everyday and plural:
        return marking.before(i) in ("by", "per", "each", "every", "which", "distinct", "unique", "different")
    if everyday:
        after = marking.tokens[i + 1].text.lower() if i + 1 < len(marking.tokens) else ""
        owned = re.search(r"\b(?:a|an|any|no|personal)\s(?:\w+\s)?$", marking.source[: marking.tokens[i].start].lower())
        amount = bool(_AGG_WORDS.match(key)) and (after in ("by", "per") or not after)
        measured = exact and amount_of(marking.table, text, marking.source[: marking.tokens[i].start])
        return (exact and not text.islower()) or cued or bool(owned) or amount or measured
    return True


def _inside_value(marking: _Marking, i: int) -> bool:
    for size in range(6, 1, -1):
        for first in range(max(0, i - size + 1), i + 1):
            run = marking.tokens[first : first + size]
            if len(run) == size and run[0].word and run[-1].word and marking.free(run[0].start, run[-1].end):
                text = marking.source[run[0].start : run[-1].end]
                if marking.index.said(text) and len(folded(text)) > 4:
                    return True
    return False


def _values(marking: _Marking) -> None:
    said = dict(SAID)
    for run, i, start, end in list(marking.spans(8)):
        if not marking.free(start, end):
            continue
        text = marking.source[start:end]
        low = text.lower()
        found = marking.index.said(text)
        if not found and len(run) == 1 and low in said:
            found = [hit for other in said[low] for hit in marking.index.said(other, spelling=other)]
        if not found:
            continue
        word = low in STOP or bool(_AGG_WORDS.match(low))  # “no” speaks of the column before it, not of the next one
        beside = _columns_beside(marking, i, len(run), behind=not word)
        near = [hit for hit in found if hit[0].name in beside]
        key = folded(text)
        everyday = low in STOP or bool(_AGG_WORDS.match(low)) or low in _GENERIC or key.isdigit() or len(key) < 2
        short = len(key) <= 2
        if everyday and not near:
            continue
        if short and not near and not (text == str(found[0][1]) and not text.islower()):
            continue
        marking.claim(start, end, "v", marking.found.values, near or found)


_GENERIC = frozenset(
    "row rows record records line lines entry entries case cases observation observations example examples item items instance instances sample samples people person persons customer customers client clients".split()
)


def _columns_beside(marking: _Marking, i: int, size: int, behind: bool = True) -> set[str]:
    """Names of columns marked within two words before or behind."""
    tokens = marking.tokens
    window = list(tokens[max(0, i - 3) : i] + (tokens[i + size : i + size + 2] if behind else []))
    names: set[str] = set()
    for token in window:
        for start, end, mark in marking.claims:
            if start <= token.start < end and mark.startswith("§c"):
                names |= {c.name for c in marking.found.columns[int(mark[2:])]}
    return names


def _dates(marking: _Marking) -> None:
    for start, end, period in periods(marking.source):
        if marking.free(start, end):
            marking.claim(start, end, "d", marking.found.dates, period)


def _partial_columns(marking: _Marking) -> None:
    """Columns said by some of their words, an abbreviation's whole word, a synonym or with a slip of the hand."""
    parts = [(c, name_words(c.name)) for c in marking.table.columns[:400]]
    for run, i, start, end in list(marking.spans(4)):
        if not marking.free(start, end) or not all(t.word for t in run if t.text not in "-/"):
            continue
        words = [t.text.lower() for t in run if t.word]
        if any(_unfit(marking, w, i) for w in words):
            continue
        scored = sorted(((_fit(words, p), c) for c, p in parts), key=lambda s: -s[0])
        best = scored[0][0] if scored else 0.0
        rate = i + len(run) < len(marking.tokens) and marking.tokens[i + len(run)].text.lower() in ("rate", "rates")
        if best < (0.85 if words[0] in ROW_NOUNS and not rate else 0.55):
            continue
        chosen = [c for score, c in scored if score >= best - 0.08]
        marking.claim(start, end, "c", marking.found.columns, chosen[:8])


def _unfit(marking: _Marking, word: str, i: int) -> bool:
    if word.isdigit() or len(word) < 3 or word in NUMBER_WORDS:
        return True
    if word in ROW_NOUNS:
        if i + 1 < len(marking.tokens) and marking.tokens[i + 1].text.lower() in ("rate", "rates"):
            return False
        if marking.before(i) in ("total", "average", "mean", "most", "fewest", "median") or _top_of(marking, i):
            return False
        return marking.before(i) not in (
            "by",
            "per",
            "each",
            "every",
            "which",
            "what",
            "distinct",
            "unique",
            "different",
        )
    return word in STOP or bool(_AGG_WORDS.match(word)) or word in _ORDER


def _top_of(marking: _Marking, i: int) -> bool:
    """`top 3 customers by …`"""
    return bool(re.search(r"\b(?:top|bottom)\s\d+\s$", marking.source[: marking.tokens[i].start].lower()))


_ORDER = frozenset(
    "highest lowest biggest largest smallest greatest best worst top bottom first last oldest youngest longest shortest cheapest expensive common frequent popular older younger longer shorter higher lower larger smaller bigger greater compare compared difference versus divided multiplied minus plus times mean rate rates trend time having contains containing starting ending sorted ordered random between daily weekly monthly yearly hourly annual".split()
)


def _fit(words: list[str], parts: list[str]) -> float:
    """How well said words name a column: each must fit a word of its own; more of the name covered is better."""
    left = list(parts)
    total = 0.0
    for word in words:
        best = max(((alike(word, p), p) for p in left), default=(0.0, ""))
        if best[0] == 0.0:
            return 0.0
        total += best[0]
        left.remove(best[1])
    kept = [p for p in parts if p not in ("id", "of", "the", "per")] or parts
    return total / len(words) * (0.6 + 0.4 * min(1.0, len(words) / len(kept)))


def _remaining_values(marking: _Marking) -> None:
    """Names and codes that no index knows (ids, people): looked up as whole cells; then slips of the hand in known values."""
    for run, i, start, end in list(marking.spans(7)):
        text = marking.source[start:end]
        if not marking.free(start, end):
            continue
        coded = bool(re.search(r"\d", text)) and bool(re.search(r"[A-Za-z]", text))
        capital = text[0].isupper() and (i > 0 or len(run) > 1)
        if (coded or capital) and text.lower() not in STOP and not _AGG_WORDS.match(text) and len(text) > 2:
            hits = looked_up(marking.table, text)
            if hits:
                marking.claim(start, end, "v", marking.found.values, hits)
    for run, i, start, end in list(marking.spans(1)):
        low = run[0].text.lower()
        if not marking.free(start, end) or _unfit(marking, low, i) or len(low) < 5 or low in ROW_NOUNS:
            continue
        hits = marking.index.nearly(low)
        if hits:
            marking.claim(start, end, "v", marking.found.values, hits)


_UNIT = re.compile(r"\s?(?:" + "|".join(f"(?P<u{n}>{p})" for n, (p, _) in enumerate(UNITS)) + r")(?!\w)", re.IGNORECASE)
_NUMBER = re.compile(
    r"(?<![\w.§-])(?P<money>[$€£]\s?)?(?P<n>-?\d[\d,]*(?:\.\d+)?|-?\.\d+)(?P<scale>\s?(?:k|m|mn|bn|thousand|million|billion)(?!\w))?(?P<percent>\s?(?:%|percent|per cent))?",
    re.IGNORECASE,
)
_SCALE = {"k": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "million": 1e6, "bn": 1e9, "billion": 1e9}


def _numbers_with_units(marking: _Marking) -> None:
    for m in _NUMBER.finditer(marking.source):
        if not marking.free(*m.span()) or re.search(
            r"\b(?:top|first|last|bottom|past|head|tail|previous)\s+$", marking.source[: m.start()], re.IGNORECASE
        ):
            continue
        unit = _UNIT.match(marking.source, m.end())
        if unit and _names_a_column(marking, m.end()):
            continue
        names = {c.name for c in marking.table.columns}
        if m["money"]:
            marking.claim(*m.span(), "n", marking.found.numbers, Number(_value(m), "$"))
        elif unit and unit.group().strip() not in names:
            marking.claim(
                m.start(), unit.end(), "n", marking.found.numbers, Number(_value(m), unit.group().strip().lower())
            )


def _names_a_column(marking: _Marking, at: int) -> bool:
    """Whether the words from here on are a column's name of several words (`40 hours per week`)."""
    rest = folded(marking.source[at : at + 80])
    return any(len(name_words(c.name)) > 1 and rest.startswith(folded(c.name)) for c in marking.table.columns)


def _numbers(marking: _Marking) -> None:
    for m in _NUMBER.finditer(marking.source):
        if marking.free(*m.span()):
            percent = bool(m["percent"])
            marking.claim(*m.span(), "n", marking.found.numbers, Number(_value(m), "%" if percent else "", percent))
    for token in marking.tokens:
        number = number_word(token.text, marking.source[: token.start])
        if number is not None and marking.free(token.start, token.end):
            marking.claim(token.start, token.end, "n", marking.found.numbers, Number(number))


def _value(m: re.Match[str]) -> float:
    scale = (m["scale"] or "").strip().lower()
    return float(m["n"].replace(",", "")) * _SCALE.get(scale, 1.0)


def _written(marking: _Marking) -> Grounded:
    at, pieces = 0, list[str]()
    for start, end, mark in sorted(marking.claims):
        pieces, at = [*pieces, marking.source[at:start].lower(), f" {mark} "], end
    pieces.append(marking.source[at:].lower())
    text = "".join(pieces).replace("’", "'")
    marking.found.text = re.sub(r"\s+", " ", text).strip()
    return marking.found
