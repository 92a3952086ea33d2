"""What is odd about a column of text: numbers and units in it, spellings, encoding damage, cut ends, personal data."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from opsmith.tools.compute.pii import find_personal, is_card, is_iban
from opsmith.tools.compute.profile import ColumnProfile, TableProfile
from opsmith.tools.compute.profile_kinds import BOOLEAN_WORDS, HIDDEN, named_like_code
from opsmith.tools.compute.profile_sample import Sample
from opsmith.tools.contract import Finding, Severity

_DAMAGE = re.compile(
    "\ufffd|Ã[\x80-\xbf¡-¿ƒ‚„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|Â[\xa0-¿]|â€|ï¿½|Ð[\x80-\xbf°-¿]|[A-Za-z]\\?[a-z]{2}|\\\\u00[0-9a-f]{2}"
)
_QUESTION = re.compile(r"[A-Za-z]\?[a-z]{2}")
_MARKUP = re.compile(r"</?[A-Za-z][A-Za-z0-9]*( [^<>]*)?/?>|&(amp|lt|gt|nbsp|quot|#\d{2,5});")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u200e\u200f\u202a-\u202e\ufeff]")
_FORMULA = re.compile(r"^[=+@-](\w+\(|cmd\||HYPERLINK|DDE|\w+![A-Z]+\d)", re.IGNORECASE)
_UNIT = re.compile(r"^[-+]?[\d.,' ]*\d ?([A-Za-zµ°\"'²³/%€$£¥]{1,8})$|^([$€£¥₹]|USD|EUR|GBP|CHF) ?[-+]?\d[\d.,' ]*$")
_PLAIN = re.compile(r"[-+]?(\d+([.,]\d+)?|[.,]\d+)([eE][-+]?\d+)?|[-+]?\d{1,3}([,. ']\d{3})+([.,]\d+)?")
_NAMES = re.compile(
    r"(^|[_ ])(first|last|sur|given|family|full|customer|patient|employee|user|contact)[_ ]?name$|^surname$|^lastname$",
    re.IGNORECASE,
)
MOST = 8000  # distinct values searched for expressions


def text_findings(c: ColumnProfile, p: TableProfile, sample: Sample) -> Iterable[Finding]:
    """Findings of one column of text."""
    counts = {str(v): n for v, n in (c.values or sample.counts(c.name)).items()}
    scale = 1 if sample.whole or len(c.values) >= c.distinct else sample.step
    held = sum(counts.values()) - sum(n for v, n in counts.items() if v.strip().casefold() in HIDDEN)
    if held < 3:
        return
    look = _Look(c, p, sample, counts, scale, held)
    typed = list(_typed(look)) if c.kind not in ("id", "email", "url", "ip", "iban", "date", "phone", "card") else []
    yield from typed
    if c.kind not in ("date", "id"):
        yield from _personal(look)
    yield from _spellings(look, bool(typed))
    yield from _matching(
        look,
        "encoding",
        "critical",
        _damaged(counts),
        "{n} values with damaged letters (such as {v}): the file was read in the wrong encoding once",
        f"repair the encoding of {c.name} in {p.name}",
    )
    yield from _matching(
        look,
        "control_characters",
        "info",
        lambda t: _CONTROL.search(t) is not None,
        "{n} values with invisible control characters",
        f"clean {c.name} in {p.name}",
    )
    yield from _matching(
        look,
        "formula_cells",
        "warning",
        lambda t: _FORMULA.match(t) is not None,
        "{n} cells that a spreadsheet would run as formulas (such as {v})",
        f"clean {p.name}",
    )
    if c.kind == "text":
        yield from _matching(
            look,
            "markup",
            "info",
            lambda t: _MARKUP.search(t) is not None,
            "{n} texts with HTML marks in them",
            f"normalise the text of {c.name} in {p.name}",
            0.002,
        )
    yield from _cut_ends(look)


class _Look:
    """One column as the searches below see it: distinct values with counts, and how to say them."""

    def __init__(
        self, c: ColumnProfile, p: TableProfile, sample: Sample, counts: Mapping[str, int], scale: int, held: int
    ):
        self.c, self.p, self.sample, self.counts, self.scale, self.held = c, p, sample, counts, scale, held

    def rows(self, values: set[str]) -> tuple[int, ...]:
        """Row numbers in the sample where one of the values stands."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        column = self.sample.arrow.column(self.c.name)
        mask = pc.fill_null(pc.is_in(column, pa.array(sorted(values)[:500], column.type)), False)
        return self.sample.rows_where(np.asarray(mask.combine_chunks() if hasattr(mask, "combine_chunks") else mask))

    def finding(
        self, id: str, severity: Severity, message: str, count: int, values: set[str], fix: str, **more: object
    ) -> Finding:
        n = min(count * self.scale, self.p.rows)
        return Finding(
            id,
            severity,
            f"{self.c.name} {message}",
            (self.c.name,),
            {"count": n, "share": n / max(1, self.p.rows), **more},
            self.rows(values),
            fix,
        )  # type: ignore[arg-type]


def _typed(look: _Look) -> Iterable[Finding]:
    """Numbers kept as text: plain, with units, of several units, with two decimal marks, mixed with words."""
    c, p = look.c, look.p
    plain = united = 0
    units: Counter[str] = Counter()
    marks: Counter[str] = Counter()
    words: Counter[str] = Counter()
    examples: set[str] = set()
    for text, n in look.counts.items():
        t = text.strip()
        if t.casefold() in HIDDEN:
            continue
        if _PLAIN.fullmatch(t):
            plain += n
            marks.update(dict.fromkeys(_decimal_marks(t), n))
        elif found := _UNIT.match(t):
            unit = (found[1] or found[2] or "").strip("'\"").casefold() or '"'
            if unit in ("st", "nd", "rd", "th"):
                words[t] += n
                continue
            united += n
            units[unit] += n
            marks.update(dict.fromkeys(_decimal_marks(re.sub(r"[^\d.,]", "", t)), n))
        else:
            words[t] += n
            examples.add(text)
    numeric = (plain + united) / look.held
    others = sum(words.values())
    if numeric >= 0.6:
        real_units = {u: n for u, n in units.items() if n >= max(2, 0.01 * look.held)}
        if len(real_units) > 1 or (real_units and plain >= max(3, 0.02 * look.held) and c.kind != "code"):
            told = ", ".join(
                [
                    *sorted(real_units, key=lambda u: -real_units[u])[:4],
                    *(["none"] if plain >= 0.02 * look.held else []),
                ]
            )
            yield look.finding(
                "mixed_units",
                "critical",
                f"writes its numbers in different units: {told}.",
                united,
                set(),
                f"convert {c.name} to one unit in {p.name}",
                units=dict(real_units),
            )
            return
        if len(marks) > 1 and min(marks.values()) >= max(2, 0.005 * look.held):
            yield look.finding(
                "mixed_decimals",
                "critical",
                "writes decimals with a point in some rows and with a comma in others.",
                min(marks.values()),
                set(),
                f"convert {c.name} to a number in {p.name}",
            )
            return
        small_codes = (
            c.distinct <= 30 and united == 0 and not others and not marks and all(len(v) <= 4 for v in look.counts)
        )
        as_stored = not sample_is_text(p) and c.distinct <= 40 and united == 0 and not others
        if numeric >= 0.7 and not named_like_code(c.name) and not small_codes and not as_stored and look.held >= 10:
            what = f"numbers with the unit {next(iter(real_units))}" if real_units else "numbers"
            odd = f"; {others * look.scale:,} are none (such as {_example(examples)})" if others else ""
            stands = f"; {c.hidden:,} stand for missing" if c.hidden else ""
            yield look.finding(
                "numbers_as_text",
                "warning",
                f"is stored as text though its values are {what}{odd}{stands}.",
                plain + united,
                examples,
                f"convert {c.name} to a number in {p.name}",
            )
            return
    booleans = {v.strip().casefold() for v in look.counts} - set(HIDDEN)
    if len(booleans) > 2 and booleans <= set(BOOLEAN_WORDS) and not booleans <= {"0", "1"}:
        yield look.finding(
            "mixed_booleans",
            "warning",
            f"says yes and no in different words: {', '.join(sorted(booleans))}.",
            look.held,
            set(),
            f"convert {c.name} to boolean in {p.name}",
        )
        return
    coded = sum(n for t, n in words.items() if any(ch.isdigit() for ch in t))
    if (
        look.held >= 20
        and 0.02 <= numeric < 0.98
        and others
        and coded < 0.5 * others
        and not _levels(words, plain, look)
    ):
        yield look.finding(
            "mixed_types",
            "warning",
            f"mixes numbers ({numeric:.0%}) with words (such as {_example(examples)}).",
            min(plain + united, others),
            examples,
            f"clean {p.name}",
        )


def sample_is_text(p: TableProfile) -> bool:
    """Whether the table was read from a format without types, where all-number text columns have another reason."""
    return not p.name.lower().split(":")[0].endswith((".parquet", ".pq", ".feather", ".arrow", ".duckdb"))


def _levels(words: Mapping[str, int], plain: int, look: _Look) -> bool:
    """Whether the numbers are just names among names: `1st`, `2`, `unknown` of a short list with more words than numbers."""
    return plain < 0.1 * look.held and len(words) > 3


def _decimal_marks(text: str) -> set[str]:
    found = re.search(r"([.,])(\d+)$", text)
    if not found or (len(found[2]) == 3):
        return set()
    return {found[1]}


def _personal(look: _Look) -> Iterable[Finding]:
    """Personal data: whole values of that kind, or hidden in longer texts; cards and IBANs by their check digits."""
    c, p = look.c, look.p
    whole = {"email": c.patterns.get("email", 0), "phone": c.patterns.get("phone", 0)}
    for kind, count in whole.items():
        if count >= max(3, 0.5 * look.held / max(1, look.scale)) and c.kind in (kind, "text", "category"):
            yield look.finding(
                "pii",
                "warning",
                f"holds personal data ({kind}).",
                count * (1 if look.scale == 1 else look.sample.step),
                set(),
                f"mask {c.name} in {p.name}",
                kind=kind,
            )
            return
    found: Counter[str] = Counter()
    where: set[str] = set()
    for text, n in list(look.counts.items())[:MOST]:
        if "@" not in text and sum(ch.isdigit() for ch in text) < 7:
            continue
        kinds = {k.kind for k in find_personal(text[:2000]) if k.kind != "ip"}
        if c.kind in ("id", "code", "number", "money", "date", "percent"):
            kinds &= {"email", "card", "iban", "national_id"}
        if kinds:
            found.update(dict.fromkeys(kinds, n))
            where.add(text)
    for kind, count in found.most_common():
        enough = {"email": 3, "national_id": max(3, 0.2 * look.held), "card": max(3, 0.2 * look.held), "iban": 3}.get(
            kind, max(5, 0.003 * look.held)
        )
        if kind == "phone" and c.kind not in ("text", "phone", "category"):
            continue
        if kind == "phone" and c.kind == "category" and count < 0.5 * look.held:
            continue
        if count >= enough:
            told = ", ".join(k for k, n in found.most_common() if n >= enough)
            yield look.finding(
                "pii",
                "warning",
                f"holds personal data ({told}) in {min(count * look.scale, p.rows):,} values.",
                count,
                where,
                f"mask {c.name} in {p.name}",
                kind=kind,
            )
            return
    if _NAMES.search(c.name) and c.distinct > 20 and c.kind in ("text", "category", "id"):
        yield look.finding(
            "pii",
            "info",
            "names persons; leave it out of models and reports.",
            look.held,
            set(),
            f"mask {c.name} in {p.name}",
            kind="name",
        )
    elif c.kind in ("card", "iban"):
        valid = sum(
            n for t, n in look.counts.items() if (is_card(re.sub(r"\D", "", t)) if c.kind == "card" else is_iban(t))
        )
        if valid > 0.5 * look.held:
            yield look.finding(
                "pii",
                "warning",
                f"holds personal data ({c.kind}).",
                valid,
                set(),
                f"mask {c.name} in {p.name}",
                kind=c.kind,
            )


def _spellings(look: _Look, typed: bool) -> Iterable[Finding]:
    """One value in several spellings; blanks around values."""
    from opsmith.tools.compute.steps.categories import merged_spellings

    c, p = look.c, look.p
    padded = {v: n for v, n in look.counts.items() if v != v.strip() and v.strip()}
    merged: dict[str, str] = {}
    if c.kind in ("category", "boolean", "ordinal") and 2 <= len(look.counts) <= 3000 and not typed:
        merged = merged_spellings({v: n for v, n in look.counts.items() if v.strip()})
        groups: dict[str, list[str]] = {}
        for spelling, usual in merged.items():
            if usual is not None and spelling.strip().casefold() not in HIDDEN:
                groups.setdefault(usual, [usual]).append(spelling)
        if groups:
            shown = "; ".join(
                " / ".join(repr(v) if v != v.strip() else v for v in g[:4]) for g in list(groups.values())[:3]
            )
            rows = sum(look.counts.get(v, 0) for g in groups.values() for v in g[1:])
            yield look.finding(
                "variants",
                "warning",
                f"spells the same value differently: {shown}{' …' if len(groups) > 3 else ''} "
                f"({rows * look.scale:,} rows).",
                rows,
                {v for g in groups.values() for v in g[1:]},
                f"merge the spellings of {c.name} in {p.name}",
                groups=len(groups),
            )
    rest = {v: n for v, n in padded.items() if v not in merged}
    if rest and (c.kind != "text" or (c.scalars.length_mean or 0) < 25):
        yield look.finding(
            "padded",
            "info",
            f"has {sum(rest.values()) * look.scale:,} values with blanks around them.",
            sum(rest.values()),
            set(rest),
            f"trim {c.name} in {p.name}",
        )


def _damaged(counts: Mapping[str, int]) -> Callable[[str], bool]:
    """A test for damaged letters; a question mark inside of words counts only where whole ones are rare."""
    questions = sum(1 for t in list(counts)[:MOST] if _QUESTION.search(t) and "http" not in t)
    several = questions >= 3 and all(len(t) < 60 for t in list(counts)[:MOST] if _QUESTION.search(t))

    def test(text: str) -> bool:
        found = _DAMAGE.search(text)
        return found is not None and (several or not _QUESTION.fullmatch(found[0]))

    return test


def _matching(
    look: _Look, id: str, severity: Severity, test: Callable[[str], bool], words: str, fix: str, least: float = 0.0
) -> Iterable[Finding]:
    """A finding for the values that pass a test, when they are more than a share of all."""
    hits = {v: n for v, n in list(look.counts.items())[: MOST * 4] if test(v)}
    count = sum(hits.values())
    if hits and count > least * look.held:
        told = words.format(n=f"{min(count * look.scale, look.p.rows):,}", v=_example(set(hits)))
        yield look.finding(id, severity, f"has {told}.", count, set(hits), fix)


def _cut_ends(look: _Look) -> Iterable[Finding]:
    """Many texts of exactly the greatest length: something cut them there."""
    if look.c.kind not in ("text", "category", "url") or look.c.distinct < 20:
        return
    lengths: Counter[int] = Counter()
    for text, n in look.counts.items():
        lengths[len(text)] += n
    top = max(lengths)
    at_top = lengths[top]
    below = [lengths.get(top - k, 0) for k in range(1, 11)]
    ends = [t for t in look.counts if len(t) == top]
    if top < 8 or len(lengths) < 6 or len(ends) < 5 or at_top < max(8, 0.01 * look.held) or at_top > 0.7 * look.held:
        return
    if at_top > 4 * max(1.0, sum(below) / len(below)) and at_top > 1.8 * max(below):
        yield look.finding(
            "truncated",
            "warning",
            f"seems cut at {top} letters: {at_top * look.scale:,} texts have exactly that length, and none is "
            f"longer (such as …{ends[0][-18:]!r}).",
            at_top,
            set(ends),
            f"show rows of {look.p.name} where length of {look.c.name} is {top}",
            length=top,
        )


def _example(values: set[str]) -> str:
    shown = min(values, key=lambda v: (len(v) < 2, len(v), v)) if values else ""
    return repr(shown if len(shown) <= 40 else shown[:39] + "…")
