"""Find in a sentence what is really there: files, models, columns and monitors of the live catalogue, however spelt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opsmith.agent.offline.found import Grounded
from opsmith.agent.offline.ground_columns import columns, unknown_columns
from opsmith.agent.offline.ground_files import exact_files, file_like, part_files, several_files, stem_files
from opsmith.agent.offline.ground_names import part_models, whole_names


def ground(text: str, catalogue: Mapping[str, Any], near: Sequence[str] = ()) -> Grounded:
    """Everything of the catalogue that the text names. `near`: files of the conversation, preferred for columns."""
    found = Grounded(text)
    paths = [f["path"] for f in catalogue.get("files", ())]
    exact_files(found, paths)
    file_like(found, paths)
    whole_names(found, [m["name"] for m in catalogue.get("models", ())], "model", found.models)
    whole_names(found, [m["name"] for m in catalogue.get("monitors", ())], "monitor", found.monitors)
    stem_files(found, paths, near)
    several_files(found, paths)
    chosen = [m.value for m in found.files] or list(near)
    columns(found, catalogue, chosen)
    part_files(found, paths)
    part_models(found, [m["name"] for m in catalogue.get("models", ())])
    columns(found, catalogue, [m.value for m in found.files] or list(near))
    unknown_columns(found)
    for mentions in (found.files, found.models, found.columns, found.outputs):
        mentions.sort(key=lambda m: m.start)
    return found
