"""The small typed language in which every feature is written: read, checked against a table's columns, written back.

`(smoker = "yes") * bmi`, `log(annual_km / driver_age)`, `mean_by(fare, pclass)`: names are columns (in backticks when
they hold spaces or marks), "..." is text, a name before `(` is one of the functions of `vocabulary`. Nothing here
runs code: a formula is read into four kinds of node and anything else is refused with its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from opsmith.tools.compute.features.vocabulary import FUNCTIONS, Function, Kind
from opsmith.tools.contract import ToolError
from opsmith.tools.data import paths

MOST_LETTERS, MOST_NODES, MOST_DEPTH = 2000, 80, 20


@dataclass(frozen=True)
class Number:
    value: float


@dataclass(frozen=True)
class Text:
    value: str


@dataclass(frozen=True)
class Column:
    name: str


@dataclass(frozen=True)
class Call:
    name: str
    arguments: tuple[Node, ...]


Node = Number | Text | Column | Call

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|(?P<text>\"(?:[^\"\\]|\\.)*\")|(?P<column>`(?:[^`\\]|\\.)+`)"
    r"|(?P<name>[^\W\d]\w*)|(?P<mark>[-+*/=<>(),]))"
)
_INFIX = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "=": "is", ">": "over", "<": "under"}
_MARK = {name: mark for mark, name in _INFIX.items()}
_RANK = {"is": 0, "over": 0, "under": 0, "add": 1, "subtract": 1, "multiply": 2, "divide": 2}


def parse(text: str) -> Node:
    """The formula as nodes. ToolError says what was read, where, and why it cannot be used.

    >>> written(parse('( smoker="yes" )*bmi'))
    '(smoker = "yes") * bmi'
    """
    if len(text) > MOST_LETTERS:
        raise ToolError(f"The formula has {len(text):,} letters; at most {MOST_LETTERS:,} are read.")
    reader = _Reader(text)
    node = reader.comparison(0)
    if reader.kind:
        raise reader.refuse(f"{reader.word!r} was not expected here")
    return node


def written(node: Node, rank: int = -1) -> str:
    """The formula as text; parse(written(x)) == x."""
    if isinstance(node, Number):
        shown = repr(int(node.value)) if float(node.value).is_integer() and abs(node.value) < 1e15 else repr(node.value)
        return f"({shown})" if node.value < 0 and rank >= 1 else shown
    if isinstance(node, Text):
        return '"' + node.value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(node, Column):
        if re.fullmatch(r"[^\W\d]\w*", node.name):
            return node.name
        return "`" + node.name.replace("\\", "\\\\").replace("`", "\\`") + "`"
    if node.name in _MARK:
        mine = _RANK[node.name]
        left, right = node.arguments
        text = f"{written(left, mine + (mine == 0))} {_MARK[node.name]} {written(right, mine + 1)}"
        return f"({text})" if mine < rank else text
    return f"{node.name}({', '.join(written(a) for a in node.arguments)})"


def walk(node: Node) -> Iterator[Node]:
    """The node and everything in it, from the left, arguments first."""
    if isinstance(node, Call):
        for argument in node.arguments:
            yield from walk(argument)
    yield node


def columns_of(node: Node) -> tuple[str, ...]:
    """Names of the columns that a formula reads, in order."""
    return tuple(dict.fromkeys(n.name for n in walk(node) if isinstance(n, Column)))


def function_of(node: Call) -> Function:
    """The function that a call names; ToolError with the nearest names otherwise."""
    if node.name not in FUNCTIONS:
        near = paths.nearest(node.name, sorted(FUNCTIONS)) or sorted(FUNCTIONS)
        raise ToolError(f"There is no function {node.name!r} for features. Nearest: {', '.join(near[:4])}.")
    return FUNCTIONS[node.name]


def expected(node: Call) -> tuple[Kind, ...]:
    """What kind of value each argument of a call must be. ToolError when their number is wrong."""
    function = function_of(node)
    takes = function.takes
    count = len(node.arguments)
    if function.more:
        takes = (*takes, *[takes[-1]] * max(0, count - len(takes)))
    least = len(function.takes) - function.optional
    if not least <= count <= len(takes):
        raise ToolError(f"{node.name} takes {function.usage}, not {count} values.")
    return takes[:count]


def check(node: Node, kinds: Mapping[str, str]) -> Kind:
    """What a formula gives (number, category, text or date). ToolError when it does not fit the table.

    kinds: column -> number, category, text or date. A column may also be read as a category or as text.
    """
    if isinstance(node, Number):
        return "number"
    if isinstance(node, Text):
        return "literal text"
    if isinstance(node, Column):
        if node.name not in kinds:
            near = paths.nearest(node.name, list(kinds)) or list(kinds)[:6]
            raise ToolError(f"There is no column {node.name!r} for a feature. Nearest: {', '.join(near)}.")
        return kinds[node.name]  # type: ignore[return-value]
    for argument, wanted in zip(node.arguments, expected(node), strict=True):
        given = check(argument, kinds)
        if isinstance(argument, Column):
            fits = (
                given == wanted
                or (wanted == "category" and given != "date")
                or (wanted == "text" and given == "category")
            )
        elif isinstance(argument, Number):
            fits = wanted in ("number", "literal number")
        else:
            fits = given == wanted
        if not fits:
            raise ToolError(f"{node.name} needs a {wanted}, but {written(argument)} is a {given}.")
    return function_of(node).gives


def learns(node: Node) -> str:
    """What a formula learns when it is fitted: nothing, rows (the inputs' own distribution) or target."""
    found = {function_of(n).learns for n in walk(node) if isinstance(n, Call)}
    return "target" if "target" in found else "rows" if "rows" in found else "nothing"


def looks_back(node: Node) -> bool:
    """Whether a formula reads earlier rows, so that it must see the whole table in time order."""
    return any(function_of(n).past for n in walk(node) if isinstance(n, Call))


class _Reader:
    """Recursive descent over the tokens; `kind` is empty at the end."""

    def __init__(self, text: str):
        self.text, self.place, self.kind, self.word, self.tokens = text, 0, "", "", 0
        self._next()

    def refuse(self, why: str) -> ToolError:
        return ToolError(
            f"The formula {self.text!r} cannot be read: {why} (at letter {self.place - len(self.word) + 1})."
        )

    def _next(self) -> None:
        if not self.text[self.place :].strip():
            self.kind, self.word = "", ""
            return
        found = _TOKEN.match(self.text, self.place)
        if not found:
            self.word = self.text[self.place :].strip()[0]
            raise self.refuse(f"{self.word!r} has no meaning")
        self.place, self.kind, self.tokens = found.end(), str(found.lastgroup), self.tokens + 1
        if self.tokens > 4 * MOST_NODES:
            raise self.refuse(f"it has more than {4 * MOST_NODES} words and marks")
        self.word = found.group(self.kind)

    def _take(self, mark: str) -> bool:
        if self.kind == "mark" and self.word == mark:
            self._next()
            return True
        return False

    def comparison(self, depth: int) -> Node:
        if depth > MOST_DEPTH:
            raise self.refuse("it is nested too deeply")
        left = self._sum(depth)
        for mark in ("=", ">", "<"):
            if self._take(mark):
                return Call(_INFIX[mark], (left, self._sum(depth)))
        return left

    def _sum(self, depth: int) -> Node:
        left = self._product(depth)
        while self.kind == "mark" and self.word in "+-":
            mark = self.word
            self._next()
            left = Call(_INFIX[mark], (left, self._product(depth)))
        return left

    def _product(self, depth: int) -> Node:
        left = self._value(depth)
        while self.kind == "mark" and self.word in "*/":
            mark = self.word
            self._next()
            left = Call(_INFIX[mark], (left, self._value(depth)))
        return left

    def _value(self, depth: int) -> Node:
        kind, word = self.kind, self.word
        if depth > MOST_DEPTH:
            raise self.refuse("it is nested too deeply")
        if self._take("-"):
            inner = self._value(depth + 1)
            return Number(-inner.value) if isinstance(inner, Number) else Call("subtract", (Number(0.0), inner))
        if self._take("("):
            node = self.comparison(depth + 1)
            if not self._take(")"):
                raise self.refuse("a closing bracket is missing")
            return node
        if not kind or kind == "mark":
            raise self.refuse("a value is missing" if not kind else f"{word!r} was not expected here")
        self._next()
        if kind == "number":
            return Number(float(word))
        if kind == "text":
            return Text(re.sub(r"\\(.)", r"\1", word[1:-1], flags=re.DOTALL))
        if kind == "column":
            return Column(re.sub(r"\\(.)", r"\1", word[1:-1], flags=re.DOTALL))
        if not self._take("("):
            return Column(word)
        arguments: list[Node] = []
        while not self._take(")"):
            if arguments and not self._take(","):
                raise self.refuse("a comma or a closing bracket is missing")
            arguments.append(self.comparison(depth + 1))
        call = Call(word, tuple(arguments))
        function_of(call)
        return call
