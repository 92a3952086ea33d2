"""The step `mask_pii`: personal data is masked, hashed or dropped wherever it stands in a text."""

from __future__ import annotations

from opsmith.tools.compute.cells import Batch, is_text
from opsmith.tools.compute.pii import known_kinds, masked
from opsmith.tools.compute.recipe import Step
from opsmith.tools.compute.steps import Fitted, StepKind
from opsmith.tools.contract import ToolError


def _mask(batch: Batch, step: Step, fitted: Fitted) -> None:
    how, salt = str(step.options.get("how", "mask")), str(step.options.get("salt", ""))
    if how not in ("mask", "hash", "drop"):
        raise ToolError(f"Personal data can be masked, hashed or dropped, not {how!r}.")
    kinds, region = known_kinds(list(step.options.get("kinds", ()))), str(step.options.get("region", "US,GB"))
    for column in step.columns:
        if is_text(batch.table.schema.field(column).type):
            batch.map(column, lambda text: masked(text, kinds, how, salt, region))


KINDS = (StepKind("mask_pii", _mask),)
