"""The step `entities`: names, dates, amounts and numbers found in a text column become columns of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from opsmith.tools.compute import entities_model
from opsmith.tools.compute.cells import Batch
from opsmith.tools.compute.entities import TYPES, Entity, Gazetteer, entities_in, known_types
from opsmith.tools.compute.recipe import Step
from opsmith.tools.compute.steps import Fitted, Source, StepKind
from opsmith.tools.contract import ToolError
from opsmith.tools.data.answers import Answers
from opsmith.tools.data.table import quoted

METHODS = ("rules", "spacy", "llm")
_LOOK_AT = 20_000  # texts that decide which types get a column when none was named


def gazetteers_of(step: Step) -> list[Gazetteer]:
    """The user's own names, from options.names: {type: [name, ...]}."""
    return [Gazetteer.of(str(kind), names) for kind, names in step.options.get("names", {}).items()]


def found_in(texts: Sequence[str | None], step: Step, unanswered: list[str] | None = None) -> list[list[Entity]]:
    """Entities of each text; a text that repeats is read once.

    With the method llm the kept answers of the model are used; a text without one is read by the rules and noted in
    `unanswered`.
    """
    gazetteers, types = gazetteers_of(step), known_types(list(step.options.get("kinds", ())))
    llm = method_of(step) == "llm"
    different = list(dict.fromkeys(t for t in texts if t is not None))
    more, tried = _by_model(different, step, types)
    seen: dict[str, list[Entity]] = {}
    for text in different:
        if llm and text not in tried and unanswered is not None and text.strip():
            unanswered.append(text)
        by_rules = not (llm and text in more)
        seen[text] = entities_in(text, gazetteers, types, more=more.get(text, ()), names=by_rules)
    return [seen[t] if t is not None else [] for t in texts]


def method_of(step: Step) -> str:
    """How entities are found: rules alone, with a spaCy pipeline, or by a language model. ToolError for another word."""
    asked = str(step.options.get("method") or ("spacy" if step.options.get("spacy_model") else "rules"))
    if asked not in METHODS:
        raise ToolError(f"There is no way to find entities called {asked!r}. Methods: {', '.join(METHODS)}.")
    return asked


def _by_model(texts: list[str], step: Step, types: Sequence[str]) -> tuple[dict[str, list[Entity]], set[str]]:
    """What a model found in each text, and the texts that it was asked about."""
    method = method_of(step)
    if method == "spacy":
        from opsmith.tools.compute.entities_spacy import spacy_entities

        name = str(step.options.get("spacy_model") or "")
        if not name:
            raise ToolError("No spaCy pipeline is set. Set spacy_model to its name or folder.")
        return dict(zip(texts, spacy_entities(texts, name), strict=True)), set()
    if method == "llm":
        kept = Answers(step.options.get("cache"), about_of(step, types)).known(texts)
        return {t: entities_model.read(a, t) for t, a in kept.items() if a != entities_model.UNREAD}, set(kept)
    return {}, set()


def about_of(step: Step, types: Sequence[str]) -> str:
    """Under which name the model's answers are kept. ToolError when no model is set."""
    model = str(step.options.get("entity_model") or "")
    if not model.startswith("openai:"):
        raise ToolError(
            "Finding entities with a language model needs one. Set entity_model (or model) to openai:NAME, with "
            "OPENAI_API_KEY, or base_url for a server of your own; or find them by rules."
        )
    return entities_model.about(model, types)


def _fit_entities(source: Source, step: Step) -> Fitted:
    """The types that get a column: those named, else those that the first 20,000 texts hold."""
    named = list(step.options.get("kinds", ()))
    fitted: Fitted = {"kinds": {}, "unanswered": []}
    for column in step.columns:
        if named:
            fitted["kinds"][column] = list(known_types(named))
            continue
        name = quoted(column)
        rows = source.sql(f"SELECT DISTINCT {name}::VARCHAR FROM data WHERE {name} IS NOT NULL LIMIT {_LOOK_AT}")
        found = {e.type for row in found_in([r[0] for r in rows], step) for e in row}
        fitted["kinds"][column] = [k for k in TYPES if k in found]
    return fitted


def _entities(batch: Batch, step: Step, fitted: Fitted) -> None:
    """One text column a type: the distinct entities of the row joined by `; `, own names as the user's list has them."""
    usual = {g.type: g.usual for g in gazetteers_of(step)}
    unanswered: list[Any] = fitted.setdefault("unanswered", [])
    for column in step.columns:
        found = found_in(batch.array(column).cast(pa.string()).to_pylist(), step, unanswered)
        for kind in fitted["kinds"][column]:
            written = usual.get(kind, str)
            cells = ["; ".join(dict.fromkeys(written(e.text) for e in row if e.type == kind)) or None for row in found]
            batch.add(f"{column}_{kind}", pa.array(cells, pa.string()))


KINDS = (StepKind("entities", _entities, _fit_entities),)
