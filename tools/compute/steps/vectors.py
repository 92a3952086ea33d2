"""The step `embed`: each text becomes a vector, kept as one column of numbers a dimension."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa

from opsmith.tools.compute import embed
from opsmith.tools.compute.cells import Batch
from opsmith.tools.compute.recipe import Step
from opsmith.tools.compute.steps import Fitted, Source, StepKind
from opsmith.tools.contract import ToolError
from opsmith.tools.data.answers import Answers
from opsmith.tools.data.table import quoted

_LEARN_FROM = 50_000  # texts that LSA and word vectors are fitted on


def _fit_embed(source: Source, step: Step) -> Fitted:
    """Vocabulary and axes for the methods that learn; nothing for the others."""
    method = embed.embedding_method(str(step.options.get("method", "hashed")))
    size = int(step.options.get("dimensions") or embed.DIMENSIONS.get(method, 0))
    fitted: Fitted = {"method": method, "dimensions": size, "model": model_name(step)}
    if method in ("lsa", "word2vec", "fasttext"):
        for column in step.columns:
            rows = source.sql(
                f"SELECT {quoted(column)}::VARCHAR FROM data WHERE {quoted(column)} IS NOT NULL LIMIT {_LEARN_FROM}"
            )
            texts = [row[0] for row in rows]
            learned = (
                embed.fit_lsa(texts, size, source.seed)
                if method == "lsa"
                else embed.trained_vectors(texts, method, size, source.seed)
            )
            fitted[f"learned:{column}"] = learned
    return fitted


def _embed(batch: Batch, step: Step, fitted: Fitted) -> None:
    for column in step.columns:
        texts = [t or "" for t in batch.array(column).cast(pa.string()).to_pylist()]
        vectors = _vectors(texts, column, step, fitted)
        if vectors is None:
            continue  # a server has to be asked first
        if step.options.get("as") == "list":
            batch.add(f"{column}_vector", pa.array(list(vectors), pa.list_(pa.float32())))
        else:
            for number in range(vectors.shape[1]):
                batch.add(f"{column}_e{number:03d}", pa.array(vectors[:, number], pa.float32()))
        if step.options.get("drop_text"):
            batch.drop([column])


def _vectors(texts: list[str], column: str, step: Step, fitted: Fitted) -> np.ndarray | None:
    method, size = fitted["method"], fitted["dimensions"]
    if method == "hashed":
        return embed.hashed_vectors(texts, size)
    if method == "lsa":
        return embed.lsa_vectors(texts, fitted[f"learned:{column}"])
    if method in ("word2vec", "fasttext"):
        return embed.mean_vectors(texts, fitted[f"learned:{column}"], size)
    return _kept_vectors(texts, step, fitted)


def _kept_vectors(texts: list[str], step: Step, fitted: Fitted) -> np.ndarray | None:
    """Vectors by a large model, each text once: kept ones first, then the folder's model; a server is never asked here.

    None while a text has no answer of the server yet; those texts are noted in fitted["unanswered"].
    """
    kept = Answers(step.options.get("cache"), about_of(step))
    different = list(dict.fromkeys(texts))
    known = {t: np.frombuffer(v, dtype=np.float32) for t, v in kept.known(different).items()}
    lacking = [t for t in different if t not in known]
    if lacking and fitted["method"] == "endpoint":
        fitted.setdefault("unanswered", []).extend(lacking)
    if fitted.get("unanswered"):
        return None
    if lacking:
        made = embed.model_vectors(lacking, str(step.options.get("embedding_model_folder", "")))
        kept.keep({t: v.astype(np.float32).tobytes() for t, v in zip(lacking, made, strict=True)})
        known.update(zip(lacking, made, strict=True))
    vectors = np.stack([known[t] for t in texts]) if texts else np.zeros((0, fitted["dimensions"]), dtype=np.float32)
    fitted["dimensions"] = int(vectors.shape[1])
    return vectors


def about_of(step: Step) -> str:
    """Under which name vectors are kept: the server's model, or the folder with the state of its files."""
    if embed.embedding_method(str(step.options.get("method"))) == "endpoint":
        if not str(step.options.get("embedding_url", "")).startswith(("http://", "https://")):
            raise ToolError("The endpoint embedding needs the setting embedding_url, such as http://localhost:8080/v1.")
        return f"embed:{step.options.get('embedding_url')}:{model_name(step)}"
    folder = Path(str(step.options.get("embedding_model_folder", ""))).expanduser()
    files = sorted(p for p in folder.rglob("*") if p.is_file()) if folder.is_dir() else []
    state = [f"{p.relative_to(folder)}:{p.stat().st_size}:{p.stat().st_mtime_ns}" for p in files]
    return f"embed:{folder}:{hashlib.sha256(chr(10).join(state).encode()).hexdigest()}"


def model_name(step: Step) -> str:
    """The model behind the vectors, for the file's metadata."""
    method = embed.embedding_method(str(step.options.get("method", "hashed")))
    if method == "endpoint":
        return str(step.options.get("embedding_model") or "embedding")
    if method == "bert":
        return Path(str(step.options.get("embedding_model_folder", ""))).name
    return {"hashed": "hashed letter groups of 3 to 5", "lsa": "LSA over TF-IDF"}.get(method, f"{method} (own texts)")


KINDS = (StepKind("embed", _embed, _fit_embed),)
