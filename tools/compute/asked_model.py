"""A registered model as functions: what it predicts for rows, and how much it leans on each column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from opsmith.tools.contract import ToolError

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class AskedModel:
    """A model of the registry and its card; the file is read when first asked."""

    card: Any
    _pipeline: Any = None

    @property
    def features(self) -> list[str]:
        """The columns it was trained on, in its order."""
        return [str(s["column"]) for s in self.card.signature if s["column"] != self.card.target]

    @property
    def trained_on(self) -> str | None:
        path = self.card.data.get("path")
        return str(path) if path else None

    def predict(self, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray | None]:
        """Predictions and, for two classes, the probability of the second. ToolError when it cannot say."""
        lacking = [f for f in self.features if f not in frame.columns]
        name = f"{self.card.name} version {self.card.version}"
        if lacking:
            raise ToolError(
                f"{name} needs {', '.join(lacking[:5])}, which the table lacks, so it cannot predict for it."
            )
        from opsmith.tools.compute.training_fit import quiet_threads

        if self._pipeline is None:
            from opsmith.tools.data import registry

            self._pipeline = registry.load(self.card)
        try:
            x = self._inputs(frame)
            with quiet_threads(len(x)):
                said = np.asarray(self._pipeline.predict(x))
                if hasattr(self._pipeline, "predict_proba") and len(getattr(self._pipeline, "classes_", ())) == 2:
                    return said, np.asarray(self._pipeline.predict_proba(x))[:, 1]
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            told = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
            raise ToolError(f"{name} cannot predict for these rows: {told}") from None
        return said, None

    def _inputs(self, frame: pd.DataFrame) -> pd.DataFrame:
        """What the pipeline takes, in the types it was fitted to."""
        if not self.features:
            return _plain(frame.drop(columns=[self.card.target], errors="ignore"))
        from opsmith.tools.compute.training import inputs_of
        from opsmith.tools.compute.training_run import card_plan

        return inputs_of(frame, card_plan(self.card))

    def importance(self, frame: pd.DataFrame, seed: int = 0) -> dict[str, float]:
        """How much predictions change, on average, when one column's values are shuffled among the rows."""
        rows = frame.iloc[: min(len(frame), 1000)]
        rng = np.random.default_rng(seed)
        whole = _numbers(self.predict(rows))
        found = {}
        for name in self.features:
            changed = rows.copy()
            changed[name] = rows[name].to_numpy()[rng.permutation(len(rows))]
            found[name] = float(np.mean(np.abs(_numbers(self.predict(changed)) - whole)))
        return found

    def known_scores(self) -> dict[str, tuple[float, float, float]]:
        """The metrics of its card: value, and the ends of its interval (the value itself where none is kept)."""
        found = {}
        for name, told in dict(self.card.metrics).items():
            value = told.get("value") if isinstance(told, Mapping) else told
            interval = (told.get("interval") if isinstance(told, Mapping) else None) or (value, value)
            low, high = interval[0], interval[1]
            if isinstance(value, (int, float)) and isinstance(low, (int, float)) and isinstance(high, (int, float)):
                found[str(name)] = (float(value), float(low), float(high))
        return found


def shifted_by(
    model: AskedModel, before: pd.DataFrame, now: pd.DataFrame, columns: Sequence[str], seed: int = 0
) -> dict[str, float]:
    """How much less the predictions would have moved, had each column kept the reference's values (drawn at random)."""
    rng = np.random.default_rng(seed)
    now = now.iloc[: min(len(now), 1000)]
    first, second = np.sort(_numbers(model.predict(before.iloc[:1000]))), np.sort(_numbers(model.predict(now)))
    whole = _apart(first, second)
    found = {}
    for name in columns:
        kept = now.copy()
        kept[name] = before[name].to_numpy()[rng.integers(0, len(before), len(now))]
        found[name] = max(0.0, whole - _apart(first, np.sort(_numbers(model.predict(kept)))))
    return found


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Texts and truth values as objects with NaN where missing, as pipelines were fitted to them."""
    import pandas as pd

    texts = [
        c for c in frame.columns if not pd.api.types.is_numeric_dtype(frame[c]) and frame[c].dtype.kind not in "mM"
    ]
    return frame.assign(**{c: frame[c].astype(object).where(frame[c].notna(), np.nan) for c in texts})


def _apart(first: np.ndarray, second: np.ndarray) -> float:
    """Mean distance between the quantiles of two sorted samples (the Wasserstein distance)."""
    at = np.linspace(0, 1, 101)
    return float(np.mean(np.abs(np.quantile(first, at) - np.quantile(second, at))))


def _numbers(answer: tuple[np.ndarray, np.ndarray | None]) -> np.ndarray:
    said, chance = answer
    if chance is not None:
        return chance
    if said.dtype.kind in "ifub":
        return said.astype(float)
    return np.unique(said.astype(str), return_inverse=True)[1].astype(float)
