"""Arguments of `register`: a finished model file, what it predicts, and the table it is measured on."""

from __future__ import annotations

import re

from opsmith.agent.offline.fill_shared import dry, need_file
from opsmith.agent.offline.slots import Filled, Scene, target_of

_FILE = re.compile(r"[`'\"]?((?:[\w.~-]+/)*[\w.-]+\.(?:onnx|skops|pkl|pickle|joblib))\b[`'\"]?", re.IGNORECASE)
_NAME = re.compile(
    r"\b(?:as|call(?:ed)?|named?|als|comme|como|叫)\s+(?:it |the model )?[`'\"]?([A-Za-z][\w-]*)[`'\"]?(?![\w.])"
)


def model_file(text: str) -> str | None:
    """The model file that a sentence names."""
    found = _FILE.search(text)
    return found.group(1) if found else None


def register(scene: Scene) -> Filled:
    """The call; the table and the target are asked for where they are not named."""
    filled = Filled("register")
    path = need_file(filled, scene, "measure the model on", None)
    named = _NAME.search(scene.text)
    name = named.group(1) if named else None
    target = target_of(scene, path)
    filled.arguments |= {
        "file": model_file(scene.text), "model": name, "dataset": path, "dry_run": dry(scene),
        "target": target if target != name else None,
    }  # fmt: skip
    if path and not target and not filled.question:
        filled.question = f"Which column of {path} does the model predict?"
        filled.choices = [c["name"] for c in scene.columns_of(path)][:8]
    return filled
