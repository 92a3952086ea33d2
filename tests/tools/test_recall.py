"""Answers name the fact and where it came from."""

from pathlib import Path

from opsmith.tools.recall import recall

from .conversation import context_with


def test_a_fact_comes_back_with_its_source(project: Path) -> None:
    result = recall("which label for wine?", context=context_with(project, "Wine project: the label is quality."))
    assert "the label is quality" in result.headline
    assert "told, by ada" in result.headline


def test_nothing_known_is_said(project: Path) -> None:
    assert recall("the moon", context=context_with(project)).headline == "Nothing is remembered about the moon."


def test_without_a_topic_the_newest_facts_are_listed(project: Path) -> None:
    assert "a is 1" in recall(context=context_with(project, "a is 1", "b is 2")).headline
