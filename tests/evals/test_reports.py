"""A run as table, JSON, JUnit, Markdown and HTML; compared with others and kept as history."""

from __future__ import annotations

import io
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from opsmith.evals import baseline, report, report_files
from opsmith.evals.compare import compare, sign_test
from opsmith.evals.judging import totals
from opsmith.evals.trace import Changes, Failure, Play, TurnTrace
from opsmith.evals.viewer import as_html
from opsmith.tools.contract import ToolError

ABOUT = {"at": "2026-01-01T00:00:00+00:00", "model": "offline", "version": "1", "suites": []}
NASTY = 'a|b <script>alert("x")</script> \x00 ]]> </script>\u2028'


def plays() -> list[Play]:
    turn = TurnTrace(1, NASTY, said=[NASTY], changes=Changes({"a.csv": "created"}, diffs={"a.csv": "+1"}),
                     calls=[{"id": "1", "tool": "query", "intent": "query", "arguments": {"x": NASTY}, "status": "done",
                             "headline": NASTY, "result": {"data": {"x": NASTY}}}],
                     proposals=[{"id": "p", "kind": "write_files", "summary": NASTY, "diff": "+a", "notes": []}])  # fmt: skip
    bad = Failure("answer", NASTY, 1)
    return [
        Play("one", "as written", suite="s", title=NASTY, turns=[turn], seconds=1.0, tags=["t"]),
        Play("one", "variant 1", suite="s", turns=[turn], failures=[bad], seconds=1.0),
        Play("two", "as written", suite="z", turns=[turn], failures=[Failure("secret", "shown", 0, True)], seconds=2.0),
    ]


def test_terminal() -> None:
    out = io.StringIO()
    report.show(Console(file=out, width=200, color_system=None), plays(), totals(plays()), wall=1.0)
    text = out.getvalue()
    assert "0 of 2 cases passed (1 of 3 plays), hard failures: 1" in text
    assert "HARD end: secret: shown" in text


def test_json_and_back(tmp_path: Path) -> None:
    (path,) = report_files.write(tmp_path, plays(), totals(plays()), ABOUT, {"json": "x/run.json"})
    assert [p.passed for p in baseline.read_run(path)] == [True, False, False]
    assert json.loads(path.read_text())["totals"]["hard"] == 1


def test_junit_is_xml_with_every_failure() -> None:
    root = ElementTree.fromstring(report_files.as_junit(plays()).split("\n", 1)[1])
    assert root.get("failures") == "2"
    assert [f.get("type") for f in root.iter("failure")] == ["failed", "hard"]


@given(st.text())
def test_junit_takes_any_text(text: str) -> None:
    ElementTree.fromstring(
        report_files.as_junit([Play("a", text, suite=text, failures=[Failure(text, text)])]).split("\n", 1)[1]
    )


def test_markdown_keeps_its_table() -> None:
    text = report_files.as_markdown(plays(), totals(plays()), ABOUT)
    assert "| s | 1 | 2 | 1 | 0 | 2.0 |" in text
    assert "<script>" not in text


def test_html_is_one_file_that_holds_everything_and_runs_nothing_foreign() -> None:
    page = as_html(plays(), totals(plays()), ABOUT, [{"passed": 1, "plays": 2}])
    assert "__RUN__" not in page
    assert page.count("</script>") == 2
    assert "alert(" in page  # as data
    assert "http" not in page.split('<script id="run"')[0].replace("http-equiv", "")
    data = page.split('type="application/json">')[1].split("</script>")[0]
    assert json.loads(data)["plays"][0]["turns"][0]["text"] == NASTY


def test_a_baseline_tells_what_got_worse() -> None:
    before, now = plays(), plays()
    now[0].failures.append(Failure("calls", "m"))
    now[1].failures.clear()
    now[2].seconds = 9.0
    found = baseline.compare(before, [*now, Play("new", "as written")])
    assert found.broken == ("one [as written]",)
    assert found.mended == ("one [variant 1]",)
    assert found.new == ("new [as written]",)
    assert [s[0] for s in found.slower] == ["two [as written]"]
    assert found.regression
    assert not baseline.compare(before, before).regression


def test_a_file_that_is_no_run_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("[]")
    with pytest.raises(ToolError, match="holds no run"):
        baseline.read_run(tmp_path / "x.json")


def test_history_grows_and_survives_a_cut_line(tmp_path: Path) -> None:
    path = tmp_path / "h" / "history.jsonl"
    baseline.add_to_history(path, totals(plays()), ABOUT)
    baseline.add_to_history(path, totals(plays()), ABOUT)
    path.write_text(path.read_text() + '{"at": "cut')
    assert [line["passed"] for line in baseline.history(path)] == [1, 1]


def test_two_models_are_compared_play_by_play() -> None:
    first = [Play(str(i), "as written") for i in range(10)]
    second = [Play(str(i), "as written", failures=[Failure("a", "b")] if i < 8 else []) for i in range(10)]
    found = compare(first, second, ("a", "b"))
    assert len(found.only_first) == 8
    assert "more than chance explains" in found.sentence()
    assert "pass the same" in compare(first, first, ("a", "b")).sentence()
    assert "chance could explain it" in compare(first[:3], second[:3][:1] + first[1:3], ("a", "b")).sentence()


def test_the_sign_test() -> None:
    assert sign_test(0, 0) == 1.0
    assert sign_test(5, 5) == 1.0
    assert sign_test(8, 1) == pytest.approx(0.0390625)
