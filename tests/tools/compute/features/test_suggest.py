"""Suggestions on rows that the search never saw: what was kept helps there, and where nothing was kept nothing is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from opsmith.tools.compute.features.metrics import score
from opsmith.tools.compute.features.problem import Engine, Problem, as_inputs, fitted_model, one_thread
from opsmith.tools.compute.features.roles import roles
from opsmith.tools.compute.features.transformer import FeatureTransformer
from opsmith.tools.contract import Context
from opsmith.tools.features import features

WORLD = Path(__file__).resolve().parents[4] / "evals" / "worlds" / "data"


def tables(name: str) -> tuple[pd.DataFrame, str]:
    from sklearn import datasets

    if name == "diabetes":
        bundle = datasets.load_diabetes(as_frame=True, scaled=False)
        return bundle.data.assign(target=bundle.target), "target"
    if name == "breast_cancer":
        bundle = datasets.load_breast_cancer(as_frame=True)
        frame = bundle.data.rename(columns=lambda c: c.replace(" ", "_")).iloc[:, :8]
        return frame.assign(target=np.where(bundle.target == 1, "benign", "malignant")), "target"
    file, target = {"insurance": ("insurance.csv", "charges"), "titanic": ("titanic.csv", "survived")}[name]
    return pd.read_csv(WORLD / file), target


def unseen(project: Path, name: str, engine: Engine) -> tuple[float, float, list[dict[str, Any]]]:
    """Scores on a third of the rows without and with the features found on the rest, and these features."""
    frame, target = tables(name)
    held = np.random.default_rng(7).random(len(frame)) < 1 / 3
    train, test = frame[~held].reset_index(drop=True), frame[held].reset_index(drop=True)
    train.to_csv(project / "train.csv", index=False)
    context = Context(project=project, settings={"features_seconds": 300})
    algorithm = "gradient_boosting" if engine == "boosted" else "linear"
    found = features("train.csv", target=target, algorithm=algorithm, context=context).data["features"]
    both = pd.concat([train, test], ignore_index=True)
    problem = Problem(both, roles(both, target), target)
    first = np.arange(len(both)) < len(train)
    prepared = problem.preparation(engine).fit(problem.inputs[first])
    x, y = np.asarray(prepared.transform(problem.inputs), float), problem.y
    known, later = x[first], x[~first]

    def judged() -> float:
        said = fitted_model(engine, problem.task, 0, known, y[first])(later)
        return score(problem.metric, problem.task, y[~first], said, len(problem.classes))

    with one_thread():
        before = judged()
        if found:
            kinds = problem.roles.kinds
            made = FeatureTransformer([[f["name"], f["expression"]] for f in found], kinds, problem.task, False, 0)
            a = made.fit_transform(train, train[target]).to_numpy(float)
            b = made.transform(test).to_numpy(float)
            for i in range(a.shape[1]):
                one, two = as_inputs(engine, a[:, i], b[:, i])
                known, later = np.column_stack([known, one]), np.column_stack([later, two])
        return before, judged(), found


@pytest.mark.slow
@pytest.mark.parametrize("name", ["insurance", "titanic", "diabetes", "breast_cancer"])
def test_a_boosted_model_is_no_worse_on_unseen_rows(project: Path, name: str) -> None:
    before, after, found = unseen(project, name, "boosted")
    assert after >= before - 0.001, (before, after, found)


@pytest.mark.slow
def test_the_planted_interaction_of_the_charges_holds_on_unseen_rows(project: Path) -> None:
    before, after, found = unseen(project, "insurance", "linear")
    assert found and len(found) <= 10
    assert after > 0.84 > before, (before, after)
