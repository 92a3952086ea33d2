"""The step `entities`: names, dates, amounts and numbers found in a text column become columns of their own."""

from __future__ import annotations

import pyarrow as pa

from opsmith.tools.compute.cells import Batch
from opsmith.tools.compute.entities import Entity, Gazetteer, entities_in, known_types
from opsmith.tools.compute.recipe import Step
from opsmith.tools.compute.steps import Fitted, StepKind


def gazetteers_of(step: Step) -> list[Gazetteer]:
    """The user's own names, from options.names: {type: [name, ...]}."""
    return [Gazetteer.of(str(kind), names) for kind, names in step.options.get("names", {}).items()]


def found_in(texts: list[str | None], step: Step) -> list[list[Entity]]:
    """Entities of each text; a text that repeats is read once."""
    gazetteers, types = gazetteers_of(step), known_types(list(step.options.get("kinds", ())))
    seen: dict[str, list[Entity]] = {}
    for text in texts:
        if text is not None and text not in seen:
            seen[text] = entities_in(text, gazetteers, types)
    return [seen[t] if t is not None else [] for t in texts]


def _entities(batch: Batch, step: Step, fitted: Fitted) -> None:
    """One text column a type: the distinct entities of the row, joined by `; `."""
    types = known_types(list(step.options.get("kinds", ())))
    for column in step.columns:
        found = found_in(batch.array(column).cast(pa.string()).to_pylist(), step)
        for kind in types:
            cells = ["; ".join(dict.fromkeys(e.text for e in row if e.type == kind)) or None for row in found]
            batch.add(f"{column}_{kind}", pa.array(cells, pa.string()))


KINDS = (StepKind("entities", _entities),)
