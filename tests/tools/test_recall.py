"""Answers name the fact and where it came from."""

from pathlib import Path

import pytest

from opsmith.tools.contract import NeedsAnswer
from opsmith.tools.data import registry
from opsmith.tools.recall import recall

from .conversation import context_with


def test_a_fact_comes_back_with_its_source(project: Path) -> None:
    result = recall("which label for wine?", context=context_with(project, "Wine project: the label is quality."))
    assert "the label is quality" in result.headline
    assert "told, by ada" in result.headline


def test_nothing_known_is_said(project: Path) -> None:
    assert recall("the moon", context=context_with(project)).headline == "Nothing is remembered about the moon."


@pytest.mark.parametrize(
    "words", ["what do you remember?", "What have you remembered so far", "what do you know about me?"]
)
def test_a_question_for_all_that_is_remembered_lists_it(words: str, project: Path) -> None:
    assert recall(words, context=context_with(project)).headline == "Nothing is remembered."
    assert "a is 1" in recall(words, context=context_with(project, "a is 1")).headline


def test_without_a_topic_the_newest_facts_are_listed(project: Path) -> None:
    assert "a is 1" in recall(context=context_with(project, "a is 1", "b is 2")).headline


def test_the_registry_answers_for_any_version_and_not_the_memory(project: Path) -> None:
    registered(project, "churn_model", {"path": "jan.csv", "rows": 1500}, 0.80)
    registered(project, "churn_model", {"path": "feb.csv", "rows": 1700}, 0.85)
    context = context_with(project, "The AUC of churn_model is 0.99, somebody said.")
    last = recall("what was the AUC last time?", context=context)
    assert "version 2" in last.headline and "auc 0.85" in last.headline and "0.99" not in last.headline
    assert "jan.csv, 1,500 rows" in recall("which data was v1 trained on?", context=context).headline
    changed = recall("what changed between v1 and v2?", context=context)
    assert "trained on jan.csv → feb.csv" in changed.headline and changed.tables[0].title == "What changed"
    assert "version 1" in recall(model="churn_model", version=1, metric="auc", context=context).headline
    assert recall(model="churn_model", version=["1", "2"], topic="changes", context=context).data["versions"] == [1, 2]


def test_of_several_models_it_asks_which(project: Path) -> None:
    registered(project, "churn_model", {"path": "jan.csv"}, 0.80)
    registered(project, "fraud_model", {"path": "feb.csv"}, 0.85)
    with pytest.raises(NeedsAnswer, match="Which model: churn_model, fraud_model"):
        recall("which data was v1 trained on?", context=context_with(project))
    assert "feb.csv" in recall("which data was v1 of fraud_model trained on?", context=context_with(project)).headline


def registered(project: Path, name: str, data: dict, auc: float) -> None:
    file = project / "m.skops"
    file.write_bytes(b"not read here")
    fields = {
        "name": name,
        "task": "binary",
        "target": "left",
        "signature": [],
        "metrics": {"auc": {"value": auc}},
        "data": data,
    }
    registry.register(project, fields, file, f"{name}-{auc}")
