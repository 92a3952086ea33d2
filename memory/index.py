"""The Chroma index over the facts: one process owns its folder, everybody else searches the record without it."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from opsmith.memory.embedders import Embedder, hashed

_COLLECTION = "facts"


class Index:
    """Finds facts by nearness of meaning. Opened when first needed: importing Chroma takes a second.

    home: the .opsmith folder. model: name of the embedder, kept with the collection; another one re-embeds everything.
    embedder: makes the embedder. url: a Chroma server instead of the folder.
    """

    def __init__(self, home: Path, model: str, embedder: Callable[[], Embedder], url: str = "") -> None:
        self._home, self._model, self._make, self._url = home, model, embedder, url
        self._embed: Embedder | None = None
        self._collection: Any = None
        self._client: Any = None
        self._lock: Any = None
        self._why_not = ""

    def add(self, facts: Sequence[Mapping[str, Any]]) -> None:
        """Put facts into the index, when it is open here."""
        if facts and self._open(create=False):
            self._collection.upsert(
                ids=[f["id"] for f in facts], embeddings=self._vectors([f["text"] for f in facts]),
                documents=[f["text"] for f in facts], metadatas=[{"kind": f["kind"], "at": f["at"]} for f in facts],
            )  # fmt: skip

    def remove(self, ids: Sequence[str]) -> None:
        if ids and self._open(create=False):
            self._collection.delete(ids=list(ids))

    def scores(self, topic: str, facts: Sequence[Mapping[str, Any]], limit: int) -> dict[str, float]:
        """Cosine similarity of the nearest facts by id; without Chroma, hashed n-grams over the record."""
        if not self._open(create=True, facts=facts):
            (wanted, *vectors) = hashed([topic, *(f["text"] for f in facts)])
            near = [sum(a * b for a, b in zip(wanted, v, strict=True)) for v in vectors]
            return {f["id"]: s for f, s in zip(facts, near, strict=True)}
        found = self._collection.query(
            query_embeddings=self._vectors([topic]), n_results=min(limit, len(facts)), include=["distances"]
        )
        return {i: 1.0 - d for i, d in zip(found["ids"][0], found["distances"][0], strict=True)}

    def rebuild(self, facts: Sequence[Mapping[str, Any]]) -> None:
        """Delete the index with its folder and make it anew."""
        if self._url:
            if self._open(create=True):
                self._client.delete_collection(self._collection.name)
                self._collection = None
                self._open(create=True, facts=facts)
            return
        if not self._own():
            return
        self._forget_client()
        shutil.rmtree(self._home / "chroma", ignore_errors=True)
        if facts:
            self._open(create=True, facts=facts)

    def state(self) -> str:
        """How facts are found here, in words."""
        if self._why_not:
            return f"without Chroma ({self._why_not}); facts are found by shared words and letters"
        return f"Chroma at {self._url or self._home.name + '/chroma'}, embeddings {self._model}"

    def close(self) -> None:
        self._forget_client()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _open(self, create: bool, facts: Sequence[Mapping[str, Any]] = ()) -> bool:
        """Whether the collection can be used here. `create=False` opens only what exists or is already open."""
        if self._collection is not None:
            return True
        if not self._url and not create and not (self._home / "chroma").exists():
            return False
        if not self._own():
            return False
        try:
            self._connect(facts)
        except Exception as error:  # Chroma raises many kinds; the record is enough to go on without it
            self._why_not = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
            return False
        return True

    def _connect(self, facts: Sequence[Mapping[str, Any]]) -> None:
        import chromadb
        from chromadb.config import Settings

        quiet = Settings(anonymized_telemetry=False)
        if self._url:
            host, _, port = self._url.split("://")[-1].rstrip("/").partition(":")
            self._client = chromadb.HttpClient(host=host, port=int(port or 8000), settings=quiet)
        else:
            self._client = chromadb.PersistentClient(str(self._home / "chroma"), settings=quiet)
        name = _COLLECTION if not self._url else f"{_COLLECTION}-{_short(self._home)}"
        meta = {"hnsw:space": "cosine", "model": self._model}
        self._collection = self._client.get_or_create_collection(name, embedding_function=None, metadata=meta)
        if (self._collection.metadata or {}).get("model") != self._model:  # another embedder: embed everything anew
            self._client.delete_collection(name)
            self._collection = self._client.create_collection(name, embedding_function=None, metadata=meta)
        there = set(self._collection.get(include=[])["ids"])
        wanted = {f["id"] for f in facts}
        if there - wanted and facts:
            self._collection.delete(ids=sorted(there - wanted))
        self.add([f for f in facts if f["id"] not in there])

    def _own(self) -> bool:
        """Whether this process may use the folder: one owner at a time, as Chroma takes silent damage from two."""
        if self._url or self._lock is not None:
            return True
        handle = (self._home / "chroma.lock").open("w")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            handle.close()
            self._why_not = "another Opsmith process owns the index"
            return False
        self._lock, self._why_not = handle, ""
        return True

    def _vectors(self, texts: Sequence[str]) -> list[list[float]]:
        if self._embed is None:
            self._embed = self._make()
        return self._embed(texts)

    def _forget_client(self) -> None:
        self._collection = None
        if self._client is not None:
            with contextlib.suppress(Exception):
                self._client.clear_system_cache()
            self._client = None


def _short(home: Path) -> str:
    """A project's own collection name on a shared server: its folder's name and a hash of its path."""
    path = str(home.resolve().parent)
    return hashlib.sha256(path.encode()).hexdigest()[:16]
