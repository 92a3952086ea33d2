"""The command line: words become one command; what is off is said with the nearest name."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsmith.agent.arguments import parse, tool_arguments
from opsmith.tools import registry
from opsmith.tools.contract import ToolError


@pytest.mark.parametrize(
    ("words", "name", "rest"),
    [
        ([], "chat", []),
        (["-c"], "chat", ["-c"]),
        (["ask", "profile a.csv", "--json"], "ask", ["profile a.csv"]),
        (["run", "profile", "--dataset", "a.csv"], "run", ["profile", "--dataset", "a.csv"]),
        (["undo", "2"], "undo", ["2"]),
    ],
)
def test_words_name_a_command(words: list[str], name: str, rest: list[str], project: Path) -> None:
    command = parse([*words, "--project", str(project)])
    assert (command.name, command.words, command.project) == (name, rest, project.resolve())


def test_an_unknown_command_exits_with_2_and_the_nearest_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        parse(["pendin"])
    assert left.value.code == 2
    assert "opsmith pending" in capsys.readouterr().err


def test_a_project_that_is_no_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="is no folder"):
        parse(["ask", "x", "--project", str(tmp_path / "none")])


def test_tool_arguments_are_read_against_the_tools_own_schema() -> None:
    tool = registry.get("profile")
    assert tool_arguments(tool, ["a.csv", "--target", "y"])["dataset"] == "a.csv"
    assert tool_arguments(tool, ["--dataset=a.csv", "--columns", "x,y", "z"])["columns"] == ["x", "y", "z"]
    with pytest.raises(ToolError, match="Did you mean --dataset"):
        tool_arguments(tool, ["--datset", "a.csv"])
