"""Steps for the form of text cells: outer and repeated spaces, invisible characters, capitals."""

from __future__ import annotations

import re
import unicodedata

from opsmith.tools.compute.cells import Batch, is_text
from opsmith.tools.compute.recipe import Step
from opsmith.tools.compute.steps import Fitted, StepKind

_INVISIBLE = re.compile("[\u200b\u200c\u200d\u2060\ufeff\u00ad\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]")
_SPACES = re.compile(r"[ \t\u00a0\u2000-\u200a\u202f\u205f\u3000]+")
_TO_TRIM = re.compile(
    "^\\s|\\s$|[ \t]{2}|"
    "[\u00a0\u2000-\u200a\u202f\u205f\u3000\t\u200b\u2060\ufeff\u00ad\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]"
)


def trimmed(text: str) -> str:
    """Text without outer spaces, runs of spaces and invisible characters; line ends and joined emoji stay.

    >>> trimmed("  New \\u00a0 York ")
    'New York'
    """
    if not _TO_TRIM.search(text):
        return text
    joined = text if "\u200d" not in text else _keep_joiners(text)
    return _SPACES.sub(" ", _INVISIBLE.sub("", joined)).replace("\ue000", "\u200d").strip()


def _keep_joiners(text: str) -> str:
    """Zero-width joiners between two symbols make one emoji; they are kept as a private character meanwhile."""
    marks = list(text)
    for i in range(1, len(marks) - 1):
        if marks[i] == "\u200d" and unicodedata.category(marks[i + 1]) in ("So", "Sk"):
            marks[i] = "\ue000"
    return "".join(marks)


def _trim(batch: Batch, step: Step, fitted: Fitted) -> None:
    for column in step.columns:
        if is_text(batch.table.schema.field(column).type):
            batch.map(column, trimmed)


def _lowercase(batch: Batch, step: Step, fitted: Fitted) -> None:
    for column in step.columns:
        if is_text(batch.table.schema.field(column).type):
            batch.map(column, str.lower)


KINDS = (StepKind("trim", _trim), StepKind("lowercase", _lowercase))
