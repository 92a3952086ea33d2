"""Entities: precision and recall on hand-checked rows, own names first, nothing invented."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsmith.tools.compute.entities import TYPES, Gazetteer, entities_in, known_types
from opsmith.tools.contract import ToolError

LABELLED = Path(__file__).parents[2] / "data" / "entities_labelled.jsonl"
PRODUCTS = Gazetteer.of("product", ["AeroPress Go", "Nimbus 3000", "TrailLite Tent"])


def scores() -> dict[str, tuple[int, int, int]]:
    """(right, found, labelled) by source group; an entity is right when its type and its words are."""
    counts: dict[str, list[int]] = {"real": [0, 0, 0], "crafted": [0, 0, 0]}
    for line in LABELLED.read_text(encoding="utf-8").split("\n"):
        if not line:
            continue
        row = json.loads(line)
        group = counts["crafted" if row["source"] == "crafted" else "real"]
        found = Counter((e.type, e.text) for e in entities_in(row["text"], [PRODUCTS]))
        gold = Counter((kind, text) for kind, text in row["entities"])
        group[0] += sum((found & gold).values())
        group[1] += found.total()
        group[2] += gold.total()
    return {k: (v[0], v[1], v[2]) for k, v in counts.items()}


def test_precision_and_recall_on_hand_checked_rows() -> None:
    lines = [line for line in LABELLED.read_text(encoding="utf-8").split("\n") if line]
    assert len(lines) >= 100
    right, found, labelled = scores()["real"]
    assert right / found >= 0.9, (right, found)
    assert right / labelled >= 0.6, (right, labelled)
    right, found, labelled = scores()["crafted"]
    assert right / found >= 0.9, (right, found)
    assert right / labelled >= 0.9, (right, labelled)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I may march in august company.", []),
        ("Vitamin C and plan B", []),
        ("Paris Hilton", [("place", "Paris")]),
        ("he said hi", []),
        ("", []),
    ],
)
def test_words_that_only_look_like_entities(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(e.type, e.text) for e in entities_in(text)] == expected


def test_own_names_win_over_lists_and_forgive_case_and_dashes() -> None:
    own = Gazetteer.of("product", ["Apple Watch", "a.b*c("])
    assert [(e.type, e.text) for e in entities_in("my APPLE-watch and a.b*c( broke", [own])] == [
        ("product", "APPLE-watch"),
        ("product", "a.b*c("),
    ]


def test_own_names_are_written_as_the_list_has_them() -> None:
    found = [PRODUCTS.usual(e.text) for e in PRODUCTS.find("two nimbus-3000s, an AEROPRESS GO")]
    assert found == ["Nimbus 3000", "AeroPress Go"]
    assert PRODUCTS.usual("something else") == "something else"


def test_types_can_be_named_in_other_words_and_unknown_ones_are_refused() -> None:
    assert known_types(["people", "Prices"]) == ("person", "money")
    with pytest.raises(ToolError, match="no entity type 'colour'"):
        known_types(["colour"])


@given(st.text(max_size=200))
def test_every_entity_stands_in_the_text_where_it_says_and_none_overlap(text: str) -> None:
    found = entities_in(text)
    assert all(text[e.start : e.end] == e.text and e.type in TYPES for e in found)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
