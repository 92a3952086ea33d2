"""Secrets are masked, deceptive text is plain, and ordinary text stays as it is."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsmith.memory.redaction import MASK, mask, plain


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("OPENAI_API_KEY=sk-proj-abcdefghijklmnop1234", "abcdefghijklmnop1234"),
        ("use sk-abcdefghijklmnopqrst please", "abcdefghijklmnopqrst"),
        ("postgresql://ada:hunter2@db.example/x", "hunter2"),
        ("password: correcthorse", "correcthorse"),
        ('{"token": "abcd1234efgh"}', "abcd1234efgh"),
        ("xoxb-1234567890-abcdefghij", "1234567890-abcdefghij"),
        ("AKIAIOSFODNN7EXAMPLE", "IOSFODNN7"),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "abcdefghijklmnopqrstuvwxyz"),
        ("Authorization: Bearer abcdefghijklmnop", "abcdefghijklmnop"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----", "MIIEow"),
        ("eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.SflKxwRJSMeKKF2QT4", "SflKxwRJSMeKKF2QT4"),
    ],
)
def test_a_secret_is_masked_once_and_for_all(text: str, secret: str) -> None:
    masked = mask(text)
    assert secret not in masked
    assert MASK in masked
    assert mask(masked) == masked


@pytest.mark.parametrize(
    "text",
    [
        "the token count is 12",
        "tokens used: 8",
        "password is missing",
        "a-b_c",
        "https://example.org/a?b=c",
        "secret: null",
        "auc: 0.91",
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    assert mask(text) == text


@given(st.text())
def test_plain_text_has_no_escapes_and_is_plain_already(text: str) -> None:
    cleaned = plain(text)
    assert "\x1b" not in cleaned
    assert "\u202e" not in cleaned
    assert plain(cleaned) == cleaned


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "S", "Zs"])))
def test_letters_numbers_and_signs_stay(text: str) -> None:
    assert plain(text) == text


def test_it_imports_nothing_heavy() -> None:
    program = "import sys, opsmith.memory.redaction; print({'chromadb', 'numpy', 'pydantic'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
