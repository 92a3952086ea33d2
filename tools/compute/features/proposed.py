"""Formulas that a person or a language model proposes: read and checked like all others, then measured like all others.

Nothing of a proposal is run as code. Its name and its meaning are only shown; its worth comes from the held-out folds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from opsmith.tools.compute.features import compute
from opsmith.tools.compute.features.expression import Node, check, columns_of, parse, written
from opsmith.tools.compute.features.look import Look
from opsmith.tools.compute.features.metrics import gain
from opsmith.tools.compute.features.problem import Problem, TimeUp
from opsmith.tools.compute.features.refusals import gives_away
from opsmith.tools.compute.features.search import Outcome
from opsmith.tools.contract import Table, ToolError

MOST = 20  # formulas of one request


@dataclass(frozen=True)
class Proposal:
    """One formula with the name and the meaning that its author gives it, and why it is not tested, if it is not."""

    text: str
    name: str = ""
    meaning: str = ""
    node: Node | None = None
    refused: str = ""


class Proposals:
    """The proposed formulas as a family of candidates."""

    name = "proposed"

    def __init__(self, nodes: Sequence[Node]):
        self.nodes = nodes

    def candidates(self, look: Look) -> Iterator[Node]:
        yield from self.nodes


def plain(candidates: Sequence[Any]) -> tuple[tuple[str, str, str], ...]:
    """(formula, name, meaning) of each candidate, given as a text or as {expression, name, meaning}. ToolError else."""
    found = []
    for one in candidates:
        if isinstance(one, Mapping) and one.get("expression"):
            found.append((str(one["expression"]), str(one.get("name") or ""), str(one.get("meaning") or "")[:200]))
        elif isinstance(one, str) and one.strip():
            found.append((one.strip(), "", ""))
        else:
            raise ToolError(f"A candidate is a formula, or {{expression, name, meaning}}; {one!r} is neither.")
    if len(found) > MOST:
        raise ToolError(f"At most {MOST} formulas are tested at once; {len(found)} were given.")
    return tuple(found)


def read(
    wished: Sequence[tuple[str, str, str]], problem: Problem, refused: Sequence[str], target: str
) -> list[Proposal]:
    """The formulas as nodes; one that cannot be read, does not fit the table or tells the outcome has the reason instead."""
    found = []
    for text, name, meaning in wished:
        try:
            node = parse(text)
            used = columns_of(node)
            bad = [c for c in used if c == target or c in refused]
            if bad:
                what = "is the outcome itself" if bad[0] == target else "gives the outcome away"
                raise ToolError(f"{bad[0]} {what}.")
            if check(node, problem.roles.kinds) != "number":
                raise ToolError(f"{written(node)} gives no number.")
            if not used:
                raise ToolError("It reads no column.")
        except ToolError as error:
            found.append(Proposal(text, name, meaning, refused=str(error)))
            continue
        found.append(Proposal(written(node), slug(name), meaning, node))
    return found


def slug(name: str) -> str:
    """A name as a column name: letters, digits and underscores.

    >>> slug("Income per head (k€)")
    'income_per_head_k'
    """
    return re.sub(r"_+", "_", re.sub(r"[^\w]+", "_", name)).strip("_").lower()[:48]


def verdicts(proposals: Sequence[Proposal], problem: Problem, outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """What became of every formula: kept, measured without a gain that holds, refused, or not measured in the time."""
    told = []
    for p in proposals:
        entry: dict[str, Any] = {"expression": p.text, "name": p.name, "meaning": p.meaning, "gains": {}}
        kept = [o.engine for o in outcomes if p.node in [f.node for f in o.features]]
        if p.node is None:
            entry["verdict"] = f"refused: {p.refused}"
        elif gives_away(compute.fit(p.node, problem.rows, problem.outcome)[0], problem.outcome, problem.task):
            entry["verdict"] = "refused: it alone tells the outcome almost perfectly"
        else:
            try:
                entry["gains"] = {o.engine: _gain(p.node, problem, o) for o in outcomes}
                better = any(g["low"] > 0 for g in entry["gains"].values())
                entry["verdict"] = (
                    f"kept for the {' and the '.join(kept)} model" if kept
                    else "gains alone, but less than what was kept" if better else "no gain beyond chance"
                )  # fmt: skip
            except TimeUp:
                entry["verdict"] = (
                    f"kept for the {' and the '.join(kept)} model" if kept else "not measured: the time was up"
                )
        told.append(entry)
    return told


def _gain(node: Node, problem: Problem, outcome: Outcome) -> dict[str, float]:
    """The gain of a formula alone over the table as it is, with its interval."""
    held_to_known = float(np.mean([len(te) / len(tr) for tr, te in problem.splits.folds[0]]))
    worth = gain(problem.scores(outcome.engine, (), 2), problem.scores(outcome.engine, [node], 2), held_to_known)
    return {"gain": round(worth.mean, 5), "low": round(worth.low, 5), "high": round(worth.high, 5)}


def table(told: Sequence[Mapping[str, Any]]) -> tuple[Table, ...]:
    """The formulas with their gains and what became of them."""
    if not told:
        return ()
    rows = []
    for t in told:
        gains = [f"{m} {g['gain']:+.4f} ({g['low']:+.4f} to {g['high']:+.4f})" for m, g in t["gains"].items()]
        rows.append((t["expression"], t["meaning"], "; ".join(gains), t["verdict"]))
    return (Table("Proposed formulas", ("formula", "meaning", "gain alone", "what became of it"), tuple(rows)),)
