"""What a tool is, what it returns, and how it says no: the one contract every capability shares.

A tool looks and proposes. It returns a Result; where it wants something changed it adds Actions,
which a person approves and `agent/effects` carries out. A tool file needs only this module,
`tools.compute` and `tools.data`, so it runs in a notebook as it runs in a conversation:

>>> @tool(intent="query", examples=("how long is notes.txt?",))
... def length(dataset: str, *, context: Context) -> Result:
...     \"\"\"Tell how many letters a name has.\"\"\"
...     return Result(f"{len(dataset)} letters")
>>> length("abc").headline
'3 letters'
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import hashlib
import inspect
import json
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Severity = Literal["info", "warning", "critical"]
Risk = Literal["low", "medium", "high"]
Need = Literal["files", "process", "network"]


class ToolError(Exception):
    """A message for the user: what was asked, what was found, what to try. Never a bug report."""


class NeedsAnswer(ToolError):
    """The tool cannot go on without one answer from the person; `choices` are offered when known."""

    def __init__(self, question: str, choices: Sequence[str] = ()):
        super().__init__(question)
        self.choices = tuple(choices)


class Cancelled(Exception):
    """Raised by `Context.check` when the person stopped the turn."""


@dataclass(frozen=True)
class Finding:
    """One thing worth knowing, with the evidence that shows it."""

    id: str
    severity: Severity
    message: str
    columns: tuple[str, ...] = ()
    evidence: Mapping[str, Any] = field(default_factory=dict)
    rows: tuple[int, ...] = ()  # zero-based row numbers to look at, a few
    fix: str = ""  # a sentence that a user could type next


@dataclass(frozen=True)
class Table:
    """A small table to show; cells are plain values. `raw` marks rows of the user's data, as against figures."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    raw: bool = False


@dataclass(frozen=True)
class Chart:
    """A small chart as numbers; each view draws it its own way."""

    title: str
    kind: Literal["bar", "line", "histogram", "scatter"]
    x: tuple[Any, ...]
    series: Mapping[str, tuple[float | None, ...]]
    x_label: str = ""
    y_label: str = ""


@dataclass(frozen=True)
class Preview:
    """Exactly what an action would do, as a person reads it before saying yes."""

    summary: str  # one line: "write data/clean.csv (1,200 rows, 81 kB)"
    diff: str = ""  # unified diff for text
    tables: tuple[Table, ...] = ()  # schema, counts and first rows for data
    notes: tuple[str, ...] = ()  # what it touches besides, what cannot be undone


@dataclass(frozen=True)
class Action:
    """A change that a tool proposes. Only `agent/effects` carries it out, after a person's yes.

    kind: one of the kinds in agent/effects (write_files, delete_files, train, promote, ...).
    target: what it changes, as a project-relative path or `model:NAME`, `monitor:NAME`, `memory`.
    arguments: plain JSON values, complete: the effect needs nothing else.
    provides: paths or model names that exist once it is done; a later call that needs one waits for it.
    """

    kind: str
    target: str
    arguments: Mapping[str, Any]
    preview: Preview
    reversible: bool = True
    risk: Risk = "medium"
    provides: tuple[str, ...] = ()

    def content_hash(self) -> str:
        """sha256 over kind, target and arguments; the engine adds the state of what it changes."""
        text = json.dumps([self.kind, self.target, self.arguments], sort_keys=True, default=str, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Note:
    """A fact for the project's memory: kept without confirmation, as it only adds."""

    text: str
    source: str
    kind: Literal["fact", "decision", "profile", "model", "drift"] = "fact"


@dataclass(frozen=True)
class Result:
    """What a tool found. It says what is, or what is proposed; never that something was done."""

    headline: str
    data: Mapping[str, Any] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()
    files: tuple[str, ...] = ()  # reports to look at, under .opsmith/
    actions: tuple[Action, ...] = ()
    next_steps: tuple[str, ...] = ()  # sentences that a user could type next
    notes: tuple[Note, ...] = ()
    control: Mapping[str, Any] = field(default_factory=dict)  # session settings to change: {"model": ...}

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values, without the actions' contents."""
        plain = {f.name: _plain(getattr(self, f.name)) for f in dataclasses.fields(self) if f.name != "actions"}
        plain["actions"] = [{"kind": a.kind, "target": a.target, "summary": a.preview.summary} for a in self.actions]
        return plain


class Services(typing.Protocol):
    """Read-only views of what the conversation knows, given to the conversation's own tools."""

    def recall(self, topic: str, limit: int = 5) -> list[dict[str, Any]]: ...
    def facts(self) -> list[dict[str, Any]]: ...
    def pending(self) -> list[dict[str, Any]]: ...
    def journal(self, limit: int = 20) -> list[dict[str, Any]]: ...
    def result(self, handle: str) -> dict[str, Any] | None: ...
    def settings(self) -> list[dict[str, Any]]: ...


def silent(fraction: float | None, note: str = "") -> None:
    """Progress that nobody watches."""


def unseen(result: Result) -> None:
    """A partial result that nobody watches."""


def never() -> bool:
    """A turn that nobody stops."""
    return False


@dataclass(frozen=True)
class Context:
    """Where a tool runs: the project's folder, its settings, and the two wires back to the person."""

    project: Path = field(default_factory=Path.cwd)
    readable: tuple[Path, ...] = ()  # extra folders that may be read
    settings: Mapping[str, Any] = field(default_factory=dict)
    progress: Callable[[float | None, str], None] = silent  # fraction from 0 to 1, or None when unknown
    partial: Callable[[Result], None] = unseen  # what is known so far; each one takes the place of the one before
    cancelled: Callable[[], bool] = never
    services: Services | None = None
    seed: int = 0

    @property
    def home(self) -> Path:
        """Opsmith's own folder in the project; the only place a tool may write (caches, reports, staged files)."""
        return self.project / ".opsmith"

    def check(self) -> None:
        """Raise Cancelled when the person has stopped the turn; long loops call it often."""
        if self.cancelled():
            raise Cancelled


@dataclass(frozen=True)
class Tool:
    """A tool as the registry keeps it; name, text and schema are read from the function."""

    run: Callable[..., Result]
    intent: str
    examples: tuple[str, ...]
    reads: frozenset[Need]
    conversational: bool  # belongs to the conversation itself (remember, status, ...)

    @property
    def name(self) -> str:
        return self.run.__name__

    @property
    def description(self) -> str:
        return inspect.getdoc(self.run) or ""

    @property
    def summary(self) -> str:
        return self.description.split("\n", 1)[0]

    def parameters(self) -> dict[str, inspect.Parameter]:
        """The arguments a caller may give, `context` left out, annotations resolved to types."""
        return dict(_parameters(self.run))

    def model(self) -> Any:
        """The pydantic model that checks and converts the arguments; unknown names are refused."""
        return _model(self.run)

    def arguments(self) -> dict[str, Any]:
        """JSON schema of the arguments; a copy of the caller's own."""
        return copy.deepcopy(_arguments(self.run))

    def validate(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Typed arguments, or a ToolError that names what is wrong with which argument."""
        import pydantic

        given = {k: v for k, v in arguments.items() if v is not None}
        for name, parameter in self.parameters().items():
            if isinstance(given.get(name), str) and typing.get_origin(parameter.annotation) is list:
                given[name] = [given[name]]  # people and models write one column without brackets
        try:
            checked = self.model()(**given)
        except pydantic.ValidationError as error:
            told = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            known = ", ".join(self.parameters())
            raise ToolError(
                f"{self.name} was called with arguments it cannot use ({told}). It takes: {known}."
            ) from None
        return {name: getattr(checked, name) for name in type(checked).model_fields}

    def __call__(self, *args: Any, context: Context | None = None, **kwargs: Any) -> Result:
        given = inspect.signature(self.run).bind_partial(*args, **kwargs).arguments
        return self.run(**self.validate(given), context=context or Context())


# A function's signature never changes, and every turn of a conversation asks for the schemas of all tools.
@functools.cache
def _parameters(run: Callable[..., Result]) -> dict[str, inspect.Parameter]:
    hints = typing.get_type_hints(run, include_extras=True)
    found = inspect.signature(run).parameters
    return {n: p.replace(annotation=hints.get(n, Any)) for n, p in found.items() if n != "context"}


@functools.cache
def _model(run: Callable[..., Result]) -> Any:
    import pydantic

    fields: dict[str, Any] = {}
    for name, parameter in _parameters(run).items():
        default = ... if parameter.default is inspect.Parameter.empty else parameter.default
        fields[name] = (parameter.annotation, default)
    config = pydantic.ConfigDict(extra="forbid", coerce_numbers_to_str=True)
    return pydantic.create_model(run.__name__, __config__=config, **fields)


@functools.cache
def _arguments(run: Callable[..., Result]) -> dict[str, Any]:
    schema: dict[str, Any] = _model(run).model_json_schema()
    return schema


def tool(
    *,
    intent: str,
    examples: Sequence[str],
    reads: Sequence[Need] = ("files",),
    conversational: bool = False,
) -> Callable[[Callable[..., Result]], Tool]:
    """Make a function a tool. The last parameter must be keyword-only `context: Context`."""

    def wrap(function: Callable[..., Result]) -> Tool:
        return Tool(function, intent, tuple(examples), frozenset(reads), conversational)

    return wrap


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(v) for v in value]
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "item") and not hasattr(value, "__len__"):
        return _plain(value.item())  # a NumPy scalar
    if isinstance(value, float) and value != value:
        return None  # JSON has no NaN
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return str(value)
