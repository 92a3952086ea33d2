"""Tables fit any width: short columns stay whole, figures stand right, nothing wraps."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from opsmith.agent.terminal_tables import ResultTable, fitted

TABLE = {
    "title": "Columns",
    "columns": ["", "column", "kind", "distinct", "low … middle … high"],
    "rows": [
        [
            "▲",
            "a_very_long_column_name_that_goes_on",
            "category",
            "1,234",
            "Paris, Rome, and another forty letters of text",
        ],
        ["", "id", "integer", "~7", "1 … 2 … 3"],
    ],
}


def drawn(width, table=TABLE, most=None):
    out = io.StringIO()
    Console(file=out, width=width, color_system=None).print(ResultTable(table, most, str))
    return out.getvalue().splitlines()


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_every_line_fits_and_no_row_wraps(width):
    lines = drawn(width)
    assert len(lines) == 4 and max(map(len, lines)) <= width
    if width >= 80:
        assert "category" in lines[2] and "integer" in lines[3]


def test_at_200_columns_nothing_is_cut():
    text = "\n".join(drawn(200))
    assert "…" not in text.replace("low … middle … high", "").replace("1 … 2 … 3", "")
    assert "a_very_long_column_name_that_goes_on" in text


def test_figures_written_as_text_stand_right():
    lines = drawn(120)
    assert lines[2].index("1,234") + 5 == lines[3].index("~7") + 2


def test_long_tables_are_folded():
    assert drawn(80, most=1)[-1] == "… 1 more rows (/show)"


@given(st.lists(st.integers(0, 300), min_size=1, max_size=30), st.integers(1, 250))
def test_widths_fit_the_room_and_short_columns_stay_whole(natural, room):
    made = fitted(natural, room)
    assert sum(made) <= max(room, len(natural), sum(n == 0 for n in natural) + room)
    assert all(0 < w <= max(n, 1) for w, n in zip(made, natural, strict=True))
    if sum(max(n, 1) for n in natural) <= room:
        assert made == [max(n, 1) for n in natural]
