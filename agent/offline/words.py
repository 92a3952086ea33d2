"""Words that need care when names are looked for: endings, months and seasons, plain English that is also a name."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

ENDINGS = r"csv|tsv|txt|parquet|pq|jsonl|ndjson|json|xlsx|xls|feather|arrow|sqlite|db|duckdb|gz|zst|zip|pkl|yaml|yml|md|html|log"


GENERIC = frozenset(
    [
        "data",
        "train",
        "test",
        "file",
        "table",
        "new",
        "score",
        "model",
        "query",
        "clean",
        "profile",
        "sample",
        "report",
        "run",
        "build",
        "status",
        "help",
        "drift",
    ]
)


STOP = frozenset(
    [
        "the",
        "and",
        "for",
        "with",
        "from",
        "into",
        "that",
        "this",
        "what",
        "which",
        "how",
        "does",
        "did",
        "are",
        "was",
        "were",
        "has",
        "have",
        "had",
        "not",
        "can",
        "could",
        "would",
        "should",
        "will",
        "all",
        "any",
        "some",
        "one",
        "two",
        "it",
        "its",
        "our",
        "your",
        "my",
        "me",
        "you",
        "we",
        "they",
        "them",
        "then",
        "than",
        "just",
        "only",
        "also",
        "more",
        "most",
        "much",
        "many",
        "very",
        "per",
        "by",
        "on",
        "in",
        "at",
        "to",
        "of",
        "or",
        "if",
        "is",
        "be",
    ]
)


WORDS_TOO = frozenset(
    [
        "order",
        "rank",
        "score",
        "label",
        "text",
        "count",
        "total",
        "rate",
        "time",
        "date",
        "name",
        "type",
        "state",
        "status",
        "model",
        "version",
        "class",
        "target",
        "value",
        "values",
        "number",
        "test",
        "train",
        "fit",
        "share",
        "top",
        "mean",
        "note",
        "notes",
        "memory",
        "id",
        "index",
        "group",
        "level",
        "result",
        "results",
        "age",
        "sex",
        "day",
        "week",
        "month",
        "year",
        "file",
        "data",
        "features",
        "cost",
        "price",
        "close",
        "open",
        "high",
        "low",
        "volume",
        "source",
        "channel",
        "message",
        "title",
        "rating",
        "report",
    ]
)


TOKEN = re.compile(r"[a-z]+|\d+|[^\W\d_a-z]+", re.IGNORECASE)


_MONTHS = {
    "january": "jan", "february": "feb", "march": "mar", "april": "apr", "june": "jun", "july": "jul", "august": "aug",
    "september": "sep", "sept": "sep", "october": "oct", "november": "nov", "december": "dec", "januar": "jan", "februar": "feb",
    "märz": "mar", "mai": "may", "juni": "jun", "juli": "jul", "oktober": "oct", "dezember": "dec", "enero": "jan", "mayo": "may",
    "frühling": "spring", "frühjahr": "spring", "sommer": "summer", "herbst": "autumn", "fall": "autumn", "primavera": "spring",
    "verano": "summer", "otoño": "autumn", "invierno": "winter", "printemps": "spring", "été": "summer", "automne": "autumn",
    "hiver": "winter", "week": "w", "quarter": "q", "春": "spring", "夏": "summer", "秋": "autumn", "冬": "winter", "transaction": "txn",
    "previous": "prev", "production": "prod", "last": "prev", "current": "cur", "reference": "ref", "yesterday": "prev",
}  # fmt: skip


def tokens(name: str) -> list[str]:
    """The words of a name, folded: lower case, plural s off, months and seasons in one form."""
    return [folded(t) for t in TOKEN.findall(name)]


def folded(word: str) -> str:
    low = word.casefold()
    low = _MONTHS.get(low, low)
    low = low[:-1] if len(low) > 3 and low.endswith("s") and not low.endswith("ss") else low
    return _MONTHS.get(low, low)


def stem(path: str) -> str:
    """A file's name without folder and endings."""
    return re.sub(rf"(\.(?:{ENDINGS}))+$", "", PurePosixPath(path).name, flags=re.IGNORECASE)
