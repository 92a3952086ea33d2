"""An earlier version that does surely better on new outcomes is found; one that only may is not."""

import numpy as np
import pandas as pd
import pytest

from opsmith.evals import stubs
from opsmith.evals.case import ModelFixture
from opsmith.tools.compute import earlier_versions
from opsmith.tools.contract import Context
from opsmith.tools.data import registry


def rows(rising, seed, number=300):
    """Who leaves follows `a`, or its opposite."""
    a = np.random.default_rng(seed).normal(size=number)
    return pd.DataFrame({"a": a, "left": ((a > 0.1) == rising).astype(int)})


@pytest.fixture
def context(tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    rows(True, 1).to_csv(project / "before.csv", index=False)
    rows(False, 2).to_csv(project / "turned.csv", index=False)
    rows(True, 3).to_csv(project / "back.csv", index=False)
    for version, trained_on in ((1, "before.csv"), (2, "turned.csv")):
        fixture = ModelFixture(
            trained_on=trained_on, target="left", version=version, previous=None, metrics={"accuracy": 0.9}
        )
        stubs.register(project, "leavers", fixture, tmp_path / f"stubs{version}")
    registry.set_alias(project, "leavers", "champion", 2)
    return Context(project)


def test_when_the_past_comes_back_so_does_its_model(context):
    champion = registry.get(context.project, "leavers")
    card, told = earlier_versions.better(context, champion, "back.csv")
    assert (champion.version, card.version) == (2, 1)
    assert told.gain > 0.5 and told.interval[0] > 0


def test_where_the_champion_learned_from_the_rows_nothing_is_said(context):
    assert earlier_versions.better(context, registry.get(context.project, "leavers"), "turned.csv") is None


def test_without_outcomes_nothing_is_said(context):
    rows(True, 4).drop(columns="left").to_csv(context.project / "open.csv", index=False)
    assert earlier_versions.better(context, registry.get(context.project, "leavers"), "open.csv") is None
