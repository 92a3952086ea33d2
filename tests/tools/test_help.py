"""Help lists every tool with a sentence to start it, and explains a term."""

from pathlib import Path

from opsmith.tools import registry
from opsmith.tools.contract import Context
from opsmith.tools.help import glossary, help, lookup


def test_every_tool_with_an_example_is_listed(project: Path) -> None:
    (table,) = help(context=Context(project)).tables
    assert {row[0] for row in table.rows} == {t.name for t in registry.all_tools() if t.examples}


def test_a_tool_can_be_explained(project: Path) -> None:
    assert help("recall", context=Context(project)).data["tool"] == "recall"


def test_the_glossary_answers_each_of_its_own_names() -> None:
    assert len(glossary()) >= 50
    for entry in glossary():
        assert lookup(f"what is {entry['name']}?") == entry
        assert 40 < len(entry["text"]) < 700


def test_a_word_inside_another_is_not_a_term() -> None:
    assert lookup("lipsinc") is None
