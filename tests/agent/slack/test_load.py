"""Two hundred threads at once against two workers on one PostgreSQL: no reply lost, doubled or in a wrong place."""

from __future__ import annotations

from pathlib import Path

import pytest

from .load import measure

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


@pytest.mark.timeout(420)
def test_two_hundred_threads_at_once(tmp_path: Path, postgres_server: str) -> None:
    figures = measure(200, 360, tmp_path, postgres_server)
    assert {k: figures[k] for k in ("lost", "doubled", "misplaced", "out_of_order", "not_acknowledged", "jobs_not_done")} == {
        "lost": 0, "doubled": 0, "misplaced": 0, "out_of_order": 0, "not_acknowledged": 0, "jobs_not_done": 0,
    }, figures  # fmt: skip
    assert figures["files_made"] == figures["files_wanted"] == 10
    assert figures["journal"] == {"done": 10}
    assert figures["objections"] == []
    for before, after in zip(figures["memory_mb_after_one_turn"], figures["memory_mb_at_the_end"], strict=True):
        assert after < max(700, before + 350), figures
