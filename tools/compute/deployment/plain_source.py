"""Parts of Opsmith's own modules as plain source for a service that has no Opsmith: only what the named functions need.

A module's text is cut to the statements that these names reach, in their order; what comes from another module of Opsmith
becomes a relative import, and that module is cut in the same way. A function that needs more than Python's own library and
`LIBRARIES` cannot be shipped.
"""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

OWN = "opsmith."
LIBRARIES = frozenset({"numpy", "pandas", "ftfy"})  # of what the image installs


class NotPlain(Exception):
    """A function needs something that a service does not have; the text names it."""


@dataclass
class _Module:
    """One source file: its statements by the names they bind, and what is needed of them so far."""

    path: Path
    lines: list[str]
    statements: list[ast.stmt]
    bound: dict[str, ast.stmt] = field(default_factory=dict)
    needed: set[str] = field(default_factory=set)


def plain_sources(wanted: Iterable[tuple[str, str]]) -> dict[str, str]:
    """File name -> source for (module, function) pairs, as one flat folder. Raises NotPlain.

    A data file that lies beside a module under the module's own name (`.csv`) goes along.
    """
    modules: dict[str, _Module] = {}
    for module, name in wanted:
        _reach(modules, module, name)
    found: dict[str, str] = {}
    for name, there in modules.items():
        found[f"{_short(name)}.py"] = _text(there)
        beside = there.path.with_suffix(".csv")
        if beside.is_file():
            found[beside.name] = beside.read_text(encoding="utf-8")
    return found


def _reach(modules: dict[str, _Module], module: str, name: str) -> None:
    there = modules.setdefault(module, _read(module))
    if name in there.needed:
        return
    statement = there.bound.get(name)
    if statement is None:
        return  # a built-in
    there.needed.add(name)
    if isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith(OWN):
        _reach(modules, str(statement.module), name)
        return
    for node in ast.walk(statement):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            _allowed(node, name)
        if isinstance(node, ast.Name):
            _reach(modules, module, node.id)


def _allowed(node: ast.Import | ast.ImportFrom, user: str) -> None:
    names = [str(node.module)] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
    for name in names:
        top = name.split(".")[0]
        if top not in sys.stdlib_module_names and top not in LIBRARIES:
            raise NotPlain(f"{user} needs {top if top != 'opsmith' else name.rsplit('.', 1)[1]}")


def _read(name: str) -> _Module:
    found = _parsed(name)
    made = _Module(*found)
    for statement in made.statements:
        for bound in _binds(statement):
            made.bound.setdefault(bound, statement)
    return made


@cache
def _parsed(name: str) -> tuple[Path, list[str], list[ast.stmt]]:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.origin:
        raise NotPlain(f"{name} has no source here")
    text = Path(spec.origin).read_text(encoding="utf-8")
    return Path(spec.origin), text.splitlines(), ast.parse(text).body


def _binds(statement: ast.stmt) -> list[str]:
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return [statement.name]
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return [a.asname or a.name.split(".")[0] for a in statement.names]
    return [n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]


def _text(module: _Module) -> str:
    """The module cut to what is needed, with its comments and its own order."""
    parts: list[str] = []
    end = 0
    for number, statement in enumerate(module.statements):
        names = [n for n in _binds(statement) if n in module.needed]
        decorators = getattr(statement, "decorator_list", [])
        first = min([statement.lineno, *(d.lineno for d in decorators)])
        if number == 0 and ast.get_docstring(ast.Module(module.statements, [])) is not None:
            parts.append("\n".join(module.lines[: statement.end_lineno]) + "\n")
        elif isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            parts.append("from __future__ import annotations\n")
        elif names and isinstance(statement, ast.ImportFrom):
            source = f".{_short(str(statement.module))}" if str(statement.module).startswith(OWN) else statement.module
            parts.append(f"from {source} import {', '.join(sorted(names))}\n")
        elif names:
            while first - 2 >= end and module.lines[first - 2].startswith("#"):
                first -= 1  # the comment above belongs to it
            parts.append("\n".join(module.lines[first - 1 : statement.end_lineno]) + "\n")
        end = statement.end_lineno or end
    return _spaced(parts)


def _spaced(parts: list[str]) -> str:
    """The parts with the blank lines that a reader expects between them."""
    made, before = "", ""
    for part in parts:
        kind = _kind(part)
        if before:
            made += "\n\n" if "code" in (kind, before) else "" if kind == before else "\n"
        made, before = made + part, kind
    return made


def _kind(part: str) -> str:
    first = next(line for line in part.splitlines() if not line.startswith("#") or line.startswith('"""'))
    for kind, starts in (("doc", ('"""',)), ("future", ("from __future__",)), ("import", ("import ", "from ")),
                         ("code", ("def ", "class ", "@"))):  # fmt: skip
        if first.startswith(starts):
            return kind
    return "value"


def _short(module: str) -> str:
    return module.rsplit(".", 1)[1]
