"""A feature set: named formulas with what each was measured to be worth, as a YAML file that a person can read and edit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from opsmith.tools.compute.features.expression import Node, check, columns_of, parse, written
from opsmith.tools.compute.features.related import Aggregate, from_plain
from opsmith.tools.compute.features.words import in_words, name_of
from opsmith.tools.contract import ToolError
from opsmith.tools.data.documents import read_document

VERSION = 1


@dataclass(frozen=True)
class Entry:
    """One feature. gain and interval: over the features before it, in the set's metric; None where it was not measured."""

    name: str
    expression: str
    family: str = "given"
    gain: float | None = None
    interval: tuple[float, float] | None = None
    models: tuple[str, ...] = ()  # linear, boosted: the models it was measured to help
    meaning: str = ""

    @property
    def node(self) -> Node:
        return parse(self.expression)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as in the file."""
        told: dict[str, Any] = {
            "name": self.name,
            "expression": self.expression,
            "family": self.family,
            "gain": self.gain,
        }
        told["interval"] = list(self.interval) if self.interval else None
        return told | {"models": list(self.models), "meaning": self.meaning}


@dataclass(frozen=True)
class FeatureSet:
    """The features for one target. kinds: column -> number, category, text or date, as the formulas read them."""

    dataset: str
    target: str
    task: str
    metric: str
    kinds: Mapping[str, str]
    features: tuple[Entry, ...]
    scores: Mapping[str, Any] = field(default_factory=dict)  # model -> before, after, gain, folds
    related: tuple[Aggregate, ...] = ()  # columns that come from child tables

    @property
    def inputs(self) -> tuple[str, ...]:
        """Columns that the formulas read."""
        return tuple(dict.fromkeys(c for f in self.features for c in columns_of(f.node)))

    @property
    def needed(self) -> tuple[Aggregate, ...]:
        """The columns from child tables that the formulas read."""
        return tuple(a for a in self.related if a.name in self.inputs)

    def without(self, names: Sequence[str]) -> FeatureSet:
        """The set without some features, named or counted from 1, and without the scores, which were those of all of them.

        ToolError when one is not there.
        """
        gone = {self.place(n) for n in names}
        kept = tuple(f for i, f in enumerate(self.features) if i not in gone)
        scores = {} if gone else self.scores
        return FeatureSet(self.dataset, self.target, self.task, self.metric, self.kinds, kept, scores, self.related)

    def place(self, name: str) -> int:
        """Where a feature stands, by its name or its number from 1."""
        wanted = name.strip().lstrip("#")
        if wanted.isdigit() and 1 <= int(wanted) <= len(self.features):
            return int(wanted) - 1
        for i, entry in enumerate(self.features):
            if wanted.casefold() in (entry.name.casefold(), entry.expression.casefold()):
                return i
        known = ", ".join(f"{i} {f.name}" for i, f in enumerate(self.features, 1))
        raise ToolError(f"There is no feature {name}. There are: {known or 'none'}.")

    def to_yaml(self) -> str:
        """The set as YAML."""
        import yaml

        used = {c: self.kinds[c] for c in self.inputs if c in self.kinds}
        plain = {"version": VERSION, "dataset": self.dataset, "target": self.target, "task": self.task, "metric": self.metric,
                 "columns": used, "scores": dict(self.scores), "features": [f.as_dict() for f in self.features]}  # fmt: skip
        if needed := [a.as_dict() for a in self.needed]:
            plain["related"] = needed
        return str(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=110))


def read_set(text: str, name: str = "the feature set") -> FeatureSet:
    """A feature set from YAML; every formula is read and checked. ToolError names the first thing that is wrong."""
    plain = read_document(text, name, "feature set", "features", "version, target and a list of features", VERSION)
    kinds = plain.get("columns")
    if not isinstance(kinds, dict) or not set(kinds.values()) <= {"number", "category", "text", "date"}:
        raise ToolError(f"{name}: `columns` must give every column its kind: number, category, text or date.")
    kinds = {str(k): str(v) for k, v in kinds.items()}
    entries = tuple(_entry(e, i, kinds, name) for i, e in enumerate(plain["features"], 1))
    names = [e.name.casefold() for e in entries]
    if twice := sorted({n for n in names if names.count(n) > 1}):
        raise ToolError(f"{name} has more than one feature called {twice[0]}.")
    scores = plain.get("scores") if isinstance(plain.get("scores"), dict) else {}
    dataset, target, task, metric = (str(plain.get(k, "")) for k in ("dataset", "target", "task", "metric"))
    return FeatureSet(
        dataset, target, task, metric, kinds, entries, scores or {}, from_plain(plain.get("related") or (), name)
    )


def _entry(plain: Any, number: int, kinds: Mapping[str, str], name: str) -> Entry:
    if not isinstance(plain, dict) or not isinstance(plain.get("expression"), str):
        raise ToolError(f"Feature {number} of {name} has no `expression`.")
    node = parse(plain["expression"])
    if check(node, kinds) != "number":
        raise ToolError(f"Feature {number} of {name}: {plain['expression']} gives no number.")
    interval, gain = plain.get("interval"), plain.get("gain")
    pair = (float(interval[0]), float(interval[1])) if isinstance(interval, list) and len(interval) == 2 else None
    models = tuple(map(str, plain.get("models") or ()))
    return Entry(
        str(plain.get("name") or name_of(node)), written(node), str(plain.get("family", "given")),
        float(gain) if isinstance(gain, (int, float)) else None, pair, models, str(plain.get("meaning") or in_words(node)),
    )  # fmt: skip
