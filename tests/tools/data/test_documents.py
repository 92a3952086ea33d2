"""A document of ours is read, or told in one sentence what is wrong with it."""

from __future__ import annotations

import pytest

from opsmith.tools.contract import ToolError
from opsmith.tools.data.documents import read_document


def read(text: str) -> dict[str, object]:
    return read_document(text, "it", "list of things", "things", "version and things", 1)


def test_a_mapping_with_its_version_and_entries_is_read() -> None:
    assert read("version: 1\nthings: [a]\n") == {"version": 1, "things": ["a"]}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [", "not readable YAML"),
        ("- a", "is no list of things: it needs version and things"),
        ("version: 1", "is no list of things"),
        ("version: 2\nthings: []", "has version 2; this program reads version 1"),
    ],
)
def test_anything_else_is_one_sentence(text: str, told: str) -> None:
    with pytest.raises(ToolError, match=told):
        read(text)
