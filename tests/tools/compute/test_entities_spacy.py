"""A spaCy pipeline in a folder finds what lists do not know; patterns and own names still win."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsmith.tools.clean import clean
from opsmith.tools.compute.entities_spacy import spacy_entities
from opsmith.tools.contract import Context, ToolError

spacy = pytest.importorskip("spacy")


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small real pipeline: a tokenizer and a list of spans, no trained weights."""
    folder = tmp_path_factory.mktemp("spacy") / "pipe"
    made = spacy.blank("en")
    ruler = made.add_pipe("entity_ruler")
    ruler.add_patterns(
        [
            {"label": "PERSON", "pattern": "Hitchcock"},
            {"label": "GPE", "pattern": "Smallville"},
            {"label": "CARDINAL", "pattern": "two"},
        ]
    )
    made.to_disk(folder)
    return folder


def test_entities_have_the_types_used_here(pipeline: Path) -> None:
    found = spacy_entities(["Hitchcock moved to Smallville with two cats", ""], str(pipeline))
    assert [(e.type, e.text, e.start) for e in found[0]] == [("person", "Hitchcock", 0), ("place", "Smallville", 19)]
    assert found[1] == []


def test_the_setting_alone_brings_it_in(pipeline: Path, project: Path) -> None:
    (project / "mails.csv").write_text("id,message\n1,Hitchcock wrote from Smallville to ann@example.org again\n")
    without = clean("mails.csv", operations=["entities"], dry_run=True, context=Context(project))
    assert without.data["entities"] == {"email": 1}
    context = Context(project, settings={"spacy_model": str(pipeline)})
    found = clean("mails.csv", operations=["entities"], dry_run=True, context=context)
    assert found.data["entities"] == {"email": 1, "person": 1, "place": 1}


def test_a_pipeline_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(ToolError, match="no spaCy pipeline 'xx_nothing_sm'"):
        spacy_entities(["x"], "xx_nothing_sm")
