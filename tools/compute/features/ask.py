"""One request for features from the opened table on: its sample, what its columns are, and what has to be refused."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from opsmith.tools.contract import Context, Finding, NeedsAnswer, ToolError
from opsmith.tools.data import paths
from opsmith.tools.data.table import Table, open_table, sha256_of

if TYPE_CHECKING:
    import pandas as pd

    from opsmith.tools.compute.features.featureset import FeatureSet
    from opsmith.tools.compute.features.problem import Problem
    from opsmith.tools.compute.features.related import Aggregate, Link
    from opsmith.tools.compute.features.roles import Roles

MOST_ROWS = 20_000  # rows that a search looks at
MOST_CELLS = 600_000  # and cells: a table of many columns is looked at in fewer rows
MANY_CELLS = 300_000  # beyond, three folds take the place of five: rows enough, and models take long
SECONDS = 60.0


@dataclass(frozen=True)
class Wish:
    """What was asked for, in the spelling of the table."""

    target: str | None = None
    columns: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    time: str | None = None
    groups: str | None = None
    metric: str | None = None
    algorithm: str | None = None
    keywords: tuple[str, ...] = ()
    n: int | None = None
    country: str | None = None
    related: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    candidates: tuple[tuple[str, str, str], ...] = ()  # formula, name, meaning


@dataclass
class Asking:
    """A context manager around the opened table."""

    context: Context
    dataset: str
    table: Table = field(init=False)
    started: float = field(default_factory=time.monotonic)
    wished_seconds: float | None = None
    _frame: Any = None
    _joined: Any = None
    links: list[Link] = field(default_factory=list)  # how child tables are joined
    aggregates: list[Aggregate] = field(default_factory=list)  # what their rows come to

    def __post_init__(self) -> None:
        self.table = open_table(self.context, self.dataset)

    def __enter__(self) -> Asking:
        return self

    def __exit__(self, *_: object) -> None:
        self.table.close()

    def known(self, names: Sequence[str]) -> tuple[str, ...]:
        """The columns as the table spells them. ToolError with the nearest names when one does not exist."""
        return tuple(dict.fromkeys(self.table.column(n).name for n in names))

    @property
    def frame(self) -> pd.DataFrame:
        """At most 20,000 rows (12,000 of fifty columns), drawn by the seed, in file order."""
        if self._frame is None:
            most = max(2_000, min(MOST_ROWS, MOST_CELLS // max(1, len(self.table.column_names))))
            self._frame = self.table.pandas(sample=most, seed=self.context.seed)
        return self._frame

    def enlarged(self, found: FeatureSet) -> pd.DataFrame:
        """The sample with the columns from child tables that a feature set reads."""
        from opsmith.tools.compute.features import related

        lacking = [a for a in found.needed if a.name not in self.frame.columns]
        return related.computed(self.context, self.frame, lacking) if lacking else self.frame

    def target(self, wish: Wish, why: str) -> str:
        """The target, or a question for it with the columns to choose from."""
        if wish.target is None:
            raise NeedsAnswer(f"Which column of {self.table.name} {why}?", self.table.column_names[:8])
        return wish.target

    def problem(self, wish: Wish, refused: Sequence[str] = (), like: Problem | None = None) -> Problem:
        """The prediction task with the refused columns left out; `like`: one whose split is kept."""
        from opsmith.tools.compute.features.problem import Problem
        from opsmith.tools.compute.features.roles import roles

        target = self.target(wish, "should the features help to predict")
        found = roles(
            self.frame, target, wish.columns, (*wish.exclude, *refused), time=wish.time, groups=wish.groups,
            like=like.roles.plan if like else None, seed=self.context.seed,
        )  # fmt: skip
        if not found.kinds and not wish.related:
            raise ToolError(f"No usable column of {self.table.name} is left to make features for {target} from.")
        frame = self.frame
        if wish.related:
            frame = self._with_children(wish, found)
            kinds = {**found.kinds, **{a.name: "number" for a in self.aggregates}}
            found = dataclasses.replace(found, kinds=kinds)
        folds = 5 if frame.shape[0] * frame.shape[1] <= MANY_CELLS else 3
        return Problem(frame, found, target, self.context.seed, wish.metric or "", folds, check=self.context.check)

    def _with_children(self, wish: Wish, found: Roles) -> pd.DataFrame:
        """The rows with what their partners in the child tables come to, as further columns; computed once."""
        from opsmith.tools.compute.features import related
        from opsmith.tools.compute.features.roles import is_date

        if self._joined is None:
            moment = wish.time or found.plan.time_column
            if moment is None or not is_date(self.frame[moment]):
                moment = next((c for c in self.table.column_names if is_date(self.frame[c])), None)
            self.context.progress(None, f"joining {', '.join(wish.related)}")
            self.links = related.links(self.context, self.table, wish.related, wish.keys, moment, wish.target or "")
            taken = list(self.table.column_names)
            for link in self.links:
                self.aggregates += related.aggregates(
                    self.context, link, [*taken, *(a.name for a in self.aggregates)], wish.target or ""
                )
            self._joined = related.computed(self.context, self.frame, self.aggregates)
        return self._joined

    def deadline(self) -> Deadline:
        """Until when a search may go on: the setting features_seconds, else a minute, counted from the request on.

        A tenth is kept for the report; a table that took nearly all of it to open still gets a twentieth for its search.
        """
        seconds = self.seconds
        spent = time.monotonic() - self.started
        return Deadline(time.monotonic() + max(0.9 * seconds - spent, 0.05 * seconds))

    @property
    def seconds(self) -> float:
        """The time that one request may take."""
        said = self.wished_seconds or self.context.settings.get("features_seconds", SECONDS)
        try:
            return max(1.0, float(said))
        except (TypeError, ValueError):
            raise ToolError(f"features_seconds is {said!r}; it takes a number of seconds such as 60.") from None

    def _state(self, name: str | None) -> str:
        path = self.table.path if name is None else paths.find(self.context, name.rpartition(":")[0] or name)
        return sha256_of(path) if path.is_file() else str(path)

    def key(self, wish: Wish) -> str:
        """A name for this request on these very bytes, under which what was found is kept."""
        state = self._state(None)
        plain = json.dumps(
            [state, self.table.name, wish.__dict__, self.context.seed, self.seconds], sort_keys=True, default=str
        )
        return hashlib.sha256(plain.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Deadline:
    """A moment; `left` counts down to it in seconds."""

    at: float

    def left(self) -> float:
        return self.at - time.monotonic()

    def share(self, part: float) -> Deadline:
        """A nearer moment, after this part of the time that is left."""
        return Deadline(time.monotonic() + max(0.0, self.left()) * part)


def leak_findings(frame: pd.DataFrame, found: Roles, target: str, dataset: str, seed: int) -> list[Finding]:
    """Columns that are refused, each with the reason: they tell the outcome, they come after it, or they name rows."""
    from opsmith.tools.compute.features.refusals import refusals

    told = []
    for r in refusals(frame, found, target, seed):
        fix = f"suggest features for {target} in {dataset} without {r.column}"
        told.append(
            Finding(r.kind, r.severity, r.why, (r.column,), dict(r.evidence), fix=fix if r.kind == "leak" else "")
        )
    return told
