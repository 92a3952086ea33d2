"""A table with twenty kinds of planted defects: at least 95 % are repaired, under 0.5 % of clean cells are touched."""

# ruff: noqa: E501

from __future__ import annotations

import csv
import datetime
import random
from collections import Counter
from pathlib import Path

import pytest

from opsmith.tools.clean import clean
from opsmith.tools.contract import Context

CITIES = ["Berlin", "Hamburg", "New York", "San Francisco", "Lisbon", "Copenhagen", "Barcelona", "Singapore"]
STATUS = ["shipped", "returned", "cancelled", "delivered"]
NAMES = ["José Alvarez", "Anna Müller", "John Smith", "Mary Jones", "Ravi Patel", "Zoë Braun", "Li Wei", "Peter O'Neil"]
PHRASES = [
    "The blender broke after two weeks and support was slow.", "Great value, I would buy this kettle again.",
    "Delivery took nine days but the lamp looks lovely.", "Not what the picture showed, so I sent it back.",
    "Battery lasts all day and charging is quick.", "My daughter loves the colour and the size fits well.",
]  # fmt: skip
COLUMNS = [
    "order_id",
    "customer",
    "city",
    "status",
    "signup",
    "amount",
    "discount",
    "weight",
    "active",
    "age",
    "temperature",
    "review",
]


def clean_rows(count: int, seed: int) -> list[dict[str, object]]:
    chance = random.Random(seed)
    rows: list[dict[str, object]] = []
    for number in range(count):
        rows.append({
            "order_id": 10_000 + number, "customer": f"{chance.choice(NAMES)} {number}", "city": chance.choice(CITIES),
            "status": chance.choice(STATUS), "signup": datetime.date(2023, 1, 1) + datetime.timedelta(days=chance.randrange(700)),
            "amount": round(chance.uniform(1001, 9999), 2), "discount": round(chance.uniform(0.01, 0.5), 2),
            "weight": round(chance.uniform(0.2, 30), 1), "active": chance.random() < 0.5, "age": chance.randrange(18, 90),
            "temperature": round(chance.gauss(20, 5), 1),
            "review": f"{chance.choice(PHRASES)} {chance.choice(PHRASES)} Bought at shop number {number}.",
        })  # fmt: skip
    return rows


def as_text(row: dict[str, object]) -> dict[str, str]:
    texts = {k: str(v) for k, v in row.items()}
    texts["active"] = "true" if row["active"] else "false"
    return texts


def _typo(city: str) -> str:
    at = len(city) // 2
    return city[:at] + city[at + 1] + city[at] + city[at + 2 :]


# kind -> (column, what the cell becomes); `fill` marks defects whose true value cannot be known
DEFECTS = {
    "outer spaces": ("city", lambda r, c: f"  {r['city']} "),
    "double and no-break spaces": ("customer", lambda r, c: str(r["customer"]).replace(" ", c.choice(["  ", "\u00a0"]))),
    "invisible characters": ("customer", lambda r, c: "\u200b" + str(r["customer"]) + "\ufeff"),
    "broken encoding": ("customer", lambda r, c: str(r["customer"]).encode().decode("cp1252")),
    "capitals": ("city", lambda r, c: c.choice([str.upper, str.lower])(str(r["city"]))),
    "typing slips": ("city", lambda r, c: _typo(str(r["city"]))),
    "category case": ("status", lambda r, c: c.choice([str.upper, str.title])(str(r["status"]))),
    "hidden missing": ("age", lambda r, c: c.choice(["?", "N/A", "\\N", "-", "null", "unknown", "."])),
    "sentinel": ("temperature", lambda r, c: "-999"),
    "impossible value": ("age", lambda r, c: c.choice(["430", "-7", "222"])),
    "thousands marks": ("amount", lambda r, c: f"{r['amount']:,.2f}"),
    "decimal comma": ("amount", lambda r, c: f"{r['amount']:.2f}".replace(".", ",")),
    "currency": ("amount", lambda r, c: c.choice(["${:.2f}", "$ {:,.2f}", "{:.2f} USD"]).format(r["amount"])),
    "percent": ("discount", lambda r, c: f"{float(str(r['discount'])) * 100:.0f}%"),
    "units": ("weight", lambda r, c: f"{float(str(r['weight'])) * 1000:.0f} g"),
    "date layouts": ("signup", lambda r, c: _date(r["signup"], c)),
    "booleans in words": ("active", lambda r, c: c.choice(["yes", "Y", "1", "TRUE"] if r["active"] else ["no", "N", "0", "FALSE"])),
    "markup": ("review", lambda r, c: str(r["review"]).replace(". ", ".<br /><b> </b>", 1).replace("and", "and", 1)),
    "short forms": ("review", lambda r, c: "Thx! " + str(r["review"])),
    "stretched words": ("review", lambda r, c: "Soooo good. " + str(r["review"])),
    "punctuation runs": ("review", lambda r, c: str(r["review"]).removesuffix(".") + "!!!!"),
}  # fmt: skip
EXPECTED = {
    "short forms": lambda r: "Thanks! " + str(r["review"]), "stretched words": lambda r: "So good. " + str(r["review"]),
    "punctuation runs": lambda r: str(r["review"]).removesuffix(".") + "!",
}  # fmt: skip
FILLED = {"hidden missing", "sentinel", "impossible value"}


def _date(day: object, chance: random.Random) -> str:
    assert isinstance(day, datetime.date)
    layouts = ["%d.%m.%Y", "%B %d, %Y", "%d %b %Y", "%Y/%m/%d"] + (["%d/%m/%Y"] if day.day > 12 else [])
    return day.strftime(chance.choice(layouts))


def planted(
    count: int, seed: int, each: int
) -> tuple[list[dict[str, str]], dict[tuple[int, str], tuple[str, object]], set[int]]:
    """Dirty rows, {(row, column): (kind, expected)}, and the rows that must go."""
    chance = random.Random(seed)
    truth = clean_rows(count, seed)
    dirty = [as_text(r) for r in truth]
    marks: dict[tuple[int, str], tuple[str, object]] = {}
    for kind, (column, spoil) in DEFECTS.items():
        done = 0
        while done < each:
            row = chance.randrange(count)
            if (row, column) in marks:
                continue
            spoilt = spoil(truth[row], chance)
            expected = None if kind in FILLED else EXPECTED.get(kind, lambda r, c=column: r[c])(truth[row])
            if spoilt == as_text(truth[row])[column]:
                continue
            dirty[row][column] = spoilt
            marks[row, column] = (kind, expected)
            done += 1
    gone = set()
    for number in range(2 * each):
        copy = dict(dirty[chance.randrange(count)])
        if number % 2:
            copy["customer"], copy["status"] = copy["customer"].upper(), f" {copy['status']} "
        gone.add(len(dirty))
        dirty.append(copy)
    return dirty, marks, gone


def _same(value: str, expected: object) -> bool:
    if isinstance(expected, bool):
        return value.lower() == str(expected).lower()
    if isinstance(expected, (int, float)):
        try:
            return abs(float(value) - expected) < 1e-6 * max(1, abs(expected))
        except ValueError:
            return False
    return value == str(expected)


@pytest.mark.parametrize("seed", [1, 2])
def test_planted_defects_are_repaired_and_clean_cells_left_alone(tmp_path: Path, seed: int) -> None:
    dirty, marks, gone = planted(3000, seed, 15)
    with (tmp_path / "orders.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(dirty)
    result = clean("orders.csv", output="out.csv", row_numbers=True, context=Context(project=tmp_path))
    staged = next(f for f in result.actions[0].arguments["files"] if f["path"] == "out.csv")["staged"]
    with (tmp_path / staged).open(newline="", encoding="utf-8") as file:
        after = {int(r["source_row"]): r for r in csv.DictReader(file)}

    truth = clean_rows(3000, seed)
    repaired, missed = Counter[str](), Counter[str]()
    for (row, column), (kind, expected) in marks.items():
        value = after[row][column] if row in after else ""
        good = _filled(value) if kind in FILLED else _same(value, expected)
        (repaired if good else missed)[kind] += 1
    missed["repeated rows"] = len(gone & set(after))
    repaired["repeated rows"] = len(gone) - missed["repeated rows"]
    clean_cells = [(row, c) for row in range(3000) for c in COLUMNS if (row, c) not in marks]
    touched = [(row, c) for row, c in clean_cells if row not in after or not _same(after[row][c], truth[row][c])]

    total = sum(repaired.values()) + sum(missed.values())
    assert len(DEFECTS) + 1 >= 20
    assert sum(repaired.values()) / total >= 0.95, +missed
    assert min(repaired[k] / (repaired[k] + missed[k]) for k in [*DEFECTS, "repeated rows"]) >= 0.6, +missed
    assert len(touched) / len(clean_cells) < 0.005, [(t, after.get(t[0], {}).get(t[1])) for t in touched[:5]]


def _filled(value: str) -> bool:
    """A cell whose true value is lost is repaired when a possible value or nothing stands there."""
    try:
        return value == "" or -40 <= float(value) <= 120
    except ValueError:
        return False
