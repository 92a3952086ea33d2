"""Words that need care when names are looked for: endings, months and seasons, plain English that is also a name."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

ENDINGS = r"csv|tsv|txt|parquet|pq|jsonl|ndjson|json|xlsx|xls|feather|arrow|sqlite|db|duckdb|gz|zst|zip|pkl|yaml|yml|md|html|log"


def _plain_words() -> dict[str, frozenset[str]]:
    import yaml

    text = (Path(__file__).parent / "data" / "plain_words.yaml").read_text(encoding="utf-8")
    return {name: frozenset(words.split()) for name, words in yaml.safe_load(text).items()}


_PLAIN = _plain_words()
GENERIC, STOP, CAREFUL, SMALL, SHORT = (_PLAIN[k] for k in ("generic", "stop", "careful", "small", "short"))
TOKEN = re.compile(r"[a-z]+|\d+|[^\W\d_a-z]+", re.IGNORECASE)


_MONTHS = {
    "january": "jan", "february": "feb", "march": "mar", "april": "apr", "june": "jun", "july": "jul", "august": "aug",
    "september": "sep", "sept": "sep", "october": "oct", "november": "nov", "december": "dec", "januar": "jan", "februar": "feb",
    "märz": "mar", "mai": "may", "enero": "jan", "febrero": "feb", "marzo": "mar", "abril": "apr", "mayo": "may", "junio": "jun",
    "julio": "jul", "agosto": "aug", "septiembre": "sep", "octubre": "oct", "noviembre": "nov", "diciembre": "dec", "janvier": "jan",
    "février": "feb", "mars": "mar", "avril": "apr", "juin": "jun", "juillet": "jul", "août": "aug", "septembre": "sep", "octobre": "oct",
    "novembre": "nov", "décembre": "dec", "juni": "jun", "juli": "jul", "oktober": "oct", "dezember": "dec", 
    "frühling": "spring", "frühjahr": "spring", "sommer": "summer", "herbst": "autumn", "fall": "autumn", "primavera": "spring",
    "verano": "summer", "otoño": "autumn", "invierno": "winter", "printemps": "spring", "été": "summer", "automne": "autumn",
    "hiver": "winter", "week": "w", "wk": "w", "quarter": "q", "woche": "w", "kw": "w", "semana": "w", "semaine": "w", "quartal": "q", "trimestre": "q", "春": "spring", "夏": "summer", "秋": "autumn", "冬": "winter", "transaction": "txn",
    "previous": "prev", "production": "prod", "last": "prev", "current": "cur", "reference": "ref", "yesterday": "prev",
}  # fmt: skip


def tokens(name: str) -> list[str]:
    """The words of a name, folded: lower case, plural s off, months and seasons in one form."""
    return [folded(t) for t in TOKEN.findall(name)]


def folded(word: str) -> str:
    low = word.casefold()
    if low.isdigit():
        return low.lstrip("0") or "0"  # `run 8` is run_08
    low = _MONTHS.get(low, low)
    low = low[:-1] if len(low) > 3 and low.endswith("s") and not low.endswith("ss") else low
    return _MONTHS.get(low, low)


def stem(path: str) -> str:
    """A file's name without folder and endings."""
    return re.sub(rf"(\.(?:{ENDINGS}))+$", "", PurePosixPath(path).name, flags=re.IGNORECASE)
