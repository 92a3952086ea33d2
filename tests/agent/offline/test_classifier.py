"""The trained classifier runs in NumPy, is the same every time, and knows sentences of domains it was not trained on."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from opsmith.agent.offline import classifier
from opsmith.agent.offline.found import Grounded
from opsmith.agent.offline.intents import scores

BENCHMARKS = Path(__file__).resolve().parents[3] / "benchmarks"


def read(masked: str) -> dict[str, float]:
    found = Grounded(masked)
    cues = scores(masked, found, has_models=True, files=1)
    return classifier.probabilities(masked, classifier.situation(cues, found, masked, has_models=True, files=1))


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("train a model for COL", "train"),
        ("has the data drifted", "drift"),
        ("去掉重复行", "clean"),
        ("hello", "smalltalk"),
    ],
)
def test_clear_sentences_are_read(text: str, intent: str) -> None:
    found = read(text)
    assert max(found, key=found.__getitem__) == intent
    assert sum(found.values()) == pytest.approx(1)
    assert read(text) == found


def test_domains_it_was_not_trained_on_stay_above_the_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    monkeypatch.syspath_prepend(str(BENCHMARKS / "planner_sets"))
    import planner_items
    import planner_play
    import score

    items = planner_items.items("held")
    rows = score.score(items, planner_play.predictions(items))["rows"]
    assert rows["ALL"]["intent_acc"] >= 0.95
    assert rows["ALL"]["arg_f1"] >= 0.93
    assert rows["ALL"]["turn_pass"] >= 0.82
    assert rows["ALL"]["hard_failures"] == 0


def test_typos_cost_at_most_five_points(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    monkeypatch.syspath_prepend(str(BENCHMARKS / "planner_sets"))
    import planner
    import planner_play
    import score

    singles = [i for i in planner.held() if "turns" not in i]

    def read(items: list[dict[str, object]]) -> float:
        return float(score.score(items, planner_play.predictions(items))["rows"]["ALL"]["intent_acc"])

    as_written = read(singles)
    for how in planner.CHANGES:
        assert read(planner.changed(singles, how)) >= as_written - 0.05, how


def test_figures_are_those_of_the_dialogue_set_s_own_scorer(monkeypatch: pytest.MonkeyPatch) -> None:
    beside = [p / "shared" / "dialogues" / "score.py" for p in BENCHMARKS.parents]
    given = next((p for p in beside if p.is_file()), None)
    if given is None:
        pytest.skip("the dialogue set's own scorer is not here")
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    monkeypatch.syspath_prepend(str(BENCHMARKS / "planner_sets"))
    import planner_items
    import planner_play
    import score

    spec = importlib.util.spec_from_file_location("given_score", given)
    assert spec and spec.loader
    theirs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(theirs)
    items = planner_items.items("held")[::3]
    rows = planner_play.predictions(items)
    for changed in (
        rows,
        [{**r, "args": {}} for r in rows],
        [{**r, "side_effect_done": True} for r in rows],
        rows[::2],
    ):
        assert score.score(items, changed) == theirs.score(items, changed)
