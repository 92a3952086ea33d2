"""Many plays: chosen, side by side, within limits, resumed; a hang or a crash is a failed play."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsmith.evals import runner
from opsmith.evals.driver import Setup
from opsmith.evals.judging import pass_hat, totals
from opsmith.evals.runner import Filter, Limits, plan, run
from opsmith.evals.trace import Failure, Play

from . import scripted_agents

MODULE = scripted_agents.__name__
SUITE = """\
suite: mine
world: {files: {a.csv: {table: [[x], [1]]}, b.csv: {table: [[x], [2]]}}}
cases:
  - id: watch-it
    tags: [fast]
    turns: [{say: watch, answer: approve, expect: {changes: true}}]
    variants: [watch]
  - id: fails-it
    turns: [{say: tables, expect: {changes: true}}]
    variants: [tables]
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(SUITE)
    return path


def setup(tmp_path: Path, agent: str = "open_session") -> Setup:
    return Setup(agent=f"{MODULE}:{agent}", folder=str(tmp_path / "rooms"))


def test_plays_are_chosen_by_id_tag_and_key(suite: Path) -> None:
    assert len(plan([suite], Filter())) == 4
    assert len(plan([suite], Filter(), epochs=3)) == 12
    assert {j.case.id for j in plan([suite], Filter(ids=["watch-*"]))} == {"watch-it"}
    assert {j.case.id for j in plan([suite], Filter(tags=["fast"]))} == {"watch-it"}
    assert {j.case.id for j in plan([suite], Filter(tags=["!fast"]))} == {"fails-it"}
    assert len(plan([suite], Filter(variants=1))) == 2
    assert [j.key for j in plan([suite], Filter(only=frozenset({"watch-it [variant 1]"})))] == ["watch-it [variant 1]"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_is_judged_recorded_and_resumed(suite: Path, tmp_path: Path, jobs: int) -> None:
    record = tmp_path / "last.jsonl"
    done = run(plan([suite], Filter()), setup(tmp_path), Limits(jobs=jobs), record=record)
    assert [p.passed for p in done] == [True, True, False, False]
    lines = record.read_text().splitlines()
    record.write_text("\n".join(lines[:-1]) + "\n" + lines[-1][:40])  # a crash cut the last line
    again: list[str] = []
    more = run(plan([suite], Filter()), setup(tmp_path), Limits(jobs=1), record=record,
               told=lambda play, count, of: again.append(play.key))  # fmt: skip
    assert len(again) == 1
    assert [p.passed for p in more] == [True, True, False, False]


@pytest.mark.parametrize("agent", ["slow", "crashing"])
def test_a_hang_or_a_crash_is_a_failed_play(suite: Path, tmp_path: Path, agent: str) -> None:
    jobs = plan([suite], Filter(ids=["watch-it"], variants=1))
    (done,) = run(jobs, setup(tmp_path, agent), Limits(timeout=0.5, jobs=1))
    assert [f.check for f in done.failures] == ["not finished"]
    assert ("longer than 0.5 s" if agent == "slow" else "planted crash") in done.failures[0].message


def test_the_cost_cap_stops_a_run(suite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dear = Play("watch-it", "as written", cost=1.0)
    monkeypatch.setattr(runner, "play_job", lambda job, setup, timeout: dear)
    assert len(run(plan([suite], Filter()), setup(tmp_path), Limits(cost=0.5, jobs=1))) == 1


def test_pass_hat_is_the_chance_that_all_of_k_pass() -> None:
    assert pass_hat(4, 4, 4) == 1.0
    assert pass_hat(3, 4, 4) == 0.0
    assert pass_hat(2, 4, 2) == pytest.approx(1 / 6)
    with pytest.raises(ValueError, match="k must be"):
        pass_hat(1, 2, 3)


def test_totals() -> None:
    plays = [
        Play("a", "1", tags=["x"]),
        Play("a", "2", tags=["x"], failures=[Failure("calls", "m")]),
        Play("b", "1", failures=[Failure("secret", "m", hard=True)]),
        Play("b", "2"),
    ]
    sums = totals(plays)
    assert (sums.cases, sums.cases_passed, sums.passed, sums.hard) == (2, 0, 2, 1)
    assert sums.pass_hat == {1: 0.5, 2: 0.0}
    assert sums.tags == {"x": (1, 2)}
