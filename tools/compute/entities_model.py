"""Entities by a language model: what is asked in which batches, and what of the answer holds against the text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from opsmith.tools.compute.entities import TYPES, Entity

VERSION = 1  # of the question; part of the key under which answers are kept
UNREAD = b"null"  # kept for a text whose answers could not be read, so that it is not paid for again
_TEXTS, _LETTERS = 20, 8_000  # most of both in one request
_MOST_LETTERS = 6_000  # of one text; what lies beyond is not asked about
_PROMPT_TOKENS = 330
_CONFIDENCE = 0.9


def about(model: str, kinds: Sequence[str]) -> str:
    """Whose answers these are, for the cache."""
    return f"entities:{model}:{','.join(sorted(kinds))}:{VERSION}"


def batches(texts: Sequence[str]) -> Iterator[list[str]]:
    """Texts in requests of at most 20 texts and about 8,000 letters."""
    batch: list[str] = []
    letters = 0
    for text in texts:
        size = min(len(text), _MOST_LETTERS)
        if batch and (len(batch) >= _TEXTS or letters + size > _LETTERS):
            yield batch
            batch, letters = [], 0
        batch.append(text)
        letters += size
    if batch:
        yield batch


def question(texts: Sequence[str]) -> str:
    """The texts as JSON, numbered; data for the model, never part of the instruction."""
    return json.dumps({str(n): t[:_MOST_LETTERS] for n, t in enumerate(texts)}, ensure_ascii=False)


def estimate(texts: Sequence[str]) -> tuple[int, int, int]:
    """(requests, tokens in, tokens out): four letters a token, about 30 tokens of answer a text."""
    requests = sum(1 for _ in batches(texts))
    letters = sum(min(len(t), _MOST_LETTERS) for t in texts)
    return requests, letters // 4 + 8 * len(texts) + _PROMPT_TOKENS * requests, 30 * len(texts)


def answered(reply: str, texts: Sequence[str], kinds: Sequence[str] = TYPES) -> dict[str, bytes]:
    """The kept form of a reply: {text: entities}, without texts that the reply leaves out.

    An entity that does not occur in its text, or is of another type, is dropped. ValueError when it is no JSON object.
    """
    told = json.loads(_json_in(reply))
    if not isinstance(told, dict):
        raise ValueError("the answer is no JSON object")
    found: dict[str, bytes] = {}
    for number, text in enumerate(texts):
        listed = told.get(str(number))
        if isinstance(listed, list):
            found[text] = json.dumps(list(_held(listed, text, kinds))).encode()
    return found


def read(kept: bytes, text: str) -> list[Entity]:
    """Entities from their kept form."""
    return [Entity(k, text[a:b], a, b, _CONFIDENCE) for k, a, b in json.loads(kept)]


def _held(listed: Sequence[object], text: str, kinds: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """(type, start, end) of what the text really holds, each place once."""
    seen: set[tuple[int, int]] = set()
    for item in listed:
        if not isinstance(item, dict):
            continue
        kind, words = str(item.get("type", "")).lower(), str(item.get("text", "")).strip()
        if kind not in kinds or not words:
            continue
        for match in _places(words, text):
            if match.span() not in seen:
                seen.add(match.span())
                yield kind, *match.span()


def _places(words: str, text: str) -> list[re.Match[str]]:
    """Where the words stand in the text as words of their own; capitals count unless that finds nothing."""
    edge_before, edge_after = (r"(?<!\w)" if words[0].isalnum() else ""), (r"(?!\w)" if words[-1].isalnum() else "")
    pattern = f"{edge_before}{re.escape(words)}{edge_after}"
    return list(re.finditer(pattern, text)) or list(re.finditer(pattern, text, re.IGNORECASE))


def _json_in(reply: str) -> str:
    """The JSON object of a reply that may stand in a code block or between words."""
    start, end = reply.find("{"), reply.rfind("}")
    if start < 0 or end < start:
        raise ValueError("the answer holds no JSON object")
    return reply[start : end + 1]
