"""Entities of a spaCy pipeline that is installed or lies in a folder, in the types used here; nothing is downloaded."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from opsmith.tools.compute.entities import Entity
from opsmith.tools.contract import ToolError

_TYPES = {
    "PERSON": "person", "PER": "person", "ORG": "organisation", "GPE": "place", "LOC": "place", "FAC": "place",
    "PRODUCT": "product", "DATE": "date", "MONEY": "money", "QUANTITY": "quantity", "PERCENT": "percent",
}  # fmt: skip
_CONFIDENCE = 0.8


def spacy_entities(texts: Sequence[str], name: str) -> list[list[Entity]]:
    """The entities of each text by the pipeline of that name or folder. ToolError says what is missing."""
    found = []
    for doc in _pipeline(name).pipe(texts, batch_size=64):
        spans = [(_TYPES.get(e.label_), e) for e in doc.ents]
        found.append([Entity(k, e.text, e.start_char, e.end_char, _CONFIDENCE) for k, e in spans if k])
    return found


@lru_cache(maxsize=2)
def _pipeline(name: str) -> Any:
    try:
        import spacy
    except ImportError:
        raise ToolError(
            "spaCy pipelines need the spacy extra. Install it with: pip install 'opsmith[spacy]', or empty spacy_model."
        ) from None
    folder = Path(name).expanduser()
    try:
        return spacy.load(folder if folder.is_dir() else name)
    except OSError:
        raise ToolError(
            f"There is no spaCy pipeline {name!r}. Set spacy_model to a folder, or to one installed here such as "
            "en_core_web_sm."
        ) from None
