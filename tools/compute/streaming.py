"""Watch single values as they come: changes (ADWIN, Page-Hinkley) and odd requests, in constant memory, restart-safe.

A state is plain JSON: a few sums and the last values. A restart makes the detectors anew and gives them those last values
again, which river's detectors answer in the same way every time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

RECENT = 1_000
ROWS = 250


@dataclass(frozen=True)
class Change:
    """A change in a stream: at which value, seen by which detector, from which mean to which."""

    position: int
    detector: str
    before: float
    after: float


@dataclass
class Stream:
    """One watched number: a score, an error, a latency."""

    delta: float = 0.002  # ADWIN: how often a false change is accepted
    seen: int = 0
    recent: list[float] = field(default_factory=list)  # since the last change, at most RECENT
    mean: float = 0.0  # since the last change
    count: int = 0
    _adwin: Any = None
    _page_hinkley: Any = None

    def feed(self, values: Sequence[float]) -> list[Change]:
        """Take values in order; the changes they show. NaN and infinity are passed over."""
        found = []
        for value in values:
            if not math.isfinite(value):
                continue
            self._ready()
            self.seen += 1
            earlier = self.mean
            self.count += 1
            self.mean += (value - self.mean) / self.count
            self.recent = [*self.recent[-(RECENT - 1) :], value]
            self._adwin.update(value)
            self._page_hinkley.update(value)
            detector = (
                "adwin" if self._adwin.drift_detected else "page-hinkley" if self._page_hinkley.drift_detected else ""
            )
            if detector:
                after = sum(self.recent[-50:]) / len(self.recent[-50:])
                found.append(Change(self.seen, detector, earlier, after))
                self.recent, self.mean, self.count = [], 0.0, 0
                self._adwin = self._page_hinkley = None
        return found

    def state(self) -> dict[str, Any]:
        """What a restart needs, as JSON values."""
        return {"delta": self.delta, "seen": self.seen, "recent": self.recent, "mean": self.mean, "count": self.count}

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Stream:
        return cls(**{name: state[name] for name in ("delta", "seen", "recent", "mean", "count")})

    def _ready(self) -> None:
        if self._adwin is not None:
            return
        from river.drift import ADWIN, PageHinkley

        self._adwin, self._page_hinkley = (
            ADWIN(delta=self.delta),
            PageHinkley(min_instances=60, threshold=_scale(self.recent) * 50),
        )
        for value in self.recent:
            self._adwin.update(value)
            self._page_hinkley.update(value)


def _scale(values: Sequence[float]) -> float:
    """The spread of what was seen, so that Page-Hinkley's threshold fits the unit; 1 while little is known."""
    if len(values) < 30:
        return 1.0
    mean = sum(values) / len(values)
    return max(math.sqrt(sum((v - mean) ** 2 for v in values) / len(values)), 1e-9)


@dataclass
class OddRequests:
    """Anomaly scores of single requests (river's half-space trees over scaled numbers); state: the last rows."""

    seed: int = 0
    rows: list[dict[str, float]] = field(default_factory=list)
    _model: Any = None

    def score(self, row: Mapping[str, Any]) -> float:
        """How odd a request is, 0 to 1, before it is learned from; 0 while fewer than 250 were seen."""
        numbers = {k: float(v) for k, v in row.items() if isinstance(v, (int, float)) and math.isfinite(float(v))}
        self._ready()
        known = len(self.rows) >= ROWS
        self.rows = [*self.rows[-(2 * ROWS - 1) :], numbers]
        found = float(self._model.score_one(numbers)) if known and numbers else 0.0
        self._model.learn_one(numbers)
        return found

    def _ready(self) -> None:
        if self._model is not None:
            return
        from river import anomaly, compose, preprocessing

        trees = anomaly.HalfSpaceTrees(n_trees=15, height=6, window_size=ROWS, seed=self.seed)
        self._model = compose.Pipeline(preprocessing.MinMaxScaler(), trees)
        for row in self.rows:
            self._model.learn_one(row)
