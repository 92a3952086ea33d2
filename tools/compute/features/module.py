"""A fitted feature set as a Python module that needs NumPy and pandas alone, to be read, copied and changed."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from opsmith.tools.compute.features import formulas, formulas_text, formulas_time
from opsmith.tools.compute.features.expression import (
    Call,
    Column,
    Node,
    Number,
    Text,
    expected,
    function_of,
    parse,
    walk,
    written,
)
from opsmith.tools.compute.features.words import in_words

_SOURCES = (formulas, formulas_text, formulas_time)
_LIBRARIES = {"re": "import re", "zlib": "import zlib", "np": "import numpy as np", "pd": "import pandas as pd"}


def module_text(features: Sequence[tuple[str, str]], fitted: Sequence[Sequence[Mapping[str, Any]]], about: str) -> str:
    """The source of a module with one function, `add_features(table)`.

    features: (name, expression); fitted: what each learned, in the order of its calls; about: its docstring, one line.
    """
    constants: list[str] = []
    bodies: list[str] = []
    needed: list[str] = []
    for number, ((name, expression), states) in enumerate(zip(features, fitted, strict=True), 1):
        node = parse(expression)
        labels = [f"LEARNED_{number}{chr(97 + i) if len(states) > 1 else ''}" for i in range(len(states))]
        constants += [f"{label} = {_literal(state)}" for label, state in zip(labels, states, strict=True)]
        code = _code(node, iter(labels))
        needed += _functions(node)
        bodies.append(
            f"    # {' '.join(in_words(node).split())}\n    # {' '.join(written(node).split())}\n    made[{name!r}] = {code}"
        )
    sources = _with_callees(dict.fromkeys(needed))
    used = "\n".join(sources)
    imports = [line for short, line in _LIBRARIES.items() if re.search(rf"\b{short}\.", used) or short == "pd"]
    docstring = about.replace("\\", "\\\\").replace('"""', "'''")
    parts = [
        f'"""{docstring}"""\n',
        "\n".join(imports) + "\n",
        "\n".join(constants) + "\n" if constants else "",
        *(s + "\n" for s in sources),
    ]
    body = "\n".join(bodies)
    main = (
        "def add_features(table):\n"
        '    """The table with the features as new columns; every row on its own but for what was learned before."""\n'
        "    made = {}\n"
        f"{body}\n"
        "    names = list(made)\n"
        "    new = pd.DataFrame(made, index=table.index, columns=names, dtype=float)\n"
        "    return pd.concat([table.drop(columns=[n for n in names if n in table.columns]), new], axis=1)\n"
    )
    return "\n".join(p for p in parts if p) + "\n" + main


def _code(node: Node, states: Iterator[str]) -> str:
    if isinstance(node, (Number, Text)):
        return repr(node.value)
    if isinstance(node, Column):  # alone; within a call it is read in the kind that the call takes
        return f"number(table[{node.name!r}])"
    function = function_of(node)
    told = []
    for argument, kind in zip(node.arguments, expected(node), strict=True):
        told.append(f"{kind}(table[{argument.name!r}])" if isinstance(argument, Column) else _code(argument, states))
    if function.past and len(told) == 3:
        told.append("[''] * len(table)")
    if function.fit is not None:
        told.append(f"learned={next(states)}")
    return f"{function.apply.__name__}({', '.join(told)})"


def _functions(node: Node) -> list[str]:
    found = ["number"] if isinstance(node, Column) else []
    for one in walk(node):
        if isinstance(one, Call):
            found.append(function_of(one).apply.__name__)
            found += [str(k) for a, k in zip(one.arguments, expected(one), strict=True) if isinstance(a, Column)]
    return found


def _with_callees(names: Mapping[str, None]) -> list[str]:
    """Sources of the functions and of those they call, callees first."""
    known = {
        n: f
        for module in _SOURCES
        for n, f in vars(module).items()
        if inspect.isfunction(f) and f.__module__ == module.__name__
    }
    ordered: list[str] = []

    def visit(name: str) -> None:
        if name in ordered or name not in known:
            return
        source = inspect.getsource(known[name])
        for other in known:
            if other != name and re.search(rf"(?<![.\w]){other}\(", source):
                visit(other)
        ordered.append(name)

    for name in names:
        visit(name)
    return [inspect.getsource(known[n]).rstrip() + "\n" for n in ordered]


def _literal(value: Any) -> str:
    """A plain value as Python source; long ones over several lines."""
    import pprint

    return pprint.pformat(value, width=110, compact=True, sort_dicts=False)
