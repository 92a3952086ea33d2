"""The first screen: what is here, and three sentences that fit these very files."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from opsmith.agent.first_screen import first_screen, header, suggestions, target_of, waiting_count
from opsmith.agent.session import Session


def fill(project: Path) -> None:
    (project / "apples.csv").write_text("weight;colour\n1;red\n")
    (project / "clients.csv").write_text("id,age,Churn\n1,30,Yes\n")
    (project / "clients_new.csv").write_text("id,age\n2,31\n")


def test_sentences_start_from_the_table_with_a_target_and_compare_only_tables_that_are_alike(project: Path) -> None:
    fill(project)
    assert suggestions(project, ["apples.csv", "clients.csv", "clients_new.csv"]) == [
        "profile clients.csv",
        "train a model for Churn on clients.csv",
        "has clients_new.csv drifted from clients.csv?",
    ]
    assert suggestions(project, ["apples.csv"])[-1] == "clean apples.csv"


def test_an_empty_folder_is_helped_too(project: Path) -> None:
    assert "what can you do?" in suggestions(project, [])


def test_header_of_what_is_no_table_is_empty(project: Path) -> None:
    (project / "x.csv").write_bytes(b"\xff\xfe\x00a,b")
    assert header(project / "x.csv") == []
    assert header(project / "x.parquet") == []
    assert target_of(["a", "SURVIVED"]) == "SURVIVED"


def test_it_says_in_five_lines_where_it_is(project: Path) -> None:
    fill(project)
    console = Console(record=True, width=200)
    session = Session(project, user="ada")
    first_screen(session, console)
    session.close()
    lines = console.export_text().strip().splitlines()
    assert len(lines) == 5
    assert "3 tables" in lines[1] and "no models" in lines[1]
    assert "offline planner" in lines[2]
    assert waiting_count(project) == 0
