"""The model judge grades tone over HTTP; what it says never changes whether a play passed."""

from __future__ import annotations

import pytest
from langchain_core.messages import AIMessage

from opsmith.evals.loopback import server
from opsmith.evals.tone import grade
from opsmith.evals.trace import Play, TurnTrace
from opsmith.tools.contract import ToolError


@pytest.mark.parametrize(("said", "wanted"), [("5", 1.0), ("I would say 3.", 0.5), ("excellent!", None)])
def test_a_grade_is_read_from_the_answer(said: str, wanted: float | None) -> None:
    asked: list[str] = []

    def answer(messages, tools):  # type: ignore[no-untyped-def]
        asked.append(str(messages[-1].content))
        return AIMessage(said)

    play = Play("a", "as written", turns=[TurnTrace(1, "profile a.csv", said=["Three columns."])])
    with server(answer) as url:
        assert grade(play, "openai:judge", {"base_url": url, "retries": 0}) == wanted
    assert "Person: profile a.csv\nAgent: Three columns." in asked[0]
    assert play.passed


def test_a_judge_that_cannot_be_reached_is_told() -> None:
    play = Play("a", "as written", turns=[TurnTrace(1, "hi")])
    with pytest.raises(ToolError, match="cannot be reached"):
        grade(play, "openai:judge", {"base_url": "http://127.0.0.1:9/v1", "retries": 0})
