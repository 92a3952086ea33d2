"""Forgetting is proposed for exact facts, and asks when it is not clear which."""

from pathlib import Path

import pytest

from opsmith.agent.effects import Place, effect_of
from opsmith.tools.contract import NeedsAnswer, ToolError
from opsmith.tools.forget import forget

from .conversation import context_with

FACTS = ("Wine project: the label is quality.", "Alerts go to the on-call channel.")


def test_the_named_fact_is_proposed_and_only_a_yes_deletes_it(project: Path) -> None:
    context = context_with(project, *FACTS)
    (action,) = forget("the note about the wine label", context=context).actions
    assert not action.reversible
    assert len(action.arguments["facts"]) == 1
    memory = context.services.memory  # type: ignore[union-attr]
    assert len(memory.facts()) == 2
    effect_of("forget").apply(action.arguments, Place(project, "a1", "ada", memory=memory))
    assert [f["text"] for f in memory.facts()] == [FACTS[1]]


def test_everything_is_everything(project: Path) -> None:
    (action,) = forget("everything", context=context_with(project, *FACTS)).actions
    assert len(action.arguments["facts"]) == 2


def test_an_unclear_wish_is_asked_about(project: Path) -> None:
    with pytest.raises(NeedsAnswer) as asked:
        forget("zzzz qqqq", context=context_with(project, *FACTS))
    assert set(asked.value.choices) == set(FACTS)
    with pytest.raises(NeedsAnswer):
        forget(context=context_with(project, *FACTS))


def test_an_empty_memory_is_said(project: Path) -> None:
    with pytest.raises(ToolError, match="Nothing is remembered"):
        forget("x", context=context_with(project))
