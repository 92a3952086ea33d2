"""Find in a sentence what is really there: files, models, columns and monitors of the live catalogue, however spelt."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from opsmith.agent.offline.found import Grounded
from opsmith.agent.offline.ground_columns import columns, unknown_columns
from opsmith.agent.offline.ground_files import (
    addresses,
    exact_files,
    file_like,
    folders_and_short_names,
    numbered_files,
    part_files,
    several_files,
    stem_files,
)
from opsmith.agent.offline.ground_names import part_models, slipped_models, whole_names
from opsmith.agent.offline.words import stem, tokens


def ground(text: str, catalogue: Mapping[str, Any], near: Sequence[str] = ()) -> Grounded:
    """Everything of the catalogue that the text names. `near`: files of the conversation, preferred for columns."""
    found = Grounded(text)
    paths = [f["path"] for f in catalogue.get("files", ())]
    models = list(catalogue.get("models", ()))
    addresses(found)
    exact_files(found, paths, near)
    file_like(found, paths)
    whole_names(found, [m["name"] for m in models], "model", found.models)
    whole_names(found, [m["name"] for m in catalogue.get("monitors", ())], "monitor", found.monitors)
    slipped_models(found, [m["name"] for m in models])
    folders_and_short_names(found, paths)
    stem_files(found, paths, near)
    numbered_files(found, paths)
    several_files(found, paths)
    part_models(
        found, models, frozenset(str(c["name"]).casefold() for f in catalogue.get("files", ()) for c in f["columns"])
    )
    columns(found, catalogue, [m.value for m in found.files] or list(near))
    part_files(found, paths)
    _without_bases(found)
    columns(found, catalogue, [m.value for m in found.files])
    unknown_columns(found, {str(c["name"]) for f in catalogue.get("files", ()) for c in f["columns"]})
    for mentions in (found.files, found.models, found.columns, found.outputs):
        mentions.sort(key=lambda m: m.start)
    return found


_APART = re.compile(
    r"\b(?:vs|versus|against|with|than|and|to|from|into|relative|baseline|reference|from|since|und|y|et|mit|gegen|con|avec)\b|[,;]",
    re.IGNORECASE,
)


def _without_bases(found: Grounded) -> None:
    """`the june admissions` is one file, admissions_june.csv, and not admissions.csv as well."""
    for base in [m for m in found.files if m.how == "part"]:
        for full in found.files:
            between = found.text[min(base.end, full.end) : max(base.start, full.start)]
            longer = set(tokens(stem(base.value))) < set(tokens(stem(full.value)))
            if longer and base in found.files and len(between) < 20 and not _APART.search(between):
                found.files.remove(base)
