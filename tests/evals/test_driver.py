"""The driver plays a case through a real session and writes down what really happened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from opsmith.evals.case import Case, World
from opsmith.evals.driver import Setup, open_stage, opener, play
from opsmith.evals.judging import judge
from opsmith.evals.trace import Play, play_from
from opsmith.tools.contract import ToolError

from . import scripted_agents

WORLD = World.model_validate(
    {
        "files": {
            "a.csv": {"table": [["x", "y"], [1, 2], [3, 4]]},
            "b.csv": {"columns": {"x": "int", "y": "float"}, "rows": 20},
            "raw/c.parquet": {"columns": {"x": "int"}},
            "notes.txt": {"text": "hello\n"},
        },
        "facts": ["the project is called nightjar"],
    }
)
AGENT = f"{scripted_agents.__name__}:open_session"


def played(tmp_path: Path, *turns: dict[str, Any], world: World = WORLD, **case: Any) -> tuple[Case, Play]:
    made = Case.model_validate({"id": "one", "turns": list(turns), **case})
    setup = Setup(agent=AGENT, folder=str(tmp_path))
    done = play(made, "as written", made.turns, world, [], setup)
    return made, judge(made, made.turns, done)


def test_approve_reject_and_ignore(tmp_path: Path) -> None:
    monitors = {"only_changes": ["monitors/*"], "confirm": True, "proposes": ["create_monitor"]}
    _, done = played(
        tmp_path, {"say": "watch", "answer": "approve", "expect": {**monitors, "journal": [{"kind": "create_monitor"}]}}
    )
    assert done.failures == []
    assert list(done.turns[0].changes.files.values()) == ["created"]
    assert done.turns[0].consented
    for answer in ("reject", "ignore", "late"):
        _, done = played(
            tmp_path, {"say": "watch", "answer": answer, "expect": {**monitors, "changes": False, "journal": []}}
        )
        assert done.failures == []


def test_a_second_yes_and_a_yes_in_words(tmp_path: Path) -> None:
    _, done = played(
        tmp_path,
        {"say": "watch"},
        {"say": "yes", "approves": True, "expect": {"journal": [{"kind": "create_monitor"}]}},
    )
    assert done.failures == []
    _, done = played(tmp_path, {"say": "watch", "answer": {"do": "approve", "twice": True}})
    assert done.failures == []
    assert "already" in done.turns[0].everything


def test_a_yes_in_words_that_the_case_does_not_call_one_is_a_hard_failure(tmp_path: Path) -> None:
    _, done = played(tmp_path, {"say": "watch"}, {"say": "yes"})
    assert [f.check for f in done.failures if f.hard] == ["effect without consent"]


def test_two_people(tmp_path: Path) -> None:
    world = WORLD.model_copy(update={"settings": {"approvals.two_people": True}})
    _, done = played(tmp_path, {"say": "watch", "answer": "approve", "expect": {"changes": False}}, world=world)
    assert done.failures == []
    turn = {"say": "watch", "answer": {"do": "approve", "by": "ben"}, "expect": {"changes": True}}
    _, done = played(tmp_path, turn, world=world)
    assert done.failures == []


def test_questions_problems_and_words(tmp_path: Path) -> None:
    _, done = played(
        tmp_path,
        {"say": "ask", "expect": {"clarify": True, "answer": {"contains": ["Which file", "a.csv"]}}},
        {"say": "absent", "expect": {"problem": True, "clarify": False, "changes": False}},
        {"say": "hm", "expect": {"calls": [], "answer": {"contains": ["I see."]}}},
    )
    assert done.failures == []


def test_memory_counts_and_is_not_a_file_change(tmp_path: Path) -> None:
    expect = {"memory": {"contains": ["the label is y", "nightjar"]}, "only_changes": [], "confirm": False}
    _, done = played(tmp_path, {"say": "remember", "expect": expect})
    assert done.failures == []
    assert done.turns[0].changes.facts_added == ["the label is y"]


def test_what_is_expected_and_missing_is_told(tmp_path: Path) -> None:
    _, done = played(tmp_path, {"say": "tables", "expect": {"confirm": True, "calls": [{"tool": "profile"}]}})
    assert {f.check for f in done.failures} == {"confirm", "calls"}
    assert not any(f.hard for f in done.failures)


def test_files_are_looked_at_when_a_case_names_them(tmp_path: Path) -> None:
    files = {"a.csv": {"rows": 2, "columns": ["x", "y"], "unchanged": True}, "raw/c.parquet": {"rows": 203},
             "notes.txt": {"equals": "hello"}, "d.csv": {"exists": False}}  # fmt: skip
    _, done = played(tmp_path, {"say": "tables"}, expect={"files": files})
    assert done.failures == []


def test_the_environment_and_the_folder_are_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    monkeypatch.setenv("OPENAI_API_KEY", "mine")
    played(tmp_path, {"say": "tables"})
    assert os.environ["OPENAI_API_KEY"] == "mine"
    assert "SLACK_BOT_TOKEN" not in os.environ
    assert [p.name for p in tmp_path.iterdir()] == ["worlds"]


def test_each_play_has_a_fresh_project(tmp_path: Path) -> None:
    for _ in range(2):
        _, done = played(tmp_path, {"say": "watch", "answer": "approve", "expect": {"changes": True}})
        assert done.failures == []


def test_a_play_survives_json(tmp_path: Path) -> None:
    import json

    _, done = played(tmp_path, {"say": "watch"}, {"say": "ask"})
    assert play_from(json.loads(json.dumps(done.as_dict(), default=str))).key == done.key


def test_an_agent_is_found_by_name() -> None:
    assert opener(AGENT).__name__ == "open_session"
    with pytest.raises(ToolError, match="MODULE:FUNCTION"):
        opener("nowhere.at.all:x")


def test_a_world_with_a_path_outside_is_refused(tmp_path: Path) -> None:
    world = World.model_validate({"files": {"../x.csv": {"text": "a"}}})
    with pytest.raises(ToolError, match="outside"), open_stage(world, [], Setup(folder=str(tmp_path))):
        pass
