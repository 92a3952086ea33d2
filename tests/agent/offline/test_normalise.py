"""Slips of common words are mended; names, quotes, paths and other languages stay as typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsmith.agent.offline.normalise import respelt, straightened, with_digits


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("trian a modle for it", "train a model for it"),
        ("the 95th perecntile", "the 95th percentile"),
        ("alert me if f1 dorps belwo 0.5", "alert me if f1 drops below 0.5"),
        ("wirte a Dcokerfile", "write a Dockerfile"),
    ],
)
def test_slips(typed: str, meant: str) -> None:
    assert respelt(typed, frozenset()) == meant


@pytest.mark.parametrize(
    "said",
    ["spell out the shorthand (pymt, acct, tmrw)", "do sweeter wines get better marks?", "quita las filas sin alcohol",
     "wie sieht students.xlsx aus?", "show `modle` and \"trian\"", "tag it trian:1.2", "profile ./trian.csv", "帮我看看"],
)  # fmt: skip
def test_what_stays(said: str) -> None:
    assert respelt(said, frozenset()) == said


def test_names_that_are_there_stay() -> None:
    assert respelt("mean of trian", frozenset(["trian"])) == "mean of trian"


@given(st.text(max_size=60))
def test_nothing_breaks_and_twice_is_once(text: str) -> None:
    once = respelt(straightened(text), frozenset())
    assert respelt(once, frozenset()) == once
    assert isinstance(with_digits(once), str)
