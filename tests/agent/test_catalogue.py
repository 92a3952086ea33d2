"""What is listed of the project's tables."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from opsmith.agent import catalogue
from opsmith.tools.contract import Context


def test_a_long_text_file_is_known_by_its_first_rows(tmp_path: Path, monkeypatch) -> None:
    """The first message in a folder does not wait until gigabytes were read: columns are known, the rows are not counted."""
    monkeypatch.setattr(catalogue, "LONG", 2_000)
    monkeypatch.setattr(catalogue, "HEAD", 500)
    lines = "".join(f"{i},{i % 7 / 2},{'yes' if i % 3 else 'no'}\n" for i in range(1_000))
    (tmp_path / "long.csv").write_text("visit id,share,left\n" + lines)
    (tmp_path / "long.jsonl").write_text("".join(f'{{"a": {i}, "b": "x{i}"}}\n' for i in range(1_000)))
    (tmp_path / "short.csv").write_text("a,b\n1,2\n3,4\n")
    listed = {f["path"]: f for f in catalogue.files(Context(project=tmp_path))}
    assert [c["name"] for c in listed["long.csv"]["columns"]] == ["visit id", "share", "left"]
    assert [c["kind"] for c in listed["long.csv"]["columns"]] == ["integer", "number", "text"]
    assert listed["long.csv"]["columns"][2]["two_valued"]
    assert listed["long.csv"]["rows"] is None
    assert [c["name"] for c in listed["long.jsonl"]["columns"]] == ["a", "b"]
    assert listed["short.csv"]["rows"] == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == [".opsmith", "long.csv", "long.jsonl", "short.csv"]


def test_a_long_file_without_line_ends_or_text_is_listed_without_columns(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(catalogue, "LONG", 2_000)
    (tmp_path / "holes.csv").write_bytes(b"\x00" * 5_000)
    (listed,) = catalogue.files(Context(project=tmp_path))
    assert listed["rows"] is None
    assert listed["columns"] == []


def test_a_database_is_listed_with_the_columns_of_all_its_tables(tmp_path: Path) -> None:
    """So that a target can be named without saying in which table it is."""
    with sqlite3.connect(tmp_path / "shop.sqlite") as shop:
        shop.execute("CREATE TABLE customers (id INTEGER, churned INTEGER)")
        shop.execute("CREATE TABLE orders (id INTEGER, amount REAL)")
    shop.close()
    (listed,) = catalogue.files(Context(project=tmp_path))
    assert [c["name"] for c in listed["columns"]] == ["id", "churned", "amount"]
    assert listed["rows"] is None
