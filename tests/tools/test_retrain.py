"""The retrain tool: a challenger on new data, a fair comparison, and a champion that only a yes moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from opsmith.agent.outcomes import append
from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import prediction_log, registry
from opsmith.tools.retrain import retrain
from opsmith.tools.train import train

from .modelling import carry_out, customers


@pytest.fixture
def place(project: Path) -> Context:
    customers().to_csv(project / "customers.csv", index=False)
    customers(400, seed=3, shift=15).to_csv(project / "fresh.csv", index=False)
    context = Context(project)
    (action,) = train("customers.csv", "left", algorithm="decision_tree", context=context).actions
    carry_out(project, action)
    return context


def again(place: Context, approval: str = "r1", **arguments: object):
    (action,) = retrain("left_model", "fresh.csv", **arguments, context=place).actions
    return carry_out(place.project, action, approval)


def test_a_challenger_is_trained_compared_and_not_promoted(place: Context) -> None:
    found = retrain("left_model", "fresh.csv", context=place)
    assert found.actions[0].kind == "retrain" and found.data["version"] == 2
    assert len(registry.versions(place.project, "left_model")) == 1
    done = carry_out(place.project, found.actions[0], "r1")
    assert registry.aliases_of(place.project, "left_model") == {"champion": 1, "challenger": 2}
    assert registry.get(place.project, "left_model", 2).parent == 1
    assert done.data["comparison"]["recommendation"] in ("promote", "keep", "wait")
    assert "Promotion is asked separately" in done.message


def test_promotion_and_rollback_each_move_the_champion_and_can_be_undone(place: Context) -> None:
    from opsmith.agent.effects import Place, effect_of

    again(place)
    (promote,) = retrain("left_model", action="promote", context=place).actions
    shown = [cell for table in promote.preview.tables for row in table.rows for cell in row]
    assert not any(cell == "None" or cell.startswith(("[", "{")) for cell in shown)  # a person's words, not Python's
    outcome = carry_out(place.project, promote, "p1")
    assert registry.get(place.project, "left_model").version == 2
    (back,) = retrain("left_model", action="rollback", context=place).actions
    assert back.arguments["version"] == 1
    rolled = carry_out(place.project, back, "b1")
    assert registry.get(place.project, "left_model").version == 1
    effect_of("rollback").undo(rolled.undo, Place(place.project, "b1", "ada"))
    assert registry.get(place.project, "left_model").version == 2
    effect_of("promote").undo(outcome.undo, Place(place.project, "p1", "ada"))
    assert registry.aliases_of(place.project, "left_model") == {"champion": 1, "challenger": 2}


def test_comparing_reads_only_and_says_which_rows_were_seen(place: Context) -> None:
    assert "nothing to compare" in retrain("left_model", action="compare", context=place).headline
    again(place)
    customers(300, seed=9, shift=15).to_csv(place.project / "later.csv", index=False)
    fair = retrain("left_model", "later.csv", action="compare", context=place)
    assert fair.actions == () and fair.data["rows"] == 300 and "flatters" not in fair.headline
    held = retrain("left_model", action="compare", context=place)
    assert "80 held-out rows of fresh.csv" in held.headline and "saw these rows" not in held.headline
    seen = retrain("left_model", "fresh.csv", action="compare", context=place)
    assert "v2 saw these rows" in seen.headline and not seen.next_steps


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"model": "left_model"}, "Name the new data.*no prediction log"),
        ({"model": "right_model", "dataset": "fresh.csv"}, "Nearest: left_model"),
        ({"model": "left_model", "action": "promote"}, "no other version"),
        ({"model": "left_model", "action": "rollback", "version": 9}, "no version 9"),
        ({"model": "left_model", "dataset": "unlabelled.csv"}, "no column left"),
        ({"model": "left_model", "dataset": "other.csv"}, "none of the inputs"),
    ],
)
def test_what_cannot_be_retrained_is_said_in_one_sentence(place: Context, arguments: dict, told: str) -> None:
    customers(50).drop(columns="left").to_csv(place.project / "unlabelled.csv", index=False)
    customers(50)[["left"]].assign(x=range(50)).to_csv(place.project / "other.csv", index=False)
    with pytest.raises(ToolError, match=told):
        retrain(**arguments, context=place)


def test_a_column_that_vanished_is_named(place: Context) -> None:
    customers(100, seed=3).drop(columns="region").to_csv(place.project / "narrow.csv", index=False)
    found = retrain("left_model", "narrow.csv", context=place)
    assert "no longer there: region" in str(found.actions[0].preview.tables)


def test_without_a_file_the_prediction_log_joined_with_its_outcomes_is_learnt_from(place: Context) -> None:
    served = customers(160, seed=8)
    start = datetime(2026, 3, 1, tzinfo=UTC)
    rows = [
        prediction_log.record(f"r{i}", "no", {"fee": r.fee, "plan": r.plan, "region": r.region}, model="left_model", version=1,
                              time=start + timedelta(hours=i), score=0.2)
        for i, r in enumerate(served.itertuples())
    ]  # fmt: skip
    append(place.project, "left_model", "predictions", rows)
    known = [
        {"request_id": f"r{i}", "time": "2026-04-01T00:00:00Z", "outcome": left}
        for i, left in enumerate(served["left"][:120])
    ]
    append(place.project, "left_model", "outcomes", known)
    asked = retrain("left_model", context=place)
    assert asked.data["rows"] == 120 and asked.data["missing"] == []
    assert asked.actions[0].arguments["time_column"] == "prediction_time"
    carry_out(place.project, asked.actions[0], "log1")
    challenger = registry.get(place.project, "left_model", "challenger")
    assert challenger.validation["split"] == "time order" and challenger.data["from"].startswith("2026-03-01")
    told = challenger.comparison
    assert told["against"] == 1 and told["rows"] == 24 and told["recommendation"] in ("promote", "keep", "wait")
    assert "95 % interval" in told["reason"] and registry.get(place.project, "left_model").version == 1
