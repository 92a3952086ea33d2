"""What is kept of a reference so that it is read once: its plan, its counts, and a small even sample."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from opsmith.tools.compute.drift_counts import Counts, count
from opsmith.tools.compute.drift_plan import ColumnPlan, Window, plan, sample

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 3
SAMPLE = 6_000
MOST_KEPT = 40


@dataclass
class Reference:
    """A reference as far as comparisons need it."""

    plans: list[ColumnPlan]
    counts: Counts
    sample: pd.DataFrame


def summary(window: Window, columns: Sequence[str], seed: int, keep: Path | None = None) -> Reference:
    """The summary of a window: kept from an earlier time when the file is unchanged, else counted (and kept)."""
    state = window.table.state()  # nothing is kept of a table whose changes cannot be seen, such as one of a database
    place = keep / _key(window, state, columns, seed) if keep is not None and state else None
    if place is not None:
        known = _read(place)
        if known is not None:
            return known
    plans = plan(window, columns)
    counts = count(window, plans) if plans else Counts(0, {})
    chosen = [p.name for p in plans if p.role in ("number", "category")][:60]
    import pandas as pd

    drawn = sample(window, chosen, SAMPLE, seed) if chosen and counts.rows else pd.DataFrame()
    made = Reference(plans, counts, drawn)
    if place is not None and counts.rows:
        _write(place, made)
    return made


def _key(window: Window, state: Sequence[object], columns: Sequence[str], seed: int) -> str:
    told = [
        FORMAT,
        *state,
        window.where,
        window.tail,
        sorted(columns),
        seed,
        window.table.name,
    ]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]


def _read(place: Path) -> Reference | None:
    import pandas as pd

    try:
        kept = json.loads(place.with_suffix(".json").read_text(encoding="utf-8"))
        plans = [ColumnPlan(**{**p, "edges": tuple(p["edges"])}) for p in kept["plans"]]
        found = Reference(plans, Counts.from_json(kept["counts"]), pd.read_parquet(place.with_suffix(".parquet")))
    except (OSError, ValueError, KeyError, TypeError):
        return None  # absent, cut short, or of an older format: count anew
    os.utime(place.with_suffix(".json"))
    return found


def _write(place: Path, made: Reference) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f"{place.name}.{os.getpid()}.part")
    made.sample.to_parquet(part, index=False)
    part.replace(place.with_suffix(".parquet"))
    kept = {"plans": [dataclasses.asdict(p) for p in made.plans], "counts": made.counts.as_json()}
    part.write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
    part.replace(place.with_suffix(".json"))
    for old in sorted(place.parent.glob("*.json"), key=lambda p: p.stat().st_mtime)[:-MOST_KEPT]:
        old.unlink(missing_ok=True)
        old.with_suffix(".parquet").unlink(missing_ok=True)
