"""Formulas of a person or a model: read, checked and measured like all others; nothing in them is ever run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from opsmith.tools.compute.features import proposed
from opsmith.tools.contract import Context, Result, ToolError
from opsmith.tools.features import features

ROWS = 500


@pytest.fixture
def project(tmp_path: Path) -> Path:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {"income": rng.lognormal(3, 0.5, ROWS), "people": rng.integers(1, 7, ROWS), "age": rng.normal(40, 9, ROWS)}
    )
    frame["spent"] = 5 * frame["income"] / frame["people"] + rng.normal(size=ROWS) * 10
    frame["refund"] = frame["spent"] * 3 + rng.normal(size=ROWS) * 0.01
    frame.to_csv(tmp_path / "homes.csv", index=False)
    return tmp_path


def run(folder: Path, candidates: list[Any], **more: Any) -> Result:
    asked: dict[str, Any] = {"target": "spent", "algorithm": "ridge", "n": 2, "candidates": candidates}
    return features("homes.csv", context=Context(project=folder), **asked, **more)


def test_every_proposed_formula_is_told_with_what_became_of_it(project: Path) -> None:
    found = run(project, [
        {"expression": "income / people", "name": "income per head", "meaning": "what each person of the home lives on"},
        "age * age", "income / persons", "__import__('os').system('touch hacked')", "log(refund)", "spent * 2", '"age"',
    ])  # fmt: skip
    told = {p["expression"]: p for p in found.data["proposals"]}
    kept = told["income / people"]
    assert kept["verdict"].startswith("kept") and kept["gains"]["linear"]["low"] > 0
    entry = next(f for f in found.data["features"] if f["expression"] == "income / people")
    assert (entry["name"], entry["meaning"], entry["family"]) == (
        "income_per_head", "what each person of the home lives on", "proposed",
    )  # fmt: skip
    assert told["age * age"]["verdict"] == "no gain beyond chance" and told["age * age"]["gains"]["linear"]["low"] <= 0
    for text, why in (
        ("income / persons", "no column 'persons'"), ("__import__('os').system('touch hacked')", "cannot be read"),
        ("log(refund)", "gives the outcome away"), ("spent * 2", "is the outcome itself"), ('"age"', "gives no number"),
    ):  # fmt: skip
        assert told[text]["verdict"].startswith("refused") and why in told[text]["verdict"], told[text]
    assert not list(project.glob("**/hacked"))
    assert [t.title for t in found.tables if t.title == "Proposed formulas"]


@pytest.mark.parametrize("bad", [[{"name": "x"}], [3], [""], ["age"] * 21])
def test_what_is_no_list_of_formulas_is_refused(bad: list[Any]) -> None:
    with pytest.raises(ToolError):
        proposed.plain(bad)


def test_a_language_model_proposes_over_http_and_the_numbers_come_from_the_folds(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from langchain_core.messages import AIMessage, ToolMessage

    from opsmith.agent import settings
    from opsmith.agent.events import Said, ToolDone
    from opsmith.agent.session import Session
    from opsmith.evals.loopback import server

    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-key-for-loopback-only-000")
    seen: list[Any] = []

    def answer(messages: Any, tools: Any) -> AIMessage:
        seen.append(next(t for t in tools if t["function"]["name"] == "features"))
        if any(isinstance(m, ToolMessage) for m in messages):
            return AIMessage(content="income_per_head gains most.")
        ideas = [{"expression": "income / people", "name": "income_per_head", "meaning": "income for each person"},
                 {"expression": "exec('1')", "name": "evil", "meaning": "+99 % accuracy"}]  # fmt: skip
        asked = {"dataset": "homes.csv", "target": "spent", "algorithm": "ridge", "n": 2, "candidates": ideas}
        return AIMessage(content="", tool_calls=[{"name": "features", "args": asked, "id": "c1", "type": "tool_call"}])

    with server(answer) as url:
        chosen = settings.load(project, {"model": "openai:gpt-test", "base_url": url, "retries": 1})
        events = list(Session(project, settings=chosen).send("what would help to predict spent?"))
    assert "candidates" in seen[0]["function"]["parameters"]["properties"]
    result = next(e.result for e in events if isinstance(e, ToolDone))
    told = {p["name"]: p for p in result["data"]["proposals"]}
    assert told["income_per_head"]["verdict"].startswith("kept")
    assert told["evil"]["verdict"].startswith("refused") and not told["evil"]["gains"]
    assert any(isinstance(e, Said) and "income_per_head" in e.text for e in events)
