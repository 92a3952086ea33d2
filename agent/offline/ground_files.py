"""Files that a sentence names: by path, by a near miss, without the ending, by one telling word, or all of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from opsmith.agent.offline.found import Grounded, Mention
from opsmith.agent.offline.words import ENDINGS, GENERIC, STOP, TOKEN, folded, stem, tokens

_FILE_LIKE = re.compile(rf"(?<![\w/.\\-])(?:[\w\-./\\]*[\w\-])\.(?:{ENDINGS})\b(?![\w/])", re.IGNORECASE)


_QUOTED = re.compile(r"`([^`]+)`|\"([^\"]+)\"|(?<!\w)'([^']+)'(?!\w)")


_OUTPUT_CUE = re.compile(
    r"(?:\b(?:in ?to|to|as|save(?: it| this| that| them| the result)?(?: as| to| in| into)?|store(?: it)?(?: as| in)?|"
    r"writ(?:e|ing)(?: it| them)?(?: to| into)?|(?:put|store|dump|land|drop|write|save|place|keep)\w*\s+(?:[\w'-]+\s+){0,4}in(?:to)?|file(?:name)?(?: is)?|export(?: to| as)?|output(?: to| file)?(?: is)?|(?:call|name)(?: (?:it|the (?:result|output|copy|file|new file|new table|cleaned (?:file|copy|table))))?|columns of|"
    r"(?:results?|scores?|predictions?|outputs?|copy|answers?|ergebnis\w*|resultados?|résultats?)\s+(?:[\w'-]+\s+){0,2}(?:in|at|under|unter|bajo|:)|"
    r"(?:speicher|schreib|leg|exportier|guarda|escrib|exporta|enregistr|écri|sauvegard|exporte)\w*\s+(?:\S+\s+){0,4}(?:in|nach|als|unter|en|como|dans|sous|bajo|vers)|"
    r"nach|als|en|como|dans|sous|vers)|->|=>|>|存到|存为|保存为|保存到|写入|到)\s*[`'\"]?$",
    re.IGNORECASE,
)


def exact_files(found: Grounded, paths: Sequence[str], near: Sequence[str] = ()) -> None:
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
        at = re.search(rf"(?<![\w/.-]){re.escape(base)}(?!\w)", found.text, re.IGNORECASE)
        if at:
            same = [p for p in paths if PurePosixPath(p).name == base]
            known = next((p for p in near if p in same), None)  # the conversation was about one of them
            found.files = [m for m in found.files if m.value not in same or m.start != at.start()]
            if known:
                _add_file(found, known, at.start(), at.end(), "exact")
            else:
                found.ambiguous_files = same


_ADDRESS = re.compile(
    r"(?<![\w/.])(?:(?:s3|gs|gcs|az|abfs|https?|postgres(?:ql)?|mysql|sqlite|duckdb)://[^\s,;'\"`]+|(?:[\w.-]+/)*[\w.-]*\*[\w.*-]*(?:/[\w.*-]+)*)"
)


def addresses(found: Grounded) -> None:
    """Tables that lie elsewhere or are several files: `s3://bucket/x.parquet`, `sales/2024-*.csv`."""
    for m in _ADDRESS.finditer(found.text):
        said = m.group().rstrip(".?!)")
        glob = "*" in said and (re.search(rf"\.(?:{ENDINGS})$", said, re.IGNORECASE) or "/" in said)
        if "://" in said or glob:
            _add_file(found, said, m.start(), m.start() + len(said), "exact")


_FOLDER = re.compile(r"(?<![\w/.~:-])((?:\./)?[\w-]+(?:/[\w-]+)*/)(?![\w/*.])")
_SHORT = re.compile(
    r"\b(?:of|in|from|on|for|with|and|profile|clean|describe|check|query|read|load|dedupe|compare|table)\s+[`'\"]?"
    r"(?!(?:openai|gpt|http|https|file):)([a-z][\w-]*:[a-z_]\w*)(?![\w:/])",
    re.IGNORECASE,
)


def folders_and_short_names(found: Grounded, paths: Sequence[str]) -> None:
    """Folders that hold tables as one table (`sales/`), and tables of a named database (`shop:orders`)."""
    for m in _FOLDER.finditer(found.text):
        folder = m.group(1).removeprefix("./")
        if any(p.startswith(folder) for p in paths) and not _OUTPUT_CUE.search(found.text[: m.start(1)]):
            _add_file(found, folder, m.start(1), m.end(1), "exact")
    for m in _SHORT.finditer(found.text):
        _add_file(found, m.group(1), m.start(1), m.end(1), "exact")


def _add_file(found: Grounded, path: str, start: int, end: int, how: str) -> None:
    if found.covered(start, end):
        return
    found.files.append(Mention("file", path, start, end, how))


def file_like(found: Grounded, paths: Sequence[str]) -> None:
    """Tokens that look like files but are not there: outputs to write, near misses, or unknown names."""
    from rapidfuzz import fuzz

    spans = [(m.start(), m.end(), m.group()) for m in _FILE_LIKE.finditer(found.text)]
    for q in _QUOTED.finditer(found.text):
        inner = next(g for g in q.groups() if g)
        if re.search(rf"\.(?:{ENDINGS})$", inner, re.IGNORECASE):
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


def several_files(found: Grounded, paths: Sequence[str]) -> None:
    """`both flight files`, `all the tables`: every file whose name has the word, or every file there is."""
    m = re.search(
        r"\b(?:both|all(?: of)?(?: the| my| our)?|the two|the 2|every|each)\s+(?:(?:of )?(?:the |my |our )?)?(?:([^\W_]+)\s+)?(?:files?|tables?|data ?sets?|csvs?|ones)\b",
        found.text,
        re.IGNORECASE,
    )
    if not m or found.files:
        return
    word = folded(m.group(1)) if m.group(1) and m.group(1).casefold() not in STOP else ""
    fits = [
        p
        for p in paths
        if word and any(t.startswith(word) or word.startswith(t) for t in tokens(stem(p)) if len(t) > 2)
    ]
    fits = fits or ([] if word and word not in ("data", "csv", "2") else list(paths))
    for path in fits[:6]:
        found.files.append(Mention("file", path, m.start(), m.end(), "part"))


def stem_files(found: Grounded, paths: Sequence[str], near: Sequence[str] = ()) -> None:
    """Names without their ending: `the bookings table`, `wine tasting`."""
    for path in sorted(paths, key=lambda p: -len(stem(p))):
        parts = TOKEN.findall(stem(path))
        if not parts or len("".join(parts)) < 3:
            continue
        flexible = r"[\s_.\-]*".join(re.escape(p) for p in parts)
        generic = "".join(parts).casefold() in GENERIC
        tail = r"(?=\s+(?:file|table|data|set|dataset))" if generic else ""
        for m in re.finditer(rf"(?<![\w/.]){flexible}(?:s|es)?(?![\w]){tail}", found.text, re.IGNORECASE):
            same = [p for p in paths if TOKEN.findall(stem(p).casefold()) == TOKEN.findall(stem(path).casefold())]
            if len(same) == 1:
                newer = near and near[0] in paths and set(tokens(stem(path))) < set(tokens(stem(near[0])))
                _add_file(found, near[0] if newer else path, m.start(), m.end(), "part")


def numbered_files(found: Grounded, paths: Sequence[str]) -> None:
    """A word and its number as they stand in one file's name: `run 8`, run_08.csv."""
    pairs = {p: {*zip(tokens(stem(p)), tokens(stem(p))[1:], strict=False)} for p in paths}
    for m in re.finditer(r"(?<![\w./])([^\W\d_]+)[\s_#-]+(\d{1,4})(?![\w.]*\w)", found.text):
        pair = (folded(m.group(1)), folded(m.group(2)))
        fits = [p for p in paths if pair in pairs[p]]
        if len(fits) == 1:
            _add_file(found, fits[0], m.start(), m.end(), "part")


_QUARTERS = {"first": "q1", "second": "q2", "third": "q3", "fourth": "q4"}


def part_files(found: Grounded, paths: Sequence[str]) -> None:
    """Words that only one file's name has: `the may file`, `spring against autumn`, `week 12`."""
    of = {p: set(tokens(stem(p))) for p in paths}
    text = re.sub(
        r"\b(week|quarter)\s+(\d+)", lambda m: f"{m.group(1)[0]}{m.group(2)}", found.text, flags=re.IGNORECASE
    )
    text = re.sub(
        r"\b(first|second|third|fourth)(?= quarter\b)",
        lambda m: _QUARTERS[m.group().casefold()],
        text,
        flags=re.IGNORECASE,
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
        if m.group().casefold() in GENERIC - {"new", "test", "train"} or m.group().casefold() in STOP:
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
