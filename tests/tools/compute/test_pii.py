"""Personal data: found by checks, masked in three ways."""

# ruff: noqa: E501

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsmith.tools.compute.pii import find_personal, is_card, is_iban, known_kinds, masked
from opsmith.tools.contract import ToolError


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("ann.lee+x@mail.example.co.uk", "email"), ("4111-1111-1111-1111", "card"), ("DE89 3704 0044 0532 0130 00", "iban"),
        ("GB82WEST12345698765432", "iban"), ("123-45-6789", "national_id"), ("AB 12 34 56 C", "national_id"), ("192.168.0.1", "ip"),
        ("+44 20 7946 0958", "phone"), ("(212) 555-0136", "phone"),
    ],
)  # fmt: skip
def test_found(text: str, kind: str) -> None:
    (found,) = find_personal(f"see {text} please")
    assert (found.kind, found.text) == (kind, text)


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112",
        "order 1234567890123",
        "DE89 3704 0044 0532 0130 01",
        "version 1.2.3",
        "2024-03-05",
        "a@b",
        "1,234,567",
    ],
)
def test_not_found(text: str) -> None:
    assert find_personal(text) == []


def test_masking_hashing_and_dropping() -> None:
    text = "from ann@x.org to Ann@X.org"
    assert masked(text) == "from [EMAIL] to [EMAIL]"
    assert masked(text, how="drop") == "from to"
    first, second = masked(text, how="hash").removeprefix("from ").split(" to ")
    assert first == second != masked("ann@x.org", how="hash", salt="other")
    with pytest.raises(ToolError, match="shoe_size"):
        known_kinds(["shoe size"])


def test_check_digits() -> None:
    assert is_card("5500005555555559")
    assert not is_card("0000000000000000")
    assert is_iban("FR14 2004 1010 0505 0001 3M02 606")


@given(st.text(max_size=80))
def test_masking_never_fails_and_leaves_the_rest(text: str) -> None:
    found = find_personal(text)
    if not found:
        assert masked(text) == text
