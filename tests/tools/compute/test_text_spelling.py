"""Spelling: slips are corrected; names, codes and the column's own words are not."""

from __future__ import annotations

import pytest

from opsmith.tools.compute.text_spelling import corrected, own_vocabulary


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("definately recieved", "definitely received"),
        ("teh box", "the box"),
        ("seperate", "separate"),
        ("tommorow", "tomorrow"),
    ],
)
def test_slips(before: str, after: str) -> None:
    assert corrected(before) == after


@pytest.mark.parametrize("text", ["Jabra W810i works", "ordr123 abc-wrng", "mail foo.baar@x.org", "vitamix kaldi"])
def test_names_and_codes_stay(text: str) -> None:
    assert corrected(text, frozenset({"vitamix", "kaldi"})) == text


def test_words_that_a_column_uses_often_are_its_own() -> None:
    texts = ["the blendtec is loud"] * 6 + ["my friend Zorbalina came"]
    assert {"blendtec", "zorbalina"} <= own_vocabulary(texts)
    assert "loud" not in own_vocabulary(texts)
