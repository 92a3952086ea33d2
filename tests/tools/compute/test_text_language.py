"""Languages by small words and script; sentences; stop words without negation."""

# ruff: noqa: E501

from __future__ import annotations

import pytest

from opsmith.tools.compute.text_language import language_of, sentences, without_stop_words


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("This is not what I had in mind for the price", "en"), ("Das Gerät ist leider nicht so gut und war zu teuer", "de"),
        ("Le produit est très bon mais je ne suis pas content", "fr"), ("El producto no es bueno pero muy caro", "es"),
        ("Это очень хороший товар", "ru"), ("とても良い商品です", "ja"), ("这个产品很好", "zh"), ("", ""), ("12345 !!", ""), ("ok", ""),
    ],
)  # fmt: skip
def test_languages(text: str, code: str) -> None:
    assert language_of(text) == code


def test_sentences_do_not_end_at_abbreviations() -> None:
    assert sentences("It cost approx. 5 USD. Mr. Lee paid! ok? Yes.") == [
        "It cost approx. 5 USD.",
        "Mr. Lee paid! ok?",
        "Yes.",
    ]
    assert sentences("") == []


def test_negation_is_no_stop_word() -> None:
    assert "not" in without_stop_words("this is not the one").split()
