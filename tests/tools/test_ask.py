"""A question carries its choices and what is known so far."""

from pathlib import Path

import pytest

from opsmith.tools.ask import ask
from opsmith.tools.contract import Context, ToolError


def test_a_question_keeps_what_is_known(project: Path) -> None:
    result = ask(
        question="Which file?", choices=["a.csv"], tool="train", arguments={"target": "y"}, context=Context(project)
    )
    assert result.headline == "Which file?"
    assert result.data == {"choices": ["a.csv"], "tool": "train", "arguments": {"target": "y"}}


def test_an_empty_question_is_none(project: Path) -> None:
    with pytest.raises(ToolError):
        ask(question=" ", context=Context(project))
