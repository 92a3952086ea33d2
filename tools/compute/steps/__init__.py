"""The kinds of cleaning step. Each module here lists its kinds in `KINDS`; the folder is the list."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, Protocol

from opsmith.tools.contract import ToolError

if TYPE_CHECKING:
    import pyarrow as pa

    from opsmith.tools.compute.cells import Batch
    from opsmith.tools.compute.recipe import Step

Fitted = dict[str, Any]  # plain JSON values, so that a fitted recipe is a readable file


class Source(Protocol):
    """The whole table before a step, for figures: a view `data` with the columns and the original row number."""

    schema: pa.Schema
    seed: int

    def sql(self, query: str) -> list[tuple[Any, ...]]: ...
    def arrow(self, query: str) -> pa.Table: ...
    def check(self) -> None: ...


@dataclass(frozen=True)
class StepKind:
    """One kind of step.

    apply(batch, step, fitted) changes a batch of rows. fit(source, step) works out what `apply` needs from the
    whole table (medians, vocabularies, rows to drop). changes: cells keep the number of rows, rows remove or add
    some; they are left out when a fitted recipe is applied to new data.
    """

    name: str
    apply: Callable[[Batch, Step, Fitted], None]
    fit: Callable[[Source, Step], Fitted] | None = None
    changes: Literal["cells", "rows"] = "cells"
    whole_rows: bool = False  # fit looks at every column


@cache
def kinds() -> dict[str, StepKind]:
    """Every kind of step by name."""
    found: dict[str, StepKind] = {}
    for module in pkgutil.iter_modules(__path__):
        listed: Sequence[StepKind] = getattr(importlib.import_module(f"{__name__}.{module.name}"), "KINDS", ())
        found.update({kind.name: kind for kind in listed})
    return found


def kind_of_step(name: str) -> StepKind:
    """The kind of that name; ToolError when there is none."""
    try:
        return kinds()[name]
    except KeyError:
        raise ToolError(f"There is no cleaning step {name!r}. There are: {', '.join(sorted(kinds()))}.") from None


def step_names() -> list[str]:
    """Names of all steps, in order."""
    return sorted(kinds())
