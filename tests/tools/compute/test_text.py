"""Text repairs: what changes, what must stay."""

# ruff: noqa: E501

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsmith.tools.compute import (
    augment,
    cells_dates,
    cells_numbers,
    embed,
    entities,
    pii,
    recipe,
    recipe_output,
    recipe_types,
    text,
    text_abbreviations,
    text_language,
    text_spelling,
)  # fmt: skip
from opsmith.tools.compute.steps import categories, spacing
from opsmith.tools.compute.steps.spacing import trimmed


@pytest.mark.parametrize(
    "module",
    [text, text_abbreviations, text_language, text_spelling, pii, entities, embed, augment, cells_dates, cells_numbers, recipe,
     recipe_output, recipe_types, categories, spacing],
)  # fmt: skip
def test_examples_in_docstrings_hold(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a <b>bold</b> move", "a bold move"), ("x<br/>y", "x y"), ("5 < 6 > 4", "5 < 6 > 4"), ("I <3 it", "I <3 it"), ("AT&T", "AT&T"),
        ("<script>alert(1)</script>hi", "hi"), ("&amp;lt;", "&lt;"), ("List<String>", "List<String>"),
    ],
)  # fmt: skip
def test_html(before: str, after: str) -> None:
    assert text.without_html(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("wait...", "wait..."), ("no!!!!", "no!"), ("what?!?!", "what?"), ("a ,b", "a, b"), ("1,234.5", "1,234.5"), ("10:30", "10:30"),
        ("e.g. this", "e.g. this"), ("U.S. made", "U.S. made"), ("good.Bad", "good.Bad"), ("fine.Very good", "fine. Very good"),
        ("http://x.org/a,b", "http://x.org/a, b"), ("“quoted”", '"quoted"'),
    ],
)  # fmt: skip
def test_punctuation(before: str, after: str) -> None:
    assert text.punctuated(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("cooool", "cool"),
        ("yesss", "yes"),
        ("www.x.org", "www.x.org"),
        ("1000000", "1000000"),
        ("Mississippi", "Mississippi"),
        ("!!!", "!!!"),
    ],
)
def test_stretched_words(before: str, after: str) -> None:
    assert text.unstretched(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [("shouldn't", "should not"), ("Ann's", "Ann's"), ("CAN'T", "CANNOT"), ("it’s", "it is"), ("were", "were")],
)
def test_contractions_keep_negation(before: str, after: str) -> None:
    assert text.expanded(before) == after


def test_emoji() -> None:
    assert text.emoji_as("ok 👍🏽 :-) 10:30") == "ok 10:30"
    assert text.emoji_as("👨‍👩‍👧 family") == "family"
    assert "thumbs up" in text.emoji_as("👍", "describe")


@given(st.text(max_size=120))
def test_every_repair_is_total_and_settles(value: str) -> None:
    for repair in (
        text.fixed,
        text.without_html,
        text.emoji_as,
        text.punctuated,
        text.unstretched,
        text.expanded,
        trimmed,
    ):
        assert isinstance(repair(value), str)
    assert trimmed(trimmed(value)) == trimmed(value)
