"""Training and promotion killed at any moment: the registry stays whole, and what was approved is finished once."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from opsmith.agent import graph  # noqa: F401  heavy parts loaded once, before the forks
from opsmith.agent.effects import Place, effect_of
from opsmith.agent.session import Decision, Session
from opsmith.tools.contract import ToolError
from opsmith.tools.data import registry

from ..scripted import Scripted, call

RECIPE = """version: 1
dataset: t.csv
steps:
- {step: impute, columns: [a, b], options: {method: median}, reason: gaps}
"""


@pytest.fixture
def place(project: Path) -> Path:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(160, 2)).round(3)
    pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": np.where(x.sum(1) > 0, "yes", "no")}).to_csv(
        project / "t.csv", index=False
    )
    return project


def session_of(project: Path, *script: object) -> Session:
    return Session(project, planner=Scripted(script=list(script)), user="ada")


def approve(session: Session) -> list[object]:
    return list(session.decide([Decision(p.id, p.digest, "yes", "ada") for p in session.pending]))


def train_once(project: Path) -> None:
    session = session_of(
        project, [call("train", dataset="t.csv", target="y", algorithm="decision_tree")], "Look.", "Done."
    )
    list(session.send("train it"))
    approve(session)
    session.close()


def test_through_a_conversation_a_yes_trains_and_undo_takes_it_away(place: Path) -> None:
    train_once(place)
    assert registry.get(place, "y_model").aliases == ["champion"]
    session = session_of(place)
    assert "Took y_model version 1 out" in session.undo()[0].message
    assert registry.versions(place, "y_model") == []
    session.close()


def test_a_champion_with_other_versions_is_not_undone_under_ones_feet(place: Path) -> None:
    train_once(place)
    train_once(place)
    with pytest.raises(ToolError, match="Roll back first"):
        effect_of("train").undo({"model": "y_model", "version": 1, "before": None}, Place(place, "x", "ada"))


@pytest.mark.slow
def test_killed_while_training_nothing_is_half_registered_and_it_is_finished_at_the_next_start(place: Path) -> None:
    (place / "recipes").mkdir()
    (place / "recipes" / "t_clean.yaml").write_text(RECIPE)
    for number, after in enumerate((0.05, 0.3, 0.6, 1.0, 1.6)):
        session = session_of(place, [call("train", dataset="t.csv", target="y", algorithm="decision_tree")], "Look.")
        list(session.send("train it"))
        session.close()
        kill_while(place, lambda s: approve(s), after)
        for card in registry.versions(place, "y_model"):
            registry.load(card)  # whole, or it would not load
        again = session_of(place, "Settled.", "Settled.")
        list(again.resume())
        waiting = again.pending
        if waiting:
            approve(again)
        assert [c.version for c in registry.versions(place, "y_model")] == list(range(1, number + 2))
        assert not list((place / "models").glob(".*"))
        again.close()
    every = registry.versions(place, "y_model")
    assert len({c.fingerprint for c in every}) == 1  # what was cut off and done again is the same model
    assert "clean" in registry.load(every[0]).named_steps


@pytest.mark.slow
def test_killed_while_promoting_there_is_always_one_champion(place: Path) -> None:
    train_once(place)
    train_once(place)
    for number, after in enumerate((0.0, 0.02, 0.05, 0.1, 0.2)):
        wanted = 2 if number % 2 == 0 else 1
        session = session_of(place, [call("retrain", model="y_model", action="promote", version=wanted)], "Look.")
        list(session.send("promote"))
        session.close()
        kill_while(place, lambda s: approve(s), after)
        assert registry.aliases_of(place, "y_model").get("champion") in (1, 2)
        again = session_of(place, "Settled.", "Settled.")
        list(again.resume())
        if again.pending:
            approve(again)
        assert registry.get(place, "y_model").version == wanted
        again.close()


def kill_while(project: Path, act: object, after: float) -> None:
    """A child that answers what waits, killed so many seconds after it began."""
    child = os.fork()
    if child == 0:
        try:
            act(session_of(project, "Done."))  # type: ignore[operator]
        finally:
            os._exit(0)
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
