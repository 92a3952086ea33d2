"""Turn short texts into vectors: hashed character n-grams without any download, or a model that a setting names."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

DIMENSIONS = 1024

Embedder = Callable[[Sequence[str]], list[list[float]]]


def hashed(texts: Sequence[str]) -> list[list[float]]:
    """Unit vectors of hashed character 3- to 5-grams within words, 1024 dimensions; stateless, so never refitted."""
    return [_hashed(t) for t in texts]


def _hashed(text: str) -> list[float]:
    vector = [0.0] * DIMENSIONS
    for word in re.findall(r"\w+", text.casefold()):
        padded = f" {word} "
        for size in (3, 4, 5):
            for start in range(max(1, len(padded) - size + 1)):
                code = hashlib.blake2b(padded[start : start + size].encode(), digest_size=8).digest()
                number = int.from_bytes(code, "big")
                vector[number % DIMENSIONS] += 1.0 if number >> 63 else -1.0
    length = math.sqrt(sum(v * v for v in vector)) or 1.0
    return [v / length for v in vector]


def make(name: str, settings: Mapping[str, Any]) -> Embedder:
    """The embedder of that name: `hashed`, `openai:MODEL` (any compatible server), or `folder:PATH`.

    Raises ValueError in one sentence when the name or the folder is unknown or a package is missing.
    """
    kind, _, rest = name.partition(":")
    if kind == "hashed":
        return hashed
    if kind == "openai" and rest:
        return _openai(rest, str(settings.get("base_url") or ""))
    if kind == "folder" and rest:
        return _folder(Path(rest).expanduser())
    raise ValueError(f"memory.embeddings is {name!r}; it takes hashed, openai:MODEL or folder:PATH.")


def _openai(model: str, base_url: str) -> Embedder:
    import os

    import openai

    key = os.environ.get("OPENAI_API_KEY") or ("none" if base_url else "")
    if not key:
        raise ValueError("memory.embeddings names an OpenAI model, so OPENAI_API_KEY must be set.")
    client = openai.OpenAI(api_key=key, base_url=base_url or None, timeout=30)

    def embed(texts: Sequence[str]) -> list[list[float]]:
        answer = client.embeddings.create(model=model, input=list(texts), encoding_format="float")
        return [list(one.embedding) for one in answer.data]

    return embed


def _folder(path: Path) -> Embedder:
    if not path.is_dir():
        raise ValueError(f"memory.embeddings names the folder {path}, which is not there.")
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError:
        raise ValueError("memory.embeddings names a model folder: pip install sentence-transformers.") from None
    model = SentenceTransformer(str(path), local_files_only=True)

    def embed(texts: Sequence[str]) -> list[list[float]]:
        return [[float(x) for x in row] for row in model.encode(list(texts), normalize_embeddings=True)]

    return embed
