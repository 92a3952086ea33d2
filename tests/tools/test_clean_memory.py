"""Row-wise steps stream: ten times the rows do not take ten times the memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import resource, sys
from pathlib import Path
from opsmith.tools.clean import clean
from opsmith.tools.contract import Context
made = clean("notes.parquet", operations=["trim", "lowercase", "strip_html"], columns=["note"],
             output="out.parquet", context=Context(Path(sys.argv[1]), settings={"memory_limit": "200MB"}))
assert made.data["rows_after"] == int(sys.argv[2]) and made.data["cells_changed"] > 0
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def peak_mb(folder: Path, rows: int) -> int:
    """The most memory, in MB, that cleaning so many different notes takes in a process of its own."""
    import duckdb

    folder.mkdir()
    text = "'  Note ' || i || ' <b>says</b> ' || repeat('something long ', 20)"
    duckdb.sql(f"COPY (SELECT i AS id, {text} AS note FROM range({rows}) t(i)) TO '{folder / 'notes.parquet'}'")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder), str(rows)], capture_output=True, text=True, check=True
    )
    return int(done.stdout.split()[-1])


@pytest.mark.long
@pytest.mark.timeout(900)
def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    few, many = peak_mb(tmp_path / "few", 300_000), peak_mb(tmp_path / "many", 1_500_000)  # 100 MB and 500 MB of text
    assert many < few + 300, (few, many)
