"""Mask secrets, and take terminal escapes and deceptive Unicode out of text. Imports in milliseconds."""

from __future__ import annotations

import re
import unicodedata

MASK = "•••"

_SECRETS: tuple[tuple[re.Pattern[str], str], ...] = (
    # scheme://user:password@host keeps user and host
    (re.compile(r"(?P<keep>\b[a-z][a-z0-9+.-]*://[^\s:/@]+:)[^\s@/]+(?=@)", re.IGNORECASE), r"\g<keep>" + MASK),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), MASK),
    (re.compile(r"\b(?:sk|pk|rk)-[A-Za-z0-9_-]{16,}"), MASK),  # OpenAI and others
    (re.compile(r"\bxox[abeprs]-[A-Za-z0-9-]{10,}|\bxapp-[A-Za-z0-9-]{10,}"), MASK),  # Slack
    (re.compile(r"\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}"), MASK),
    (re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"), MASK),  # AWS key ids
    (re.compile(r"\bAIza[0-9A-Za-z_-]{30,}"), MASK),  # Google
    (re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{5,}"), MASK),  # JWT
    (re.compile(r"(?P<keep>\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/-]{12,}=*", re.IGNORECASE), r"\g<keep>" + MASK),
    (
        re.compile(
            r"""(?P<keep>\b[\w-]*(?:password|passwd|secret|token|api[_-]?key|access[_-]?key|pwd)["']?\s*[:=]\s*["']?)"""
            r"""(?!None\b|null\b|true\b|false\b|•)[^\s"',;}{)\]]{4,}""",
            re.IGNORECASE,
        ),
        r"\g<keep>" + MASK,
    ),
)

_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[@-Z\\-_])|\x9b[0-?]*[ -/]*[@-~]"
)
_KEPT = {"\n", "\t"}


def mask(text: str) -> str:
    """The text with keys, tokens, passwords and the passwords of connection strings replaced.

    >>> mask("postgresql://ada:hunter2@db/x")
    'postgresql://ada:•••@db/x'
    """
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def plain(text: str) -> str:
    """The text without terminal escapes, control characters, and characters that reorder or hide text.

    >>> plain("a\\x1b[31mb\\u202ec")
    'abc'
    """
    text = _ESCAPES.sub("", text).replace("\r\n", "\n")
    return "".join(ch for ch in text if ch in _KEPT or not _deceptive(ch))


def _deceptive(ch: str) -> bool:
    """Control, format (bidi, zero width, tags), surrogate and private characters; a joiner of emoji stays."""
    return ch != "\u200d" and unicodedata.category(ch) in {"Cc", "Cf", "Cs", "Co"}
