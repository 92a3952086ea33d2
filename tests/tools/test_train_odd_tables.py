"""Odd tables: whatever they hold, training ends in a model or in one clear sentence, and so do predicting and retraining."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import registry
from opsmith.tools.predict import predict
from opsmith.tools.retrain import retrain
from opsmith.tools.train import train

from .modelling import carry_out

ROWS = 60
UV = np.random.default_rng(1).choice(["u", "v"], ROWS)


def table(**more: object) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    own = {"a": rng.normal(size=ROWS), "b": rng.choice(["x", "y"], ROWS), "c": rng.integers(0, 9, ROWS)}
    return pd.DataFrame({**own, **more})


def said(project: Path, frame: pd.DataFrame, target: str = "t", **more: object) -> str:
    frame.to_parquet(project / "odd.parquet")
    with pytest.raises(ToolError) as told:
        carry_out(project, train("odd.parquet", target, context=Context(project), **more).actions[0])  # type: ignore[arg-type]
    assert registry.list_models(project) == []
    return str(told.value)


@pytest.mark.parametrize(
    ("more", "arguments", "told"),
    [
        ({"t": ["q"] + ["r"] * (ROWS - 1)}, {}, "in one row only"),
        ({"t": [np.inf, 1.5, 2.5, 3.5] * 15}, {}, "infinite or beyond"),
        ({"t": pd.date_range("2024", periods=ROWS)}, {}, "is a date"),
        ({"t": UV, "when": "2024-01-01"}, {"time_column": "when"}, "puts nothing in order"),
        ({"t": UV, "g": "same"}, {"group_column": "g"}, "parts nothing"),
        ({"t": UV}, {"group_column": "t"}, "is what is predicted"),
        ({"t": UV}, {"exclude": ["a", "b", "c"]}, "No usable input"),
        ({"t": ["u"] * 50 + ["v"] * 10, "when": pd.date_range("2024", periods=ROWS).astype(str)},
         {"time_column": "when"}, "early enough"),
        ({"t": UV}, {"algorithm": "knn", "columns": ["a"], "folds": 50}, ""),
    ],
)  # fmt: skip
def test_what_cannot_be_learnt_is_said(project: Path, more: dict, arguments: dict, told: str) -> None:
    if not told:  # fifty folds of one row each: a model, or a sentence
        assert plays(project, table(**more), **arguments) in ("model", "sentence")
        return
    assert told in said(project, table(**more), **arguments)


@pytest.mark.parametrize(
    ("more", "arguments"),
    [
        ({"t": [f"k{i // 2}" for i in range(ROWS)]}, {}),
        ({"t": ["q", *list("uv") * 29, "u"]}, {}),
        ({"t": UV, "i": [np.inf, -np.inf, 1.0, 2.0] * 15}, {}),
        ({"t": UV, "a": [1e308, -1e308] * 30}, {}),
        ({"t": UV, "g": ["p", "q"] * 30}, {"group_column": "g"}),
        ({"t": UV, "g": ["p", None, "r"] * 20}, {"group_column": "g"}),
        ({"t": list("uvw") * 20}, {"algorithm": "ridge"}),
        ({"t": list("uvw") * 20}, {"algorithm": "svm"}),
        ({"t": UV}, {"algorithm": "knn"}),
        ({"t": UV}, {"algorithm": "neural_network"}),
        ({"t": np.arange(ROWS) % 2 == 0}, {}),
    ],
)
def test_odd_but_learnable_tables_give_a_model_that_can_be_used(project: Path, more: dict, arguments: dict) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert plays(project, table(**more), **arguments) == "model"


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8).filter(str.strip)
CELLS: tuple[Callable[[np.random.Generator, int], object], ...] = (
    lambda r, n: r.normal(size=n),
    lambda r, n: r.integers(0, 3, n),
    lambda r, n: r.choice(["x", "y", "", " x", None], n),
    lambda r, n: np.where(r.random(n) < 0.4, np.nan, r.normal(size=n)),
    lambda r, n: np.where(r.random(n) < 0.2, np.inf, 1.0),
    lambda r, n: [f"v{i}" for i in range(n)],
    lambda r, n: r.random(n) < 0.5,
    lambda r, n: pd.date_range("2024", periods=n),
    lambda r, n: [None] * n,
    lambda r, n: r.choice(["1", "2.5", "-", "inf"], n),
)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    names=st.lists(NAMES, min_size=2, max_size=4, unique_by=str.casefold),
    kinds=st.lists(st.sampled_from(range(len(CELLS))), min_size=4, max_size=4),
    rows=st.sampled_from([3, 12, 30, 70]), seed=st.integers(0, 99),
    algorithm=st.sampled_from(["decision_tree", "ridge", "naive_bayes"]),
)  # fmt: skip
def test_every_outcome_is_a_model_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], kinds: list[int], rows: int, seed: int, algorithm: str
) -> None:
    project = tmp_path_factory.mktemp("odd")
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({name: CELLS[kind](rng, rows) for name, kind in zip(names, kinds, strict=False)})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert plays(project, frame, target=names[-1], algorithm=algorithm) in ("model", "sentence")


def plays(project: Path, frame: pd.DataFrame, target: str = "t", **more: object) -> str:
    """Train, predict for the same rows and retrain: `model`, or `sentence` where one of them says why not."""
    frame.to_parquet(project / "odd.parquet")
    context = Context(project)
    arguments = {"algorithm": "decision_tree", **more}
    try:
        (action,) = train("odd.parquet", target, model="odd", context=context, **arguments).actions  # type: ignore[arg-type]
        carry_out(project, action, "one")
        predict("odd", "odd.parquet", dry_run=True, context=context)
        carry_out(project, retrain("odd", "odd.parquet", context=context).actions[0], "two")
        assert retrain("odd", action="compare", context=context).headline
    except ToolError:
        return "sentence"
    assert len(registry.versions(project, "odd")) == 2
    return "model"
