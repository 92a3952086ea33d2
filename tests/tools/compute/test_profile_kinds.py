"""What people say of a column is believed, now and later, for the table they said it of."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsmith.tools.compute.profile_kinds import said_kinds
from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data.table import Table, open_table
from opsmith.tools.profile import profile


@pytest.fixture
def shops(project: Path) -> Table:
    (project / "shops.csv").write_text("zip,unit price,is\n10115,3,1\n20095,4,0\n", encoding="utf-8")
    return open_table(Context(project), "shops.csv")


@pytest.mark.parametrize(
    ("fact", "kinds"),
    [
        ("zip is text", {"zip": "text"}),
        ("In shops.csv, zip is a code.", {"zip": "code"}),
        ("in shops.csv the zip is text", {"zip": "text"}),
        ("treat zip as text", {"zip": "text"}),
        ("treat `unit price` as money, and zip is a postcode", {"unit price": "money", "zip": "code"}),
        ("column zip is really an identifier", {"zip": "id"}),
        ("in other.csv zip is text", {}),
        ("the weather is text", {}),
        ("zip is wonderful", {}),
        ("zips are codes of shops", {}),
    ],
)
def test_a_remembered_sentence_says_a_kind(shops: Table, fact: str, kinds: dict[str, str]) -> None:
    assert said_kinds(shops, {}, [{"text": fact}]) == kinds


def test_what_is_said_now_outranks_what_was_said(shops: Table) -> None:
    assert said_kinds(shops, {"ZIP": "category"}, [{"text": "zip is text"}]) == {"zip": "category"}
    with pytest.raises(ToolError, match="no kind of column"):
        said_kinds(shops, {"zip": "banana"}, [])


def test_a_profile_believes_it_and_keeps_it(shops: Table, project: Path) -> None:
    result = profile("shops.csv", kinds={"zip": "code"}, context=Context(project))
    kinds = {c["name"]: (c["kind"], c["confidence"]) for c in result.data["columns"]}
    assert kinds["zip"] == ("code", 1.0)
    assert "In shops.csv, zip is code." in [n.text for n in result.notes if n.kind == "decision"]
