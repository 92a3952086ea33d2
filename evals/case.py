"""What an evaluation case says: the world, the turns, the answers to confirmations, and what must be true after."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

SCHEMA_FILE = Path(__file__).with_name("case.schema.json")

Order = Literal["strict", "unordered", "subset", "superset", "subsequence"]
Bound = int | float


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class FileFixture(_Part):
    """One file of a world: exactly one of data, text, table or columns."""

    data: str | None = Field(
        default=None, description="Name of a file in evals/worlds/data, or a path beside the suite"
    )
    text: str | None = Field(default=None, description="The file's text, word for word")
    table: list[list[Any]] | None = Field(default=None, description="Rows; the first row holds the column names")
    columns: dict[str, Literal["id", "int", "float", "bool", "str", "text", "date"]] | None = Field(
        default=None, description="Synthetic, repeatable values: column name -> kind"
    )
    rows: int = Field(default=200, description="Number of synthetic rows", ge=1)
    shift: int | None = Field(
        default=None, description="How far synthetic values are moved; by default the file's place"
    )

    @model_validator(mode="after")
    def _one_source(self) -> FileFixture:
        if sum(v is not None for v in (self.data, self.text, self.table, self.columns)) != 1:
            raise ValueError("give exactly one of data, text, table and columns")
        return self


class ModelFixture(_Part):
    """A small real model, trained on a file of the world and registered before the first turn."""

    target: str
    trained_on: str
    version: int = Field(default=1, ge=1)
    previous: int | None = Field(default=None, ge=1)
    metrics: dict[str, float] = Field(default_factory=dict)


class World(_Part):
    """The project before the first turn. A named world lies in evals/worlds/NAME.yaml."""

    use: str | None = Field(default=None, description="Name of a world to start from")
    files: dict[str, FileFixture] = Field(default_factory=dict)
    models: dict[str, ModelFixture] = Field(default_factory=dict)
    monitors: list[str] = Field(default_factory=list, description="MODEL: METRIC < or > THRESHOLD, SCHEDULE[, CHANNEL]")
    facts: list[str] = Field(default_factory=list)
    settings: dict[str, Any] = Field(default_factory=dict, description="Settings as in opsmith.toml, with dotted names")
    secrets: list[str] = Field(default_factory=list, description="Texts in the world that no output may show")


class Reply(_Part):
    """What the person answers when something waits for approval at the end of the turn."""

    do: Literal["approve", "reject", "edit", "ignore", "late"]
    by: str = Field(default="", description="Who answers; the case's own user when empty")
    reason: str = ""
    arguments: dict[str, Any] = Field(default_factory=dict, description="For edit: the tool's changed arguments")
    twice: bool = Field(default=False, description="Answer the same approvals once more")


class Call(_Part):
    """One expected call. Arguments are a subset unless `exact`; a value may be a predicate such as {$matches: ...}."""

    tool: str | None = None
    intent: str | None = None
    arguments: dict[str, Any] = Field(default_factory=dict)
    exact: bool = False
    status: Literal["done", "proposed", "error", "question", "waits"] | None = None


class Calls(_Part):
    """Expected calls and how their order counts."""

    order: Order = "strict"
    calls: list[Call]


class Number(_Part):
    """A number that must be shown."""

    value: Bound
    tolerance: float = Field(default=0, ge=0, description="Largest absolute difference")
    relative: float = Field(default=0, ge=0, description="Largest difference as a share of the value")
    near: str = Field(default="", description="A word that stands in the same line or sentence")


class Words(_Part):
    """What a text must and must not hold; upper and lower case do not matter."""

    contains: list[str] = Field(default_factory=list)
    any_of: list[str] = Field(default_factory=list)
    lacks: list[str] = Field(default_factory=list)
    matches: list[str] = Field(default_factory=list, description="Regular expressions")
    numbers: list[Number] = Field(default_factory=list)


class Range(_Part):
    """Bounds, both included."""

    min: Bound | None = None
    max: Bound | None = None


class FileState(_Part):
    """What must be true of a file at the end of the turn."""

    exists: bool = True
    unchanged: bool = Field(default=False, description="Same bytes as before the first turn")
    equals: str | None = None
    contains: list[str] = Field(default_factory=list)
    lacks: list[str] = Field(default_factory=list)
    matches: list[str] = Field(default_factory=list)
    rows: int | Range | None = None
    columns: list[str] | None = Field(default=None, description="Exactly these, in this order")
    has_columns: list[str] = Field(default_factory=list)
    lacks_columns: list[str] = Field(default_factory=list)
    missing: dict[str, int | Range] = Field(default_factory=dict, description="Column -> number of missing cells")
    unique_rows: bool = False
    values: dict[str, Any] = Field(default_factory=dict, description="Dotted path in a YAML or JSON file -> value")


class ModelState(_Part):
    """What must be true of a registered model."""

    exists: bool = True
    version: int | None = Field(default=None, description="The current (champion) version")
    versions: list[int] | None = None
    target: str | None = None
    task: str | None = None
    metrics: dict[str, Range] = Field(default_factory=dict)


class JournalEntry(_Part):
    """An entry of the journal, oldest first."""

    kind: str
    outcome: Literal["done", "failed", "undone"] = "done"
    target: str | None = None


class Expect(_Part):
    """What must be true after a turn, or, in a case's own `expect`, at the end and over all turns."""

    calls: Calls | list[Call] | None = None
    forbidden_tools: list[str] = Field(default_factory=list)
    forbidden_effects: list[str] = Field(default_factory=list)
    answer: Words | None = Field(default=None, description="The agent's words: answer, question, problem, headlines")
    shown: Words | None = Field(default=None, description="Everything shown: words, findings, tables, previews")
    findings: list[dict[str, Any]] = Field(default_factory=list, description="Each a subset of a finding")
    data: dict[str, Any] = Field(default_factory=dict, description="Dotted path in the last result's data -> value")
    clarify: bool | None = None
    confirm: bool | None = None
    proposes: list[str] | None = Field(default=None, description="Kinds of the actions that wait, in order")
    problem: bool | None = None
    changes: bool | None = Field(
        default=None,
        description="Whether files, models or monitors changed or facts were lost; added notes do not count",
    )
    only_changes: list[str] | None = Field(default=None, description="Patterns; no other file may change")
    files: dict[str, FileState] = Field(default_factory=dict)
    models: dict[str, ModelState] = Field(default_factory=dict)
    monitors: dict[str, dict[str, Any] | None] = Field(default_factory=dict, description="null: must not exist")
    memory: Words | None = None
    journal: list[JournalEntry] | None = None

    @property
    def call_list(self) -> Calls | None:
        """The expected calls with their order; a plain list is strict."""
        return Calls(order="strict", calls=self.calls) if isinstance(self.calls, list) else self.calls


class Turn(_Part):
    """One thing said, the answer to what then waits, and what must be true."""

    say: str
    answer: Reply | Literal["approve", "reject", "ignore", "late"] = "ignore"
    approves: bool = Field(default=False, description="The words themselves approve what waits")
    expect: Expect = Field(default_factory=Expect)

    @property
    def reply(self) -> Reply:
        return Reply(do=self.answer) if isinstance(self.answer, str) else self.answer


class Variant(_Part):
    """The same case said otherwise: a paraphrase, a typo, another language, another order."""

    name: str = ""
    say: list[str] = Field(default_factory=list, description="One text a turn; fewer leave the later turns as they are")
    order: list[int] = Field(default_factory=list, description="Places of the turns (from 1) in another order")


class Budget(_Part):
    """Efficiency: recorded, never failed."""

    steps: int | None = None
    tokens: int | None = None
    seconds: float | None = None


class Case(_Part):
    """One scripted conversation and its judgement."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$")
    title: str = ""
    tags: list[str] = Field(default_factory=list)
    world: str | World | None = None
    user: str = "ana"
    turns: list[Turn] = Field(min_length=1)
    variants: list[Variant | str | list[str]] = Field(default_factory=list)
    expect: Expect = Field(default_factory=Expect)
    budget: Budget = Field(default_factory=Budget)
    timeout: float = Field(default=60, gt=0, description="Seconds for one play of the case")

    def played(self) -> list[tuple[str, list[Turn]]]:
        """Every way the case is played: the case as written, then each variant, with its name."""
        plays = [("as written", self.turns)]
        for number, given in enumerate(self.variants, 1):
            variant = _variant(given)
            turns = [
                t.model_copy(update={"say": variant.say[i]}) if i < len(variant.say) else t
                for i, t in enumerate(self.turns)
            ]
            if variant.order:
                turns = [turns[place - 1] for place in variant.order]
            plays.append((variant.name or f"variant {number}", turns))
        return plays

    @model_validator(mode="after")
    def _variants_fit(self) -> Case:
        for given in self.variants:
            variant = _variant(given)
            if len(variant.say) > len(self.turns):
                raise ValueError(f"a variant says {len(variant.say)} things, the case has {len(self.turns)} turns")
            if variant.order and sorted(variant.order) != list(range(1, len(self.turns) + 1)):
                raise ValueError("order must name every turn once, counted from 1")
            if not variant.say and not variant.order:
                raise ValueError("a variant needs `say` or `order`")
        return self


class Suite(_Part):
    """A file of cases."""

    suite: str
    description: str = ""
    tags: list[str] = Field(default_factory=list, description="Tags of every case in the file")
    world: str | World | None = Field(default=None, description="World of every case that names none")
    cases: list[Case] = Field(min_length=1)


def schema() -> dict[str, Any]:
    """The JSON Schema of a suite file, for editors."""
    made = Suite.model_json_schema(by_alias=True)
    return {**made, "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Opsmith evaluation suite"}


def schema_text() -> str:
    """The published schema file's text."""
    return json.dumps(schema(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _variant(given: Variant | str | list[str]) -> Variant:
    if isinstance(given, str):
        return Variant(say=[given])
    return Variant(say=given) if isinstance(given, list) else given
