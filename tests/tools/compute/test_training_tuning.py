"""The search: resumes where it was cut off, stops by trials, time or a word, and says what it taught."""

import time
from pathlib import Path

import pytest

from opsmith.tools.compute import training
from opsmith.tools.compute.training_tuning import tune
from opsmith.tools.contract import Cancelled

from ..modelling import customers


@pytest.fixture
def given(tmp_path: Path) -> dict:
    frame = customers(200)
    plan = training.plan(frame, "left")
    return {
        "frame": frame,
        "made": plan,
        "storage": f"sqlite:///{tmp_path}/t.db",
        "name": "s",
        "algorithm": "decision_tree",
    }


def test_a_search_that_was_cut_off_goes_on(given: dict) -> None:
    seen: list[str] = []

    def stop_after_five() -> None:
        if sum("trial" in s for s in seen) >= 5:
            raise Cancelled

    with pytest.raises(Cancelled):
        tune(**given, trials=12, progress=lambda f, n: seen.append(n), check=stop_after_five)
    before = len(seen)
    found = tune(**given, trials=12, progress=lambda f, n: seen.append(n))
    assert found.trials + found.pruned >= 11
    assert len(seen) - before <= 8  # not begun anew
    assert found.gained >= 0 and set(found.parameters) <= {"max_depth", "min_samples_leaf"}
    assert any("ore search" in s for s in found.sentences)


def test_time_ends_a_search(given: dict) -> None:
    started = time.monotonic()
    found = tune(**given, seconds=2)
    assert found.trials >= 1 and time.monotonic() - started < 20


def test_the_same_seed_finds_the_same(given: dict, tmp_path: Path) -> None:
    one = tune(**given, trials=10)
    two = tune(**{**given, "storage": f"sqlite:///{tmp_path}/other.db"}, trials=10)
    assert one.parameters == two.parameters and one.importance == two.importance
