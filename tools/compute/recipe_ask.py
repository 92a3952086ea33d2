"""Turn what a person asked for (operations, columns, method, ...) into the steps of a recipe."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from opsmith.tools.compute.recipe import Step
from opsmith.tools.compute.recipe_builders import BUILDERS, plain_steps
from opsmith.tools.compute.recipe_look import ColumnLook, look_at
from opsmith.tools.compute.recipe_propose import Proposal
from opsmith.tools.compute.recipe_run import Stage
from opsmith.tools.compute.recipe_wants import Asked, Want
from opsmith.tools.compute.steps import step_names
from opsmith.tools.contract import NeedsAnswer, ToolError
from opsmith.tools.data import paths

TEXT_STEPS = frozenset(
    [
        "fix_text",
        "strip_html",
        "strip_emoji",
        "contractions",
        "abbreviations",
        "punctuation",
        "repeats",
        "spelling",
        "stop_words",
        "language",
        "sentences",
        "entities",
        "embed",
    ]
)
_OTHER_NAMES = {
    "deduplicate": "dedupe", "duplicates": "dedupe", "drop_duplicates": "dedupe", "fill": "impute", "fillna": "impute",
    "dropna": "drop_missing", "html": "strip_html", "emoji": "strip_emoji", "typos": "spelling", "spell": "spelling",
    "whitespace": "trim", "lower": "lowercase", "pii": "mask_pii", "anonymize": "mask_pii",
        "embeddings": "embed", "embedding": "embed",
    "normalize": "scale", "normalise": "scale", "mojibake": "fix_text", "encoding": "fix_text",
    "types": "cast", "ner": "entities",
}  # fmt: skip


def operation_name(name: str) -> str:
    """The step that an operation means. ToolError with the nearest names when there is none."""
    wanted = re.sub(r"[\s-]+", "_", name.strip().lower())
    wanted = _OTHER_NAMES.get(wanted, wanted)
    if wanted not in step_names():
        near = paths.nearest(wanted, step_names()) or step_names()
        raise ToolError(
            f"There is no cleaning operation {name!r}. Nearest: {', '.join(near[:3])}. All: {', '.join(step_names())}."
        )
    return wanted


def asked_steps(stage: Stage, asked: Asked, seen: dict[str, ColumnLook] | None = None) -> Proposal:
    """The steps asked for, in the order asked. NeedsAnswer when a column or a value has to be named first.

    seen: the columns as they stand by then, when earlier steps have changed them.
    """
    made = Proposal()
    looks = {n: c for n, c in (seen or look_at(stage)).items() if n not in asked.exclude}
    methods = _share_out(asked)
    for name in map(operation_name, asked.operations):
        build: Callable[[Want], Sequence[Step]] = BUILDERS.get(name, plain_steps)
        made.steps += build(Want(name, _columns(name, asked, looks), asked, looks, made.findings, methods.get(name)))
    return made


def _share_out(asked: Asked) -> dict[str, str]:
    """The method belongs to the operations that have one."""
    names = [operation_name(o) for o in asked.operations]
    return {n: asked.method.lower() for n in names if asked.method and n in BUILDERS} if asked.method else {}


def _columns(name: str, asked: Asked, looks: dict[str, ColumnLook]) -> list[str]:
    """The named columns, or the ones that the operation is for."""
    if asked.columns:
        return [c for c in asked.columns if c in looks]
    if name in TEXT_STEPS:
        free = [n for n, c in looks.items() if c.is_free_text]
        texts = [n for n, c in looks.items() if c.is_text]
        chosen = free or texts
        if not chosen:
            raise ToolError("The table has no text column for this. Name the column to work on.")
        if name in ("embed", "entities") and len(chosen) > 1:
            raise NeedsAnswer(f"Which text column is meant: {', '.join(chosen[:8])}?", chosen[:8])
        return chosen
    if name in ("trim", "lowercase"):
        return [n for n, c in looks.items() if c.is_text]
    if name in ("drop_columns",):
        raise NeedsAnswer("Which columns should be dropped?", list(looks)[:12])
    return list(looks)
