"""What people mean by a column: id, code, category, boolean in words, money, e-mail, … with the evidence for it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opsmith.tools.contract import ToolError
from opsmith.tools.data.aggregates import NUMERIC, TEMPORAL, Scalars
from opsmith.tools.data.table import Column, Table

KINDS = (
    "id", "code", "category", "ordinal", "boolean", "integer", "number", "money", "percent", "date", "time", "text",
    "email", "phone", "url", "ip", "iban", "card", "latitude", "longitude", "constant", "empty",
)  # fmt: skip
HIDDEN = (
    "?", "??", "???", "n/a", "na", "n.a.", "n. a.", "nan", "none",
    "null", "nil", "-", "--", "---", ".", "..", "\\n", "unknown", "unk",
    "missing", "not available", "not applicable", "not specified", "no data",
    "nodata", "#n/a", "#na", "#null!", "#ref!", "#div/0!",
    "#value!", "(blank)", "(null)", "<na>", "unbekannt", "keine angabe", "k.a.", "tbd", "tba", "undefined", "",
)  # fmt: skip
PATTERNS = {
    "email": r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}",
    "url": r"(https?://|www\.)\S+",
    "ip": r"(\d{1,3}\.){3}\d{1,3}",
    "phone": (
        r"\+\d[\d ().-]{7,17}\d|\(\d{2,5}\) ?\d[\d .-]{4,10}\d|0\d{2,4}[ /-]\d{3,9}([ -]\d{2,4})*"
        r"|\d{3}[ .-]\d{3}[ .-]\d{4}|\d{3}[ -]\d{4}"
    ),
    "iban": r"[A-Z]{2}\d{2}( ?[A-Z0-9]{4}){3,7}( ?[A-Z0-9]{1,3})?",
    "card": r"\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}",
    "uuid": r"[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}",
    "date": (
        r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?"
        r"|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2})( \d{1,2}:\d{2}(:\d{2})?( ?[AaPp][Mm])?)?"
        r"|\d{1,2}[ -][A-Za-z]{3,9}[ -]\d{2,4}|[A-Za-z]{3,9} \d{1,2},? \d{4}"
    ),
    "number": r"[-+]?(\d+([.,]\d+)?|[.,]\d+)([eE][-+]?\d+)?",
    "grouped": r"[-+]?\d{1,3}([,. ']\d{3})+([.,]\d+)?",
    "money": r"([$€£¥₹]|USD|EUR|GBP|CHF) ?[-+]?\d[\d.,' ]*|[-+]?\d[\d.,' ]*? ?([$€£¥₹]|USD|EUR|GBP|CHF)",
    "percent": r"[-+]?\d+([.,]\d+)? ?%",
    "united": r"[-+]?\d+([.,]\d+)* ?[A-Za-zµ°\"'²³/]{1,6}",
}  # fmt: skip
BOOLEAN_WORDS = (
    "yes",
    "no",
    "true",
    "false",
    "y",
    "n",
    "t",
    "f",
    "0",
    "1",
    "ja",
    "nein",
    "on",
    "off",
    "oui",
    "non",
    "si",
    "sí",
)
_ORDERED = (
    "very low, low, medium, moderate, high, very high", "xs, s, m, l, xl, xxl", "small, medium, large, very large",
    "never, rarely, sometimes, often, always", "bad, poor, fair, good, very good, excellent", "primary, secondary, tertiary",
    "bronze, silver, gold, platinum", "strongly disagree, disagree, neutral, agree, strongly agree",
)  # fmt: skip


@dataclass(frozen=True)
class Meaning:
    """kind: one of KINDS; why: the evidence; confidence from 0 to 1."""

    kind: str
    why: str
    confidence: float = 0.9


def meaning(
    column: Column, s: Scalars, rows: int, top: list[tuple[Any, int]], patterns: Mapping[str, int], looked: int
) -> Meaning:
    """What people mean by a column. patterns: of `looked` values that were looked at, how many are written how."""
    present = rows - s.missing
    if not present:
        return Meaning("empty", "no value is there", 1.0)
    if s.distinct == 1 and present > 1:
        return Meaning("constant", "one value only", 1.0)
    if column.kind in TEMPORAL:
        return Meaning("date", f"stored as {column.stored.lower()}", 1.0)
    if column.kind == "time":
        return Meaning("time", "stored as a time of day", 1.0)
    if column.kind == "boolean":
        return Meaning("boolean", "stored as boolean", 1.0)
    words = {str(v).strip().casefold() for v, _ in top}
    if s.distinct == 2 and words <= set(BOOLEAN_WORDS):
        return Meaning("boolean", f"two values: {', '.join(sorted(words))}", 0.97)
    if column.kind in NUMERIC:
        return _of_numbers(column, s, present)
    return _of_text(column, s, present, words, patterns, looked)


def _of_numbers(column: Column, s: Scalars, present: int) -> Meaning:
    name, unique = column.name, s.distinct == present and s.distinct_error == 0
    if column.kind == "integer":
        if unique and present > 20 and named_like_id(name):
            return Meaning("id", "every value differs and the name says so", 0.97)
        if unique and present > 50 and s.maximum - s.minimum == present - 1:
            return Meaning("id", "the whole numbers from first to last, each once", 0.9)
        if named_like_id(name) and s.distinct > max(50, 0.5 * present):
            return Meaning("id", "the name says so and most values differ", 0.8)
        if named_like_code(name) and s.distinct > 10:
            return Meaning("code", "whole numbers that name things", 0.85)
        if s.distinct <= 10 and present > 50:
            return Meaning("category", f"{s.distinct} whole numbers", 0.6)
    if (
        s.minimum is not None
        and re.search(r"(^|[_ ])(lat|latitude)$", name, re.IGNORECASE)
        and abs(s.minimum) <= 90 >= s.maximum
    ):
        return Meaning("latitude", "the name says so and every value lies within ±90", 0.95)
    if (
        s.minimum is not None
        and re.search(r"(^|[_ ])(lon|lng|long|longitude)$", name, re.IGNORECASE)
        and abs(s.minimum) <= 180 >= s.maximum
    ):
        return Meaning("longitude", "the name says so and every value lies within ±180", 0.95)
    if column.kind == "integer":
        return Meaning("integer", "whole numbers", 0.95)
    return Meaning("number", "stored as number", 0.95)


def _of_text(
    column: Column, s: Scalars, present: int, words: set[str], patterns: Mapping[str, int], looked: int
) -> Meaning:
    for kind in (
        "email",
        "url",
        "uuid",
        "ip",
        "iban",
        "card",
        "date",
        "phone",
        "money",
        "percent",
        "number",
        "grouped",
    ):
        count = patterns.get(kind, 0)
        if looked and count >= 0.8 * looked:
            if kind == "phone" and patterns.get("number", 0) >= 0.8 * looked:
                continue
            if kind in ("number", "card") and named_like_code(column.name):
                return Meaning("code", "digits that name things", 0.8)
            shown = {"grouped": "number", "uuid": "id"}.get(kind, kind)
            return Meaning(shown, f"{count:,} of {looked:,} values looked at are written like it", count / looked)
    unique = s.distinct >= present and s.distinct_error == 0
    if (
        unique
        and present > 20
        and (s.length_max or 0) <= 40
        and (named_like_id(column.name) or (s.length_max or 0) - (s.length_min or 0) <= 3)
    ):
        return Meaning("id", "every value differs", 0.85)
    if words and any(words <= set(scale.split(", ")) for scale in _ORDERED) and len(words) > 2:
        return Meaning("ordinal", f"steps of a scale: {', '.join(sorted(words))}", 0.9)
    if (s.length_mean or 0) > 25 and s.distinct > 0.3 * present:
        return Meaning("text", f"long and mostly different ({s.length_mean:.0f} letters on average)", 0.85)
    if s.distinct > 0.5 * present and present > 50:
        return Meaning("text", f"{s.distinct:,} different values in {present:,} rows", 0.6)
    return Meaning("category", f"{s.distinct:,} values that repeat", 0.85)


def named_like_id(name: str) -> bool:
    """Whether the name of a column says that it identifies its row."""
    said = re.search(
        r"(^|[_\s-])(id|key|uuid|guid|nr|no|number|index|rownames?|ref)$|^id([_\s-]|$)", name, re.IGNORECASE
    )
    other = re.search(r"^(number|no|nr) of|^num_|house.?n", name, re.IGNORECASE)
    return (said or re.search(r"[a-z]I[dD]$", name)) is not None and other is None


def named_like_code(name: str) -> bool:
    """Whether the name of a column says that its numbers name things: a post code, a phone number."""
    return (
        re.search(
            r"\b(zip|postal|post|postcode|plz|phone|code|fips|isbn|ean|sku|ssn)\b|(^|[_ ])(zip|postal|code)",
            name,
            re.IGNORECASE,
        )
        is not None
    )


_SAID_KIND = (
    r"(?P<name>[\w .`'\"-]+?) (?:(?:column )?(?:is|are|holds?)(?: really)?(?: an?| the)?|as(?: an?)?) "
    r"(?P<kind>[\w-]+?)s?\b"
)


def said_kinds(table: Table, given: Mapping[str, str], facts: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """column -> kind as a person said it: now (`given`), or remembered as `COLUMN is a KIND`
    or `treat COLUMN as KIND`, of this table or of none in particular. ToolError for an unknown kind."""
    said: dict[str, str] = {}
    names = {c.name.casefold(): c.name for c in table.columns}
    own = table.name.partition(":")[0].rpartition("/")[2].casefold()
    for fact in facts:
        text = str(fact.get("text", ""))
        files = {
            f.casefold() for f in re.findall(r"[\w-]+(?:\.\w+)*\.(?:csv|tsv|parquet|xlsx|jsonl?|sqlite|db)\b", text)
        }
        if files and own not in files:
            continue  # said of another table
        for found in re.finditer(_SAID_KIND, text, re.IGNORECASE):
            kind = _kind_called(found["kind"])
            words = re.sub("[`'\"]", "", found["name"]).split()
            # the name is what stands last: `in shops.csv the zip is text`
            column = next((names[n] for i in range(len(words)) if (n := " ".join(words[i:]).casefold()) in names), None)
            if kind and column:
                said[column] = kind
    for name, word in given.items():
        kind = _kind_called(word)
        if kind is None:
            raise ToolError(f"{word!r} is no kind of column. There are: {', '.join(KINDS[:-2])}.")
        said[table.column(name).name] = kind
    return said


def _kind_called(word: str) -> str | None:
    plain = word.strip().casefold()
    other = {"identifier": "id", "key": "id", "e-mail": "email",
    "mail": "email", "telephone": "phone", "bool": "boolean", "float": "number",
             "numeric": "number", "int": "integer", "percentage": "percent",
             "currency": "money", "categorical": "category", "link": "url",
             "zip": "code", "postcode": "code", "datetime": "date",
             "timestamp": "date", "lat": "latitude", "lon": "longitude"}  # fmt: skip
    plain = other.get(plain, plain)
    if plain in KINDS[:-2]:
        return plain
    return plain.removesuffix("s") if plain.removesuffix("s") in KINDS[:-2] else None
