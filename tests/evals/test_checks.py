"""Checks are pure: a trace and an expectation in, failures out."""

from __future__ import annotations

from typing import Any

import pytest

from opsmith.evals import checks
from opsmith.evals.case import Call, Calls, Case, Expect, FileState, ModelState, Number, Words
from opsmith.evals.trace import Changes, Play, TurnTrace


def call(tool: str, status: str = "done", **arguments: Any) -> dict[str, Any]:
    return {"id": "1", "tool": tool, "intent": tool, "arguments": arguments, "status": status, "headline": ""}


A, B, C = call("profile", dataset="a.csv"), call("query", agg="mean"), call("clean")


@pytest.mark.parametrize(
    ("order", "expected", "found", "good"),
    [
        ("strict", ["profile", "query"], [A, B], True),
        ("strict", ["query", "profile"], [A, B], False),
        ("strict", ["profile"], [A, B], False),
        ("strict", [], [], True),
        ("unordered", ["query", "profile"], [A, B], True),
        ("unordered", ["query", "query"], [A, B], False),
        ("superset", ["query"], [A, B], True),
        ("superset", ["clean"], [A, B], False),
        ("superset", ["query", "query"], [A, B], False),
        ("subset", ["profile", "query", "clean"], [A, B], True),
        ("subset", ["profile"], [A, B], False),
        ("subsequence", ["profile", "clean"], [A, B, C], True),
        ("subsequence", ["clean", "profile"], [A, B, C], False),
        ("subsequence", ["profile", "profile"], [A, B, C], False),
    ],
)
def test_order_of_calls(order: Any, expected: list[str], found: list[Any], good: bool) -> None:
    wanted = Calls(order=order, calls=[Call(tool=t) for t in expected])
    assert (checks.calls_differ(wanted, found) == []) is good


def test_unordered_finds_a_matching_where_greed_would_not() -> None:
    loose, tight = Call(tool="query"), Call(tool="query", arguments={"agg": "mean"})
    calls = [call("query", agg="mean"), call("query", agg="sum")]
    assert checks.calls_differ(Calls(order="unordered", calls=[loose, tight]), calls) == []


def test_arguments_are_a_subset_unless_exact() -> None:
    made = call("train", dataset="a.csv", target="y", folds=5, exclude=[], seed=None)
    assert checks.call_fits(Call(tool="train", arguments={"target": "y"}), made)
    assert not checks.call_fits(Call(tool="train", arguments={"target": "y"}, exact=True), made)
    assert checks.call_fits(Call(arguments={"dataset": "a.csv", "target": "y", "folds": 5}, exact=True), made)
    assert not checks.call_fits(Call(tool="train", arguments={"target": "z"}), made)
    assert not checks.call_fits(Call(tool="train", status="waits"), made)


@pytest.mark.parametrize(
    ("number", "text", "good"),
    [
        (Number(value=7043), "7,043 rows", True),
        (Number(value=7043), "70431 rows", False),
        (Number(value=0.265, tolerance=0.001), "Yes: 26.5%", True),
        (Number(value=26.5), "Yes: 26.5 %", True),
        (Number(value=30, near="south"), "north | 17\nsouth | 30", True),
        (Number(value=17, near="south"), "north | 17\nsouth | 30", False),
        (Number(value=-3.5), "a fall of -3.5", True),
        (Number(value=100, relative=0.05), "about 104", True),
        (Number(value=2), "v2.csv", False),
    ],
)
def test_numbers(number: Number, text: str, good: bool) -> None:
    assert (checks.number_missing(number, text) == "") is good


def test_words() -> None:
    told = checks.words_differ(Words(contains=["Age"], any_of=["x", "y"], lacks=["secret"], matches=["^a"]), "b secret")
    assert len(told) == 4
    assert checks.words_differ(Words(contains=["AGE"], any_of=["y", "g"], matches=["^a"]), "age") == []


def turn(**fields: Any) -> TurnTrace:
    return TurnTrace(1, "text", **fields)


def test_flags_are_checked_only_when_given() -> None:
    asked = turn(clarifying=True, said=["Which file?"])
    assert checks.check_turn(Expect(), asked) == []
    assert [f.check for f in checks.check_turn(Expect(clarify=False, confirm=True), asked)] == ["clarify", "confirm"]


def test_forbidden_tools_and_effects_are_hard() -> None:
    entry = {"approval_id": "1", "kind": "delete_files", "target": "a", "state": "done", "message": "", "paths": ["a"]}
    trace = turn(calls=[C], journal=[entry])
    failures = checks.check_turn(Expect(forbidden_tools=["clean"], forbidden_effects=["delete_files"]), trace)
    assert [f.hard for f in failures] == [True, True]


def test_changes_outside_of_what_is_allowed() -> None:
    trace = turn(changes=Changes(files={"out/a.csv": "created", "b.csv": "changed"}))
    (failure,) = checks.check_turn(Expect(only_changes=["out/*"]), trace)
    assert "b.csv was changed" in failure.message


def test_findings_and_data_of_results() -> None:
    result = {"findings": [{"id": "missing", "columns": ["Age"], "severity": "warning"}], "data": {"rows": 5}}
    trace = turn(calls=[{**A, "result": result}])
    good = Expect(findings=[{"id": "missing", "columns": ["Age"]}], data={"rows": 5})
    assert checks.check_turn(good, trace) == []
    bad = checks.check_turn(Expect(findings=[{"id": "constant"}], data={"rows": 6}), trace)
    assert [f.check for f in bad] == ["findings", "data"]


FACTS = {"exists": True, "text": "a,b\n1,\n", "columns": ["a", "b"], "rows": 1, "missing": {"a": 0, "b": 1},
         "duplicates": 0, "changed": True, "plain": {"steps": [{"step": "dedupe"}]}}  # fmt: skip


@pytest.mark.parametrize(
    ("state", "good"),
    [
        (FileState(), True),
        (FileState(exists=False), False),
        (FileState(rows=1, columns=["a", "b"], missing={"b": 1}, unique_rows=True), True),
        (FileState(rows=2), False),
        (FileState.model_validate({"rows": {"min": 1, "max": 3}}), True),
        (FileState(has_columns=["c"]), False),
        (FileState(lacks_columns=["a"]), False),
        (FileState(unchanged=True), False),
        (FileState(contains=["a,b"], values={"steps.0.step": "dedupe"}), True),
        (FileState(values={"steps.1.step": "dedupe"}), False),
        (FileState(equals="a,b\n1,"), True),
    ],
)
def test_files(state: FileState, good: bool) -> None:
    assert (checks.file_differs(state, FACTS) == []) is good


def test_models_and_monitors() -> None:
    found = {"version": 2, "versions": [1, 2], "target": "y", "task": "classification", "metrics": {"auc": 0.8}}
    good = ModelState.model_validate({"version": 2, "versions": [1, 2], "metrics": {"auc": {"min": 0.7}}})
    assert checks.model_differs(good, found) == []
    assert checks.model_differs(ModelState(version=3), found) == ["version is 2, expected 3"]
    assert checks.model_differs(ModelState(), None) == ["it is not registered"]
    assert checks.monitor_differs({"thresholds": {"psi": 0.2}}, {"thresholds": {"psi": 0.2}, "enabled": True}) == []
    assert checks.monitor_differs(None, {"name": "a"}) == ["it must not exist"]


def test_budgets_are_told_not_failed() -> None:
    case = Case.model_validate({"id": "a", "turns": [{"say": "x"}], "budget": {"steps": 1, "seconds": 9}})
    play = Play("a", "as written", turns=[turn(usage={"steps": 3})])
    assert checks.budget_notes(case, play) == ["steps: 3 of 1"]
    assert play.passed
