"""Short forms are spelled out only where the context allows it."""

# ruff: noqa: E501

from __future__ import annotations

import pytest

from opsmith.tools.compute.text_abbreviations import lexicon, spell_out


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("c u l8r", "c you later"), ("thx 4 ur msg", "thanks 4 your message"), ("how r u", "how are you"), ("luv it", "love it"),
        ("U r late", "You are late"), ("w/o sugar", "without sugar"), ("PLS HELP ME NOW", "PLEASE HELP ME NOW"), ("3 hrs", "3 hours"),
        ("salt n pepper", "salt and pepper"), ("pymt to acct tmrw", "payment to account tomorrow"),
    ],
)  # fmt: skip
def test_spelled_out(before: str, after: str) -> None:
    assert spell_out(before) == after


@pytest.mark.parametrize(
    "text",
    ["made in the U.S. of A", "vitamin u", "plan r", "the R language", "U-turn", "user@ur.com", "http://u.com/r", "Dr. No", "ill and max",
     "U2 is a band", "Model Y", "#lol", "r&d", "at 5 pm", "AT&T", "N. Korea", "the id of temp", "COS of the angle"],
)  # fmt: skip
def test_left_alone(text: str) -> None:
    assert spell_out(text) == text


def test_own_short_forms_always_apply_and_kept_words_never_change() -> None:
    assert spell_out("the SKU is oos", {"oos": "out of stock"}) == "the SKU is out of stock"
    assert spell_out("luv u", keep=frozenset({"luv"})) == "luv you"


def test_every_entry_of_the_lexicon_has_a_known_guard() -> None:
    guards = {
        "any",
        "slash",
        "never",
        "lower",
        "imguard",
        "number",
        "number_after",
        "alone",
        "question",
        "word",
        "between",
        "between_very",
    }
    assert {guard for _, guard in lexicon().values()} <= guards
