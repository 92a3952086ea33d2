"""Which intent a sentence has, by a small trained classifier that runs in NumPy: hashed word and character n-grams of
the masked text, next to the hand-written cues and what was grounded; probabilities are calibrated by temperature.

Trained by `benchmarks/planner_train.py`; the weights lie in data/intents.npz.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from opsmith.agent.offline.found import Grounded
from opsmith.agent.offline.signs import signs

BUCKETS = 1 << 15
_WORD = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+(?:'\w+)?|[?!]|\.\./|/\w+")


def words_of(masked: str) -> list[str]:
    """The words of a masked text: digits as 0, each Chinese character by itself.

    >>> words_of("top 15 of COL?")
    ['top', '0', 'of', 'COL', '?']
    """
    return [re.sub(r"\d+", "0", w) for w in _WORD.findall(masked)]


def ngrams(masked: str) -> dict[int, float]:
    """Hashed n-grams with weights: one to three words, and three to five characters inside words; unit length."""
    words = words_of(masked)
    counted: dict[int, float] = {}
    padded = ["^", *words, "$"]
    for size in (1, 2, 3):
        for start in range(len(padded) - size + 1):
            _count(counted, "w " + " ".join(padded[start : start + size]), 1.0)
    for word in words:
        if word.isupper() or len(word) < 4:
            continue
        inside = f"<{word}>"
        for size in (3, 4, 5):
            for start in range(len(inside) - size + 1):
                _count(counted, "c " + inside[start : start + size], 0.5)
    length = sum(v * v for v in counted.values()) ** 0.5 or 1.0
    return {k: v / length for k, v in counted.items()}


def _count(counted: dict[int, float], gram: str, weight: float) -> None:
    bucket = zlib.crc32(gram.encode()) % BUCKETS
    counted[bucket] = min(2 * weight, counted.get(bucket, 0.0) + weight)


def situation(
    cues: Mapping[str, float], found: Grounded, masked: str, *, has_models: bool, files: int, known_facts: float = 0.0
) -> list[float]:
    """What is known besides the words: the cues' scores by intent, what was grounded, and the text's signs."""
    named = len({m.value for m in found.files})
    told = [min(8.0, max(-3.0, cues[intent])) / 4 for intent in sorted(cues)]
    length = len(masked.split())
    return [
        *told,
        float(named == 1), float(named >= 2), float(bool(found.models)), float(len(found.columns) == 1), float(len(found.columns) >= 2),
        float(bool(found.outputs)), float(bool(found.monitors)), float(bool(found.unknown_files)), float(has_models), float(files == 1),
        float(files > 1), float(length <= 2), float(length >= 10), 1.0,
        *signs(masked, known_facts=known_facts),
    ]  # fmt: skip


@cache
def weights() -> dict[str, Any]:
    """The trained weights: intents, grams (buckets by intents), rows (which buckets are kept), more, temperature."""
    with np.load(Path(__file__).parent / "data" / "intents.npz") as stored:
        kept = {name: stored[name] for name in stored.files}
    where = np.full(BUCKETS, -1, dtype=np.int32)
    where[kept["rows"]] = np.arange(len(kept["rows"]), dtype=np.int32)
    scale = kept["scale"].astype(np.float32)
    return {
        "intents": [str(i) for i in kept["intents"]], "where": where, "grams": kept["grams"], "scale": scale,
        "more": kept["more"].astype(np.float32), "temperature": float(kept["temperature"]),
    }  # fmt: skip


def probabilities(masked: str, more: list[float]) -> dict[str, float]:
    """intent -> probability, calibrated."""
    w = weights()
    counted = ngrams(masked)
    places = w["where"][list(counted)]
    values = np.fromiter(counted.values(), dtype=np.float32, count=len(counted))
    seen = places >= 0
    logits = values[seen] @ (w["grams"][places[seen]].astype(np.float32) * w["scale"])
    logits = (logits + np.asarray(more, dtype=np.float32) @ w["more"]) / w["temperature"]
    logits = np.exp(logits - logits.max())
    return dict(zip(w["intents"], (logits / logits.sum()).tolist(), strict=True))
