"""The embedded default is stateless and needs no download; other embedders are named by a setting."""

from __future__ import annotations

import json
import math
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsmith.memory.embedders import DIMENSIONS, hashed, make


@given(st.text(min_size=1, max_size=200))
def test_vectors_are_of_unit_length_and_the_same_every_time(text: str) -> None:
    (vector,) = hashed([text])
    assert len(vector) == DIMENSIONS
    length = math.sqrt(sum(v * v for v in vector))
    assert length == pytest.approx(1.0) or length == 0.0
    assert hashed([text]) == [vector]


def test_like_words_are_near() -> None:
    near, far, query = hashed(["customers churned", "container image", "customer churn"])
    assert sum(a * b for a, b in zip(query, near, strict=True)) > 3 * abs(
        sum(a * b for a, b in zip(query, far, strict=True))
    )


class Endpoint(BaseHTTPRequestHandler):
    """A loopback embeddings endpoint: a text's vector is its length."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        data = [
            {"object": "embedding", "index": i, "embedding": [float(len(t)), 1.0]} for i, t in enumerate(asked["input"])
        ]
        body = json.dumps(
            {"object": "list", "data": data, "model": asked["model"], "usage": {"prompt_tokens": 1, "total_tokens": 1}}
        )
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def test_a_compatible_endpoint_can_embed() -> None:
    server = HTTPServer(("127.0.0.1", 0), Endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    embed = make("openai:some-model", {"base_url": f"http://127.0.0.1:{server.server_port}/v1"})
    assert embed(["abc", "abcde"]) == [[3.0, 1.0], [5.0, 1.0]]
    server.shutdown()


@pytest.mark.parametrize("name", ["word2vec", "openai:", "folder:/nowhere/at/all"])
def test_an_unknown_embedder_is_told(name: str) -> None:
    with pytest.raises(ValueError, match="memory.embeddings"):
        make(name, {})
