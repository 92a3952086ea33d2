"""A second table with planted defects, of another field, other words and other ways to go wrong, with seeds of its own."""

from __future__ import annotations

import csv
import datetime
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from opsmith.tools.clean import clean
from opsmith.tools.contract import Context

DEPARTMENTS = ["Cardiology", "Oncology", "Radiology", "Paediatrics", "Neurology", "Emergency"]
COUNTRIES = ["Germany", "France", "United Kingdom", "Netherlands", "Poland", "Portugal", "Austria"]
FIRST = ["Ana", "Björn", "Chloé", "Dmitri", "Eva", "François", "Grete", "Hugo", "Ines", "Jürgen"]
LAST = ["Schmidt", "Dupont", "O'Brien", "Van Dijk", "Nowak", "Silva", "Gruber", "García"]
NOTES = [
    "Patient feels better after the second visit.", "Blood pressure was checked and it is stable.",
    "Please call back about the lab results.", "No allergies were reported during the talk.",
    "The follow-up went well and the wound heals.", "Next appointment should be in two weeks.",
]  # fmt: skip
Row = dict[str, Any]


def rows_of(count: int, c: random.Random) -> list[Row]:
    return [
        {
            "patient_id": f"P{n:05d}", "name": f"{c.choice(FIRST)} {c.choice(LAST)}", "department": c.choice(DEPARTMENTS),
            "country": c.choice(COUNTRIES), "admitted": datetime.date(2022, 1, 1) + datetime.timedelta(days=c.randrange(900)),
            "bill": round(c.uniform(1200, 48000), 2), "height": c.randrange(150, 200), "insured": c.random() < 0.6,
            "age": c.randrange(1, 95), "heart_rate": c.randrange(50, 120), "score": round(c.random(), 3),
            "email": f"user{n}@example.com", "note": f"{c.choice(NOTES)} {c.choice(NOTES)} Ref {n}.",
        }
        for n in range(count)
    ]  # fmt: skip


def as_text(row: Row) -> dict[str, str]:
    return {k: ("yes" if v else "no") if k == "insured" else str(v) for k, v in row.items()}


def _german(value: float) -> str:
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


# kind -> (column, the spoilt cell, what it should become: None for the column's own value, "?" when it cannot be known)
Spoil = Callable[[Row, random.Random], str]
DEFECTS: dict[str, tuple[str, Spoil, Any]] = {
    "spaces behind": ("country", lambda r, c: f"{r['country']}  ", None),
    "tab before": ("department", lambda r, c: f"\t{r['department']}", None),
    "no-break space": ("country", lambda r, c: f"{r['country']}\u00a0", None),
    "capitals": ("department", lambda r, c: r["department"].upper(), None),
    "small letters": ("country", lambda r, c: r["country"].lower(), None),
    "lost letter": ("department", lambda r, c: _lost(r["department"], c), None),
    "broken encoding": ("name", lambda r, c: r["name"].encode().decode("latin-1"), None),
    "invisible space": ("name", lambda r, c: r["name"].replace(" ", "\u200b "), None),
    "hidden missing": ("age", lambda r, c: c.choice(["n/a", "NaN", "none", "--", "?", "missing"]), "?"),
    "-999": ("heart_rate", lambda r, c: "-999", "?"), "9999": ("heart_rate", lambda r, c: "9999", "?"),
    "impossible age": ("age", lambda r, c: c.choice(["310", "-4"]), "?"),
    "thousands": ("bill", lambda r, c: f"{r['bill']:,.2f}", None), "euro sign": ("bill", lambda r, c: f"€{r['bill']:,.2f}", None),
    "currency behind": ("bill", lambda r, c: f"{r['bill']:.2f} EUR", None),
    "decimal comma": ("bill", lambda r, c: f"{r['bill']:.2f}".replace(".", ","), None),
    "German number": ("bill", lambda r, c: _german(r["bill"]), None), "unit": ("height", lambda r, c: f"{r['height']} cm", None),
    "other unit": ("height", lambda r, c: f"{r['height'] / 100:.2f} m", None),
    "dots in dates": ("admitted", lambda r, c: r["admitted"].strftime("%d.%m.%Y"), None),
    "month in words": ("admitted", lambda r, c: r["admitted"].strftime("%b %d, %Y"), None),
    "compact date": ("admitted", lambda r, c: r["admitted"].strftime("%Y%m%d"), None),
    "yes in other words": ("insured", lambda r, c: c.choice(["Y", "TRUE", "1"] if r["insured"] else ["N", "FALSE", "0"]), None),
    "tags": ("note", lambda r, c: r["note"].replace(". ", ". <p>", 1) + "</p>", None),
    "entities": ("note", lambda r, c: r["note"].replace(" and ", " &amp; ", 1), lambda r: r["note"].replace(" and ", " & ", 1)),
    "short form": ("note", lambda r, c: f"Pls note: {r['note']}", lambda r: f"Please note: {r['note']}"),
    "stretched": ("note", lambda r, c: f"Veeeery good. {r['note']}", lambda r: f"Very good. {r['note']}"),
    "loose full stop": ("note", lambda r, c: r["note"].replace(". ", " . ", 1), None),
    "many marks": ("note", lambda r, c: r["note"][:-1] + "???", lambda r: r["note"][:-1] + "?"),
    "double spaces": ("note", lambda r, c: r["note"].replace(" ", "  ", 3), None),
}  # fmt: skip


def _lost(word: str, c: random.Random) -> str:
    at = c.randrange(1, len(word) - 1)
    return word[:at] + word[at + 1 :]


def _right(value: str | None, expected: Any) -> bool:
    if value is None:
        return False
    if expected == "?":
        return value == "" or 0 <= float(value) <= 300
    if isinstance(expected, bool):
        return value.lower() in (("true", "yes", "1") if expected else ("false", "no", "0"))
    if isinstance(expected, (int, float)):
        return bool(value) and abs(float(value) - expected) < 1e-6 * max(1, abs(expected))
    return value[:10] == str(expected) if isinstance(expected, datetime.date) else value == str(expected)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [5, 77])
def test_thirty_other_kinds_are_repaired(project: Path, seed: int) -> None:
    c = random.Random(seed)
    truth = rows_of(2000, c)
    dirty = [as_text(r) for r in truth]
    marks: dict[tuple[int, str], tuple[str, Any]] = {}
    for kind, (column, spoil, becomes) in DEFECTS.items():
        able = [n for n in range(len(truth)) if (n, column) not in marks]
        c.shuffle(able)
        spoilt = [(n, s) for n in able if (s := spoil(truth[n], c)) != dirty[n][column]][:12]
        for n, cell in spoilt:
            dirty[n][column] = cell
            marks[n, column] = (kind, becomes if becomes == "?" else (becomes or (lambda r, k=column: r[k]))(truth[n]))
    gone = range(len(dirty), len(dirty) + 20)
    dirty += [{**d, "name": d["name"].upper()} if n % 2 else dict(d) for n, d in enumerate(c.sample(dirty, 20))]
    with (project / "patients.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(dirty[0]))
        writer.writeheader()
        writer.writerows(dirty)
    made = clean("patients.csv", output="out.csv", row_numbers=True, context=Context(project))
    staged = next(f for f in made.actions[0].arguments["files"] if f["path"] == "out.csv")["staged"]
    with (project / staged).open(newline="", encoding="utf-8") as file:
        after = {int(r["source_row"]): r for r in csv.DictReader(file)}

    missed = Counter(k for (n, column), (k, e) in marks.items() if not _right(after.get(n, {}).get(column), e))
    missed["repeated row"] = sum(n in after for n in gone)
    planted = len(marks) + len(gone)
    assert planted > 350 and sum(missed.values()) <= 0.05 * planted, missed
    clean_cells = [(n, k) for n, r in enumerate(truth) for k in r if (n, k) not in marks]
    touched = [(n, k) for n, k in clean_cells if not _right(after.get(n, {}).get(k), truth[n][k])]
    assert len(touched) < 0.005 * len(clean_cells), touched[:5]
