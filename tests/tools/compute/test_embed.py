"""Vectors: stable, of length one, and near for texts that share words; a loopback endpoint; clear refusals."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest

from opsmith.tools.compute.embed import (
    embedding_method,
    endpoint_vectors,
    fit_lsa,
    hashed_vectors,
    lsa_vectors,
    mean_vectors,
    model_vectors,
    trained_vectors,
)  # fmt: skip
from opsmith.tools.contract import ToolError

TEXTS = ["the battery died fast", "battery dead quickly", "lovely red dress", "a red dress, lovely"] * 3


def test_hashed_vectors_are_of_length_one_and_near_for_like_texts() -> None:
    made = hashed_vectors(TEXTS, 256)
    assert np.allclose(np.linalg.norm(made, axis=1), 1, atol=1e-5)
    assert made[2] @ made[3] > made[2] @ made[0]
    assert not hashed_vectors([""], 16).any()


def test_lsa_is_plain_values_and_gives_the_same_vectors_after_json() -> None:
    fitted = fit_lsa(TEXTS, 3, 0)
    assert np.array_equal(lsa_vectors(TEXTS, fitted), lsa_vectors(TEXTS, json.loads(json.dumps(fitted))))
    with pytest.raises(ToolError, match="too few words"):
        fit_lsa(["", ""], 2, 0)


def test_mean_vectors_of_known_words() -> None:
    assert mean_vectors(["a b", "c"], {"a": [1.0, 0.0], "b": [0.0, 1.0]}, 2).tolist() == [[0.5, 0.5], [0, 0]]


def test_refusals_name_the_setting(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="embedding_model_folder"):
        model_vectors(["x"], "")
    with pytest.raises(ToolError, match="is no folder"):
        model_vectors(["x"], str(tmp_path / "none"))
    with pytest.raises(ToolError, match="embedding_url"):
        endpoint_vectors(["x"], "", "m")
    with pytest.raises(ToolError, match="did not answer"):
        endpoint_vectors(["x"], "http://127.0.0.1:9", "m")
    assert embedding_method("TF-IDF") == "lsa"
    with pytest.raises(ToolError, match="no embedding called 'magic'"):
        embedding_method("magic")


def test_word2vec_without_gensim_says_what_to_install() -> None:
    try:
        import gensim  # noqa: F401
    except ImportError:
        with pytest.raises(ToolError, match="pip install gensim"):
            trained_vectors(TEXTS, "word2vec", 8, 0)
    else:
        assert len(trained_vectors(TEXTS, "word2vec", 8, 0)["battery"]) == 8


class _Answers(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        data = [{"index": i, "embedding": [float(len(t)), 1.0]} for i, t in enumerate(asked["input"])]
        body = json.dumps({"data": data[::-1]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


@pytest.fixture
def endpoint() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()


def test_an_endpoint_is_asked_in_batches_and_answers_are_put_in_order(endpoint: str) -> None:
    made = endpoint_vectors(["x" * n for n in range(1, 101)], endpoint, "m")
    assert made[:, 0].tolist() == list(range(1, 101))
