"""Find in a sentence what is really there: files, models, columns and monitors of the live catalogue, however spelt."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

_ENDINGS = r"csv|tsv|txt|parquet|pq|jsonl|ndjson|json|xlsx|xls|feather|arrow|sqlite|db|duckdb|gz|zst|zip|pkl|yaml|yml|md|html|log"
_FILE_LIKE = re.compile(rf"(?<![\w/.\\-])(?:[\w\-./\\]*[\w\-])\.(?:{_ENDINGS})\b(?![\w/])", re.IGNORECASE)
_QUOTED = re.compile(r"`([^`]+)`|\"([^\"]+)\"|(?<!\w)'([^']+)'(?!\w)")
_OUTPUT_CUE = re.compile(
    r"(?:\b(?:in ?to|to|as|save(?: it| this| that| them| the result)?(?: as| to| in| into)?|store(?: it)?(?: as| in)?|"
    r"writ(?:e|ing)(?: it| them)?(?: to| into)?|export(?: to| as)?|output(?: to| file)?(?: is)?|call(?: it)?|name(?: it)?|columns of|"
    r"nach|als|en|como|dans|sous|vers)|->|=>|>|存到|存为|保存为|保存到|写入|到)\s*[`'\"]?$",
    re.IGNORECASE,
)
_GENERIC = frozenset(
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
_TOKEN = re.compile(r"[a-z]+|\d+|[^\W\d_a-z]+", re.IGNORECASE)
_MONTHS = {
    "january": "jan", "february": "feb", "march": "mar", "april": "apr", "june": "jun", "july": "jul", "august": "aug",
    "september": "sep", "sept": "sep", "october": "oct", "november": "nov", "december": "dec", "januar": "jan", "februar": "feb",
    "märz": "mar", "mai": "may", "juni": "jun", "juli": "jul", "oktober": "oct", "dezember": "dec", "enero": "jan", "mayo": "may",
    "frühling": "spring", "frühjahr": "spring", "sommer": "summer", "herbst": "autumn", "fall": "autumn", "primavera": "spring",
    "verano": "summer", "otoño": "autumn", "invierno": "winter", "printemps": "spring", "été": "summer", "automne": "autumn",
    "hiver": "winter", "week": "w", "quarter": "q", "春": "spring", "夏": "summer", "秋": "autumn", "冬": "winter", "transaction": "txn",
    "previous": "prev", "production": "prod", "last": "prev", "current": "cur", "reference": "ref", "yesterday": "prev",
}  # fmt: skip


@dataclass(frozen=True)
class Mention:
    """A name found in the text: what it stands for, where, and how sure (exact, part)."""

    kind: str
    value: str
    start: int
    end: int
    how: str = "exact"


@dataclass
class Grounded:
    """A sentence with what it names."""

    text: str
    files: list[Mention] = field(default_factory=list)
    outputs: list[Mention] = field(default_factory=list)
    models: list[Mention] = field(default_factory=list)
    columns: list[Mention] = field(default_factory=list)
    monitors: list[Mention] = field(default_factory=list)
    unknown_files: list[str] = field(default_factory=list)
    unknown_columns: list[str] = field(default_factory=list)
    ambiguous_files: list[str] = field(default_factory=list)

    def masked(self) -> str:
        """The text with names replaced by FILE, OUT, MODEL, COL, MON."""
        text = self.text
        every = [*self.files, *self.outputs, *self.models, *self.columns, *self.monitors]
        for m in sorted(every, key=lambda m: -m.start):
            word = {"file": "FILE", "output": "OUT", "model": "MODEL", "column": "COL", "monitor": "MON"}[m.kind]
            if m.how == "exact" or m.kind in ("column", "model"):
                text = f"{text[: m.start]}{word}{text[m.end :]}"
        return text

    def covered(self, start: int, end: int) -> bool:
        every = (*self.files, *self.outputs, *self.models, *self.columns, *self.monitors)
        return any(m.start < end and start < m.end for m in every)


def ground(text: str, catalogue: Mapping[str, Any], near: Sequence[str] = ()) -> Grounded:
    """Everything of the catalogue that the text names. `near`: files of the conversation, preferred for columns."""
    found = Grounded(text)
    paths = [f["path"] for f in catalogue.get("files", ())]
    _exact_files(found, paths)
    _file_like(found, paths)
    _names(found, [m["name"] for m in catalogue.get("models", ())], "model", found.models)
    _names(found, [m["name"] for m in catalogue.get("monitors", ())], "monitor", found.monitors)
    _stem_files(found, paths, near)
    _several_files(found, paths)
    chosen = [m.value for m in found.files] or list(near)
    _columns(found, catalogue, chosen)
    _part_files(found, paths)
    _part_models(found, [m["name"] for m in catalogue.get("models", ())])
    _columns(found, catalogue, [m.value for m in found.files] or list(near))
    _unknown_columns(found)
    for mentions in (found.files, found.models, found.columns, found.outputs):
        mentions.sort(key=lambda m: m.start)
    return found


def _exact_files(found: Grounded, paths: Sequence[str]) -> None:
    names: list[tuple[str, str]] = []
    for path in paths:
        names.append((path, path))
        base = PurePosixPath(path).name
        if sum(PurePosixPath(p).name.casefold() == base.casefold() for p in paths) == 1:
            names.append((base, path))
    for name, path in sorted(names, key=lambda n: -len(n[0])):
        pattern = rf"(?<![\w/.-])(?:/workspace/|\./|file://)?{re.escape(name)}(?![\w/]|\.\w)"
        for m in re.finditer(pattern, found.text, re.IGNORECASE):
            _add_file(found, path, m.start(), m.end(), "exact")
    clashes = {
        PurePosixPath(p).name for p in paths if sum(PurePosixPath(q).name == PurePosixPath(p).name for q in paths) > 1
    }
    for base in clashes:
        m = re.search(rf"(?<![\w/.-]){re.escape(base)}(?!\w)", found.text, re.IGNORECASE)
        if m and not found.covered(m.start(), m.end()):
            found.ambiguous_files = [p for p in paths if PurePosixPath(p).name == base]


def _add_file(found: Grounded, path: str, start: int, end: int, how: str) -> None:
    if found.covered(start, end):
        return
    found.files.append(Mention("file", path, start, end, how))


def _file_like(found: Grounded, paths: Sequence[str]) -> None:
    """Tokens that look like files but are not there: outputs to write, near misses, or unknown names."""
    from rapidfuzz import fuzz

    spans = [(m.start(), m.end(), m.group()) for m in _FILE_LIKE.finditer(found.text)]
    for q in _QUOTED.finditer(found.text):
        inner = next(g for g in q.groups() if g)
        if re.search(rf"\.(?:{_ENDINGS})$", inner, re.IGNORECASE):
            spans.append((q.start() + 1, q.end() - 1, inner))
    for start, end, name in sorted(spans, key=lambda s: s[0] - s[1]):
        if found.covered(start, end):
            continue
        clean = name.replace("\\", "/").removeprefix("/workspace/").removeprefix("./")
        if _OUTPUT_CUE.search(found.text[:start]):
            found.outputs.append(Mention("output", clean, start, end))
            continue
        scored = sorted(((fuzz.ratio(clean.casefold(), p.casefold()), p) for p in paths), reverse=True)
        scored = scored or [(0.0, "")]
        by_name = sorted(
            ((fuzz.ratio(PurePosixPath(clean).name.casefold(), PurePosixPath(p).name.casefold()), p) for p in paths),
            reverse=True,
        )
        best = max([scored[0], *by_name[:1]])
        digits_differ = re.findall(r"\d+", clean) != re.findall(r"\d+", best[1])
        if best[0] >= 86 and not digits_differ and clean not in found.ambiguous_files and not _clash(clean, found):
            found.files.append(Mention("file", best[1], start, end))
        elif not _clash(clean, found):
            found.unknown_files.append(clean)


def _clash(name: str, found: Grounded) -> bool:
    return any(PurePosixPath(a).name.casefold() == name.casefold() for a in found.ambiguous_files)


def _names(found: Grounded, names: Iterable[str], kind: str, into: list[Mention]) -> None:
    """Whole names, spelt with spaces, dashes or underscores, with or without a closing word."""
    for name in sorted(names, key=len, reverse=True):
        flexible = r"[\s_-]+".join(re.escape(t) for t in re.split(r"[\s_-]+", name) if t)
        for m in re.finditer(rf"(?<![\w/.]){flexible}(?![\w]|\.\w)", found.text, re.IGNORECASE):
            if not found.covered(m.start(), m.end()):
                into.append(Mention(kind, name, m.start(), m.end()))


def tokens(name: str) -> list[str]:
    """The words of a name, folded: lower case, plural s off, months and seasons in one form."""
    return [_folded(t) for t in _TOKEN.findall(name)]


def _folded(word: str) -> str:
    low = word.casefold()
    low = _MONTHS.get(low, low)
    low = low[:-1] if len(low) > 3 and low.endswith("s") and not low.endswith("ss") else low
    return _MONTHS.get(low, low)


def stem(path: str) -> str:
    """A file's name without folder and endings."""
    return re.sub(rf"(\.(?:{_ENDINGS}))+$", "", PurePosixPath(path).name, flags=re.IGNORECASE)


def _several_files(found: Grounded, paths: Sequence[str]) -> None:
    """`both flight files`, `all the tables`: every file whose name has the word, or every file there is."""
    m = re.search(
        r"\b(?:both|all(?: of)?(?: the| my| our)?|the two|the 2|every|each)\s+(?:(?:of )?(?:the |my |our )?)?(?:([^\W_]+)\s+)?(?:files?|tables?|data ?sets?|csvs?|ones)\b",
        found.text,
        re.IGNORECASE,
    )
    if not m or found.files:
        return
    word = _folded(m.group(1)) if m.group(1) and m.group(1).casefold() not in _STOP else ""
    fits = [
        p
        for p in paths
        if word and any(t.startswith(word) or word.startswith(t) for t in tokens(stem(p)) if len(t) > 2)
    ]
    fits = fits or ([] if word and word not in ("data", "csv", "2") else list(paths))
    for path in fits[:6]:
        found.files.append(Mention("file", path, m.start(), m.end(), "part"))


def _stem_files(found: Grounded, paths: Sequence[str], near: Sequence[str] = ()) -> None:
    """Names without their ending: `the bookings table`, `wine tasting`."""
    for path in sorted(paths, key=lambda p: -len(stem(p))):
        parts = _TOKEN.findall(stem(path))
        if not parts or len("".join(parts)) < 3:
            continue
        flexible = r"[\s_.\-]*".join(re.escape(p) for p in parts)
        generic = "".join(parts).casefold() in _GENERIC
        tail = r"(?=\s+(?:file|table|data|set|dataset))" if generic else ""
        for m in re.finditer(rf"(?<![\w/.]){flexible}(?:s|es)?(?![\w]){tail}", found.text, re.IGNORECASE):
            same = [p for p in paths if _TOKEN.findall(stem(p).casefold()) == _TOKEN.findall(stem(path).casefold())]
            if len(same) == 1:
                newer = near and near[0] in paths and set(tokens(stem(path))) < set(tokens(stem(near[0])))
                _add_file(found, near[0] if newer else path, m.start(), m.end(), "part")


def _part_files(found: Grounded, paths: Sequence[str]) -> None:
    """Words that only one file's name has: `the may file`, `spring against autumn`, `week 12`."""
    of = {p: set(tokens(stem(p))) for p in paths}
    text = re.sub(
        r"\b(week|quarter)\s+(\d+)", lambda m: f"{m.group(1)[0]}{m.group(2)}", found.text, flags=re.IGNORECASE
    )
    shift = text != found.text
    named = {m.value for m in found.files}
    for m in re.finditer(r"[^\W_]+", text):
        if not shift and found.covered(m.start(), m.end()):
            continue
        word = set(tokens(m.group()))
        if not word or (
            len(m.group()) < 3 and not m.group().isdigit() and not re.fullmatch(r"[wq]\d+", m.group(), re.IGNORECASE)
        ):
            continue
        if m.group().casefold() in _GENERIC - {"new", "test", "train"} or m.group().casefold() in _STOP:
            continue
        fits = [p for p in paths if word <= of[p]]
        if len(fits) == 1 and len(paths) > 1 and fits[0] not in named:
            if m.group().casefold() in ("train", "test", "new") and not re.match(
                r"\s+(file|data|set|table|one|batch|ones)", text[m.end() :]
            ):
                continue
            if m.group().isdigit() and len(m.group()) < 4:
                continue
            named.add(fits[0])
            start = min(m.start(), len(found.text))
            found.files.append(Mention("file", fits[0], start, min(m.end(), len(found.text)), "part"))


_STOP = frozenset(
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


def _part_models(found: Grounded, names: Sequence[str]) -> None:
    """`the fraud thing` for fraud_gbm: a word that only one model's name has, when a model is spoken of."""
    if found.models or not names:
        return
    for m in re.finditer(
        r"\b(?:the|our|my|that)\s+([^\W_]+)\s+(?:model|thing|one|classifier|regressor|predictor|net|forest|gbm)\b",
        found.text,
        re.IGNORECASE,
    ):
        fits = [n for n in names if _folded(m.group(1)) in tokens(n)]
        if len(fits) == 1:
            found.models.append(Mention("model", fits[0], m.start(1), m.end()))
            return
    for m in re.finditer(r"[^\W_]{4,}", found.text):
        fits = [
            n
            for n in names
            if _folded(m.group()) in tokens(n) and _folded(m.group()) not in ("model", "net", "gbm", "reg")
        ]
        if len(fits) == 1 and not found.covered(m.start(), m.end()):
            found.models.append(Mention("model", fits[0], m.start(), m.end(), "part"))
            return


def _columns(found: Grounded, catalogue: Mapping[str, Any], chosen: Sequence[str]) -> None:
    files = [f for f in catalogue.get("files", ()) if not chosen or f["path"] in chosen]
    names = {c["name"] for f in files for c in f["columns"]}
    for name in sorted(names, key=len, reverse=True):
        parts = [p for p in re.split(r"[\s_\-]+", name) if p]
        flexible = r"[\s_\-]+".join(re.escape(p) for p in parts)
        for m in re.finditer(rf"(?<![\w./]){flexible}(?:s|es|'s)?(?![\w]|\.\w)", found.text, re.IGNORECASE):
            if not found.covered(m.start(), m.end()) and _meant(found.text, m, name):
                found.columns.append(Mention("column", name, m.start(), m.end()))
    _near_columns(found, names)


_WORDS_TOO = frozenset(
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
_BEFORE = re.compile(
    r"(?:\b(?:column|columns|of|in|by|per|for|on|the|is|predict|predicting|target|label|ignore|ignoring|exclude|excluding|without|drop|average|mean|sum|max|min|"
    r"median|each|every|and|vs|versus|impute|scale|encode|model|learn|just|only|from|between|use|using|not|column:|total|highest|lowest|unique|distinct)|[:,(`'\"])\s*$",
    re.IGNORECASE,
)


def _meant(text: str, m: re.Match[str], name: str) -> bool:
    """Whether a word that is a column's name is used as one and not as plain English."""
    low = name.casefold()
    if len(name) < 3 and m.group() != name:
        return False
    if re.search(r"\bin\s+$", text[: m.start()], re.IGNORECASE) and low == "order":
        return False
    if low not in _WORDS_TOO:
        return True
    return bool(_BEFORE.search(text[: m.start()])) or (name != low and m.group() == name)


def _near_columns(found: Grounded, names: Iterable[str]) -> None:
    """Identifiers and quoted names that are a slip away from a column."""
    from rapidfuzz import fuzz

    known = {n.casefold(): n for n in names}
    for m in re.finditer(r"[^\W\d]\w*_\w+|`[^`]+`|\"[^\"]+\"", found.text):
        if found.covered(m.start(), m.end()):
            continue
        wanted = m.group().strip("`\"'").casefold()
        best = max(((fuzz.ratio(wanted, low), name) for low, name in known.items()), default=(0.0, ""))
        if best[0] >= 84:
            found.columns.append(Mention("column", best[1], m.start(), m.end(), "part"))


def _unknown_columns(found: Grounded) -> None:
    """Identifiers with an underscore, and back-ticked names, that nothing in the catalogue has."""
    for m in re.finditer(r"(?<![\w./])[^\W\d]\w*_\w+(?![\w/]|\.\w)|`[^`]+`", found.text):
        if not found.covered(m.start(), m.end()):
            found.unknown_columns.append(m.group().strip("`"))
