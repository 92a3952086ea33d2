"""Merging by lines: untouched files take ours whole, edits stay, nothing of theirs is ever lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsmith.tools.compute.deployment.merging import merge

LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "d\n", "x: 1\n"]), max_size=8).map("".join)


@pytest.mark.parametrize(
    ("base", "theirs", "ours", "text", "conflicts"),
    [("a\nb\nc\n", "a\nb\nc\n", "a\nB\nc\n", "a\nB\nc\n", 0),
     ("a\nb\nc\n", "a\nmine\nb\nc\n", "a\nb\nC\n", "a\nmine\nb\nC\n", 0),
     ("a\nb\nc\n", "a\nM\nc\n", "a\nO\nc\n", "a\nM\nc\n", 1),
     ("a\nb\n", "", "a\nb\nc\n", "", 1),
     ("a\nb\n", "a\nX\n", "a\nX\n", "a\nX\n", 0)],
)  # fmt: skip
def test_changes_meet(base, theirs, ours, text, conflicts):
    found = merge(base, theirs, ours)
    assert (found.text, len(found.left_out)) == (text, conflicts)


@given(LINES, LINES)
def test_an_unedited_file_becomes_ours_and_an_unchanged_plan_leaves_theirs(base, other):
    assert merge(base, base, other).text == other
    assert merge(base, other, base).text == other
    assert merge(base, other, other).text == other


@given(LINES, LINES, LINES)
def test_a_line_that_only_they_have_is_never_lost(base, theirs, ours):
    edited = theirs + "only theirs\n"
    assert "only theirs\n" in merge(base, edited, ours).text
