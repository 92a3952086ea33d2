"""Tables with one planted defect each, and clean ones: what a profile has to find, and where it has to be silent.

Three kinds of table (orders, patients, sensor readings), seeded. A defect changes one of them and names the findings that
would be right: any of `ids`, on any of `columns` (none named: the whole table).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

CITIES = ("Paris", "Rome", "Oslo", "Lisbon", "Vienna", "Dublin")
COUNTRY = dict(zip(CITIES, ("France", "Italy", "Norway", "Portugal", "Austria", "Ireland"), strict=True))
WORDS = [
    "delivery",
    "arrived",
    "late",
    "parcel",
    "open",
    "box",
    "fine",
    "service",
    "called",
    "agent",
    "refund",
    "quick",
    "street",
    "house",
    "door",
    "left",
    "note",
    "again",
    "soon",
    "thanks",
    "order",
]


def orders(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Orders of a shop, unsorted, with a target that depends a little on the inputs."""
    amount = rng.gamma(4, 25, n).round(2)
    city = rng.choice(CITIES, n, p=(0.3, 0.2, 0.15, 0.15, 0.1, 0.1))
    ordered = pd.Timestamp("2024-03-01") + pd.to_timedelta(rng.integers(0, 150 * 86400, n), "s")
    items = rng.poisson(3, n) + 1
    chance = 1 / (1 + np.exp(-(-0.6 + 0.01 * (amount - 100) + 0.2 * (items - 4))))
    return pd.DataFrame(
        {
            "order_id": rng.permutation(np.arange(10_000, 10_000 + n)),
            "ordered": ordered,
            "shipped": ordered + pd.to_timedelta(rng.integers(3600, 9 * 86400, n), "s"),
            "city": city,
            "country": [COUNTRY[c] for c in city],
            "amount": amount,
            "items": items,
            "weight": np.exp(rng.normal(1.0, 0.4, n)).round(3),
            "rating": rng.integers(1, 6, n),
            "note": [" ".join(rng.choice(WORDS, rng.integers(4, 14))) for _ in range(n)],
            "returned": (rng.random(n) < chance).astype(int),
        }
    )


def patients(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Patients of a study."""
    age = rng.normal(52, 14, n).clip(18, 95).round().astype(int)
    height = rng.normal(171, 9, n).round(1)
    bmi = rng.normal(25.5, 3.5, n).clip(15, 45)
    return pd.DataFrame(
        {
            "patient_id": [f"P{i:05d}" for i in rng.permutation(n)],
            "age": age,
            "sex": rng.choice(["female", "male"], n),
            "height": height,
            "weight_kg": (bmi * (height / 100) ** 2).round(1),
            "systolic": (95 + 0.5 * age + rng.normal(0, 11, n)).round(0),
            "glucose": rng.lognormal(4.6, 0.2, n).round(1),
            "smoker": rng.choice(["yes", "no"], n, p=(0.2, 0.8)),
            "ward": rng.choice(["north", "south", "east"], n),
            "visit": pd.Timestamp("2023-06-01") + pd.to_timedelta(rng.integers(0, 200, n), "D"),
            "outcome": rng.choice(["well", "ill"], n, p=(0.7, 0.3)),
        }
    )


def sensors(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Readings of a sensor every ten minutes, in order of time."""
    t = np.arange(n)
    day = np.sin(2 * np.pi * t / 144)
    return pd.DataFrame(
        {
            "time": pd.Timestamp("2024-01-01") + pd.to_timedelta(t * 10, "min"),
            "temperature": (18 + 4 * day + rng.normal(0, 0.6, n)).round(2),
            "humidity": (55 - 8 * day + rng.normal(0, 3, n)).round(1),
            "pressure": (1013 + np.cumsum(rng.normal(0, 0.05, n))).round(2),
            "load": rng.gamma(3, 10, n).round(2),
            "state": rng.choice(["ok", "busy", "idle"], n, p=(0.6, 0.3, 0.1)),
            "operator": rng.choice(["anna", "bert", "cora", "dirk"], n),
        }
    )


CLEAN: dict[str, Callable[[np.random.Generator, int], pd.DataFrame]] = {
    "orders": orders,
    "patients": patients,
    "sensors": sensors,
}


@dataclass(frozen=True)
class Defect:
    """plant(frame, rng) changes the table `base`; ids and columns: the findings that would be right."""

    name: str
    base: str
    ids: frozenset[str]
    columns: frozenset[str]
    plant: Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]
    target: str | None = None
    as_csv: bool = False


DEFECTS: list[Defect] = []


def defect(name: str, base: str, ids: str, columns: str = "", target: str | None = None, as_csv: bool = False):  # type: ignore[no-untyped-def]
    """Register a function as a defect; ids and columns are words."""

    def keep(plant):  # type: ignore[no-untyped-def]
        DEFECTS.append(Defect(name, base, frozenset(ids.split()), frozenset(columns.split()), plant, target, as_csv))
        return plant

    return keep


def some(rng: np.random.Generator, n: int, share: float) -> np.ndarray:
    """A mask of about that share of rows, at least six of them."""
    mask = rng.random(n) < share
    mask[rng.choice(n, 6, replace=False)] = True
    return mask


@defect("a column that gives the target away", "orders", "leak", "refund", target="returned")
def _(d, rng):
    return d.assign(refund=np.where(d.returned == 1, d.amount, 0.0))


@defect("a noisy copy of the target", "patients", "leak", "score", target="outcome")
def _(d, rng):
    return d.assign(score=(d.outcome == "ill") + rng.normal(0, 0.05, len(d)))


@defect("near-duplicate rows, one cell changed", "orders", "near_duplicates")
def _(d, rng):
    more = d.sample(len(d) // 40, random_state=1).assign(rating=lambda x: x.rating % 5 + 1)
    return pd.concat([d, more.assign(order_id=np.arange(90_000, 90_000 + len(more)))], ignore_index=True)


@defect("near-duplicate rows, other case and blanks", "patients", "near_duplicates")
def _(d, rng):
    more = d.sample(len(d) // 40, random_state=1)
    return pd.concat(
        [d, more.assign(patient_id=more.patient_id.str.lower(), ward=more.ward.str.upper(), sex=more.sex + " ")],
        ignore_index=True,
    )


@defect("exact duplicate rows", "sensors", "duplicates")
def _(d, rng):
    return pd.concat([d, d.sample(len(d) // 50, random_state=2)], ignore_index=True)


@defect("copies under a new id", "orders", "near_duplicates")
def _(d, rng):
    more = d.sample(len(d) // 50, random_state=3)
    return pd.concat([d, more.assign(order_id=np.arange(80_000, 80_000 + len(more)))], ignore_index=True)


@defect("hidden missing numbers -999", "patients", "hidden_missing", "age")
def _(d, rng):
    return d.assign(age=d.age.where(~some(rng, len(d), 0.03), -999))


@defect("hidden missing zero", "patients", "hidden_missing", "glucose")
def _(d, rng):
    return d.assign(glucose=d.glucose.where(~some(rng, len(d), 0.04), 0.0))


@defect("hidden missing 9999 inside of floats", "sensors", "hidden_missing", "humidity")
def _(d, rng):
    return d.assign(humidity=d.humidity.where(~some(rng, len(d), 0.02), 9999.0))


@defect("hidden missing words", "orders", "hidden_missing", "city")
def _(d, rng):
    return d.assign(city=d.city.where(~some(rng, len(d), 0.03), "unknown")).drop(columns="country")


@defect("hidden missing dates 1900-01-01", "patients", "hidden_missing implausible_dates", "visit")
def _(d, rng):
    return d.assign(visit=d.visit.where(~some(rng, len(d), 0.03), pd.Timestamp("1900-01-01")))


@defect("another unit from the middle on (x1000)", "orders", "unit_change mixed_units", "weight")
def _(d, rng):
    return d.assign(weight=np.where(np.arange(len(d)) > 0.55 * len(d), d.weight * 1000, d.weight))


@defect("Fahrenheit from the middle on", "sensors", "unit_change", "temperature")
def _(d, rng):
    return d.assign(temperature=np.where(np.arange(len(d)) > 0.6 * len(d), d.temperature * 1.8 + 32, d.temperature))


@defect("metres among centimetres", "patients", "mixed_units", "height")
def _(d, rng):
    return d.assign(height=np.where(some(rng, len(d), 0.1), d.height / 100, d.height))


@defect("units in the text", "patients", "mixed_units", "weight_kg", as_csv=True)
def _(d, rng):
    other = some(rng, len(d), 0.2)
    return d.assign(
        weight_kg=[f"{w * 2.2046:.1f} lb" if o else f"{w:.1f} kg" for w, o in zip(d.weight_kg, other, strict=True)]
    )


@defect("day and month swapped", "sensors", "swapped_dates", "time")
def _(d, rng):
    d = d.assign(time=pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(len(d)) * 2, "h"))
    swap = some(rng, len(d), 0.05) & (d.time.dt.day <= 12)
    turned = [t.replace(month=t.day, day=t.month) if s else t for t, s in zip(d.time, swap, strict=True)]
    return d.assign(time=turned)


@defect("day first and month first in one column", "orders", "swapped_dates mixed_dates", "ordered", as_csv=True)
def _(d, rng):
    us = some(rng, len(d), 0.3)
    return d.assign(
        ordered=[t.strftime("%m/%d/%Y" if u else "%d/%m/%Y") for t, u in zip(d.ordered, us, strict=True)]
    ).drop(columns="shipped")


@defect("dates in several layouts", "orders", "mixed_dates swapped_dates", "ordered", as_csv=True)
def _(d, rng):
    layouts = rng.choice(["%Y-%m-%d", "%d.%m.%Y", "%b %d, %Y"], len(d))
    return d.assign(ordered=[t.strftime(f) for t, f in zip(d.ordered, layouts, strict=True)]).drop(columns="shipped")


@defect("dates as text", "patients", "dates_as_text", "visit")
def _(d, rng):
    return d.assign(visit=d.visit.dt.strftime("%d.%m.%Y"))


@defect("text cut at a length", "orders", "truncated", "note")
def _(d, rng):
    return d.assign(note=d.note.str[:50])


@defect("encoding damage", "orders", "encoding", "note")
def _(d, rng):
    hurt = some(rng, len(d), 0.02)
    return d.assign(note=[f"{t} cafÃ© mÃ¼de" if h else t for t, h in zip(d.note, hurt, strict=True)])


@defect("replacement characters in names", "patients", "encoding", "ward")
def _(d, rng):
    return d.assign(ward=d.ward.where(~some(rng, len(d), 0.02), "n\ufffdrth"))


@defect("constant after a date", "sensors", "stuck", "load")
def _(d, rng):
    return d.assign(load=np.where(np.arange(len(d)) > 0.8 * len(d), 31.25, d["load"]))


@defect("stuck in the middle", "sensors", "stuck", "humidity")
def _(d, rng):
    n = np.arange(len(d))
    return d.assign(humidity=np.where((n > 0.4 * len(d)) & (n < 0.5 * len(d)), 51.3, d.humidity))


@defect("outlier burst", "sensors", "outlier_burst outliers", "temperature")
def _(d, rng):
    n = np.arange(len(d))
    return d.assign(
        temperature=np.where(
            (n > 0.5 * len(d)) & (n < 0.515 * len(d)), d.temperature + rng.normal(60, 10, len(d)), d.temperature
        )
    )


@defect("scattered outliers x1000", "orders", "outliers", "amount")
def _(d, rng):
    return d.assign(amount=np.where(some(rng, len(d), 0.003), d.amount * 1000, d.amount))


@defect("scattered outliers in a bell", "patients", "outliers impossible", "systolic")
def _(d, rng):
    return d.assign(systolic=np.where(some(rng, len(d), 0.004), d.systolic * 10, d.systolic))


@defect("key violated", "patients", "key_violated", "patient_id")
def _(d, rng):
    ids = d.patient_id.to_numpy().copy()
    at = rng.choice(len(d), 12, replace=False)
    ids[at[:6]] = ids[at[6:]]
    return d.assign(patient_id=ids)


@defect("numbers as text", "patients", "numbers_as_text", "glucose", as_csv=True)
def _(d, rng):
    return d.assign(glucose=[f"{v:,.2f} " if v < 100 else f"{1000 + v:,.2f}" for v in d.glucose])


@defect("numbers and words mixed", "orders", "mixed_types numbers_as_text", "items", as_csv=True)
def _(d, rng):
    return d.assign(items=[str(v) if rng.random() < 0.6 else "several" for v in d["items"]])


@defect("decimal comma in some rows", "orders", "mixed_decimals", "amount", as_csv=True)
def _(d, rng):
    comma = some(rng, len(d), 0.3)
    return d.assign(
        amount=[f"{v:.2f}".replace(".", ",") if c else f"{v:.2f}" for v, c in zip(d.amount, comma, strict=True)]
    )


@defect("yes and no in many words", "patients", "mixed_booleans variants", "smoker", as_csv=True)
def _(d, rng):
    return d.assign(
        smoker=[rng.choice(["yes", "Y", "true"]) if v == "yes" else rng.choice(["no", "N"]) for v in d.smoker]
    )


@defect("case and blank variants", "orders", "variants", "city")
def _(d, rng):
    wild = some(rng, len(d), 0.1)
    return d.assign(
        city=[(v.upper() if i % 2 else v + " ") if w else v for i, (v, w) in enumerate(zip(d.city, wild, strict=True))]
    ).drop(columns="country")


@defect("typing errors in a category", "orders", "variants", "city")
def _(d, rng):
    return d.assign(city=[v.replace("Lisbon", "Lisbno") if rng.random() < 0.03 else v for v in d.city]).drop(
        columns="country"
    )


@defect("e-mail addresses in notes", "orders", "pii", "note")
def _(d, rng):
    return d.assign(note=[f"{t} mail user{i}@example.com" if i % 25 == 0 else t for i, t in enumerate(d.note)])


@defect("a column of telephone numbers", "patients", "pii", "contact")
def _(d, rng):
    return d.assign(contact=[f"+44 20 79{rng.integers(10, 99)} {rng.integers(1000, 9999)}" for _ in range(len(d))])


@defect("infinite values", "sensors", "infinite", "load")
def _(d, rng):
    return d.assign(load=d["load"].where(~some(rng, len(d), 0.005), np.inf))


@defect("dates in the future", "patients", "future_dates", "visit")
def _(d, rng):
    return d.assign(visit=d.visit.where(~some(rng, len(d), 0.005), pd.Timestamp("2091-05-05")))


@defect("duplicated column", "orders", "duplicated_column", "amount total")
def _(d, rng):
    return d.assign(total=d.amount)


@defect("column of another scale", "patients", "redundant", "height height_in")
def _(d, rng):
    return d.assign(height_in=d.height / 2.54)


@defect("a rare class", "patients", "imbalance", "outcome", target="outcome")
def _(d, rng):
    return d.assign(outcome=np.where(some(rng, len(d), 0.01), "ill", "well"))


@defect("labels that contradict each other", "patients", "conflicting_labels near_duplicates", target="outcome")
def _(d, rng):
    more = d.sample(len(d) // 50, random_state=5)
    more = more.assign(
        outcome=np.where(more.outcome == "well", "ill", "well"), patient_id=[f"Q{i:05d}" for i in range(len(more))]
    )
    return pd.concat([d, more], ignore_index=True)


@defect("estimated, round numbers", "patients", "heaping", "systolic")
def _(d, rng):
    return d.assign(systolic=np.where(some(rng, len(d), 0.6), (d.systolic / 10).round() * 10, d.systolic))


@defect("cut off at a ceiling", "orders", "capped", "amount")
def _(d, rng):
    return d.assign(amount=d.amount.clip(upper=150.0))


@defect("days missing", "sensors", "date_gap", "time")
def _(d, rng):
    d = d.assign(time=pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(len(d)), "D"))
    return d[~d.time.between("2021-03-03", "2021-03-19")].reset_index(drop=True)


@defect("mostly missing", "sensors", "missing", "load")
def _(d, rng):
    return d.assign(load=d["load"].where(~some(rng, len(d), 0.7)))


@defect("empty column", "orders", "all_missing", "coupon")
def _(d, rng):
    return d.assign(coupon=pd.Series([None] * len(d), dtype="string"))


@defect("constant column", "patients", "constant", "hospital")
def _(d, rng):
    return d.assign(hospital="main")


@defect("nearly constant column", "sensors", "near_constant", "mode")
def _(d, rng):
    return d.assign(mode=np.where(np.arange(len(d)) % 700 == 3, "manual", "auto"))


@defect("a dependency broken in a few rows", "orders", "dependency_violated", "city country")
def _(d, rng):
    return d.assign(country=d.country.where(~some(rng, len(d), 0.006), rng.choice(list(COUNTRY.values()), len(d))))


@defect("shipped before ordered", "orders", "order_violated", "ordered shipped")
def _(d, rng):
    return d.assign(shipped=d.shipped.where(~some(rng, len(d), 0.01), d.ordered - pd.Timedelta(days=2)))


@defect("wrong sign", "orders", "wrong_sign", "weight")
def _(d, rng):
    return d.assign(weight=np.where(some(rng, len(d), 0.008), -d.weight, d.weight))


@defect("impossible ages", "patients", "impossible outliers", "age")
def _(d, rng):
    return d.assign(age=d.age.where(~some(rng, len(d), 0.004), 212))


@defect("gaps that tell the target", "patients", "missing_tells_target", "glucose", target="outcome")
def _(d, rng):
    return d.assign(glucose=d.glucose.where(~((d.outcome == "ill") & some(rng, len(d), 0.5))))


@defect("rounded from some row on", "sensors", "precision_change", "humidity")
def _(d, rng):
    return d.assign(humidity=np.where(np.arange(len(d)) > 0.5 * len(d), d.humidity.round(), d.humidity))


@defect("a total in the last row", "orders", "total_row", as_csv=True)
def _(d, rng):
    last = dict.fromkeys(d.columns, "") | {"city": "Total", "amount": d.amount.sum().round(2)}
    return pd.concat([d.astype(object), pd.DataFrame([last])], ignore_index=True)


@defect("the header again among the rows", "patients", "repeated_header", as_csv=True)
def _(d, rng):
    half = len(d) // 2
    return pd.concat(
        [
            d.iloc[:half].astype(object),
            pd.DataFrame([dict(zip(d.columns, d.columns, strict=True))]),
            d.iloc[half:].astype(object),
        ],
        ignore_index=True,
    )


@defect("formulas in cells", "orders", "formula_cells", "note")
def _(d, rng):
    return d.assign(note=['=HYPERLINK("http://x")' if i % 300 == 7 else t for i, t in enumerate(d.note)])
