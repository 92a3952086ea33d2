"""The step `embed`: each text becomes a vector, kept as one column of numbers a dimension."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from opsmith.tools.compute import embed
from opsmith.tools.compute.cells import Batch
from opsmith.tools.compute.recipe import Step
from opsmith.tools.compute.steps import Fitted, Source, StepKind
from opsmith.tools.data.table import quoted

_LEARN_FROM = 50_000  # texts that LSA and word vectors are fitted on


def _fit_embed(source: Source, step: Step) -> Fitted:
    """Vocabulary and axes for the methods that learn; nothing for the others."""
    method = embed.embedding_method(str(step.options.get("method", "hashed")))
    size = int(step.options.get("dimensions") or embed.DIMENSIONS.get(method, 0))
    fitted: Fitted = {"method": method, "dimensions": size}
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
        if step.options.get("as") == "list":
            batch.add(f"{column}_vector", pa.array(list(vectors), pa.list_(pa.float32())))
        else:
            for number in range(vectors.shape[1]):
                batch.add(f"{column}_e{number:03d}", pa.array(vectors[:, number], pa.float32()))
        if step.options.get("drop_text"):
            batch.drop([column])


def _vectors(texts: list[str], column: str, step: Step, fitted: Fitted) -> np.ndarray:
    method, size = fitted["method"], fitted["dimensions"]
    if method == "hashed":
        return embed.hashed_vectors(texts, size)
    if method == "lsa":
        return embed.lsa_vectors(texts, fitted[f"learned:{column}"])
    if method in ("word2vec", "fasttext"):
        return embed.mean_vectors(texts, fitted[f"learned:{column}"], size)
    if method == "bert":
        return embed.model_vectors(texts, str(step.options.get("embedding_model_folder", "")))
    return embed.endpoint_vectors(
        texts, str(step.options.get("embedding_url", "")), str(step.options.get("embedding_model", "embedding"))
    )


KINDS = (StepKind("embed", _embed, _fit_embed),)
