"""Watch values as they come: changes (river's ADWIN and Page-Hinkley) and odd requests, in constant memory, restart-safe.

A state is plain JSON: a few sums and the last values. A restart makes the detectors anew and gives them those last values
again, which river's detectors answer in the same way every time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

RECENT = 1_000
ROWS, LEAST = 500, 200  # usual requests that an odd one is held against; so many must have come
REFIT = 100  # requests after which what is usual is reckoned anew
ODD = 1.4  # times as far as the farthest usual request


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
    """How odd single requests are, beside the last ROWS that were not: far out in a number, or numbers that never meet so.

    Numbers are put in robust standard deviations and pressed together (asinh), so that one long tail does not hide the rest. The
    score is the larger of the farthest number and the Mahalanobis distance, each over the largest of the usual rows: 1 is the
    edge of what is usual.
    """

    rows: list[dict[str, float]] = field(default_factory=list)
    _since: int = 0  # rows since the last fit
    _fit: Any = None

    def score(self, row: Mapping[str, Any]) -> float:
        """How odd a request is, 0 while fewer than LEAST were seen; it is learned from unless it is odd."""
        numbers = {
            k: float(v) for k, v in row.items() if isinstance(v, (int, float)) and math.isfinite(float(v))
        }  # True and False are numbers too
        found = self._distance(numbers) if numbers and len(self.rows) >= LEAST else 0.0
        if numbers and found < ODD:
            self.rows = [*self.rows[-(ROWS - 1) :], numbers]
            self._since += 1
        return found

    def farthest(self, row: Mapping[str, Any]) -> str:
        """The number that lies farthest from its usual values, as `name = value`."""
        columns, middle, spread, *_ = self._fit
        out = {
            n: abs(float(row[n]) - m) / s
            for n, m, s in zip(columns, middle, spread, strict=True)
            if row.get(n) is not None
        }
        name = max(out, key=out.__getitem__)
        return f"{name} = {float(row[name]):g}"

    def state(self) -> dict[str, Any]:
        """What a restart needs, as JSON values."""
        return {"rows": self.rows}

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> OddRequests:
        return cls(rows=list(state["rows"]))

    def _distance(self, numbers: Mapping[str, float]) -> float:
        import numpy as np

        if self._fit is None or self._since >= REFIT:
            self._fit, self._since = _fitted(self.rows), 0
        columns, middle, spread, edge, mean, inverse, joint = self._fit
        pressed = _pressed(np.array([[numbers.get(n, math.nan) for n in columns]]), middle, spread)
        return float(max((np.abs(pressed[0]) / edge).max(), _far(pressed, mean, inverse)[0] / joint))


def _fitted(rows: Sequence[Mapping[str, float]]) -> tuple[Any, ...]:
    """Columns, their middles, spreads and edges; mean, inverse covariance and edge of all together."""
    import numpy as np

    columns = sorted({name for row in rows for name in row})
    values = np.array([[row.get(n, math.nan) for n in columns] for row in rows])
    low, middle, high = np.nanquantile(values, (0.1, 0.5, 0.9), axis=0)
    spread = (high - low) / 2.56
    spread = np.where(spread > 0, spread, np.nanstd(values, axis=0))  # nearly always one value
    spread = np.where(spread > 0, spread, np.maximum(np.abs(middle), 1.0) * 0.01)
    pressed = _pressed(values, middle, spread)
    covariance = np.atleast_2d(np.cov(pressed, rowvar=False)) + 0.05 * np.eye(len(columns))
    mean, inverse = pressed.mean(axis=0), np.linalg.inv(covariance)
    edge = 1.15 * np.maximum(np.abs(pressed).max(axis=0), 2.0)  # many columns, each with an edge of its own
    return columns, middle, spread, edge, mean, inverse, max(float(_far(pressed, mean, inverse).max()), 2.5)


def _pressed(values: Any, middle: Any, spread: Any) -> Any:
    import numpy as np

    return np.nan_to_num(2 * np.arcsinh((values - middle) / (2 * spread)))


def _far(pressed: Any, mean: Any, inverse: Any) -> Any:
    import numpy as np

    return np.sqrt(np.einsum("ij,jk,ik->i", pressed - mean, inverse, pressed - mean))
