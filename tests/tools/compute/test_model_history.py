"""Questions about earlier versions are answered from the registry's cards, whichever version and words they name."""

from __future__ import annotations

import pytest

from opsmith.tools.compute.model_history import answer, understood
from opsmith.tools.data import registry
from opsmith.tools.data.registry import ModelCard


def card(version: int, path: str, auc: float, rows: int, aliases: tuple[str, ...] = (), **more: object) -> ModelCard:
    given: dict = {
        "recipe": {"algorithm": "gradient_boosting", "parameters": {"learning_rate": 0.07}, "seed": 0},
        "signature": [{"column": "fee", "kind": "number", "nullable": False}], "libraries": {"scikit-learn": "1.9.1"},
        "created": f"2026-0{version}-04T10:00:00+00:00", "approved_by": "ada", **more,
    }  # fmt: skip
    return ModelCard(
        "churn_model", version, "binary", "left",
        metrics={"auc": {"value": auc, "interval": [auc - 0.02, auc + 0.02], "on": "5 folds, stratified random"}, "f1": 0.5},
        data={"path": path, "rows": rows, "sha256": f"{version}" * 64}, aliases=list(aliases), **given,
    )  # fmt: skip


@pytest.fixture
def every() -> list[ModelCard]:
    return [
        card(1, "jan.csv", 0.80, 1500),
        card(2, "feb.csv", 0.85, 1700, ("champion",), approved_by="bob"),
        card(3, "mar.csv", 0.83, 1600, ("challenger",),
             signature=[{"column": "plan", "kind": "category", "nullable": False}], recipe={"algorithm": "ridge", "seed": 0}),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("what was the AUC last time?", ["version 3", "auc 0.83 (0.81 to 0.85)", "version 2 before it had auc 0.85"]),
        ("which data was v3 trained on?", ["version 3", "mar.csv, 1,600 rows", "sha256 333333333333"]),
        ("what is the f1 of the champion?", ["version 2 (champion)", "f1 0.5"]),
        ("who approved version 2?", ["version 2", "approved by bob"]),
        ("when was v1 trained and on which file?", ["version 1", "jan.csv", "registered 2026-01-04 10:00 UTC"]),
        ("what was the auc of the previous version?", ["version 2", "auc 0.85"]),
        ("which algorithm was version 1?", ["version 1", "gradient boosting (learning_rate 0.07); scikit-learn 1.9.1"]),
        ("how did the auc develop over time?", ["3 versions", "v1 auc 0.8", "v2 auc 0.85", "v3 auc 0.83"]),
        ("welche Daten hatte Version 1?", ["version 1", "jan.csv"]),
        ("¿con qué datos se entrenó la versión 3?", ["version 3", "mar.csv"]),
        ("版本2的AUC是多少", ["version 2", "auc 0.85"]),
        ("what was the rmse of v1?", ["no rmse was kept; there is auc, f1"]),
        ("what was the auc of v9?", ["no version 9; the registry has 1, 2, 3"]),
    ],
)  # fmt: skip
def test_a_question_gets_the_figures_of_the_version_it_means(
    every: list[ModelCard], asked: str, told: list[str]
) -> None:
    text = answer(every, understood(asked)).text
    assert [t for t in told if t not in text] == [], text


@pytest.mark.parametrize(
    ("asked", "versions"),
    [
        ("what changed between v2 and v3?", [2, 3]), ("what changed from version 1 to 3?", [1, 3]),
        ("what changed?", [2, 3]), ("what changed in v2?", [1, 2]), ("was hat sich zwischen Version 1 und 2 geändert?", [1, 2]),
        ("difference between champion and challenger", [2, 3]), ("v3 vs v1: what is different", [3, 1]),
        ("¿qué cambió entre la versión 1 y la 2?", [1, 2]),
    ],
)  # fmt: skip
def test_what_changed_names_the_two_versions(every: list[ModelCard], asked: str, versions: list[int]) -> None:
    found = answer(every, understood(asked))
    assert found.data["versions"] == versions, found.text


def test_a_change_is_told_with_data_figures_inputs_and_method(every: list[ModelCard]) -> None:
    found = answer(every, understood("what changed between v2 and v3?"))
    changes = {what: (a, b) for what, a, b in found.data["changes"]}
    assert changes["trained on"] == ("feb.csv", "mar.csv")
    assert changes["data rows"] == (1700, 1600)
    assert changes["metric auc"] == (0.85, 0.83)
    assert changes["inputs"] == (["fee"], ["plan"])
    assert changes["algorithm"] == ("gradient_boosting", "ridge")
    assert changes["approved by"] == ("bob", "ada")
    assert found.table is not None and found.table[1] == ("what", "v2", "v3")


def test_the_same_file_with_other_content_is_a_change(every: list[ModelCard]) -> None:
    again = card(2, "jan.csv", 0.80, 1500)
    assert "content of the file" in {what for what, _, _ in registry.difference(every[0], again)}


def test_recipes_are_told_by_their_steps(every: list[ModelCard]) -> None:
    one = card(1, "jan.csv", 0.8, 10, recipe={"cleaning": "version: 1\nsteps:\n- step: trim\n"})
    two = card(2, "jan.csv", 0.8, 10, recipe={"cleaning": "version: 1\nsteps:\n- step: trim\n- step: dedupe\n"})
    before, after = {w: (a, b) for w, a, b in registry.difference(one, two)}["cleaning recipe"]
    assert before.startswith("trim (") and after.startswith("trim, dedupe (")


def test_a_single_version_has_no_change() -> None:
    told = answer([card(1, "jan.csv", 0.8, 10)], understood("what changed?")).text
    assert told == "churn_model has one version only, so nothing has changed"


def test_words_without_a_question_ask_nothing() -> None:
    assert not understood("which label did we agree on?").specific
