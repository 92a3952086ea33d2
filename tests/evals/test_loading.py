"""Suites are read with errors that name the line; the published schema is the one in the code."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from opsmith.evals.case import SCHEMA_FILE, Case, World, schema, schema_text
from opsmith.evals.loading import SUITES, WORLDS, load_suite, load_suites, load_world, world_of
from opsmith.tools.contract import ToolError

GOOD = """\
suite: mine
world: {files: {a.csv: {table: [[x], [1]]}}}
cases:
  - id: one
    turns:
      - say: hello
"""


def write(folder: Path, text: str, name: str = "mine.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_suite_is_read_and_its_tags_reach_the_cases(tmp_path: Path) -> None:
    suite = load_suite(write(tmp_path, GOOD.replace("world:", "tags: [nightly]\nworld:")))
    assert suite.cases[0].tags == ["mine", "nightly"]
    world, _ = world_of(suite.cases[0], tmp_path / "mine.yaml")
    assert world.files["a.csv"].table == [["x"], [1]]


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("say: hello", "sya: hello", 6, "sya: this name is not known"),
        ("say: hello", "approves: true", 6, "`say` is missing"),
        ("id: one", "id: One Case!", 4, "id: String should match"),
        ("say: hello", "say: hello\n        answer: perhaps", 7, "answer"),
        ("say: hello", "say: hello\n        expect: {confirm: maybe}", 7, "confirm"),
        (
            "say: hello",
            "say: hello\n        expect:\n          calls:\n            - {tool: a, argument: {}}",
            9,
            "argument",
        ),
        ("say: hello", "say: hello\n    variants:\n      - [a, b]", 4, "a variant says 2 things"),
        ("say: hello", "say: hello\n        say: again", 7, "given twice"),
        ("table: [[x], [1]]", "tables: []", 2, "tables"),
        ("suite: mine", "suite: [mine", 2, "not valid YAML"),
        ("world: {files: {a.csv: {table: [[x], [1]]}}}", "world: nowhere", 0, "There is no world 'nowhere'"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    path = write(tmp_path, GOOD.replace(old, new))
    with pytest.raises(ToolError) as caught:
        load_suite(path)
    assert words in str(caught.value)
    assert line == 0 or f"mine.yaml:{line}:" in str(caught.value)


def test_ids_differ_in_a_file_and_across_files(tmp_path: Path) -> None:
    twice = GOOD + "  - id: one\n    turns: [{say: again}]\n"
    with pytest.raises(ToolError, match="two cases are called 'one'"):
        load_suite(write(tmp_path, twice))
    write(tmp_path, GOOD)
    write(tmp_path, GOOD, "other.yaml")
    with pytest.raises(ToolError, match="is also in"):
        load_suites([tmp_path])


def test_an_unknown_suite_names_those_that_exist() -> None:
    with pytest.raises(ToolError, match="one of: .*smoke"):
        load_suites([Path("smokee")])


def test_a_world_lies_below_another_and_beside_the_suite(tmp_path: Path) -> None:
    (tmp_path / "worlds").mkdir()
    write(tmp_path / "worlds", "use: telco\nfacts: [one]\n", "mine.yaml")
    path = write(tmp_path, GOOD.replace("world: {files: {a.csv: {table: [[x], [1]]}}}", "world: mine"))
    world, folders = world_of(load_suite(path).cases[0], path)
    assert set(world.files) == {"telco.csv"}
    assert world.facts == ["one"]
    assert folders[-1] == WORLDS / "data"


def test_a_world_that_uses_itself_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "use: round\n", "round.yaml")
    case = Case.model_validate({"id": "a", "turns": [{"say": "x"}], "world": "round"})
    with pytest.raises(ToolError, match="circle"):
        world_of(case, tmp_path / "mine.yaml")


def test_the_published_schema_is_current() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text(), "run: opsmith eval schema > evals/case.schema.json"


@pytest.mark.parametrize("path", sorted(SUITES.glob("*.yaml")), ids=lambda p: p.stem)
def test_own_suites_fit_the_schema_and_every_world_exists(path: Path) -> None:
    jsonschema.validate(yaml.safe_load(path.read_text(encoding="utf-8")), json.loads(json.dumps(schema())))
    for case in load_suite(path).cases:
        world, data = world_of(case, path)
        assert isinstance(world, World)
        for fixture in world.files.values():
            assert fixture.data is None or any((d / fixture.data).is_file() for d in data)


def test_there_are_enough_cases_and_each_has_variants() -> None:
    cases = [case for _, suite in load_suites([SUITES]) for case in suite.cases]
    assert len(cases) >= 150
    assert [c.id for c in cases if len(c.variants) < 2] == []


def test_every_named_world_can_be_loaded() -> None:
    for path in WORLDS.glob("*.yaml"):
        assert load_world(path.stem)[0] == path


def test_variants_replace_words_and_change_the_order() -> None:
    case = Case.model_validate(
        {"id": "a", "turns": [{"say": "x"}, {"say": "y"}],
         "variants": ["z", ["z", "w"], {"name": "back", "order": [2, 1]}]}
    )  # fmt: skip
    assert [(name, [t.say for t in turns]) for name, turns in case.played()] == [
        ("as written", ["x", "y"]),
        ("variant 1", ["z", "y"]),
        ("variant 2", ["z", "w"]),
        ("back", ["y", "x"]),
    ]
