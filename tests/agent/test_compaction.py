"""The conversation sent to a planner is bounded, and every call in it has an answer."""

from __future__ import annotations

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage

from opsmith.agent.compaction import bounded


def turn(number: int, length: int = 400) -> list[AnyMessage]:
    asked = {"name": "profile", "args": {"dataset": "a.csv"}, "id": f"c{number}", "type": "tool_call"}
    return [
        HumanMessage(f"question {number}"),
        AIMessage("", tool_calls=[asked]),
        ToolMessage("x" * length, tool_call_id=f"c{number}"),
        AIMessage(f"answer {number}"),
    ]


def test_a_short_conversation_is_sent_whole() -> None:
    messages = [m for n in range(3) for m in turn(n)]
    assert bounded(messages, 10_000) == messages


def test_the_newest_turns_stay_whole_and_older_ones_become_a_line_each() -> None:
    messages = [m for n in range(50) for m in turn(n)]
    sent = bounded(messages, 1000)
    assert sent[-4:] == messages[-4:]
    assert "question 0 [profile]" in str(sent[0].content) or "question 10 [profile]" in str(sent[0].content)
    assert sum(len(str(m.content)) for m in sent) < 12_000


def test_the_last_turn_is_sent_even_when_it_alone_is_over_the_budget() -> None:
    assert bounded(turn(0, 100_000), 10)[0].content == "question 0"


def test_a_call_cut_off_by_a_crash_gets_an_answer() -> None:
    sent = bounded(turn(0)[:2], 1000)
    assert isinstance(sent[-1], ToolMessage)
    assert sent[-1].tool_call_id == "c0"
