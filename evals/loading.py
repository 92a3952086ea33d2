"""Read suites and worlds from YAML; every mistake is told with file and line."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from opsmith.evals.case import Case, Suite, World
from opsmith.tools.contract import ToolError

SUITES = Path(__file__).with_name("suites")
WORLDS = Path(__file__).with_name("worlds")

Shape = TypeVar("Shape", bound=BaseModel)


def load_suite(path: Path) -> Suite:
    """The suite of a file. ToolError with the line of each mistake."""
    suite = _load(path, Suite)
    seen: set[str] = set()
    for case in suite.cases:
        if case.id in seen:
            raise ToolError(f"{path}: two cases are called {case.id!r}. Give each its own id.")
        seen.add(case.id)
        case.tags = sorted({*case.tags, *suite.tags, suite.suite})
        if case.world is None:
            case.world = suite.world
        if isinstance(case.world, str):
            load_world(case.world, path)
    return suite


def load_suites(paths: Iterable[Path]) -> list[tuple[Path, Suite]]:
    """Suites of files and folders, in order; case ids must differ across all of them."""
    loaded: list[tuple[Path, Suite]] = []
    owner: dict[str, Path] = {}
    for path in _files(paths):
        suite = load_suite(path)
        for case in suite.cases:
            if case.id in owner:
                raise ToolError(f"{path}: case {case.id!r} is also in {owner[case.id]}. Give each its own id.")
            owner[case.id] = path
        loaded.append((path, suite))
    return loaded


def load_world(name: str, beside: Path | None = None) -> tuple[Path, World]:
    """A named world and its file: beside the suite (in worlds/ there), else one of Opsmith's own."""
    places = [WORLDS]
    if beside is not None:
        places = [beside.parent / "worlds", beside.parent.parent / "worlds", beside.parent, *places]
    for place in places:
        path = place / f"{name}.yaml"
        if path.is_file():
            return path, _load(path, World)
    known = ", ".join(sorted({p.stem for place in places for p in place.glob("*.yaml")} - {""}))
    raise ToolError(f"There is no world {name!r}. There are: {known}.")


def world_of(case: Case, suite_file: Path | None = None) -> tuple[World, list[Path]]:
    """The whole world of a case, the worlds it uses laid below it; and the folders its data files may lie in."""
    folders: list[Path] = [] if suite_file is None else [suite_file.parent]
    given = case.world
    if given is None:
        return World(), folders
    if isinstance(given, str):
        given = World(use=given)
    layers = [given]
    while layers[-1].use:
        if len(layers) > 8:
            raise ToolError(f"World {layers[-1].use!r} uses itself. Worlds may not go round in a circle.")
        path, below = load_world(layers[-1].use, suite_file)
        folders.append(path.parent)
        layers.append(below)
    whole = World()
    for layer in reversed(layers):
        whole = World(
            files={**whole.files, **layer.files},
            models={**whole.models, **layer.models},
            monitors=[*whole.monitors, *layer.monitors],
            facts=[*whole.facts, *layer.facts],
            settings={**whole.settings, **layer.settings},
            secrets=[*whole.secrets, *layer.secrets],
        )
    return whole, [*folders, WORLDS / "data"]


def _files(paths: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        named = SUITES / f"{path}.yaml"
        if path.parent == Path() and not path.suffix and named.is_file():
            found.append(named)
        elif path.is_dir():
            found += sorted(p for p in path.rglob("*.yaml") if "worlds" not in p.relative_to(path).parts)
        elif path.is_file():
            found.append(path)
        else:
            known = ", ".join(sorted(p.stem for p in SUITES.glob("*.yaml")))
            raise ToolError(f"There is no suite {path}. Give a file, a folder, or one of: {known}.")
    if not found:
        raise ToolError("No suites were found: name a YAML file or a folder with some.")
    return found


def _load(path: Path, shape: type[Shape]) -> Shape:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ToolError(f"{path} could not be read: {error}.") from None
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        _no_repeated_keys(path, root)
        plain = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ToolError(f"{path}:{line}: not valid YAML: {error.problem}.") from None
    if not isinstance(plain, dict):
        raise ToolError(f"{path}:1: a mapping is expected here, such as `suite: NAME`.")
    try:
        return shape.model_validate(plain)
    except ValidationError as error:
        raise ToolError("\n".join(_told(path, root, error))) from None


def _told(path: Path, root: Any, error: ValidationError) -> list[str]:
    """One line a mistake; branches of a union that were not meant are left out."""
    told: dict[str, None] = {}
    mistakes = error.errors()
    deepest = {m["loc"][:3]: max(len(_real(root, n["loc"])) for n in mistakes if n["loc"][:3] == m["loc"][:3])
               for m in mistakes}  # fmt: skip
    for mistake in mistakes:
        where = _real(root, mistake["loc"])
        if len(where) < deepest[mistake["loc"][:3]]:
            continue
        name = ".".join(str(p) for p in where) or "the file"
        message = mistake["msg"].removeprefix("Value error, ")
        if mistake["type"] == "extra_forbidden":
            message = "this name is not known here"
        elif mistake["type"] == "missing":
            message = f"`{mistake['loc'][-1]}` is missing"
        told[f"{path}:{_line(root, where)}: {name}: {message}"] = None
    return list(told)


def _real(root: Any, loc: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """The part of a pydantic location that exists in the file; names of union branches are skipped."""
    node, real = root, []
    for part in loc:
        below = _below(node, part)
        if below is not None:
            node = below
            real.append(part)
    return tuple(real)


def _line(root: Any, where: tuple[int | str, ...]) -> int:
    node, line = root, 1
    for part in where:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(part):
                    line, node = key.start_mark.line + 1, value
                    break
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line


def _below(node: Any, part: int | str) -> Any:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == str(part)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part]
    return None


def _no_repeated_keys(path: Path, node: Any) -> None:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise ToolError(f"{path}:{key.start_mark.line + 1}: {key.value!r} is given twice.")
            seen.add(key.value)
            _no_repeated_keys(path, value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _no_repeated_keys(path, value)
