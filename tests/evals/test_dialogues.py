"""Predictions for the dialogue set: what was understood, asked and really done; gold fields are never read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from opsmith.evals import dialogues, synthetic
from opsmith.evals.driver import Setup
from opsmith.evals.trace import Changes, TurnTrace
from opsmith.tools.contract import ToolError

from . import scripted_agents

FILES = {"a.csv": {"x": "int", "y": "float"}, "b.csv": {"x": "int", "y": "float"}}
ITEM = {
    "id": "d1", "files": FILES, "facts": ["the label is y"], "intent": "gold", "args": {"gold": 1},
    "turns": [
        {"text": "watch", "intent": "gold", "args": {"gold": 1}, "must_clarify": True, "reply_to_confirm": "approve"},
        {"text": "ask", "intent": "gold", "approves": True},
        {"text": "absent", "intent": "gold"},
        {"text": "hm", "intent": "gold"},
        {"text": "remember", "intent": "gold"},
    ],
}  # fmt: skip


def items(tmp_path: Path, *rows: Any) -> Path:
    path = tmp_path / "items.jsonl"
    path.write_text("\n".join(json.dumps(r) for r in rows) + "\n")
    return path


def setup(tmp_path: Path, agent: str = "open_session") -> Setup:
    return Setup(agent=f"{scripted_agents.__name__}:{agent}", folder=str(tmp_path / "rooms"))


def test_gold_fields_are_left_in_the_file(tmp_path: Path) -> None:
    (item,) = dialogues.read_items(items(tmp_path, ITEM))
    assert set(item) == {"id", "files", "facts", "turns"}
    assert [set(t) for t in item["turns"]] == [{"text", "approve"}] * 5
    assert [t["approve"] for t in item["turns"]] == [True, False, False, False, False]
    assert "gold" not in json.dumps(item)


def test_predictions(tmp_path: Path) -> None:
    (item,) = dialogues.read_items(items(tmp_path, ITEM))
    watch, ask, absent, plain, remember = dialogues.predict(item, setup(tmp_path))
    assert watch["intents"] == ["monitor"]
    assert watch["args"] == {"reference": "a.csv", "current": "b.csv", "metric": "psi", "threshold": 0.2}
    assert (watch["asked_confirmation"], watch["side_effect_done"], watch["clarified"]) == (True, True, False)
    assert (ask["intents"], ask["clarified"], ask["side_effect_done"]) == (["monitor"], True, False)
    assert (absent["intents"], absent["clarified"], absent["asked_confirmation"]) == (["monitor"], True, False)
    assert (plain["intents"], plain["args"]) == (["help"], {})
    assert (remember["intents"], remember["side_effect_done"]) == (["remember"], False)


def call(intent: str, status: str = "done", headline: str = "", **arguments: Any) -> dict[str, Any]:
    return {"tool": intent, "intent": intent, "arguments": arguments, "status": status, "headline": headline}


def test_arguments_of_several_calls_lie_in_one_flat_object(tmp_path: Path) -> None:
    trace = TurnTrace(2, "t", calls=[
        call("clean", "proposed", dataset="a.csv", output="b.csv", operations=["dedupe"], dry_run=False),
        call("train", "waits", dataset="b.csv", target="y", seed=3, context="x"),
        call("train", "proposed", dataset="b.csv", target="y", seed=3, context="x"),
    ])  # fmt: skip
    row = dialogues.prediction("d", trace, tmp_path)
    assert row["intents"] == ["clean", "train"]
    assert row["args"] == {"dataset": ["a.csv", "b.csv"], "output": "b.csv", "operations": "dedupe", "target": "y"}


def test_a_refused_path_is_no_question(tmp_path: Path) -> None:
    refused = TurnTrace(1, "t", calls=[call("profile", "error", "/etc/passwd lies outside the project folder.")])
    assert not dialogues.prediction("d", refused, tmp_path)["clarified"]
    lacking = TurnTrace(1, "t", calls=[call("profile", "error", "There is no file x.csv.")])
    assert dialogues.prediction("d", lacking, tmp_path)["clarified"]


def test_paths_of_the_temporary_project_become_relative(tmp_path: Path) -> None:
    trace = TurnTrace(1, "t", calls=[call("profile", dataset=f"{tmp_path}/raw/a.csv")])
    assert dialogues.prediction("d", trace, tmp_path)["args"] == {"dataset": "raw/a.csv"}


@pytest.mark.parametrize(
    ("changes", "journal", "done"),
    [
        (Changes(), [], False),
        (Changes({"a": "created"}), [], True),
        (Changes(facts_added=["x"]), [], False),
        (Changes(facts_removed=["x"]), [], True),
        (Changes(facts_added=["y"], facts_removed=["x"]), [], False),
        (Changes(), [{"state": "done"}], True),
        (Changes(), [{"state": "failed"}], False),
    ],
)
def test_side_effects_are_measured(changes: Changes, journal: list[Any], done: bool) -> None:
    assert dialogues.side_effect(TurnTrace(1, "t", changes=changes, journal=journal)) is done


def test_an_item_that_falls_over_claims_nothing(tmp_path: Path) -> None:
    rows = dialogues.predict_all(dialogues.read_items(items(tmp_path, ITEM)), setup(tmp_path, "crashing"))
    assert len(rows) == 5
    assert "planted crash" in rows[0]["error"]
    assert "side_effect_done" not in rows[0]


@pytest.mark.parametrize(
    ("line", "words"), [("{", ":1: not JSON"), ('{"id": "x"}', "needs `id`"), ("[1]", "needs `id`")]
)
def test_mistakes_in_the_file_are_told(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(ToolError, match=words):
        dialogues.read_items(path)


def test_the_workspace_has_the_values_of_the_dialogue_set() -> None:
    """Figures taken once from the set's own make_workspace.py."""
    made = synthetic.frame(
        "bikes.csv", {"rental_id": "id", "station": "str", "temperature": "float", "rentals": "int"}, 200, 1
    )
    assert made.shape == (203, 4)
    assert made["rental_id"].tolist()[:2] == ["P-10000", "P-10001"]
    assert round(float(made["temperature"].sum()), 3) == SUM_OF_TEMPERATURES
    assert int(made["rentals"].sum()) == SUM_OF_RENTALS


SUM_OF_TEMPERATURES, SUM_OF_RENTALS = 14130.094, 6274
