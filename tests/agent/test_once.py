"""One-shot commands through the front door: their output, exit codes and what they leave on disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from opsmith.agent.__main__ import main


@pytest.fixture
def shop(project: Path) -> Path:
    (project / "sales.csv").write_text("city,amount\nRome,10\nRome,30\nOslo,5\nOslo,5\n")
    return project


def said(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_version_and_help_need_no_project(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("opsmith ")
    assert main(["--help"]) == 0
    assert "Exit codes" in capsys.readouterr().out


def test_ask_answers_as_json(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "profile sales.csv", "--json", "--project", str(shop)]) == 0
    told = said(capsys)
    assert told["version"] == 1 and "4 rows" in told["answer"]
    assert told["calls"][0]["tool"] == "profile"
    assert told["usage"]["model"] == "offline"


def test_without_a_person_nothing_is_done_and_the_exit_code_is_3(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--json", "--project", str(shop)]
    assert main(["ask", "remove duplicate rows of sales.csv into unique.csv", *where]) == 3
    (proposal,) = said(capsys)["proposals"]
    assert not (shop / "unique.csv").exists()
    assert main(["pending", *where]) == 3
    assert said(capsys)[0]["id"] == proposal["id"]
    assert main(["approve", proposal["id"], *where]) == 0
    assert said(capsys)["executed"][0]["outcome"] == "done"
    assert (shop / "unique.csv").read_text().count("Oslo") == 1
    assert main(["approve", proposal["id"], *where]) != 0, "an approval is used once"
    capsys.readouterr()
    assert main(["undo", "--project", str(shop)]) == 0
    assert not (shop / "unique.csv").exists()
    assert main(["audit", *where]) in (0,)
    capsys.readouterr()


def test_a_rejected_proposal_stays_undone(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--json", "--project", str(shop)]
    main(["ask", "remove duplicate rows of sales.csv into unique.csv", *where])
    (proposal,) = said(capsys)["proposals"]
    main(["reject", proposal["id"], "--reason", "not now", *where])
    assert said(capsys)["executed"][0]["outcome"] == "rejected"
    assert main(["pending", *where]) == 0
    assert not (shop / "unique.csv").exists()


def test_what_is_missing_is_asked_with_exit_code_4(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "other.csv").write_text("weight\n1\n")
    assert main(["ask", "train a model", "--json", "--project", str(shop)]) == 4
    assert said(capsys)["clarifying"] is True


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["run", "profile", "--dataset", "sale.csv"], 1, "sales.csv"),
        (["run", "profil"], 1, "Did you mean"),
        (["approve", "nothing"], 1, "nothing"),
        (["undo", "two"], 1, "how many"),
        (["undo"], 1, "nothing to undo"),
        (["ask"], 1, "Say what you want"),
    ],
)
def test_mistakes_are_one_sentence(
    words: list[str], code: int, told: str, shop: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert main([*words, "--project", str(shop)]) == code
    captured = capsys.readouterr()
    assert told in captured.err + captured.out
    assert "Traceback" not in captured.err


@pytest.mark.parametrize("words", [["threads"], ["memory"], ["doctor"], ["usage"], ["export"], ["pending"], ["audit"]])
def test_looks_work_in_a_fresh_project(words: list[str], project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "--project", str(project)]) == 0
    assert capsys.readouterr().out.strip()


def test_run_gives_the_tools_result_as_json(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "profile", "--dataset", "sales.csv", "--json", "--project", str(shop)]) == 0
    told = said(capsys)
    assert told["tool"] == "profile" and told["data"]["rows"] == 4
    assert {"name", "kind", "missing", "distinct"} <= set(told["data"]["columns"][0])
    assert told["data"]["duplicate_rows"] == 1


def test_what_a_tool_call_without_a_conversation_proposed_is_approved_without_one(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--json", "--project", str(shop)]
    words = ["run", "clean", "--dataset", "sales.csv", "--operations", "dedupe", "--output", "unique.csv"]
    assert main([*words, *where]) == 3
    (proposal,) = said(capsys)["proposals"]
    assert main(["approve", proposal["id"], *where]) == 0
    assert said(capsys)["executed"][0]["outcome"] == "done"
    assert (shop / "unique.csv").exists()
