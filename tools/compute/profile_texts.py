"""What is odd about a column of text: numbers and units in it, spellings, encoding damage, cut ends, personal data."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from opsmith.tools.compute.pii import KINDS, find_personal, is_card, is_iban
from opsmith.tools.compute.profile import ColumnProfile, TableProfile
from opsmith.tools.compute.profile_kinds import BOOLEAN_WORDS, HIDDEN, named_like_code
from opsmith.tools.compute.profile_look import Look, example
from opsmith.tools.compute.profile_sample import Sample
from opsmith.tools.contract import Finding

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
_TYPED = r"^\s*([-+.,]?\d|[$€£¥₹]|USD|EUR|GBP|CHF)"  # what a number or a sum of money begins with
# what personal data has in it: an @, seven digits with little between them, or the blocks of an IBAN
_NUMBERED = r"@|\d([^\dA-Za-z_]{0,3}\d){6}|[A-Z]{2}\d{2}( ?[A-Z0-9]{4}){2}"
_DAMAGED = r"[^\x00-\x7f]|[A-Za-z]\?[a-z]{2}|\\u00"
SEARCHED = 1500  # texts searched for personal data; the rest is counted like these


def text_findings(c: ColumnProfile, p: TableProfile, sample: Sample) -> Iterable[Finding]:
    """Findings of one column of text."""
    look = Look(c, p, sample)
    if look.held < 3:
        return
    typed = list(_typed(look)) if c.kind not in ("id", "email", "url", "ip", "iban", "date", "phone", "card") else []
    yield from typed
    if c.kind not in ("date", "id"):
        yield from _personal(look)
    yield from _spellings(look, bool(typed))
    yield from look.matching(
        "encoding",
        "critical",
        _DAMAGED,
        _damaged(look),
        "{n} values with damaged letters (such as {v}): the file was read in the wrong encoding once",
        f"repair the encoding of {c.name} in {p.name}",
    )
    yield from look.matching(
        "control_characters",
        "info",
        r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|[^\x00-\x7f]",
        lambda t: _CONTROL.search(t) is not None,
        "{n} values with invisible control characters",
        f"clean {c.name} in {p.name}",
    )
    yield from look.matching(
        "formula_cells",
        "warning",
        r"^[=+@-]",
        lambda t: _FORMULA.match(t) is not None,
        "{n} cells that a spreadsheet would run as formulas (such as {v})",
        f"clean {p.name}",
    )
    if c.kind in ("text", "category"):
        yield from look.matching(
            "markup",
            "info",
            "[<&]",
            lambda t: _MARKUP.search(t) is not None,
            "{n} texts with HTML marks in them",
            f"normalise the text of {c.name} in {p.name}",
            0.002,
        )
    yield from _cut_ends(look)


def _typed(look: Look) -> Iterable[Finding]:
    """Numbers kept as text: plain, with units, of several units, with two decimal marks, mixed with words."""
    c, p = look.c, look.p
    if len(look.texts) > 60 and look.often[look.passing(_TYPED)].sum() < 0.02 * look.held:
        return
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
            odd = f"; {others * look.scale:,} are none (such as {example(examples)})" if others else ""
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
            f"mixes numbers ({numeric:.0%}) with words (such as {example(examples)}).",
            min(plain + united, others),
            examples,
            f"clean {p.name}",
        )


def sample_is_text(p: TableProfile) -> bool:
    """Whether the table was read from a format without types, where all-number text columns have another reason."""
    return not p.name.lower().split(":")[0].endswith((".parquet", ".pq", ".feather", ".arrow", ".duckdb"))


def _levels(words: Mapping[str, int], plain: int, look: Look) -> bool:
    """Whether the numbers are just names among names: `1st`, `2`, `unknown` of a short list with more words than numbers."""
    return plain < 0.1 * look.held and len(words) > 3


def _decimal_marks(text: str) -> set[str]:
    found = re.search(r"([.,])(\d+)$", text)
    if not found or (len(found[2]) == 3):
        return set()
    return {found[1]}


def _personal(look: Look) -> Iterable[Finding]:
    """Personal data: whole values of that kind, or hidden in longer texts; cards and IBANs by their check digits."""
    c, p = look.c, look.p
    whole = {"email": c.patterns.get("email", 0), "phone": c.patterns.get("phone", 0)}
    for kind, count in whole.items():
        if count >= max(3, 0.5 * c.looked) and c.kind in (kind, "text", "category"):
            yield look.finding(
                "pii",
                "warning",
                f"holds personal data ({kind}).",
                count * look.sample.step,
                set(),
                f"mask {c.name} in {p.name}",
                counted=True,
                kind=kind,
            )
            return
    found: Counter[str] = Counter()
    where: set[str] = set()
    wanted: Sequence[str] = [k for k in KINDS if k != "ip"]
    if c.kind in ("id", "code", "number", "money", "date", "percent"):
        wanted = ("email", "card", "iban", "national_id")
    maybe = look.passing(_NUMBERED)
    searched = look.only(maybe, SEARCHED)
    more = float(look.often[maybe].sum() / max(1, sum(searched.values())))
    for text, n in searched.items():
        kinds = {k.kind for k in find_personal(text[:2000], wanted)}
        if kinds:
            found.update(dict.fromkeys(kinds, n))
            where.add(text)
    found = Counter({kind: round(n * more) for kind, n in found.items()})
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


def _spellings(look: Look, typed: bool) -> Iterable[Finding]:
    """One value in several spellings; blanks around values."""
    from opsmith.tools.compute.steps.categories import merged_spellings

    c, p = look.c, look.p
    padded = look.padded()
    merged: dict[str, str] = {}
    if c.kind in ("category", "boolean", "ordinal") and 2 <= len(look.texts) <= 3000 and not typed:
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


def _damaged(look: Look) -> Callable[[str], bool]:
    """A test for damaged letters; a question mark inside of words counts only where whole ones are rare."""
    questions = [t for t in look.only(look.passing(r"[A-Za-z]\?[a-z]{2}")) if "http" not in t]
    several = len(questions) >= 3 and all(len(t) < 60 for t in questions)

    def test(text: str) -> bool:
        found = _DAMAGE.search(text)
        return found is not None and (several or not _QUESTION.fullmatch(found[0]))

    return test


def _cut_ends(look: Look) -> Iterable[Finding]:
    """Many texts of exactly the greatest length: something cut them there."""
    if look.c.kind not in ("text", "category", "url") or look.c.distinct < 20:
        return
    lengths = np.bincount(look.lengths, weights=look.often)
    top = len(lengths) - 1
    at_top = int(lengths[top])
    below = lengths[max(0, top - 10) : top]
    ends = [look.texts[i] for i in np.flatnonzero(look.lengths == top).tolist()]
    few = np.count_nonzero(lengths) < 6 or len(ends) < 5
    alone = at_top >= 6 and at_top > 4 * below.sum()  # a pile far from all other lengths
    if top < 8 or few or (at_top < max(8, 0.01 * look.held) and not alone) or at_top > 0.7 * look.held:
        return
    if at_top > 4 * max(1.0, float(below.sum()) / 10) and at_top > 1.8 * float(below.max()):
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
