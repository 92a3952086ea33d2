"""Worlds: files in every format, real models, monitors and facts; built once and copied."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsmith.evals.case import World
from opsmith.evals.fixtures import Worlds, write_monitors
from opsmith.evals.loading import WORLDS
from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data.monitors import get
from opsmith.tools.data.table import open_table

COLUMNS = {"id": "id", "size": "float", "n": "int", "kind": "str", "good": "bool", "note": "text", "day": "date"}


def test_every_format_can_be_opened(tmp_path: Path) -> None:
    world = World.model_validate(
        {"files": {
            **{f"raw/t{end}": {"columns": COLUMNS, "rows": 20} for end in (".csv", ".parquet", ".xlsx", ".jsonl")},
            "given.csv": {"table": [["a", 'b "x"'], [1, "x,y"]]},
            "given.parquet": {"table": [["a"], [1], [2]]},
            "copied.csv": {"data": "bad_drivers.csv"},
            "words.txt": {"text": "one\ntwo\n"},
        }}
    )  # fmt: skip
    project = tmp_path / "project"
    Worlds(tmp_path / "worlds").copy(world, [WORLDS / "data"], project)
    for name in ("raw/t.csv", "raw/t.parquet", "raw/t.xlsx", "raw/t.jsonl"):
        table = open_table(Context(project), name)
        assert (table.rows, len(table.columns)) == (23, 7)
        table.close()
    assert (project / "given.csv").read_text() == 'a,"b ""x"""\n1,"x,y"\n'


def test_a_world_is_built_once_and_a_copy_does_not_touch_it(tmp_path: Path) -> None:
    world = World.model_validate({"files": {"a.csv": {"text": "x\n1\n"}}, "facts": ["the label is x"]})
    worlds = Worlds(tmp_path / "worlds")
    worlds.copy(world, [], tmp_path / "one")
    (tmp_path / "one" / "a.csv").write_text("changed")
    worlds.copy(world, [], tmp_path / "two")
    assert (tmp_path / "two" / "a.csv").read_text() == "x\n1\n"
    assert len([p for p in (tmp_path / "worlds").iterdir() if p.name != "stubs"]) == 1


def test_monitors_from_lines(tmp_path: Path) -> None:
    write_monitors(tmp_path, ["churn_model: auc < 0.8, daily, email", "m2: psi > 0.2, 6h"])
    assert get(tmp_path, "churn_model").thresholds == {"auc": 0.8}
    assert get(tmp_path, "churn_model").checks == ("performance",)
    assert (get(tmp_path, "m2").schedule, get(tmp_path, "m2").channel) == ("6h", "terminal")
    with pytest.raises(ToolError, match="is no monitor"):
        write_monitors(tmp_path, ["nonsense"])


def test_a_data_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    world = World.model_validate({"files": {"a.csv": {"data": "nowhere.csv"}}})
    with pytest.raises(ToolError, match=r"nowhere\.csv"):
        Worlds(tmp_path / "worlds").built(world, [WORLDS / "data"])
