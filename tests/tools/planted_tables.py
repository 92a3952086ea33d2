"""Clean tables of three kinds (orders, patients, sensor readings), seeded, and what a defect planted in one of them is."""

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
