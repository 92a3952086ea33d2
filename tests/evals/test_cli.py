"""`opsmith eval` from the command line: runs, files, exit codes, the last run, baselines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from opsmith.evals import cli

from . import scripted_agents

AGENT = ["--agent", f"{scripted_agents.__name__}:open_session", "--jobs", "1"]
SUITE = """\
suite: mine
world: {files: {a.csv: {table: [[x], [1]]}, b.csv: {table: [[x], [2]]}}}
cases:
  - id: good
    turns: [{say: tables, expect: {changes: false}}]
  - id: bad
    turns: [{say: tables, expect: {changes: true}}]
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(SUITE)
    return tmp_path


def test_a_run_writes_what_is_asked_for_and_tells_failure(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.main(["mine.yaml", *AGENT, "--json", "--junit", "--markdown", "--html", "page.html"])
    assert code == cli.FAILED
    assert {"eval.json", "eval.xml", "eval.md", "page.html"} <= {p.name for p in folder.iterdir()}
    assert "1 of 2 cases passed" in capsys.readouterr().out
    assert len((folder / ".opsmith/evals/history.jsonl").read_text().splitlines()) == 1


def test_only_what_failed_is_played_again(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["mine.yaml", *AGENT])
    cli.main(["mine.yaml", *AGENT, "--failed"])
    assert "0 of 1 cases passed" in capsys.readouterr().out
    assert cli.main(["mine.yaml", *AGENT, "--id", "good"]) == 0
    assert cli.main(["mine.yaml", *AGENT, "--failed"]) == 0
    assert "Nothing failed" in capsys.readouterr().out


def test_against_a_baseline_only_what_got_worse_counts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["mine.yaml", *AGENT, "--save-baseline", "base.json"])
    assert cli.main(["mine.yaml", *AGENT, "--baseline", "base.json"]) == 0
    (folder / "mine.yaml").write_text(SUITE.replace("changes: false", "changes: true"))
    assert cli.main(["mine.yaml", *AGENT, "--baseline", "base.json"]) == cli.FAILED
    assert "worse: good [as written]" in capsys.readouterr().out


def test_compare_two_stored_runs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["mine.yaml", *AGENT, "--json", "a.json"])
    (folder / "mine.yaml").write_text(SUITE.replace("changes: true", "changes: false"))
    cli.main(["mine.yaml", *AGENT, "--json", "b.json"])
    assert cli.main(["compare", "a.json", "b.json"]) == 0
    out = capsys.readouterr().out
    assert "only b.json passes bad [as written]" in out
    assert "plays passed" in out


def test_list_history_schema_and_new(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["list", "mine.yaml"]) == 0
    assert "2 cases, 2 plays." in capsys.readouterr().out
    assert cli.main(["history"]) == 0
    assert "No run" in capsys.readouterr().out
    cli.main(["mine.yaml", *AGENT])
    cli.main(["history"])
    assert "1/2" in capsys.readouterr().out
    assert cli.main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Opsmith evaluation suite"
    assert cli.main(["new", "mine/first.yaml"]) == 0
    assert cli.main(["list", "mine/first.yaml"]) == 0
    assert cli.main(["new", "mine/first.yaml"]) == 1


@pytest.mark.parametrize(
    "arguments",
    [["nowhere.yaml"], ["mine.yaml", "--id", "zebra"], ["mine.yaml", "--model", "opnai:x"], ["compare", "x.json", "mine.yaml"],
     ["compare", "offline", "gone.json"], ["record", "--project", "."], ["dialogues", "none.jsonl"]],
)  # fmt: skip
def test_mistakes_are_one_sentence_and_exit_code_1(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(arguments) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_unknown_flags_are_usage_errors() -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["--nonsense"])
    assert caught.value.code == 2
