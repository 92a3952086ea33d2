"""Give steps the settings they need when they run, without writing them into the recipe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from opsmith.tools.compute.recipe import Step
from opsmith.tools.contract import Context

_NEEDED = {"embed": ("embedding_model_folder", "embedding_url")}


def with_settings(steps: Sequence[Step], context: Context) -> tuple[Step, ...]:
    """Steps whose missing options are filled from the settings named for them; all others as they are."""
    filled = []
    for step in steps:
        extra = {
            k: context.settings[k]
            for k in _NEEDED.get(step.step, ())
            if context.settings.get(k) and k not in step.options
        }
        filled.append(replace(step, options={**step.options, **extra}) if extra else step)
    return tuple(filled)
