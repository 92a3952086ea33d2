"""`/explain`: the steps, what was found in them, and what came from the conversation."""

from __future__ import annotations

from opsmith.agent.offline.dialogue import Dialogue
from opsmith.agent.offline.reading import read

from .said import shop


def _told(text: str, **state: object) -> list[str]:
    return read(text, shop(), Dialogue(**state)).told  # type: ignore[arg-type]


def test_names_that_were_found_stand_beside_the_words_for_them() -> None:
    step, found, arguments = _told("mean monthly fee by regoin in customers.csv")
    assert step.startswith("step: ") and "-> query (probability " in step
    assert "file customers.csv" in found and "column monthly fee" in found
    assert "column region" in found
    assert "'dataset': 'customers.csv'" in arguments


def test_what_came_from_the_conversation_is_told_apart() -> None:
    lines = _told("remove the duplicates", files=["orders.csv"], turns=1)
    assert "found: no file, column, model or monitor" in lines
    assert "from the conversation: dataset = orders.csv" in lines


def test_each_step_has_its_own_lines_and_takes_from_the_one_before() -> None:
    lines = _told("dedupe customers.csv into neat.csv, then train churned")
    assert [line for line in lines if line.startswith("step: ")] and sum(x.startswith("found: ") for x in lines) == 2
    assert "from the conversation: dataset = neat.csv" in lines


def test_a_question_is_part_of_the_reading() -> None:
    assert any(line.startswith("asks: ") for line in _told("train a model"))
