"""A deployment folder with a few settings changed, as one action whose preview is the diff."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opsmith.tools.compute.deployment import folder as folders
from opsmith.tools.compute.deployment import proposal
from opsmith.tools.compute.deployment import record as records
from opsmith.tools.compute.deployment.plan import make_plan
from opsmith.tools.compute.deployment.sizing import measured
from opsmith.tools.contract import Action, Context
from opsmith.tools.data.registry import ModelCard


def changed(
    context: Context, card: ModelCard, place: str, change: Mapping[str, Any], sizing: Mapping[str, Any] | None = None
) -> tuple[Action, ...]:
    """The one action that brings the change into `place`, or none where Opsmith wrote nothing there or nothing changes.

    change: settings as the deploy tool takes them; they are kept as asked for. sizing: other measured values than those
    of the last proof.
    """
    folder = context.project / place
    before = records.read(folder)
    if before is None or not before.kinds:
        return ()
    asked = {**before.asked, **change}
    kinds = tuple(before.kinds)
    known = records.sizing_of(before, card.version, measured(context.project, card.name, card.version))
    plan = make_plan(card.name, card.version, asked, kinds, sizing or known)
    draft = folders.draft(folder, context.project, card, plan, asked, kinds, True)
    return proposal.result(context, card, plan, draft, place, kinds, False, True).actions
