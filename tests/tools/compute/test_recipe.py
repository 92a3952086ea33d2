"""Recipe files: read back as written, refused in one sentence, found for a data set."""

# ruff: noqa: E501

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsmith.tools.compute.recipe import Recipe, Step, load_recipe, read_recipe, recipe_for
from opsmith.tools.contract import Context, ToolError


@given(
    st.text(),
    st.lists(st.text(min_size=1), max_size=3),
    st.dictionaries(st.text(max_size=5), st.text(max_size=9) | st.integers(), max_size=3),
)
def test_any_names_read_back_as_written(dataset: str, columns: list[str], mapping: dict[str, object]) -> None:
    made = Recipe(dataset, (Step("map_values", tuple(columns), {"mapping": mapping}, "why: because\n- x"),))
    assert read_recipe(made.to_yaml()) == made


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not readable YAML"), ("a: 1", "needs version"), ("version: 2\nsteps: []", "version 2"), ("version: 1\nsteps: [{step: trm}]", "trim"),
        ("version: 1\nsteps: [3]", "no `step` name"), ("version: 1\nsteps: [{step: trim, columns: a}]", "must be a list"),
        ("!!python/object/apply:os.system ['x']", "not readable YAML"),
    ],
)  # fmt: skip
def test_what_is_no_recipe(text: str, message: str) -> None:
    with pytest.raises(ToolError, match=message):
        read_recipe(text)


def test_the_recipe_of_a_data_set_is_found(tmp_path: Path) -> None:
    context = Context(project=tmp_path)
    assert recipe_for(context, "data/raw.csv") is None
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes/raw_clean.yaml").write_text(Recipe("data/raw.csv").to_yaml())
    (tmp_path / "recipes/junk.yaml").write_text("{")
    for name in ("data/raw_clean.csv", "data/raw.csv", "raw_clean.parquet"):
        assert recipe_for(context, name) == tmp_path / "recipes/raw_clean.yaml"
    with pytest.raises(ToolError, match="There are: recipes/junk.yaml"):
        load_recipe(context, "recipes/no.yaml")


@pytest.mark.parametrize(
    "name",
    [
        "\n---\n",
        "a\n--- b",
        "\n...",
        "\ufeff",
        "\u2028x",
        "x" * 120 + " --- " + "y" * 50,
        "a: b",
        "- c",
        "!!int 3",
        "\x85",
    ],
)
def test_names_that_look_like_yaml_stay_names(name: str) -> None:
    made = Recipe(name, (Step("map_values", (name,), {"mapping": {name: name, "n": 1}}, name),))
    assert read_recipe(made.to_yaml()) == made
