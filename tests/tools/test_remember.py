"""A fact is handed to memory in the person's words."""

from pathlib import Path

import pytest

from opsmith.tools.contract import ToolError
from opsmith.tools.remember import remember

from .conversation import context_with


def test_the_sentence_becomes_a_note_and_nothing_else(project: Path) -> None:
    result = remember("  the label is   quality. ", context=context_with(project))
    assert [n.text for n in result.notes] == ["the label is quality"]
    assert result.actions == ()


@pytest.mark.parametrize("empty", ["", "   ", " : "])
def test_nothing_cannot_be_remembered(project: Path, empty: str) -> None:
    with pytest.raises(ToolError, match="nothing to remember"):
        remember(empty, context=context_with(project))
