"""The cleaning recipe: an ordered list of typed steps, as a YAML file that a person can read and re-run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import paths
from opsmith.tools.data.documents import read_document

VERSION = 1


@dataclass(frozen=True)
class Step:
    """One typed step: what, on which columns, how, and why. Options are plain YAML values."""

    step: str
    columns: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "columns": list(self.columns),
            "options": dict(self.options),
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Recipe:
    """The steps for one data set, in order."""

    dataset: str
    steps: tuple[Step, ...] = ()

    def to_yaml(self) -> str:
        """The recipe as YAML, written by the library so that no value can add keys."""
        import yaml

        plain = {"version": VERSION, "dataset": self.dataset, "steps": [s.as_dict() for s in self.steps]}
        text = str(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=110))
        if _reads_as(text, plain):
            return text
        # names with line ends and document marks survive only quoted and escaped on one line
        return str(yaml.safe_dump(plain, sort_keys=False, default_style='"', width=float("inf")))


def read_recipe(text: str, name: str = "the recipe") -> Recipe:
    """A recipe from YAML text. ToolError names the first thing that is wrong with it."""
    plain = read_document(text, name, "cleaning recipe", "steps", "version, dataset and a list of steps", VERSION)
    return Recipe(str(plain.get("dataset", "")), tuple(_step(s, i, name) for i, s in enumerate(plain["steps"], 1)))


def load_recipe(context: Context, name: str) -> Recipe:
    """The recipe in a file of the project. ToolError when there is none or it cannot be used."""
    path = paths.confined(context, name)
    if not path.is_file():
        known = sorted(p.relative_to(context.project).as_posix() for p in context.project.glob("recipes/*.yaml"))
        hint = f" There are: {', '.join(known[:5])}." if known else " Cleaning a file writes one under recipes/."
        raise ToolError(f"There is no recipe {name}.{hint}")
    return read_recipe(path.read_text(encoding="utf-8"), paths.relative(context, path))


def recipe_name(output: str) -> str:
    """Where the recipe of a cleaned file is kept.

    >>> recipe_name("data/reviews_clean.csv")
    'recipes/reviews_clean.yaml'
    """
    return f"recipes/{stem(output)}.yaml"


def stem(name: str) -> str:
    """A file name without folder and endings, packed or not."""
    base = PurePosixPath(name.replace("\\", "/")).name
    for packed in paths.PACKED:
        base = base.removesuffix(packed)
    return base.rsplit(".", 1)[0] if "." in base.strip(".") else base


def recipe_for(context: Context, dataset: str) -> Path | None:
    """The recipe file that belongs to a data set: the one that made it, else the one that cleans it, else None.

    Looked for as recipes/NAME.yaml, as NAME.recipe.yaml beside the file, then by the `dataset` inside every recipe.
    """
    shown = dataset.strip().strip("`'\"")
    beside = (context.project / shown).with_name(f"{stem(shown)}.recipe.yaml")
    for path in (context.project / recipe_name(shown), beside):
        if path.is_file():
            return path
    for path in sorted(context.project.glob("recipes/*.yaml")):
        try:
            found = read_recipe(path.read_text(encoding="utf-8"))
        except (ToolError, UnicodeDecodeError):
            continue
        if found.dataset in (shown, shown.removeprefix("./")):
            return path
    return None


def _reads_as(text: str, plain: Any) -> bool:
    import yaml

    try:
        return bool(yaml.safe_load(text) == plain)
    except yaml.YAMLError:
        return False


def _step(plain: Any, number: int, name: str) -> Step:
    from opsmith.tools.compute.steps import step_names

    if not isinstance(plain, dict) or not isinstance(plain.get("step"), str):
        raise ToolError(f"Step {number} of {name} has no `step` name.")
    if plain["step"] not in step_names():
        near = paths.nearest(plain["step"], step_names()) or step_names()
        raise ToolError(f"Step {number} of {name} is {plain['step']!r}, which does not exist. Nearest: {near[0]}.")
    columns, options = plain.get("columns") or [], plain.get("options") or {}
    if not isinstance(columns, list) or not isinstance(options, dict):
        raise ToolError(f"Step {number} of {name}: `columns` must be a list and `options` a mapping.")
    return Step(plain["step"], tuple(map(str, columns)), options, str(plain.get("reason", "")))
