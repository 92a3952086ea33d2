"""Vectors of large models are kept by the content's hash, named in the file, and never asked for by themselves."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from opsmith.tools.clean import clean
from opsmith.tools.contract import Context, Result

TEXTS = ["a good phone", "a bad phone", "a good phone", ""]


@pytest.fixture
def model_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stub of a sentence-transformers folder and of the library: the length and the vowels of a text."""
    folder = tmp_path / "tiny-bert"
    folder.mkdir()
    (folder / "config.json").write_text("{}")

    class Model:
        asked: list[str] = []  # noqa: RUF012

        def __init__(self, path: str, local_files_only: bool) -> None:
            assert local_files_only and path == str(folder)

        def encode(self, texts: list[str], **options: Any) -> np.ndarray:
            Model.asked += texts
            return np.array([[len(t), sum(ch in "aeiou" for ch in t)] for t in texts], dtype=float)

    module = types.ModuleType("sentence_transformers")
    module.SentenceTransformer = Model  # type: ignore[attr-defined]
    module.__spec__ = types.SimpleNamespace()  # type: ignore[assignment]
    monkeypatch.setitem(sys.modules, "sentence_transformers", module)
    from opsmith.tools.compute import embed

    embed._model.cache_clear()
    return folder


def embedded(project: Path, settings: dict[str, Any], method: str) -> tuple[Result, Any]:
    rows = "".join(f'{n},"{t}"\n' for n, t in enumerate(TEXTS))
    (project / "t.csv").write_text("id,review\n" + rows)
    made = clean(
        "t.csv", operations=["embed"], columns=["review"], method=method, n=2, output="v.parquet",
        context=Context(project, settings=settings),
    )  # fmt: skip
    staged = next(f for f in made.actions[0].arguments["files"] if f["path"] == "v.parquet")["staged"]
    return made, pq.read_table(project / staged)


def test_a_model_in_a_folder_reads_each_text_once(project: Path, model_folder: Path) -> None:
    settings = {"embedding_model_folder": str(model_folder)}
    _, table = embedded(project, settings, "bert")
    assert table["review_e000"].to_pylist() == [12, 11, 12, 0]
    asked = sys.modules["sentence_transformers"].SentenceTransformer.asked
    assert asked == ["a good phone", "a bad phone", ""]
    assert table.schema.metadata[b"embedding_model"] == b"tiny-bert"
    assert table.schema.metadata[b"embedding_dimensions"] == b"2"
    embedded(project, settings, "bert")
    assert len(asked) == 3  # kept from the first run
    (model_folder / "config.json").write_text('{"other": 1}')  # another model now
    embedded(project, settings, "bert")
    assert len(asked) == 6


@pytest.mark.parametrize("method", ["word2vec", "fasttext"])
def test_word_vectors_are_trained_on_the_users_own_texts(project: Path, method: str) -> None:
    pytest.importorskip("gensim")
    made, table = embedded(project, {}, method)
    assert "proposed in its place" not in made.headline
    assert table["review_e000"].to_pylist()[0] == table["review_e000"].to_pylist()[2] != 0
    assert table.schema.metadata[b"embedding_model"] == f"{method} (own texts)".encode()
    assert embedded(project, {}, method)[1].equals(table)


@pytest.mark.parametrize("method", ["hashed", "tfidf"])
def test_the_embedded_methods_name_themselves(project: Path, method: str) -> None:
    _, table = embedded(project, {}, method)
    assert table.schema.metadata[b"embedding_model"] in (b"hashed letter groups of 3 to 5", b"LSA over TF-IDF")
