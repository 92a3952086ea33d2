"""What is odd about how things are written: numbers of things in another shape, ids that lost digits, rows of a test."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import numpy as np

from opsmith.tools.compute.profile import ColumnProfile, TableProfile
from opsmith.tools.compute.profile_look import Look, example
from opsmith.tools.compute.profile_sample import Sample
from opsmith.tools.contract import Finding

LANGUAGE_TEXTS = 300  # texts whose language is looked at
USUAL = 0.94  # share of values of one shape from which others are odd
_TEST = (
    r"(?i)^\s*((test|testing|tester|dummy|asdf\w*|qwert\w*|foo|bar|baz|foobar|lorem ipsum.*|xxx+|abc123|delete ?me|"
    r"do not (use|delete).*|john doe|jane doe|max mustermann|erika mustermann)|"
    r"(test|dummy|fake)[ _-]?(user|account|customer|client|kunde|row|data|entry|order|patient|person|name|test|company|\d+)|"
    r"(test|dummy|fake|asdf)\d*@.*)\s*$"
)


def shape_findings(p: TableProfile, sample: Sample) -> Iterable[Finding]:
    """Findings about how values are written."""
    for c in p.columns:
        if c.kind in ("empty", "constant") or c.distinct < 3:
            continue
        if c.is_text:
            look = Look(c, p, sample)
            if look.held >= 20:
                yield from _odd_shapes(look)
                yield from _test_rows(look)
                yield from _languages(look)
        else:
            yield from _rounded_ids(c, p, sample)


def _odd_shapes(look: Look) -> Iterable[Finding]:
    """A few values written in another shape than nearly all others: a dash, a leading zero or an @ is missing."""
    c, p = look.c, look.p
    if (
        c.kind not in ("id", "code", "category", "text", "email", "iban")
        or c.distinct < 20
        or c.scalars.length_max is None
    ):
        return
    if c.kind != "email" and (c.scalars.length_max > 40 or not look.passing(r"\d").any()):
        return
    for exact in (True, False):
        shapes: Counter[str] = Counter()
        of: dict[str, list[str]] = {}
        for text, n in look.counts.items():
            shape = written_like(text, exact) if c.kind != "email" else "@" if "@" in text else "no @"
            shapes[shape] += n
            of.setdefault(shape, []).append(text)
        usual, most = shapes.most_common(1)[0]
        odd = look.held - most
        if not 0 < odd <= (1 - USUAL) * look.held or len(of[usual]) < 15 or len(shapes) > 12:
            continue
        # a shape of digits alone means something only where all have equally many
        if c.kind != "email" and ("9" not in usual or (not exact and re.fullmatch(r"9|A9?|9?A", usual))):
            continue
        values = {t for shape, texts in of.items() if shape != usual for t in texts}
        yield look.finding(
            "odd_format",
            "warning",
            f"writes {odd * look.scale:,} of its values in another way than the rest (such as {example(values)}; usually like "
            f"{example(set(of[usual][:20]))}).",
            odd,
            values,
            f"clean {p.name}",
        )
        return


def written_like(text: str, exact: bool) -> str:
    """The shape of a text: digits as 9, letters as A; one mark a run unless exact.

    >>> written_like("BK-0040", True), written_like("BK-0040", False)
    ('AA-9999', 'A-9')
    """
    marked = re.sub(r"[^\W\d_]", "A", re.sub(r"\d", "9", text))
    return marked if exact else re.sub(r"9+", "9", re.sub(r"A+", "A", marked))


def _test_rows(look: Look) -> Iterable[Finding]:
    """Few values that people type to try something."""
    c, p = look.c, look.p
    hits = look.only(look.passing(_TEST))
    n = sum(hits.values())
    if 0 < n <= 0.02 * look.held and c.distinct > 4 and c.kind not in ("boolean", "date"):
        yield look.finding(
            "test_rows",
            "warning",
            f"has {n * look.scale:,} values that look typed for a test (such as {example(set(hits))}).",
            n,
            set(hits),
            f"show rows of {p.name} where {c.name} is {next(iter(hits))}",
        )


def _languages(look: Look) -> Iterable[Finding]:
    """Long texts in more than one language, told by their small words on texts spread over the column."""
    c, p = look.c, look.p
    if c.kind != "text" or (c.scalars.length_mean or 0) < 20 or len(look.texts) < 30:
        return
    from opsmith.tools.compute.text_language import language_of

    spread = np.linspace(0, len(look.texts) - 1, min(LANGUAGE_TEXTS, len(look.texts))).astype(int)
    told = [(language_of(look.texts[i]), i) for i in spread.tolist()]
    found = Counter(code for code, _ in told if code)
    known = sum(found.values())
    several = [(code, n) for code, n in found.most_common() if n >= max(5, 0.04 * known)]
    if len(several) < 2 or known < 0.3 * len(spread):
        return
    shares = ", ".join(f"{code} ({n / known:.0%})" for code, n in several[:5])
    others = {look.texts[i] for code, i in told if code and code != several[0][0] and code in dict(several)}
    yield look.finding(
        "languages",
        "info",
        f"is written in several languages: {shares}, by {known} texts looked at that could be told.",
        len(others) / len(spread) * look.held,
        set(sorted(others)[:20]),
        f"show the languages of {c.name} in {p.name}",
        languages={code: round(n / known, 3) for code, n in several},
    )


def _rounded_ids(c: ColumnProfile, p: TableProfile, sample: Sample) -> Iterable[Finding]:
    """Long whole numbers of which a few are equal and end in zeros: a spreadsheet wrote them with an exponent."""
    present = p.rows - c.missing
    if c.scalars.minimum is None or c.kind == "date" or present < 50 or not 0.85 * present <= c.distinct < present:
        return
    values = sample.numbers(c.name)
    known = np.isfinite(values)
    clean = values[known]
    if not len(clean) or np.quantile(clean, 0.05) < 1e6 or (clean != np.round(clean)).any():
        return
    unique, counts = np.unique(clean, return_counts=True)
    again = unique[counts > 2]
    size = 10.0 ** (np.floor(np.log10(np.maximum(unique, 1.0))) - 5)
    rounded = float(np.mean(unique % size == 0))
    if len(again) and (again % (10.0 ** (np.floor(np.log10(again)) - 5)) == 0).all() and rounded < 0.1:
        mask = known & np.isin(values, again)
        yield Finding(
            "odd_format",
            "warning",
            f"{c.name} repeats {again[0]:,.0f} in {int(mask.sum()) * sample.step:,} rows while its other values differ: long "
            "numbers that were written with an exponent and lost their digits?",
            (c.name,),
            {"count": int(mask.sum()) * sample.step, "share": float(mask.mean())},
            sample.rows_where(mask),
            f"show rows of {p.name} where {c.name} is {again[0]:.0f}",
        )
