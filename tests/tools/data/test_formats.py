"""Archives and other formats: one table inside, sizes read before anything is unpacked."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import formats
from opsmith.tools.data.table import open_table


def test_a_zip_with_one_table_is_opened(project: Path) -> None:
    with zipfile.ZipFile(project / "a.zip", "w") as archive:
        archive.writestr("inner.csv", "x,y\n1,2\n3,4\n")
    table = open_table(Context(project), "a.zip")
    assert (table.rows, list(table.column_names)) == (2, ["x", "y"])
    table.close()


def test_a_zip_that_claims_too_much_is_not_unpacked(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "UNPACKED_LIMIT", 1000)
    with zipfile.ZipFile(project / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.csv", "x\n" + "0\n" * 100_000)
    with pytest.raises(ToolError, match=r"bomb\.zip"):
        open_table(Context(project), "bomb.zip")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"no archive"])
def test_a_broken_zip_is_one_sentence(content: bytes, project: Path) -> None:
    (project / "b.zip").write_bytes(content)
    with pytest.raises(ToolError, match=r"b\.zip"):
        open_table(Context(project), "b.zip")
