"""Columns are found by what words mean, and left alone when a word says what the rows are."""

from __future__ import annotations

from opsmith.agent.offline.ground_meaning import by_meaning

WINE = [{"name": n} for n in ("grape", "alcohol", "residual sugar", "quality")]


def test_sweeter_is_sugar_and_marks_are_quality() -> None:
    assert [m.value for m in by_meaning("do sweeter wines get better marks?", WINE)] == ["residual sugar", "quality"]


def test_a_word_of_the_files_name_means_no_column() -> None:
    columns = [{"name": "sales"}, {"name": "region"}]
    assert by_meaning("the sales file", columns, skip=["sales_2024"]) == []
