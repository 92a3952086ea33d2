"""Would an earlier version of a model do better on the newest outcomes than the champion? The past can come back."""

from __future__ import annotations

from opsmith.tools.compute.comparison import Comparison, compare
from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import registry
from opsmith.tools.data.table import open_table

MOST_ROWS = 20_000
MOST_VERSIONS = 12  # the newest ones


def better(
    context: Context, champion: registry.ModelCard, dataset: str, metric: str | None = None
) -> tuple[registry.ModelCard, Comparison] | None:
    """The version that is surely better than the champion on `dataset`, with the comparison; None when there is none.

    dataset: rows with outcomes. metric: the one that is watched, see `comparison.compare`. Versions that were trained on that
    very file are left out, as it would flatter them. Surely: the whole 95 % interval of the paired gain lies above nothing.
    None also when the rows do not allow a comparison.
    """
    others = [
        c for c in registry.versions(context.project, champion.name)
        if c.version != champion.version and c.data.get("path") != dataset
    ]  # fmt: skip
    if not others or champion.data.get("path") == dataset:
        return None
    table = open_table(context, dataset)
    try:
        if champion.target not in table.column_names:
            return None
        frame = table.pandas(sample=MOST_ROWS, seed=context.seed)
    finally:
        table.close()
    best: tuple[registry.ModelCard, Comparison] | None = None
    now = (champion, registry.load(champion))
    for card in others[-MOST_VERSIONS:]:
        context.check()
        try:
            found = compare(now, (card, registry.load(card)), frame, context.seed, metric=metric)
        except ToolError:
            continue
        if found.recommendation == "promote" and (best is None or found.gain > best[1].gain):
            best = card, found
    return best
