"""Change a recipe as a person says: steps put in place of others or added, operations left out, columns spared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from opsmith.tools.compute.recipe import Recipe, Step
from opsmith.tools.compute.recipe_ask import asked_steps, operation_name
from opsmith.tools.compute.recipe_propose import Proposal
from opsmith.tools.compute.recipe_run import Stage
from opsmith.tools.compute.recipe_wants import Asked
from opsmith.tools.contract import ToolError

# where an added step belongs when the recipe has none of its kind; rows are compared and filled after cells are put right
_ORDER = (
    "drop_columns", "rename", "fix_text", "trim", "missing", "cast", "range", "map_values", "lowercase", "strip_html",
    "strip_emoji", "contractions", "abbreviations", "spelling", "repeats", "punctuation", "stop_words", "mask_pii",
    "drop_missing", "dedupe", "outliers", "impute", "language", "sentences", "entities", "augment", "embed", "scale",
    "encode",
)  # fmt: skip
_WHOLE = frozenset(["dedupe", "drop_missing"])  # the columns are the key of one step, not what it changes


def asked_of(edit: Mapping[str, Any]) -> Asked:
    """One change in the words of the arguments of `clean`. ToolError names a word that is none of them."""
    known = {f.name for f in fields(Asked)}
    plain = {("operations" if k in ("operation", "step") else k): v for k, v in edit.items()}
    strange = next((k for k in plain if k not in known), None)
    if strange or not plain.get("operations"):
        told = f"has {strange!r}" if strange else "names no operation"
        raise ToolError(f"A change of the recipe {told}. It takes operation and any of {', '.join(sorted(known))}.")
    listed = ("operations", "columns", "exclude", "keywords", "by")
    given: dict[str, Any] = {k: (_several(v) if k in listed else v) for k, v in plain.items() if v is not None}
    return Asked(**given)


def edited(recipe: Recipe, stage: Stage, asked: Asked, made: Proposal) -> Recipe:
    """The recipe with the steps asked for in the place of those of the same kind on the same columns.

    made: the proposal the recipe stands for; its view of the columns is what the new steps are built on, and what is
    worth telling is added to its findings.
    """
    new = asked_steps(stage, asked, made.looks or None)
    made.findings += new.findings
    steps = list(recipe.steps)
    for name in dict.fromkeys(map(operation_name, asked.operations)):
        mine = [s for s in new.steps if s.step == name]
        at = next((i for i, s in enumerate(steps) if s.step == name), None)
        touched = {c for s in mine for c in s.columns} if asked.columns and name not in _WHOLE else None
        steps = [s for old in steps for s in _without(old, name, touched)] if mine else steps
        where = _place(steps, name) if at is None else min(at, len(steps))
        steps[where:where] = mine
    others = [s for s in new.steps if s.step not in set(map(operation_name, asked.operations))]
    for step in others:  # such as `missing` before a `cast`
        steps.insert(_place(steps, step.step), step)
    return Recipe(recipe.dataset, tuple(steps))


def spared(recipe: Recipe, skip: Sequence[str], exclude: Sequence[str]) -> Recipe:
    """The recipe without these operations, and with these columns left alone.

    >>> spared(Recipe("a", (Step("trim", ("x", "y")), Step("dedupe"))), ["dedupe"], ["x"]).steps
    (Step(step='trim', columns=('y',), options={}, reason=''),)
    """
    out = set(map(operation_name, skip))
    kept = []
    for step in recipe.steps:
        left = tuple(c for c in step.columns if c not in exclude)
        if step.step not in out and (left or not step.columns or step.step in _WHOLE):
            kept.append(step if step.step in _WHOLE else replace(step, columns=left))
    return Recipe(recipe.dataset, tuple(kept))


def _without(step: Step, name: str, columns: set[str] | None) -> list[Step]:
    if step.step != name:
        return [step]
    left = () if columns is None else tuple(c for c in step.columns if c not in columns)
    return [replace(step, columns=left)] if left else []


def _place(steps: Sequence[Step], name: str) -> int:
    """Behind the last step that comes before it in the usual order."""
    rank = _ORDER.index(name) if name in _ORDER else len(_ORDER)
    before = [i for i, s in enumerate(steps) if s.step in _ORDER and _ORDER.index(s.step) <= rank]
    return before[-1] + 1 if before else 0


def _several(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(map(str, value))
