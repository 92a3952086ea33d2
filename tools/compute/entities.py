"""Find products, people, organisations, places, dates, money, quantities and numbers in text, by patterns and lists."""

# ruff: noqa: E501  (patterns and word lists read better on one line)

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from opsmith.tools.contract import ToolError

TYPES = (
    "product",
    "person",
    "organisation",
    "place",
    "date",
    "money",
    "quantity",
    "email",
    "phone",
    "url",
    "order",
    "percent",
)
_MONTH = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
_NUMBER = r"\d{1,3}(?:[,.\u00a0 ]\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d+)?"
_DAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_PATTERNS: tuple[tuple[str, float, re.Pattern[str]], ...] = (
    ("url", 0.99, re.compile(r"\b(?:https?://|www\.)[^\s<>\"')\]]+[^\s<>\"')\].,;:!?]", re.I)),
    ("email", 0.99, re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.)+[A-Za-z]{2,24}(?![\w-])")),
    ("order", 0.95, re.compile(r"\b(?:order|invoice|ticket|case|tracking|claim|policy|booking|reference|ref|rma|po)(?:\s+(?:number|no|nr|id|ref))?\.?\s*:?\s*(?P<e>#?(?=[A-Z0-9-]*\d)[A-Z0-9][A-Z0-9-]{3,})\b", re.I)),
    ("order", 0.9, re.compile(r"(?<![\w&])(?P<e>#\d{4,12})\b")),
    ("money", 0.97, re.compile(rf"(?:US\$|[€$£¥₹])\s?(?:{_NUMBER})(?:\s?(?:k|m|mn|bn|million|billion|thousand)\b)?", re.I)),
    ("money", 0.95, re.compile(rf"(?<![\w.,])(?:{_NUMBER})\s?(?:(?:USD|EUR|GBP|CHF|JPY|INR|dollars?|bucks|euros?|pounds? sterling|quid|cents?|rupees)\b|[€£])", re.I)),
    ("percent", 0.97, re.compile(rf"(?<![\w.,])(?:{_NUMBER})\s?(?:%|percent\b|per cent\b)", re.I)),
    ("date", 0.97, re.compile(rf"\b(?:{_DAY},?\s+)?(?:the\s+)?\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}(?:,?\s+\d{{4}})?(?!\w)", re.I)),
    ("date", 0.97, re.compile(rf"\b(?:{_DAY},?\s+)?{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s+\d{{4}})?\b(?!\s*(?:%|[:]))", re.I)),
    ("date", 0.97, re.compile(r"(?<![\w/.-])(?:\d{4}[-/]\d{1,2}[-/]\d{1,2}|\d{1,2}[/.-]\d{1,2}[/.-](?:\d{4}|\d{2}))(?![\w/-])")),
    ("date", 0.9, re.compile(rf"\b(?:{_MONTH.replace('may|', '')}|May)\s+(?:19|20)\d{{2}}\b", re.I)),
    ("date", 0.85, re.compile(rf"\b(?:early|mid|late)[ -](?:{_MONTH.replace('may|', '')}|May)(?!\w)|(?<![\w.$])(?:(?:19|20)\d0'?s|[2-9]0'?s)(?!\w)")),
    ("money", 0.8, re.compile(r"(?<![\w.,])\d{2,3}p(?!\w)")),
    ("date", 0.8, re.compile(rf"\b(?:yesterday|today|tomorrow|tonight|(?:last|next|this|on)\s+(?P<w>{_DAY}s?|week|month|year|weekend)|{_DAY}s?)\b", re.I)),
    ("quantity", 0.9, re.compile(rf"(?<![\w.,$€£-])(?:{_NUMBER})\+?[\s-]?(?:mg|g|kg|kgs|lbs?|pounds?|oz|ounces?|ml|cl|l|lit(?:er|re)s?|gal(?:lons?)?|mm|cm|km|meters?|metres?|inch(?:es)?|feet|foot|ft|miles?|mph|gb|mb|tb|mah|watts?|megapixels?|mp|inches|volts?|hours?|hrs?|minutes?|mins?|seconds?|secs?|days?|weeks?|months?|years?|yrs?|pieces?|pcs|packs?|boxes|bags?|bottles?|cups?|units?|items?|pairs?|times)\b(?!-)", re.I)),
)  # fmt: skip
_TITLE = r"(?:Mr|Mrs|Ms|Miss|Dr|Prof|Sir|Madam|Captain|Capt|Officer|Agent|Chef|Judge)\.?"
_CAP = r"[A-Z][a-zà-ÿ]+(?:[-'’][A-Z][a-zà-ÿ]+)?"
_PEOPLE: tuple[tuple[float, re.Pattern[str]], ...] = (
    (0.95, re.compile(rf"\b(?P<e>{_TITLE}\s+{_CAP}(?:\s+{_CAP})?)")),
    (0.9, re.compile(rf"\b(?:[Mm]y name is|[Tt]his is|I am|I'm|[Ss]poke (?:to|with)|[Tt]alked (?:to|with)|[Rr]egards,|[Tt]hanks,|[Ss]incerely,|[Cc]heers,)\s+(?P<e>{_CAP}(?:\s+{_CAP})?)")),
)  # fmt: skip
_COMPANY = re.compile(
    rf"\b(?P<e>(?:{_CAP}|[A-Z]{{2,6}})(?:\s+(?:{_CAP}|[A-Z]{{2,6}}|&|and|of))*\s+(?:Inc|Ltd|LLC|GmbH|AG|Corp|Corporation|Company|Co|PLC|Plc|Bank|University|"
    r"Insurance|Airlines|Airways|Group|Holdings|Foods|Magazine|Restaurant|Hotel|Foundation|Institute|Hospital|College|Motors|Technologies|Systems|Stores?)\b\.?)"
)
_CAPITALS = re.compile(rf"\b{_CAP}(?:\s+(?:{_CAP}|(?:de|da|van|von|of|the|la)\s+{_CAP}))*|\b[A-Z]{{2,12}}\b")
_NOT_NAMES = frozenset(
    [
        "i",
        "the",
        "a",
        "an",
        "this",
        "that",
        "my",
        "your",
        "we",
        "you",
        "he",
        "she",
        "it",
        "they",
        "is",
        "are",
        "was",
        "were",
        "and",
        "but",
        "or",
        "if",
        "so",
        "no",
        "not",
        "yes",
        "great",
        "good",
        "bad",
        "very",
        "just",
        "never",
        "do",
        "don",
        "does",
        "did",
        "have",
        "has",
        "had",
        "will",
        "would",
        "can",
        "could",
        "should",
        "all",
        "every",
        "some",
        "any",
        "what",
        "when",
        "where",
        "why",
        "how",
        "who",
        "for",
        "from",
        "with",
        "in",
        "on",
        "at",
        "to",
        "of",
        "as",
        "by",
        "be",
        "been",
        "may",
        "march",
        "april",
        "june",
        "august",
        "will",
        "mark",
        "bill",
        "rose",
        "grace",
        "hope",
        "faith",
        "joy",
        "art",
        "frank",
        "rich",
        "chase",
        "grant",
        "price",
    ]
)


@dataclass(frozen=True)
class Entity:
    """One entity in a text: type, words and place, and how sure the rule is (0 to 1)."""

    type: str
    text: str
    start: int
    end: int
    confidence: float


@cache
def _lists() -> dict[str, tuple[str, str]]:
    """Folded name -> (type, name) from the lists beside this file."""
    found: dict[str, tuple[str, str]] = {}
    for kind in ("organisation", "place", "person"):
        path = Path(__file__).with_name(f"entities_{kind}.txt")
        for line in path.read_text(encoding="utf-8").splitlines():
            for name in filter(None, (n.strip() for n in line.split(","))):
                if not name.startswith("#"):
                    found.setdefault(name.lower() if kind != "person" else f"p:{name.lower()}", (kind, name))
    return found


@dataclass(frozen=True)
class Gazetteer:
    """Names from a column of the user's own data, found in any capitals and with small slips in spacing."""

    type: str
    names: tuple[str, ...]

    @classmethod
    def of(cls, type: str, values: Iterable[object]) -> Gazetteer:
        """The distinct names of at least three letters, longest first."""
        names = {str(v).strip() for v in values if v is not None and len(str(v).strip()) >= 3}
        return cls(type, tuple(sorted(names, key=lambda n: (-len(n), n))))

    def usual(self, found: str) -> str:
        """How the list writes a name that was found: `nimbus-3000s` is Nimbus 3000."""
        known = _usual_names(self.names)
        return known.get(_folded(found)) or known.get(_folded(re.sub(r"(?:'s|s)$", "", found)), found)

    def find(self, text: str) -> Iterator[Entity]:
        pattern = _gazetteer_pattern(self.names)
        if pattern is None:
            return
        for match in pattern.finditer(text):
            yield Entity(self.type, match.group(), match.start(), match.end(), 0.98)


def _folded(name: str) -> str:
    return re.sub(r"[\s-]+", "", name).casefold()


@cache
def _usual_names(names: tuple[str, ...]) -> dict[str, str]:
    return {_folded(n): n for n in names}


@cache
def _gazetteer_pattern(names: tuple[str, ...]) -> re.Pattern[str] | None:
    if not names:
        return None
    each = (re.sub(r"(?:\\ |\\-|\s)+", r"[\\s-]*", re.escape(n)) for n in names[:20_000])
    return re.compile(rf"(?<!\w)(?:{'|'.join(each)})(?:'s|s)?(?!\w)", re.IGNORECASE)


def entities_in(
    text: str,
    gazetteers: Sequence[Gazetteer] = (),
    types: Sequence[str] = TYPES,
    regions: str = "US,GB",
    *,
    more: Sequence[Entity] = (),
    names: bool = True,
) -> list[Entity]:
    """Entities of a text in order, without overlaps; the user's own names win, then the surest rule, then the longest.

    more: what a model found in it. names: whether lists and rules of names are asked.

    >>> [(e.type, e.text) for e in entities_in("Order #A1234: paid $20 to Dr. Ann Lee in Paris")]
    [('order', '#A1234'), ('money', '$20'), ('person', 'Dr. Ann Lee'), ('place', 'Paris')]
    """
    found: list[Entity] = [*more, *(e for g in gazetteers for e in g.find(text))]
    found += _by_pattern(text)
    if "phone" in types and re.search(r"\d[\d\s().-]{6,}\d", text):
        from opsmith.tools.compute.pii import find_personal

        found += [Entity("phone", p.text, p.start, p.end, 0.95) for p in find_personal(text, ("phone",), regions)]
    found += _by_name(text) if names else ()
    own = {g.type for g in gazetteers}
    found.sort(key=lambda e: (-(e.confidence + (0.02 if e.type in own else 0)), -(e.end - e.start), e.start))
    kept: list[Entity] = []
    for entity in found:
        if entity.type in types and all(entity.end <= k.start or entity.start >= k.end for k in kept):
            kept.append(entity)
    return sorted(kept, key=lambda e: e.start)


def known_types(names: Sequence[str]) -> tuple[str, ...]:
    """Entity types as they are called here. ToolError when one does not exist."""
    other = {"people": "person", "persons": "person", "names": "person", "name": "person", "organization": "organisation", "org": "organisation",
             "organisations": "organisation", "organizations": "organisation", "company": "organisation", "companies": "organisation",
             "location": "place", "locations": "place", "places": "place", "city": "place", "dates": "date", "products": "product",
             "amount": "money", "amounts": "money", "price": "money", "prices": "money", "quantities": "quantity", "emails": "email",
             "e-mail": "email", "phones": "phone", "urls": "url", "link": "url", "orders": "order", "order_number": "order",
             "order number": "order", "percentage": "percent"}  # fmt: skip
    wanted = [other.get(n.strip().lower(), n.strip().lower()) for n in names]
    for name in wanted:
        if name not in TYPES:
            raise ToolError(f"There is no entity type {name!r} here. Types: {', '.join(TYPES)}.")
    return tuple(dict.fromkeys(wanted)) or TYPES


def _by_pattern(text: str) -> Iterator[Entity]:
    for kind, confidence, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            group: int | str = (
                "e" if "e" in pattern.groupindex else ("w" if "w" in pattern.groupindex and match["w"] else 0)
            )
            start, end = match.span(group)
            if kind == "date" and group == "w" and match.group().lower().startswith(("last", "next", "this")):
                start, end = match.span()
            yield Entity(kind, text[start:end], start, end, confidence)


def _by_name(text: str) -> Iterator[Entity]:
    """Capitalised words that a list or a rule knows; the first word of a sentence needs more than a capital."""
    for confidence, pattern in _PEOPLE:
        for match in pattern.finditer(text):
            start, end = match.span("e")
            words = [w for w in match.group("e").split() if w.lower().strip(".") not in _NOT_NAMES]
            if words and (confidence > 0.9 or _is_first_name(match.group("e").split()[0])):
                yield Entity("person", text[start:end], start, end, confidence)
    for match in _COMPANY.finditer(text):
        words = match.group("e").split()
        while words and words[0].lower() in _NOT_NAMES:
            words.pop(0)
        if len(words) > 1:
            start = match.end("e") - len(match.group("e")) + match.group("e").index(words[0])
            yield Entity("organisation", text[start : match.end("e")], start, match.end("e"), 0.85)
    for match in _CAPITALS.finditer(text):
        yield from _known_words(match)


def _known_words(match: re.Match[str]) -> Iterator[Entity]:
    """The longest known names inside a run of capitalised words."""
    words = [
        (m.group(), match.start() + m.start(), match.start() + m.end()) for m in re.finditer(r"\S+", match.group())
    ]
    at = 0
    while at < len(words):
        for size in range(min(4, len(words) - at), 0, -1):
            span = words[at : at + size]
            phrase = " ".join(w for w, _, _ in span)
            known = _lists().get(phrase.lower().removesuffix("'s").removesuffix("’s"))
            if known and not (size == 1 and phrase.isupper() and len(phrase) < 5 and not known[1].isupper()):
                yield Entity(known[0], phrase, span[0][1], span[-1][2], 0.9)
                at += size
                break
        else:
            person, at = _first_name(words, at)
            if person:
                yield person


def _first_name(words: list[tuple[str, int, int]], at: int) -> tuple[Entity | None, int]:
    """A known first name with the capitalised words after it as the family name, and where to read on."""
    word, start, end = words[at]
    if _is_first_name(word) and word.lower() not in _NOT_NAMES and not word.isupper():
        upto = at + 1
        while (
            upto < len(words)
            and upto < at + 3
            and words[upto][0].lower() not in _NOT_NAMES
            and words[upto][0].lower() not in _lists()
        ):
            upto += 1
        text = " ".join(w for w, _, _ in words[at:upto])
        sure = 0.85 if upto > at + 1 else 0.75
        return Entity("person", text, start, words[upto - 1][2] if upto > at + 1 else end, sure), upto
    return None, at + 1


def _is_first_name(word: str) -> bool:
    return f"p:{word.lower().strip('.')}" in _lists()
