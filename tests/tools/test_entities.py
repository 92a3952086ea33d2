"""The entities tool: tidy columns and a long table as one proposed write."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from opsmith.tools.contract import Context, NeedsAnswer, ToolError
from opsmith.tools.entities import entities


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "mails.csv").write_text(
        'id,message\n1,"The Nimbus 3000 for $20 broke, says Maria in Paris"\n2,"Nothing to see in here at all"\n3,\n'
    )
    (tmp_path / "products.csv").write_text("sku,product_name\n1,Nimbus 3000\n2,AeroPress Go\n")
    return tmp_path


def test_columns_and_a_long_table_are_proposed(project: Path) -> None:
    result = entities("mails.csv", reference="products.csv", output="ner.csv", context=Context(project=project))
    assert result.data["entities"] == {"product": 1, "money": 1, "person": 1, "place": 1}
    files = {f["path"]: f for f in result.actions[0].arguments["files"]}
    assert {"ner.csv", "ner_entities.csv"} <= set(files)
    with (project / files["ner_entities.csv"]["staged"]).open(newline="") as file:
        long = list(csv.DictReader(file))
    message = "The Nimbus 3000 for $20 broke, says Maria in Paris"
    assert all(message[int(r["start"]) : int(r["end"])] == r["entity"] for r in long)
    with (project / files["ner.csv"]["staged"]).open(newline="") as file:
        first = next(csv.DictReader(file))
    assert first["message_product"] == "Nimbus 3000"


def test_types_can_be_chosen_and_nothing_is_written_on_a_dry_run(project: Path) -> None:
    result = entities("mails.csv", keywords=["people"], dry_run=True, context=Context(project=project))
    assert result.data["entities"] == {"person": 1}
    assert result.actions == ()


def test_an_unclear_name_column_is_asked_for(project: Path) -> None:
    (project / "p.csv").write_text("a_name,b_name\nx1x,y1y\n")
    with pytest.raises(NeedsAnswer, match="Which column of p.csv"):
        entities("mails.csv", reference="p.csv", context=Context(project=project))


def test_other_operations_are_sent_to_clean(project: Path) -> None:
    with pytest.raises(ToolError, match="use clean"):
        entities("mails.csv", operations=["dedupe"], context=Context(project=project))
