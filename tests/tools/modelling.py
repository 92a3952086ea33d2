"""Small tables with known answers, and one approved training, for tests of models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from opsmith.agent.effects import Outcome, Place, effect_of
from opsmith.tools.contract import Action


def customers(rows: int = 240, seed: int = 0, shift: float = 0.0) -> pd.DataFrame:
    """Customers who leave: more of them with high fees and short contracts; one number, two categories, an id."""
    rng = np.random.default_rng(seed)
    fee = rng.normal(60 + shift, 15, rows).round(2)
    plan = rng.choice(["month", "year"], rows)
    region = rng.choice(["north", "south", "west"], rows)
    logit = (fee - 60) / 8 + np.where(plan == "month", 1.2, -1.2)
    left = np.where(rng.random(rows) < 1 / (1 + np.exp(-logit)), "yes", "no")
    return pd.DataFrame(
        {"customer_id": np.arange(rows) + 1000, "fee": fee, "plan": plan, "region": region, "left": left}
    )


def prices(rows: int = 240, seed: int = 0) -> pd.DataFrame:
    """Flats with a price that follows size and floor."""
    rng = np.random.default_rng(seed)
    size, floor = rng.uniform(20, 120, rows).round(1), rng.integers(0, 8, rows)
    return pd.DataFrame(
        {"size": size, "floor": floor, "price": (size * 3 + floor * 5 + rng.normal(0, 6, rows)).round(1)}
    )


def carry_out(project: Path, action: Action, approval: str = "a1", **settings: Any) -> Outcome:
    """What an approved action does, as the engine would have it done."""
    place = Place(project, approval, "ada", {"seed": 0, **settings})
    return effect_of(action.kind).apply(action.arguments, place)
